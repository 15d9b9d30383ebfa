// Calls of the gateway. All addresses are relative to the page's own, so a stage in front of it changes nothing.

import { unique } from './dom.js';
import { refusal } from './words.js';

/** The gateway's address, with a slash at its end. */
export const BASE = new URL('.', document.baseURI.split('#')[0]);

/**
 * A refusal: `code` is the gateway's, `message` says it in the reader's language where there are words for the code, `field`
 * is the path of the field at fault, `retryAfter` in seconds.
 */
export class ApiError extends Error {
  constructor({ status, code, message, field = null, retryable = false, retryAfter = null, details = {} }) {
    super(refusal({ code, field, status, message }));
    Object.assign(this, { name: 'ApiError', status, code, field, retryable, retryAfter, details });
  }
}

/** The code of an error for want of an answer: the gateway may or may not have heard. */
export const UNREACHED = 'UNREACHED';
/** The code of a refusal that has none: it is not the gateway's own, but of what stands before it. */
export const UNCODED = 'HTTP';

/** A key under which the gateway does a thing once, however often it is asked. */
export const idempotencyKey = () => unique('page-');

const unreached = () => new ApiError({ status: 0, code: UNREACHED, message: 'The gateway can’t be reached.', retryable: true });

/** The calls of one caller. */
export class Api {
  /** `token` is a credential or null; `ended` is called when the gateway takes it no longer. */
  constructor(token, ended = () => {}) {
    this.token = token;
    this.ended = ended;
    /** Milliseconds that the gateway's clock is ahead of this one's. */
    this.ahead = 0;
  }

  /** The gateway's time, in milliseconds since the epoch: what `expires_at` is compared with. */
  now() { return Date.now() + this.ahead; }

  get(path, options) { return this.call('GET', path, options); }
  post(path, body, options) { return this.call('POST', path, { body, ...options }); }
  put(path, body, options) { return this.call('PUT', path, { body, ...options }); }
  patch(path, body, options) { return this.call('PATCH', path, { body, ...options }); }
  delete(path, options) { return this.call('DELETE', path, options); }

  /**
   * What the gateway answers, read as JSON (null for none). Raises ApiError; AbortError once `signal` aborts.
   *
   * `body` is a plain object, or a FormData or a file that goes as it is; `key` an Idempotency-Key; `as` is `blob` for a file.
   */
  async call(method, path, { body, key, signal, as, headers = {} } = {}) {
    const sent = { method, headers: { ...headers }, cache: 'no-store', credentials: 'omit', signal };
    const token = this.token;
    if (token) sent.headers.Authorization = `Bearer ${token}`;
    if (key) sent.headers['Idempotency-Key'] = key;
    if (body instanceof FormData || body instanceof Blob) sent.body = body;
    else if (body !== undefined) { sent.body = JSON.stringify(body); sent.headers['Content-Type'] = 'application/json'; }
    let answer;
    try {
      answer = await fetch(new URL(path, BASE), sent);
    } catch (error) {
      if (error.name === 'AbortError') throw error;
      throw unreached();
    }
    this.#compareClocks(answer);
    if (answer.ok && as === 'blob') return answer.blob();
    const told = await read(answer);
    if (answer.ok) return told;
    const error = refused(answer, told);
    if (answer.status === 401 && token && token === this.token) this.ended(error);
    throw error;
  }

  #compareClocks(answer) {
    const date = Date.parse(answer.headers.get('Date') || '');
    // The header has whole seconds, so a smaller difference is none.
    if (!Number.isNaN(date)) this.ahead = Math.abs(date - Date.now()) < 2000 ? 0 : date - Date.now();
  }
}

const read = async (answer) => {
  if (answer.status === 204) return null;
  try {
    return await answer.json();
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    // What refuses before the gateway needs no JSON; an answer without it broke off, or is somebody else's.
    if (answer.ok) throw unreached();
    return null;
  }
};

// The native API puts a refusal into `error`, the enveloped API beside `success`.
const refused = (answer, told) => {
  const said = told && typeof told.error === 'object' && told.error ? told.error : told || {};
  const after = Number(said.retry_after ?? answer.headers.get('Retry-After'));
  return new ApiError({
    status: answer.status,
    code: said.code || UNCODED,
    message: said.message || (typeof said.error === 'string' ? said.error : `HTTP ${answer.status}`),
    field: said.field ?? null,
    retryable: said.retryable ?? answer.status >= 500,
    retryAfter: after > 0 ? after : null,
    details: said,
  });
};

/** A path's segment. */
export const segment = (name) => encodeURIComponent(name);

/** All entries of a list of the native API, page by page, `first` on the first one; `each` is told every page as it comes. */
export const listed = async (api, path, { signal, each = () => {}, first = 100 } = {}) => {
  const found = [];
  let cursor = null;
  do {
    const at = new URL(path, BASE);
    at.searchParams.set('limit', cursor ? 100 : first);
    if (cursor) at.searchParams.set('cursor', cursor);
    const page = await api.get(at.href, { signal });
    found.push(...page.data);
    each(page.data, found);
    cursor = page.next_cursor;
  } while (cursor);
  return found;
};

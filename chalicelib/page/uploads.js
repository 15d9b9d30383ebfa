// Files on their way to the gateway: small ones with the call, large ones straight to the bucket.

import { ApiError, BASE, UNCODED, UNREACHED } from './api.js';

/** Bytes of a file that comes along with a call; larger ones are announced. */
export const WITH_CALL = 4 * 1024 * 1024;
/** Bytes of the largest file that WhatsApp takes, of whatever type. */
export const LARGEST = 100 * 1024 * 1024;
const MB = 1024 * 1024;
// As which types a file can be sent, by its own type, with the largest size of each.
const KINDS = [
  ['image', /^image\/(jpeg|png)$/, 16 * MB],
  ['video', /^video\/(mp4|3gpp)$/, LARGEST],
  ['audio', /^audio\/(aac|amr|mpeg|mp4|x-m4a|ogg)/, 16 * MB],
  ['voice', /^audio\//, 16 * MB],
  ['sticker', /^image\/webp$/, MB],
];

/** The ways in which a file can be sent, the most usual one first: `voice` is a sound as a voice message. */
export const kindsOf = (file) => [...KINDS.filter(([, type, most]) => type.test(file.type) && file.size <= most).map(([kind]) => kind), 'document'];

/** Keep a file for sending; `progress(share)` is told how much is there, from 0 to 1. Resolves to its record. Raises ApiError. */
export const upload = async ({ api, path, scope }, file, key, progress) => {
  if (file.size <= WITH_CALL) {
    const form = new FormData();
    if (plainName(file.name)) form.set('file_name', plainName(file.name));
    form.set('file', file);
    const headers = { Authorization: `Bearer ${api.token}`, 'Idempotency-Key': key };
    return post(scope, new URL(`${path}/media`, BASE), form, headers, progress);
  }
  const announced = { mimetype: file.type || 'application/octet-stream', size: file.size, file_name: plainName(file.name) || undefined };
  const record = await api.post(`${path}/media`, announced, { key, signal: scope.signal });
  const form = new FormData();
  for (const [name, value] of Object.entries(record.upload.fields)) form.set(name, value);
  form.set('file', file);
  await post(scope, record.upload.url, form, {}, progress);
  return record;
};

// What no file's name may have, the gateway says.
const plainName = (name) => name.replace(/[/\\:*?"<>|\p{C}]/gu, ' ').trim().slice(0, 255);

// Only XMLHttpRequest tells how far an upload has come.
const post = (scope, to, body, headers, progress) => new Promise((resolve, reject) => {
  const call = new XMLHttpRequest();
  const forget = scope.add(() => call.abort());
  const fail = (error) => { forget(); reject(error); };
  call.open('POST', to);
  call.responseType = 'text';
  for (const [name, value] of Object.entries(headers)) call.setRequestHeader(name, value);
  call.upload.onprogress = ({ loaded, total }) => progress(total ? loaded / total : 0);
  call.onerror = () => fail(new ApiError({ status: 0, code: UNREACHED, message: 'The gateway can’t be reached.', retryable: true }));
  call.onabort = () => reject(new DOMException('The upload was given up.', 'AbortError'));
  call.onload = () => {
    // Before it is forgotten, which would empty the answer.
    const told = read(call.responseText);
    forget();
    if (call.status < 300) { resolve(told); return; }
    const said = told?.error || {};
    reject(new ApiError({
      status: call.status, code: said.code || UNCODED, message: said.message || `HTTP ${call.status}`, field: said.field ?? null,
      retryAfter: said.retry_after ?? null,
    }));
  };
  call.send(body);
});

const read = (text) => { try { return JSON.parse(text); } catch { return null; } };

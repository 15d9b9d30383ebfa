// The sessions of the tenant, as far as the page knows: read once, then kept current by what the gateway tells.

import { EVERY } from './live.js';
import { listed, segment } from './api.js';
import { State } from './state.js';

const TOGETHER = 4;
const SCREENFUL = 25;

/** The sessions by id. `all` is told of every change, `ready` says whether the whole list has been read. */
export class Sessions {
  #scope; #api; #stale = new Set(); #reading = 0; #newer = null; #again = false;

  /** `session` is the only one that the caller may watch, null for all of its tenant's. */
  constructor(scope, api, live, { session = null } = {}) {
    this.#scope = scope;
    this.#api = api;
    this.all = new State(new Map());
    this.ready = new State(false);
    /** Why the list can't be read, an ApiError; null while it can. */
    this.failure = new State(null);
    live.follow(scope, session ?? EVERY, {
      event: (event) => this.heard(event),
      // Whatever happened while there was no connection.
      stands: () => { if (this.loading) this.#again = true; else if (this.ready.value) this.load(); },
    });
    live.poll(scope, () => this.load());
    live.status.watch(scope, (status) => { if (status === 'polling') this.load(); });
  }

  get(id) { return this.all.value.get(id); }

  /** Read the whole list; the first page shows before the rest has come. */
  async load() {
    if (this.loading) return;
    this.loading = true;
    // What is told of one session while the list is on its way is newer than what the list says of it.
    const newer = new Set();
    this.#newer = newer;
    const older = (sessions) => sessions.filter(({ id }) => !newer.has(id));
    try {
      const found = await listed(this.#api, 'v1/sessions', {
        signal: this.#scope.signal,
        // A screenful comes sooner than a hundred.
        first: this.ready.value ? 100 : SCREENFUL,
        each: (page) => { if (!this.ready.value) this.#keep(older(page)); },
      });
      const ids = new Set(found.map((one) => one.id));
      for (const id of [...this.all.value.keys()]) if (!ids.has(id) && !newer.has(id)) this.all.value.delete(id);
      this.#keep(older(found));
      this.failure.set(null);
      this.ready.set(true);
    } catch (error) {
      if (error.name !== 'AbortError') this.failure.set(error);
    } finally {
      this.loading = false;
      this.#newer = null;
    }
    if (this.#again && !this.#scope.ended) {
      this.#again = false;
      await this.load();
    }
  }

  /** Take a session as an answer has it. */
  put(session) {
    this.#newer?.add(session.id);
    this.#keep([session]);
  }

  /** Forget a session that was deleted. */
  gone(id) {
    this.#newer?.add(id);
    if (this.all.value.delete(id)) this.all.tell();
  }

  /** Read one session again; resolves to it, undefined if there is none. Raises ApiError for anything else. */
  async refresh(id) {
    try {
      const session = await this.#api.get(`v1/sessions/${segment(id)}`, { signal: this.#scope.signal });
      this.put(session);
      return session;
    } catch (error) {
      if (error.status !== 404) throw error;
      this.gone(id);
      return undefined;
    }
  }

  /** Take what an event tells of its session. Events don't tell all of it, so it is read again: once for several. */
  heard(event) {
    if (!event.type.startsWith('session.')) return;
    if (event.type === 'session.deleted') {
      this.gone(event.session);
      return;
    }
    this.#stale.add(event.session);
    this.#work();
  }

  #keep(sessions) {
    for (const one of sessions) this.all.value.set(one.id, one);
    this.all.tell();
  }

  #work() {
    while (this.#reading < TOGETHER && this.#stale.size) {
      const [id] = this.#stale;
      this.#stale.delete(id);
      this.#reading += 1;
      // What can't be read now is told by the next event, or read with the list.
      this.refresh(id).catch(() => {}).finally(() => { this.#reading -= 1; this.#work(); });
    }
  }
}

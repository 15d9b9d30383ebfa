// What happens to sessions, as it happens: over one WebSocket, and by asking every five seconds where there is none.

import { BASE } from './api.js';
import { State } from './state.js';

const POLL = 5_000;
const PING = 60_000;
const PATIENCE = 10_000;
const SLOWEST = 30_000;
/** Milliseconds without a connection after which that is worth telling. */
const NOTICED = 3_000;

/** Where WebSockets are opened if not at the page's own address: the gateway says so in its document. */
const ELSEWHERE = document.querySelector('meta[name="sockets"]')?.content;

/** All sessions of the tenant at once: their `session.*` events, without codes. */
export const EVERY = '*';

/** One connection to the gateway's WebSocket, made again whenever it ends. */
export class Live {
  #scope; #api; #bound; #socket = null; #connection = null; #tries = 0; #followers = new Map(); #pollers = new Set(); #down = null; #pinged = null;

  /** `session` is the only one that the caller may watch, null for all of its tenant's. */
  constructor(scope, api, { session = null } = {}) {
    /** `connecting`, `live`, or `polling`: then there is no connection, and whoever polls is asked every five seconds. */
    this.status = new State('connecting');
    this.#scope = scope;
    this.#api = api;
    this.#bound = session;
    scope.on(window, 'online', () => this.#hurry());
    scope.every(POLL, () => this.#poll());
    scope.add(() => this.#drop());
    this.#connect();
  }

  /**
   * Follow a session until the scope ends, or all of them (EVERY).
   *
   * `heard.event(event)` is told each event; `heard.stands(session)` how it stands at each (re)connection, for EVERY
   * without a session; `heard.refused(error)` that it can't be followed: then nothing but polls tells of it.
   */
  follow(scope, name, heard) {
    if (scope.ended) return;
    const one = this.#followers.get(name) || { heard: new Set(), cursor: null, seen: new Set() };
    const first = one.heard.size === 0;
    this.#followers.set(name, one);
    one.heard.add(heard);
    scope.add(() => this.#leave(name, one, heard));
    if (this.#socket && first) this.#send(subscription(name, one));
    // Whoever comes later hears how it stands as well.
    else if (this.#socket && name !== EVERY) this.#send({ subscribe: { [name]: null } });
  }

  /** Call `act` every five seconds while there is no connection, until the scope ends. */
  poll(scope, act) {
    if (scope.ended) return;
    this.#pollers.add(act);
    scope.add(() => this.#pollers.delete(act));
  }

  #leave(name, one, heard) {
    one.heard.delete(heard);
    if (one.heard.size || this.#followers.get(name) !== one) return;
    this.#followers.delete(name);
    if (this.#socket) this.#send({ unsubscribe: [name] });
  }

  #poll() { if (this.status.value === 'polling') for (const act of [...this.#pollers]) act(); }

  #hurry() { if (!this.#socket) { this.#tries = 0; this.#connect(); } }

  async #connect() {
    if (this.#scope.ended || this.#connection) return;
    const connection = this.#scope.child();
    this.#connection = connection;
    // Whatever keeps a connection from being made, also silence, is noticed.
    this.#down ??= this.#scope.after(NOTICED, () => this.status.set('polling'));
    const late = connection.after(PATIENCE, () => this.#lost(connection));
    try {
      const wanted = this.#bound ? { session: this.#bound } : {};
      const { ticket } = await this.#api.post('v1/ws-ticket', wanted, { signal: connection.signal });
      const at = new URL(ELSEWHERE ?? 'v1/ws', BASE);
      if (!ELSEWHERE) at.protocol = at.protocol === 'https:' ? 'wss:' : 'ws:';
      at.searchParams.set('token', ticket);
      this.#open(connection, new WebSocket(at), late);
    } catch {
      this.#lost(connection);
    }
  }

  #open(connection, socket, late) {
    connection.add(() => socket.close());
    connection.on(socket, 'close', () => this.#lost(connection));
    connection.on(socket, 'message', ({ data }) => this.#hear(JSON.parse(data)));
    connection.on(socket, 'open', () => {
      late();
      this.#tries = 0;
      this.#socket = socket;
      if (this.#down) { this.#down(); this.#down = null; }
      for (const [name, one] of this.#followers) this.#send(subscription(name, one));
      this.status.set('live');
      connection.every(PING, () => this.#ping(connection));
    });
  }

  #ping(connection) {
    this.#send({ ping: 1 });
    this.#pinged = connection.after(PATIENCE, () => this.#lost(connection));
  }

  #lost(connection) {
    if (this.#connection !== connection) return;
    this.#drop();
    if (this.#scope.ended) return;
    this.#tries += 1;
    this.#down ??= this.#scope.after(NOTICED, () => this.status.set('polling'));
    const wait = this.#tries === 1 ? 200 : Math.min(SLOWEST, 2 ** this.#tries * 500) * (0.5 + Math.random() / 2);
    this.#scope.after(wait, () => this.#connect());
  }

  #drop() {
    const connection = this.#connection;
    this.#socket = null;
    this.#connection = null;
    if (connection) connection.end();
  }

  #send(frame) { if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame)); }

  #hear(frame) {
    if (frame.type === 'pong') { this.#pinged?.(); return; }
    if (frame.type === 'subscribed') {
      const one = this.#followers.get(frame.session);
      if (one) { one.cursor ??= frame.cursor; tell(one, 'stands', frame.data); }
    } else if (frame.type === 'error') {
      const one = this.#followers.get(frame.session);
      if (!one) return;
      // Events that were missed are gone; from now on it is told anew.
      if (frame.error.code === 'CURSOR_GONE') { one.cursor = null; this.#send(subscription(frame.session, one)); }
      else tell(one, 'refused', frame.error);
    } else if (frame.cursor) {
      this.#event(frame);
    }
  }

  // A session that is followed by itself and among all is told of once to each who follows.
  #event(event) {
    const one = this.#followers.get(event.session);
    if (one && !one.seen.has(event.id)) {
      remember(one, event.id);
      if (!one.cursor || event.cursor > one.cursor) one.cursor = event.cursor;
      tell(one, 'event', event);
    }
    const every = this.#followers.get(EVERY);
    if (every && event.type.startsWith('session.') && !every.seen.has(event.id)) {
      remember(every, event.id);
      tell(every, 'event', event);
    }
  }
}

const subscription = (name, one) => ({ subscribe: { [name]: name === EVERY ? null : one.cursor } });

const tell = (one, what, told) => { for (const heard of [...one.heard]) heard[what]?.(told); };

const remember = (one, id) => {
  one.seen.add(id);
  if (one.seen.size > 500) one.seen.delete(one.seen.values().next().value);
};

// The virtual phones of the loopback WhatsApp, by their control routes: who there is, and what one of them has got.

import { Api } from './api.js';
import { State } from './state.js';

const EVERY = 1_000;
const KEPT = 'switchboard.phone';
/** What says something about another message, and is no message by itself. */
const ABOUT = new Set(['reaction', 'vote', 'edit', 'deletion', 'pin', 'timer', 'protocol']);

/** All phones, and the one that is in the hand. They are asked every second while `on` is true. */
export class Phones {
  #scope; #base; #api = new Api(null); #asking = false; #told = new Map();

  constructor(scope, base) {
    this.#scope = scope;
    this.#base = base;
    this.on = new State(false);
    /** `{number, name, devices: [{device, platform, online, linked_at}]}` each; null before they were first heard of. */
    this.all = new State(null);
    /** How many devices wait for a phone. */
    this.waiting = new State(0);
    /** The number of the phone in the hand, null for none. */
    this.number = new State(sessionStorage.getItem(KEPT));
    /** Its letters, the oldest first, without those that only change others. */
    this.letters = new State([]);
    scope.every(EVERY, () => this.look());
    this.on.watch(scope, () => this.look());
  }

  /** The phone in the hand, or that of a number, as it was last heard of. */
  get(number = this.number.value) { return this.all.value?.find((one) => one.number === number); }

  /** Take a phone into the hand. */
  take(number) {
    if (number) sessionStorage.setItem(KEPT, number);
    else sessionStorage.removeItem(KEPT);
    this.#told.delete('letters');
    this.letters.set([]);
    this.number.set(number);
    return this.look();
  }

  /** Ask how everything stands now. */
  async look() {
    if (this.#asking || !this.on.value || document.hidden || this.#scope.ended) return;
    this.#asking = true;
    try {
      const { phones, waiting } = await this.ask('phones');
      this.waiting.set(waiting);
      this.#news('all', phones);
      const { value: number } = this.number;
      // The loopback WhatsApp may have forgotten its phones since.
      if (number && !phones.some((one) => one.number === number)) this.take(null);
      else if (number) {
        const { messages } = await this.ask(`phones/${number}/inbox`);
        if (number === this.number.value) this.#news('letters', messages.filter((one) => !ABOUT.has(one.type)));
      }
    } catch {
      // Whoever stopped the stack knows; the next look tells.
    } finally {
      this.#asking = false;
    }
  }

  /** Ask a route. Raises ApiError, with a sentence. */
  ask(route, options = {}) { return this.#api.get(this.#base + route, { signal: this.#scope.signal, ...options }); }

  /** Have something done, and look what came of it. */
  async act(route, body = {}) {
    const done = await this.#api.post(this.#base + route, body, { signal: this.#scope.signal });
    this.look();
    return done;
  }

  /** Have the phone in the hand do something. */
  mine(act, body) { return this.act(`phones/${this.number.value}/${act}`, body); }

  /** Put a file on the phone in the hand; resolves to its name there. */
  async put(file) {
    const { file: name } = await this.#api.put(`${this.#base}phones/${this.number.value}/files`, file, { signal: this.#scope.signal });
    return name;
  }

  /** The file that came with a letter, or was sent with it, as a Blob. */
  file(id) { return this.ask(`phones/${this.number.value}/messages/${encodeURIComponent(id)}/file`, { as: 'blob' }); }

  #news(what, value) {
    const text = JSON.stringify(value);
    if (this.#told.get(what) === text) return;
    this.#told.set(what, text);
    this[what].set(value);
  }
}

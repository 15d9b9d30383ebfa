// What a view or a dialog keeps running: timers, listeners, sockets, requests. Nothing of the page runs outside a Scope.

/** Owns what runs for one part of the page; `end` stops all of it, in the reverse order of its beginning. */
export class Scope {
  #ends = new Set();
  #controller = new AbortController();

  /** Aborted when the scope ends: for `fetch` and its like. */
  get signal() { return this.#controller.signal; }

  get ended() { return this.#controller.signal.aborted; }

  /** Have `end` called when the scope ends, at once if it has; returns what calls it earlier, and then no more. */
  add(end) {
    if (this.ended) { end(); return () => {}; }
    const once = () => { if (this.#ends.delete(once)) end(); };
    this.#ends.add(once);
    return once;
  }

  /** A scope that ends with this one, or before it. */
  child() {
    const child = new Scope();
    const forget = this.add(() => child.end());
    child.add(forget);
    return child;
  }

  /** Call `act` once in `ms` milliseconds; returns what prevents it. */
  after(ms, act) {
    if (this.ended) return () => {};
    const cancel = this.add(() => clearTimeout(timer));
    const timer = setTimeout(() => { cancel(); act(); }, ms);
    return cancel;
  }

  /** Call `act` each `ms` milliseconds; returns what ends it. */
  every(ms, act) {
    if (this.ended) return () => {};
    const timer = setInterval(act, ms);
    return this.add(() => clearInterval(timer));
  }

  /** Hear events of `target` (a window, document, socket: what outlives the part) until the scope ends. */
  on(target, type, act, options = {}) {
    if (this.ended) return () => {};
    target.addEventListener(type, act, options);
    return this.add(() => target.removeEventListener(type, act, options));
  }

  /** Resolve in `ms` milliseconds; never, once the scope has ended. */
  pause(ms) { return new Promise((resolve) => { this.after(ms, resolve); }); }

  end() {
    if (this.ended) return;
    this.#controller.abort();
    for (const end of [...this.#ends].reverse()) end();
  }
}

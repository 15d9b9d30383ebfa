// A value that parts of the page watch.

/** A value; whoever watches it is told each new one. */
export class State {
  #watchers = new Set();

  constructor(value) { this.value = value; }

  /** Set it; an equal value is no news. */
  set(value) {
    if (Object.is(value, this.value)) return;
    this.value = value;
    this.tell();
  }

  /** Tell all who watch, also where the same object has changed within. */
  tell() { for (const act of [...this.#watchers]) act(this.value); }

  /** Call `act` with the value now, and with each new one until the scope ends. */
  watch(scope, act) {
    if (scope.ended) return;
    this.#watchers.add(act);
    scope.add(() => this.#watchers.delete(act));
    act(this.value);
  }
}

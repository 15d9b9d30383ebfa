// Counts what a page has going: timers, listeners, sockets, observers, requests, blobs. Tests run it before the page's own
// scripts, and ask window.living() for a line each: what it is, and the line of the page that began it.
(() => {
  'use strict';
  const own = new Map();  // what goes on, by a key of its own → {what, where, still?}
  const place = () => {
    const lines = new Error().stack.split('\n').slice(3).filter((line) => /https?:\/\//.test(line));
    const found = /([^/\s()]+\.(?:js|html)|\/)(?:[?#][^:]*)?(:\d+):\d+\)?$/.exec(lines[0] ?? '');
    return found ? `${found[1]}${found[2]}` : 'elsewhere';
  };
  const begin = (key, what, more = {}) => own.set(key, { what, where: place(), ...more });

  const wrapped = (name, make) => {
    const native = window[name];
    window[name] = make(native.bind(window));
  };
  const fired = (key, action, again) => (...given) => {
    if (!again) own.delete(key.value);
    return typeof action === 'function' ? action.apply(window, given) : undefined;
  };
  const timer = (name, again) => wrapped(name, (native) => (action, delay = 0, ...given) => {
    const key = {};
    const handle = native(fired(key, action, again), delay, ...given);
    key.value = `timer ${handle}`;
    begin(key.value, `${name} of ${Math.round(delay)} ms`);
    return handle;
  });
  timer('setTimeout', false);
  timer('setInterval', true);
  for (const name of ['clearTimeout', 'clearInterval']) {
    wrapped(name, (native) => (handle) => {
      own.delete(`timer ${handle}`);
      native(handle);
    });
  }
  for (const [name, end] of [['requestAnimationFrame', 'cancelAnimationFrame'],
    ['requestIdleCallback', 'cancelIdleCallback']]) {
    wrapped(name, (native) => (action, ...given) => {
      const key = {};
      const handle = native(fired(key, action, false), ...given);
      key.value = `${name} ${handle}`;
      begin(key.value, name);
      return handle;
    });
    wrapped(end, (native) => (handle) => {
      own.delete(`${name} ${handle}`);
      native(handle);
    });
  }

  // A listener on an element that left the document goes with the element.
  const reachable = (target) => {
    const one = target.deref();
    return one !== undefined && (!(one instanceof Node) || one.isConnected);
  };
  const listeners = new WeakMap();  // of each target: 'type capture' → Map(listener → {key, native})
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const captures = (options) => Boolean(typeof options === 'object' ? options?.capture : options);
  const kept = (target, type, options) => {
    const all = listeners.get(target) ?? new Map();
    listeners.set(target, all);
    const name = `${type} ${captures(options)}`;
    if (!all.has(name)) all.set(name, new Map());
    return all.get(name);
  };
  EventTarget.prototype.addEventListener = function add(type, listener, options) {
    const target = this ?? window;
    const found = kept(target, type, options);
    if (!listener || found.has(listener) || options?.signal?.aborted) {
      return addEventListener.call(target, type, found.get(listener)?.native ?? listener, options);
    }
    const key = {};
    const forget = () => {
      found.delete(listener);
      own.delete(key);
    };
    const native = !options?.once ? listener : function once(event) {
      forget();
      return typeof listener === 'function' ? listener.call(this, event) : listener.handleEvent(event);
    };
    found.set(listener, { key, native });
    const name = target.constructor?.name ?? 'object';
    const still = new WeakRef(target);
    begin(key, `${type} listener of ${name}`, { still: () => reachable(still) });
    if (options?.signal) addEventListener.call(options.signal, 'abort', forget, { once: true });
    return addEventListener.call(target, type, native, options);
  };
  EventTarget.prototype.removeEventListener = function remove(type, listener, options) {
    const target = this ?? window;
    const found = kept(target, type, options);
    const native = found.get(listener)?.native ?? listener;
    own.delete(found.get(listener)?.key);
    found.delete(listener);
    return removeEventListener.call(target, type, native, options);
  };

  for (const name of ['WebSocket', 'EventSource']) {
    const Native = window[name];
    window[name] = class extends Native {
      constructor(...given) {
        super(...given);
        begin(this, name, { still: () => this.readyState < 2 });
      }
    };
    Object.defineProperty(window[name], 'name', { value: name });
  }
  for (const name of ['MutationObserver', 'ResizeObserver', 'IntersectionObserver', 'PerformanceObserver']) {
    const Native = window[name];
    window[name] = class extends Native {
      observe(...given) {
        begin(this, name);
        return super.observe(...given);
      }

      disconnect() {
        own.delete(this);
        return super.disconnect();
      }
    };
  }
  const Channel = window.BroadcastChannel;
  window.BroadcastChannel = class extends Channel {
    constructor(...given) {
      super(...given);
      begin(this, 'BroadcastChannel');
    }

    close() {
      own.delete(this);
      super.close();
    }
  };
  wrapped('fetch', (native) => (...given) => {
    const key = {};
    begin(key, 'fetch');
    return native(...given).finally(() => own.delete(key));
  });
  const { createObjectURL, revokeObjectURL } = URL;
  URL.createObjectURL = (blob) => {
    const url = createObjectURL.call(URL, blob);
    begin(url, 'blob');
    return url;
  };
  URL.revokeObjectURL = (url) => {
    own.delete(url);
    revokeObjectURL.call(URL, url);
  };

  window.living = () => [...own.values()]
    .filter(({ still }) => still?.() ?? true)
    .map(({ what, where }) => `${what}, from ${where}`)
    .sort();
})();

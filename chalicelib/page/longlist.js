// A long list of which only what is near the screen is there: five hundred rows are as quick as ten.

import { el, keyed } from './dom.js';

/** Rows beyond each edge of the screen that are there already when it scrolls. */
const BEYOND = 8;

/**
 * A list in the page's own scroll, of rows that all have the height that the style gives them.
 *
 * `make(item)` returns a row (`li`), `update(row, item)` brings it up to date. Returns `{root, show(items)}`. The row with
 * the focus stays there, wherever it is; screen readers are told which of how many each one is.
 */
export const longList = (scope, { label, keyOf, make, update }) => {
  const root = el('ul.long', { 'aria-label': label });
  let items = [];
  let height = 0;

  const around = () => {
    const above = -root.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(above / height) - BEYOND);
    const last = Math.min(items.length, Math.ceil((above + innerHeight) / height) + BEYOND);
    const shown = items.slice(first, last).map((item, at) => ({ item, at: first + at }));
    const focused = document.activeElement?.closest('.long > li')?.dataset.key;
    const at = focused === undefined ? -1 : items.findIndex((one) => String(keyOf(one)) === focused);
    if (at >= 0 && at < first) shown.unshift({ item: items[at], at });
    if (at >= last) shown.push({ item: items[at], at });
    return shown;
  };

  const draw = (shown) => keyed(root, shown, ({ item }) => keyOf(item), ({ item }) => make(item), (row, { item, at }) => {
    row.style.insetBlockStart = `${at * height}px`;
    row.setAttribute('aria-setsize', items.length);
    row.setAttribute('aria-posinset', at + 1);
    update(row, item);
  });

  const render = () => {
    if (!height && items.length) {
      draw([{ item: items[0], at: 0 }]);
      height = root.firstElementChild.getBoundingClientRect().height;
    }
    // Not in the document yet, or hidden.
    if (!height) { draw([]); return; }
    root.style.blockSize = `${items.length * height}px`;
    draw(around());
  };

  scope.on(window, 'scroll', render, { passive: true });
  scope.on(window, 'resize', () => { height = 0; render(); });
  // The view is put into the document after it was made.
  scope.after(0, render);
  return { root, show: (wanted) => { items = wanted; render(); } };
};

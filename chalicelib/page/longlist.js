// A long list of which only what is near the screen is there: five hundred rows are as quick as ten.

import { el, keyed } from './dom.js';

/** Rows beyond each edge of the screen that are there already when it scrolls. */
const BEYOND = 8;

/**
 * A list in the page's own scroll, of rows that all have one height: the style's `--row`.
 *
 * `make(item)` returns a row (`li`), `update(row, item)` brings it up to date. Returns `{root, show(items)}`. The row with
 * the focus stays there, wherever it is; screen readers are told which of how many each one is.
 */
export const longList = (scope, { label, keyOf, make, update }) => {
  const root = el('ul.long', { 'aria-label': label });
  let items = [];

  const around = () => {
    const { top, height: whole } = root.getBoundingClientRect();
    // Nothing has a height that isn't in the document.
    const height = whole / items.length || Infinity;
    const first = Math.max(0, Math.floor(-top / height) - BEYOND);
    const last = Math.min(items.length, Math.ceil((innerHeight - top) / height) + BEYOND);
    const shown = items.slice(first, last).map((item, at) => ({ item, at: first + at }));
    const focused = root.contains(document.activeElement) ? document.activeElement.closest('.long > li').dataset.key : null;
    const at = focused === null ? -1 : items.findIndex((one) => String(keyOf(one)) === focused);
    if (at >= 0 && at < first) shown.unshift({ item: items[at], at });
    if (at >= last) shown.push({ item: items[at], at });
    return shown;
  };

  const render = () => {
    root.style.setProperty('--rows', items.length);
    keyed(root, around(), ({ item }) => keyOf(item), ({ item }) => make(item), (row, { item, at }) => {
      row.style.setProperty('--at', at);
      row.setAttribute('aria-setsize', items.length);
      row.setAttribute('aria-posinset', at + 1);
      update(row, item);
    });
  };

  scope.on(window, 'scroll', render, { passive: true });
  scope.on(window, 'resize', render);
  // The view is put into the document after it was made.
  scope.after(0, render);
  return { root, show: (wanted) => { items = wanted; render(); } };
};

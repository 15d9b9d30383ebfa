// A list that is read from the gateway: with words while it is read, where it is empty, and where it can't be read.

import { confirm } from './dialog.js';
import { el, icon, keyed, replace } from './dom.js';
import { busy } from './form.js';
import { failed } from './notice.js';
import { State } from './state.js';
import { t } from './words.js';

/** Rows from which on there is a field to search them with. */
const MANY = 12;

/**
 * Returns `{root, load, refresh}`: `load` reads the list anew and raises nothing, `refresh` brings its rows up to date.
 *
 * `read()` resolves to the items, `make(item)` returns a row, `update(row, item)` brings it up to date (a new one, too),
 * `words(item)` are those that a search finds it by.
 */
export const entries = (scope, { label, empty, read, keyOf, make, update, words }) => {
  const items = new State(null);
  const list = el('ul.entries', { 'aria-label': label });
  const aside = el('div.entries-aside', { role: 'status' }, el('p.soft', {}, t('entries.reading')));
  const search = el('input.entries-search', {
    type: 'search', autocomplete: 'off', dir: 'auto', hidden: true,
    'aria-label': t('entries.search', { what: label }), placeholder: t('entries.find'), oninput: () => refresh(),
  });
  const refresh = () => {
    if (!items.value) return;
    const wanted = search.value.trim().toLowerCase();
    const found = items.value.filter((one) => words(one).toLowerCase().includes(wanted));
    search.hidden = !wanted && items.value.length < MANY;
    keyed(list, found, keyOf, make, update);
    replace(aside, !found.length && el('p.empty', {}, items.value.length ? t('entries.unfound') : empty));
  };
  const load = async () => {
    try {
      items.set(await read());
    } catch (error) {
      if (error.name === 'AbortError') return;
      replace(aside, el('p.fault', {}, error.message),
        el('button', { type: 'button', onclick: load }, icon('retry'), t('page.again')));
    }
  };
  items.watch(scope, refresh);
  return { root: el('div', {}, search, list, aside), load, refresh };
};

/** A button for what can't be taken back: it asks first, in the words of `question` (see `confirm`). What goes wrong is a notice. */
export const confirming = (scope, attributes, question, act) => {
  const button = el('button.danger', {
    type: 'button',
    ...attributes,
    onclick: async () => {
      if (!await confirm(scope, { danger: true, ...question })) return;
      const land = landing(button);
      await busy(button, act).catch(failed);
      land();
    },
  }, question.action);
  return button;
};

/** Returns what puts the focus on the heading of the part that an element is in, where the element itself has gone by then. */
export const landing = (element) => {
  const heading = element.closest('section')?.querySelector('h2');
  return () => {
    if (element.isConnected || !heading) return;
    heading.tabIndex = -1;
    heading.focus();
  };
};

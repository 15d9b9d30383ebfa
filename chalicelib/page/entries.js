// A list that is read from the gateway: with words while it is read, where it is empty, and where it can't be read.

import { confirm } from './dialog.js';
import { el, icon, keyed, replace } from './dom.js';
import { busy } from './form.js';
import { failed } from './notice.js';
import { State } from './state.js';
import { t } from './words.js';

/**
 * Returns `{root, load, refresh, items}`: `load` reads the list anew and raises nothing, `refresh` brings its rows up to date.
 *
 * `read()` resolves to the items, `make(item)` returns a row, `update(row, item)` brings it up to date (a new one, too).
 */
export const entries = (scope, { label, empty, read, keyOf, make, update }) => {
  const items = new State(null);
  const list = el('ul.entries', { 'aria-label': label });
  const aside = el('div.entries-aside', { role: 'status' }, el('p.soft', {}, t('entries.reading')));
  const refresh = () => { if (items.value) keyed(list, items.value, keyOf, make, update); };
  const load = async () => {
    try {
      items.set(await read());
      replace(aside, !items.value.length && el('p.empty', {}, empty));
    } catch (error) {
      if (error.name === 'AbortError') return;
      replace(aside, el('p.fault', {}, error.message),
        el('button', { type: 'button', onclick: load }, icon('retry'), t('page.again')));
    }
  };
  items.watch(scope, refresh);
  return { root: el('div', {}, list, aside), load, refresh, items };
};

/** A button for what can't be taken back: it asks first, in the words of `question` (see `confirm`). What goes wrong is a notice. */
export const confirming = (scope, attributes, question, act) => {
  const button = el('button.danger', {
    type: 'button',
    ...attributes,
    onclick: async () => { if (await confirm(scope, { danger: true, ...question })) await busy(button, act).catch(failed); },
  }, question.action);
  return button;
};

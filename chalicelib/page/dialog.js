// Dialogs: the browser's own, which keep the focus in and give it back.

import { el, fill, icon, unique } from './dom.js';
import { placeNotices } from './notice.js';
import { t } from './words.js';

/** Whether a dialog is open: then nothing opens another one by itself. */
export const open = () => document.querySelector('dialog[open]') !== null;

/**
 * Open a dialog, which ends with the scope, by its button, by Escape, or by `close(result)`.
 *
 * `body(scope, close)` returns what is in it; that scope ends as it closes. Resolves to what it was closed with.
 */
export const dialog = (scope, { title, body, classes = '', closable = true }) => new Promise((resolve) => {
  if (scope.ended) { resolve(undefined); return; }
  const inside = scope.child();
  const before = document.activeElement;
  const heading = unique('title-');
  let result;
  const close = (given) => { result = given; inside.end(); };
  const button = closable && el('button.icon-button.close', { type: 'button', 'aria-label': t('dialog.close'), onclick: () => close() }, icon('close'));
  const shown = el(`dialog${classes ? `.${classes}` : ''}`, { 'aria-labelledby': heading });
  // Escape; some browsers close a dialog without asking the second time.
  shown.addEventListener('cancel', (event) => { event.preventDefault(); if (closable) close(); });
  shown.addEventListener('close', () => close());
  inside.add(() => {
    shown.close();
    placeNotices();
    shown.remove();
    restore(before);
    resolve(result);
  });
  fill(shown, el('header.dialog-head', {}, el('h2', { id: heading, tabindex: '-1' }, title), button), body(inside, close));
  document.body.append(shown);
  shown.showModal();
  placeNotices();
  const first = shown.querySelector('[autofocus], .dialog-body input, .dialog-body select, .dialog-body textarea');
  (first || shown.querySelector('h2')).focus();
});

// What opened a dialog may be gone by now, or nobody did: then who reads goes on at the top of the view.
const restore = (before) => {
  if (before instanceof HTMLElement && before.isConnected && before !== document.body) { before.focus(); return; }
  const top = !open() && (document.querySelector('main h1') || document.querySelector('main'));
  if (!top) return;
  top.setAttribute('tabindex', '-1');
  top.focus({ preventScroll: true });
};

// A text as somebody types it who sees it: marks without a shape can't be, and a browser shows one space for many.
const asSeen = (text) => text.normalize('NFC').replace(/\p{Cf}/gu, '').replace(/\s+/g, ' ').trim();

/** Ask for a yes. `danger` marks what can't be taken back; with `typed` that text must be typed first. Resolves to whether it was given. */
export const confirm = (scope, { title, text, action, danger = false, typed = null }) =>
  dialog(scope, {
    title,
    classes: 'narrow',
    body: (_, close) => {
      const yes = el(`button.${danger ? 'danger' : 'primary'}`, { type: 'submit', disabled: typed !== null }, action);
      const input = typed !== null && el('input', {
        type: 'text', autocomplete: 'off', spellcheck: 'false', dir: 'auto',
        oninput: ({ target }) => { yes.disabled = asSeen(target.value) !== asSeen(typed); },
      });
      return el('form.dialog-body', { onsubmit: (event) => { event.preventDefault(); close(true); } },
        [text].flat().map((one) => el('p', {}, one)),
        input && el('label.field', {}, el('span', {}, t('dialog.type', { text: typed })), input),
        el('div.actions', {}, el('button', { type: 'button', autofocus: typed === null, onclick: () => close(false) }, t('dialog.cancel')), yes));
    },
  }).then(Boolean);

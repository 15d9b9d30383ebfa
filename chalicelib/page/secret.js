// Secrets on the screen: shown on demand and copied, made up and typed.

import { copy, el, fill, icon, say } from './dom.js';
import { busy, field } from './form.js';
import { failed, notify, warn } from './notice.js';
import { t } from './words.js';

/** A button that copies what `text()` gives, which may be a promise. */
export const copying = (text, { label = t('secret.copy'), classes = '' } = {}) => {
  const button = el(`button${classes}`, {
    type: 'button',
    onclick: () => busy(button, async () => {
      if (await copy(await text())) notify(t('secret.copied'));
      else warn(t('secret.uncopied'));
    }).catch(failed),
  }, icon('copy'), label);
  return button;
};

/**
 * A secret that is hidden until somebody wants to see it. `read()` fetches it each time, so that the page doesn't hold
 * it meanwhile.
 */
export const hidden = ({ label, read }) => {
  const shown = el('code.secret', { dir: 'ltr' }, '••••••••••••••••');
  const words = el('span', {}, t('secret.show'));
  const toggle = el('button.quiet', {
    type: 'button',
    'aria-pressed': 'false',
    'aria-label': `${t('secret.show')}: ${label}`,
    onclick: () => busy(toggle, async () => {
      const visible = toggle.getAttribute('aria-pressed') === 'true';
      say(shown, visible ? '••••••••••••••••' : await read());
      say(words, visible ? t('secret.show') : t('secret.hide'));
      toggle.setAttribute('aria-pressed', String(!visible));
      toggle.setAttribute('aria-label', `${words.textContent}: ${label}`);
    }).catch(failed),
  }, icon('eye'), words);
  return el('div.secret-row', {}, shown, el('div.secret-acts', {}, toggle, copying(read, { classes: '.quiet' })));
};

/** A field for a password, with a button that shows what is typed. */
export const passwordField = ({ label, name, hint = null, autocomplete }) => {
  const made = field({
    label, name, hint, input: { type: 'password', autocomplete, spellcheck: 'false', autocapitalize: 'none', dir: 'ltr', required: true },
  });
  const toggle = el('button.icon-button', {
    type: 'button',
    'aria-pressed': 'false',
    'aria-label': t('secret.reveal', { label }),
    onclick: () => {
      const visible = made.input.type === 'text';
      made.input.type = visible ? 'password' : 'text';
      toggle.setAttribute('aria-pressed', String(!visible));
    },
  }, icon('eye'));
  made.root.insertBefore(el('div.with-button', {}, made.input, toggle), made.root.children[1]);
  return made;
};

// Without those that look alike: it may be told by telephone.
const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789';

/** A password that nobody can guess and everybody can type: four groups of four. */
export const madeUp = () => {
  const letters = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => LETTERS[byte % LETTERS.length]);
  return letters.join('').replace(/(.{4})(?=.)/g, '$1-');
};

/** A field for a password that is set for somebody else: one is made up, and can be copied to be passed on. */
export const givenPassword = ({ label, name, hint }) => {
  const made = field({
    label, name, hint, input: { autocomplete: 'off', spellcheck: 'false', autocapitalize: 'none', dir: 'ltr', value: madeUp(), required: true },
  });
  made.root.insertBefore(el('div.with-button', {}, made.input, copying(() => made.input.value)), made.root.children[1]);
  return made;
};

/** A secret that is shown this once, in a field that selects all of itself. */
export const once = ({ label, value }) => {
  const made = field({ label, input: { readonly: true, dir: 'ltr', class: 'code', onfocus: ({ target }) => target.select() } });
  made.input.value = value;
  return fill(el('div.shown-once', {}), made.root, copying(() => value, { classes: '.primary' }));
};

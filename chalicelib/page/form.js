// Forms: fields that say what is wrong with them, buttons that show that something is under way.

import { el, say, unique } from './dom.js';
import { failed } from './notice.js';
import { CALLING, DEFAULT_TRUNK, NO_TRUNK, TRUNKS } from './countries.js';
import { apart, compare, country, t } from './words.js';

/**
 * A labelled field. `name` is the gateway's path of it (`webhook.url`), by which a refusal finds it.
 *
 * `input` is an element, or attributes of one. Returns `{root, input, name, wrong(text)}`; an empty text takes the fault back.
 */
export const field = ({ label, name, hint = null, input = {} }) => {
  const id = unique('field-');
  const control = input instanceof HTMLElement ? input : el('input', { type: 'text', ...input });
  control.id = id;
  const fault = el('span.fault', { id: `${id}-fault` });
  const described = [hint && `${id}-hint`, `${id}-fault`].filter(Boolean).join(' ');
  control.setAttribute('aria-describedby', described);
  const wrong = (text) => {
    say(fault, text);
    if (text) control.setAttribute('aria-invalid', 'true');
    else control.removeAttribute('aria-invalid');
  };
  control.addEventListener('input', () => wrong(''));
  const root = el('div.field', {}, el('label', { for: id }, label), control,
    hint && el('span.hint', { id: `${id}-hint` }, hint), fault);
  return { root, input: control, name, wrong };
};

/** A choice among `[value, label]`s, as an input for `field`. */
export const choice = (options, value, attributes = {}) =>
  el('select', attributes, options.map(([one, label]) => el('option', { value: one, selected: one === value }, label)));

/**
 * A form. `submit()` does what it is for; while that is under way its button waits, and a second try is none.
 *
 * A refusal that names a field is said beside it, any other one above the buttons. Returns the form's element.
 */
export const form = ({ fields, action, submit, more = [], before = [], danger = false }) => {
  const fault = el('p.fault.whole', { role: 'alert' });
  const button = el(`button.${danger ? 'danger' : 'primary'}`, { type: 'submit' }, action);
  return el('form.dialog-body', {
    novalidate: true,
    onsubmit: async (event) => {
      event.preventDefault();
      if (button.getAttribute('aria-busy') === 'true') return;
      say(fault, '');
      for (const one of fields) one.wrong('');
      await busy(button, async () => {
        try {
          await submit();
        } catch (error) {
          tellFault(error, fields, fault);
        }
      });
    },
  }, before, fields.map((one) => one.root), fault, el('div.actions', {}, more, button));
};

const tellFault = (error, fields, fault) => {
  if (error.name === 'AbortError') return;
  if (error.name !== 'ApiError') throw error;
  const at = fields.find((one) => one.name && one.name === error.field);
  if (!at) { say(fault, error.message); return; }
  at.wrong(error.message);
  at.input.focus();
};

/** Show that a button's act is under way, and take no second press meanwhile; resolves to what `act` does. */
export const busy = async (button, act) => {
  if (button.getAttribute('aria-busy') === 'true') return undefined;
  button.setAttribute('aria-busy', 'true');
  try { return await act(); } finally { button.removeAttribute('aria-busy'); }
};

/** A button that does something at once; what goes wrong is a notice. */
export const acting = (what, attributes, act, ...children) => {
  const button = el(what, { type: 'button', ...attributes, onclick: () => busy(button, act).catch(failed) }, ...children);
  return button;
};

/**
 * A field for a phone number, in the words of any country: with `+`, or as it is dialled within the country beside it.
 *
 * `typed()` is `{phone, country}` as the gateway's routes take them that know countries; `international()` the number
 * with its `+`, null if nothing was typed. `number` is an international number to begin with.
 */
export const phoneField = ({ label, name, hint = null, number = null, required = false }) => {
  const begun = number ? countryOf(number) : browsersCountry();
  const codes = Object.keys(CALLING).map((code) => [code, `${country(code)} (${apart(`+${CALLING[code]}`)})`])
    .sort(([, one], [, other]) => compare(one, other));
  const where = choice(codes, begun, { 'aria-label': t('phone.country'), class: 'country' });
  const input = el('input', {
    type: 'tel', dir: 'ltr', autocomplete: 'tel', inputmode: 'tel', required, value: number || '', placeholder: `+${CALLING[begun]} …`,
  });
  where.addEventListener('change', () => { input.placeholder = `+${CALLING[where.value]} …`; made.wrong(''); });
  const made = field({ label, name, hint, input });
  made.root.insertBefore(el('div.phone', {}, where, input), made.root.children[1]);
  const plain = () => input.value.trim().replace(/[\s().\-\u00a0\u200e\u202a-\u202e]/g, '');
  const typed = () => {
    const phone = plain().replace(/^00/, '+');
    return phone.startsWith('+') ? { phone } : { phone, country: where.value };
  };
  const international = () => {
    const { phone, country: within } = typed();
    if (!phone || !within) return phone || null;
    const trunk = NO_TRUNK.has(within) ? '' : TRUNKS[within] ?? DEFAULT_TRUNK;
    return `+${CALLING[within]}${trunk && phone.startsWith(trunk) ? phone.slice(trunk.length) : phone}`;
  };
  return Object.assign(made, { typed, international });
};

const browsersCountry = () => {
  const found = navigator.languages.map((one) => new Intl.Locale(one).maximize().region).find((one) => one in CALLING);
  return found || 'US';
};

const countryOf = (number) => {
  const digits = number.replace(/\D/g, '');
  const fits = Object.keys(CALLING).filter((code) => digits.startsWith(CALLING[code]))
    .sort((one, other) => CALLING[other].length - CALLING[one].length);
  const own = browsersCountry();
  const longest = fits.filter((one) => CALLING[one].length === CALLING[fits[0]]?.length);
  return longest.includes(own) ? own : longest.find((one) => MAIN.has(one)) || longest[0] || own;
};

// Who the others of a shared calling code are dialled through.
const MAIN = new Set(['US', 'RU', 'GB', 'IT', 'FR', 'NO', 'AU', 'FI', 'MA']);

// Words in the reader's language, and times, numbers and countries as that language has them.

/** The languages that there is a catalogue of, by their own names. */
export const LANGUAGES = { ar: 'العربية', en: 'English', es: 'Español', hi: 'हिन्दी', id: 'Bahasa Indonesia', pt: 'Português' };
const RIGHT_TO_LEFT = new Set(['ar']);
const LETTER_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;
/** Marks that turn the direction of all that follows them in a sentence. */
const TURNS = /[\u202a-\u202e]/g;
/** Marks that keep a part to itself, and the last of them its end. */
const PARTS = /[\u2066-\u2069]/g;
const STORED = 'switchboard.language';

let language = 'en';
/** The language as the browser's reader has it: the same words, but times and numbers as in that country. */
let locale = 'en';
let catalogue = {};
let plurals = new Intl.PluralRules('en');
let collator = new Intl.Collator('en');

/** The language that somebody chose in this browser; null if nobody has. */
export const chosen = () => localStorage.getItem(STORED);

/** The language that was chosen, or the first of the browser's that there is. */
export const preferred = () => {
  const wanted = [chosen(), ...navigator.languages].filter(Boolean).map((one) => one.split('-')[0]);
  return wanted.find((one) => Object.hasOwn(LANGUAGES, one)) || 'en';
};

/** Speak a language from now on; `keep` remembers it for this browser. */
export const speak = async (wanted, { keep = false } = {}) => {
  const answer = await fetch(new URL(`messages.${wanted}.json`, import.meta.url));
  if (!answer.ok) throw new Error(`There is no catalogue of ${wanted}.`);
  catalogue = await answer.json();
  language = wanted;
  const found = navigator.languages.find((one) => one.split('-')[0] === wanted) || wanted;
  // The catalogues' own digits are these, so that a sentence has one kind.
  locale = new Intl.Locale(found, { numberingSystem: 'latn' }).toString();
  plurals = new Intl.PluralRules(locale);
  collator = new Intl.Collator(locale, { sensitivity: 'base', numeric: true });
  if (keep) localStorage.setItem(STORED, wanted);
  document.documentElement.lang = wanted;
  document.documentElement.dir = RIGHT_TO_LEFT.has(wanted) ? 'rtl' : 'ltr';
};

/** The language that is spoken. */
export const spoken = () => language;

/** Whether each part that begins in a text ends there, and no other does. */
const closed = (text) => {
  let open = 0;
  for (const mark of text.match(PARTS) ?? []) {
    open += mark === '\u2069' ? -1 : 1;
    if (open < 0) return false;
  }
  return open === 0;
};

/** A text within one of ours, apart from its direction where the two may differ; what would turn ours is left out. */
export const apart = (given) => {
  const turned = given.replace(TURNS, '');
  const text = closed(turned) ? turned : turned.replace(PARTS, '');
  return RIGHT_TO_LEFT.has(language) || LETTER_TO_LEFT.test(text) ? `\u2068${text}\u2069` : text;
};

/** Whether there are words for this. */
export const known = (key) => Object.hasOwn(catalogue, key);

/**
 * The words for a key: `{name}` in them is replaced by the value of that name, as text that keeps its own direction.
 *
 * Where there are several forms, `count` chooses by the language's rules, and is written as the language writes it.
 */
export const t = (key, values = {}) => {
  const found = catalogue[key];
  if (found === undefined) throw new Error(`There are no words for ${key}.`);
  const text = typeof found === 'string' ? found : found[plurals.select(values.count)] ?? found.other;
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    if (!(name in values)) throw new Error(`${key} needs ${name}.`);
    return name === 'count' ? number(values.count) : apart(String(values[name]));
  });
};

/**
 * What the gateway refused or couldn't do, in the reader's words: by its `code`, and by `field` where there are words for
 * that one. The gateway's own sentence, `message`, where there are none.
 */
export const refusal = ({ code, field = null, status = 0, message }) => {
  const key = [`${code}.${field}`, code].find((one) => known(`error.${one}`));
  return key ? t(`error.${key}`, { status }) : message;
};

/** A number as the language writes it. */
export const number = (value) => new Intl.NumberFormat(locale).format(value);

/** A moment (milliseconds, or RFC 3339) as a date and a time of day; today's as a time alone. */
export const moment = (value) => {
  const at = new Date(value);
  const today = at.toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(locale, today ? { timeStyle: 'medium' } : { dateStyle: 'medium', timeStyle: 'short' }).format(at);
};

/** A day, in words where it is today or yesterday. */
export const day = (value) => {
  const at = new Date(value);
  const days = Math.round((new Date(at).setHours(0, 0, 0, 0) - new Date().setHours(0, 0, 0, 0)) / 86_400_000);
  if (days > -2 && days < 1) return new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(days, 'day');
  return new Intl.DateTimeFormat(locale, { dateStyle: 'full' }).format(at);
};

/** A time of day. */
export const clock = (value) => new Intl.DateTimeFormat(locale, { timeStyle: 'short' }).format(new Date(value));

const STEPS = [['day', 86_400], ['hour', 3_600], ['minute', 60], ['second', 1]];

/** How long ago a moment was, or how soon it will be: in the largest unit that fits. */
export const relative = (value, now = Date.now()) => {
  const seconds = Math.round((new Date(value).getTime() - now) / 1000);
  const [unit, size] = STEPS.find(([, one]) => Math.abs(seconds) >= one) || STEPS.at(-1);
  return new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(Math.trunc(seconds / size), unit);
};

/** A time span in seconds, such as "8 seconds" or "2 minutes". */
export const span = (seconds) => {
  const [unit, size] = STEPS.find(([, one]) => seconds >= one) || STEPS.at(-1);
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(Math.floor(seconds / size));
};

/** A file's size. */
export const size = (bytes) => {
  const [unit, factor] = bytes < 1_000 ? ['byte', 1] : bytes < 1_000_000 ? ['kilobyte', 1e3] : ['megabyte', 1e6];
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 1 })
    .format(bytes / factor);
};

/** A country's name, by its two letters. */
export const country = (code) => new Intl.DisplayNames([locale], { type: 'region' }).of(code);

/** Compare texts as the language sorts them. */
export const compare = (one, other) => collator.compare(one, other);

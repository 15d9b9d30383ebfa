// Elements. Whatever comes from outside becomes text, never markup.

const SVG = 'http://www.w3.org/2000/svg';

/**
 * An element: `el('button.primary', {type: 'button', onclick: act, 'aria-label': name}, 'Save')`.
 *
 * Functions become listeners of the element itself, which end with it; true and false set and leave out an attribute;
 * null and undefined leave it out. Children are nodes and texts; null and false are left out.
 */
export const el = (what, attributes = {}, ...children) => {
  const [tag, ...classes] = what.split('.');
  const made = document.createElement(tag || 'div');
  if (classes.length) made.className = classes.join(' ');
  return fill(attribute(made, attributes), ...children);
};

const attribute = (made, attributes) => {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(name.replace(/^on/, ''), value);
    else if (value === true) made.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  return made;
};

/** Put children into an element, behind those that it has. */
export const fill = (parent, ...children) => {
  parent.append(...children.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false));
  return parent;
};

/** Have an element hold these children and no others. */
export const replace = (parent, ...children) => { parent.replaceChildren(); return fill(parent, ...children); };

/** Set an element's text only where it differs, so that a live region doesn't speak for nothing. */
export const say = (element, text) => { if (element.textContent !== text) element.textContent = text; };

/**
 * Have `parent` hold one element for each item, in their order: what stays is kept, with its focus and its scroll.
 *
 * `make(item)` returns an element, `update(element, item)` brings it up to date (also a new one).
 */
export const keyed = (parent, items, keyOf, make, update = () => {}) => {
  const before = new Map([...parent.children].map((one) => [one.dataset.key, one]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    let element = before.get(key);
    before.delete(key);
    if (!element) { element = make(item); element.dataset.key = key; }
    update(element, item);
    if (element === place) place = place.nextElementSibling;
    else parent.insertBefore(element, place);
  }
  for (const gone of before.values()) gone.remove();
};

/** An unguessable or merely unique name: for ids of elements and keys of requests, also without a secure context. */
export const unique = (prefix = '') =>
  prefix + Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, '0')).join('');

// Drawn on a grid of 24, as lines.
const PICTURES = {
  add: 'M12 5v14M5 12h14',
  alert: 'M12 4 2.8 20h18.4zM12 10v4.5M12 17.2v.1',
  back: 'M20 12H5M11 6l-6 6 6 6',
  chat: 'M4 5h16v11H9l-5 4z',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  checks: 'm2 12.5 4.5 4.5L15 8.5M11.5 15.5l1.5 1.5L22 8',
  clock: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 7.5V12l3 2',
  close: 'M6 6l12 12M18 6 6 18',
  code: 'm8.5 7-5 5 5 5M15.5 7l5 5-5 5',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  down: 'M12 4v12M6.5 11 12 16.5 17.5 11M5 20h14',
  edit: 'M4 20h4L20 8l-4-4L4 16zM14 6l4 4',
  eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z',
  file: 'M6 3h8l5 5v13H6zM14 3v5h5',
  full: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
  globe: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM3.5 12h17M12 3.5c3 3 3 14 0 17M12 3.5c-3 3-3 14 0 17',
  key: 'M15.5 4a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM12.3 11.7 4 20M7 17l2.5 2.5',
  link: 'M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7l-1.2 1.2M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7l1.2-1.2',
  menu: 'M4 7h16M4 12h16M4 17h16',
  minus: 'M6 12h12',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z',
  more: 'M12 5.5v.1M12 12v.1M12 18.5v.1',
  people: 'M9 5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM2.5 20c0-4 3-6 6.5-6s6.5 2 6.5 6M16 5.5a3.5 3.5 0 0 1 0 6.2M17.5 14.3c2.4.6 4 2.5 4 5.7',
  phone: 'M7 2.5h10v19H7zM11 18.5h2',
  qr: 'M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2zM18 18h2v2h-2zM18 14h2M14 18v2',
  reply: 'M10 6 4 12l6 6M4 12h9c4 0 7 2 7 7',
  retry: 'M19.5 8A8.5 8.5 0 1 0 20.5 13M20 3.5V8.5h-5',
  search: 'M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.3 15.3 21 21',
  send: 'M4 20 21 12 4 4l2.5 8zM6.5 12H21',
  smile: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM8 14c1.8 2.7 6.2 2.7 8 0M9 9.5v.1M15 9.5v.1',
  sound: 'M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a7.8 7.8 0 0 1 0 11',
  stop: 'M7 7h10v10H7z',
  play: 'M8 5.5 18.5 12 8 18.5z',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2.5M12 19.5V22M2 12h2.5M19.5 12H22M5 5l1.8 1.8M17.2 17.2 19 19M5 19l1.8-1.8M17.2 6.8 19 5',
  trash: 'M5 7h14M9.5 7V4h5v3M7 7l1 13h8l1-13M10.5 10.5v6M13.5 10.5v6',
  webhook: 'M4 12h9M9.5 8l4 4-4 4M14 4h6v16h-6',
};

/** A picture of the set; it says nothing to a screen reader, so a button with nothing else needs an `aria-label`. */
export const icon = (name) => {
  const svg = document.createElementNS(SVG, 'svg');
  const path = document.createElementNS(SVG, 'path');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', `icon icon-${name}`);
  svg.setAttribute('aria-hidden', 'true');
  path.setAttribute('d', PICTURES[name]);
  svg.append(path);
  return svg;
};

/** An element of SVG. */
export const svg = (tag, attributes = {}, ...children) =>
  fill(attribute(document.createElementNS(SVG, tag), attributes), ...children);

/** Copy a text; also where no secure context gives a clipboard, as on plain http. False if the browser refuses. */
export const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = el('textarea.offscreen', { readonly: true, 'aria-hidden': 'true', tabindex: '-1' });
    area.value = text;
    const before = document.activeElement;
    (document.querySelector('dialog[open]:last-of-type') || document.body).append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    if (before instanceof HTMLElement) before.focus();
    return done;
  }
};

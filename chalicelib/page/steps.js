// What to do on the phone, as its WhatsApp words it: Android's and the iPhone's menus differ.

import { el, replace } from './dom.js';
import { t } from './words.js';

const KEPT = 'switchboard.phone';
const KINDS = ['android', 'iphone'];
const STEPS = 4;

/** Whether this is a phone itself, by how it is touched: its own screen can't be scanned by it. */
export const onPhone = () => matchMedia('(hover: none) and (pointer: coarse)').matches;

/** The steps on the phone for `way` (`code` or `pairing`), for the kind of phone that is chosen. */
export const phoneSteps = (scope, way) => {
  const list = el('ol.steps');
  const apple = /iPhone|iPad/.test(navigator.userAgent);
  let kind = localStorage.getItem(KEPT) || (apple ? 'iphone' : 'android');
  const buttons = KINDS.map((one) => el('button', { type: 'button', onclick: () => choose(one) }, t(`steps.${one}`)));
  const choose = (chosen) => {
    kind = chosen;
    localStorage.setItem(KEPT, kind);
    show();
  };
  const show = () => {
    KINDS.forEach((one, at) => buttons[at].setAttribute('aria-pressed', String(one === kind)));
    replace(list, Array.from({ length: STEPS }, (_, at) => el('li', {}, t(`steps.${way}.${at === 1 ? `${kind}.` : ''}${at + 1}`))));
  };
  show();
  return el('div.phone-steps', {}, el('div.segmented', { role: 'group', 'aria-label': t('steps.label') }, buttons), list);
};

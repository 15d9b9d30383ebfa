// A sound for what somebody waits for. Off until it is chosen.

import { el, icon } from './dom.js';
import { t } from './words.js';

const KEPT = 'switchboard.sound';
/** Frequency in hertz, and when it begins, in seconds. */
const NOTES = [[659.3, 0], [880, 0.16]];
const LASTS = 0.5;
const LOUD = 0.12;

/** The choice whether there is a sound, remembered for this browser. It is heard as it is chosen. */
export const soundChoice = () => el('label.check', {},
  el('input', {
    type: 'checkbox', checked: localStorage.getItem(KEPT) === 'on',
    onchange: ({ target }) => { localStorage.setItem(KEPT, target.checked ? 'on' : 'off'); chime(); },
  }),
  icon('sound'), el('span', {}, t('sound.choice')));

/** Make the sound, if it was chosen. A page that nobody has touched yet makes none: browsers forbid it. */
export const chime = () => {
  if (localStorage.getItem(KEPT) !== 'on' || navigator.userActivation?.hasBeenActive === false) return;
  const context = new AudioContext();
  const loud = context.createGain();
  loud.connect(context.destination);
  loud.gain.setValueAtTime(LOUD, 0);
  loud.gain.exponentialRampToValueAtTime(0.001, LASTS);
  NOTES.forEach(([frequency, at], place) => {
    const note = context.createOscillator();
    note.frequency.value = frequency;
    note.connect(loud);
    note.start(at);
    note.stop(LASTS);
    if (place === NOTES.length - 1) note.onended = () => context.close();
  });
};

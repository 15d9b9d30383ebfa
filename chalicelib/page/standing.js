// How a session stands, in words, a colour and a picture: no colour alone says anything.

import { el, icon, replace } from './dom.js';
import { t } from './words.js';

const MOODS = {
  CREATED: 'calm', STARTING: 'busy', SCAN_QR: 'wait', PAIRING: 'busy', CONNECTED: 'good', DISCONNECTED: 'busy',
  PASSKEY_REQUIRED: 'wait', LOGGED_OUT: 'wait', STOPPED: 'calm', FAILED: 'bad', DELETING: 'busy',
};
const PICTURES = { good: 'check', wait: 'qr', busy: 'clock', bad: 'alert', calm: 'stop' };
const LIVE = new Set(['STARTING', 'SCAN_QR', 'PAIRING', 'CONNECTED', 'DISCONNECTED']);

/** Whether a worker serves it, or is about to. */
export const isLive = ({ status, passkey }) => LIVE.has(status) || (status === 'PASSKEY_REQUIRED' && Boolean(passkey));

/** Whether it runs and was asked not to: that takes a moment. */
export const isEnding = (session) => session.desired !== 'running' && isLive(session);

/**
 * How it is with a session: `good`, `wait` (for a person), `busy` (it goes on by itself), `bad`, or `calm` (it rests as
 * its owner wants).
 */
export const mood = (session) => {
  if (isEnding(session)) return 'busy';
  // Who was logged out as they asked, or in favour of a fresh code, needn't do anything.
  if (session.status === 'LOGGED_OUT') return session.reason === 'unlinked_by_owner' ? 'calm' : session.desired === 'running' ? 'busy' : 'wait';
  if (session.status === 'CONNECTED' && session.phone_mismatch) return 'wait';
  return MOODS[session.status];
};

/** Its status in a word or two. */
export const inWords = (session) => (isEnding(session) ? t('status.ending') : t(`status.${session.status}`));

/** A picture of how it is. */
export const pictureOf = (session) => {
  const how = mood(session);
  return how === 'wait' && session.status !== 'SCAN_QR' ? 'alert' : PICTURES[how];
};

/** Both as an element, to be brought up to date by `showStanding`. */
export const standing = (session) => showStanding(el('span.status'), session);

/** Have an element of `standing` show how the session stands now. */
export const showStanding = (shown, session) => {
  const how = mood(session);
  const words = inWords(session);
  if (shown.dataset.mood === how && shown.textContent === words) return shown;
  shown.dataset.mood = how;
  return replace(shown, icon(pictureOf(session)), words);
};

/** What people call it: by its id where there is nothing to be seen of its name. */
export const called = ({ name = '', id }) => (/[^\p{C}\p{Z}]/u.test(name) ? name : id);

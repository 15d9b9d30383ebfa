// Notices: what has happened, said once, to screen readers as well.

import { el, icon } from './dom.js';
import { t } from './words.js';

const STAYS = 7_000;

let place = null;

/** Where notices stand; made once, since a live region must be there before it speaks. */
export const notices = (scope) => {
  const calm = el('div.notices-calm', { role: 'status' });
  const urgent = el('div.notices-urgent', { role: 'alert' });
  place = { scope, calm, urgent };
  return el('div.notices', {}, urgent, calm);
};

/** Say that something has come of it; it goes by itself. */
export const notify = (text, { action = null } = {}) => show('calm', text, action);

/** Say that something went wrong; it stays until it is closed. */
export const warn = (text) => show('urgent', text, null);

/** Warn of an error that no field is at fault for; an abort is none. */
export const failed = (error) => { if (error.name !== 'AbortError') warn(error.message); };

const show = (kind, text, action) => {
  const scope = place.scope.child();
  const shown = el(`div.notice.${kind}`, {}, icon(kind === 'calm' ? 'check' : 'alert'), el('p', { dir: 'auto' }, text),
    action && el('button.quiet', { type: 'button', onclick: () => { scope.end(); action.act(); } }, action.label),
    el('button.icon-button', { type: 'button', 'aria-label': t('notice.close'), onclick: () => scope.end() }, icon('close')));
  scope.add(() => shown.remove());
  place[kind].append(shown);
  raise();
  scope.add(() => {
    const around = place.calm.parentElement;
    if (around.showPopover && !around.querySelector('.notice') && around.matches(':popover-open')) around.hidePopover();
  });
  if (kind === 'calm') scope.after(STAYS, () => scope.end());
  return scope;
};

/**
 * Have the notices stand in the dialog that is open: all else is inert then, neither read out nor to be pressed. To be called
 * as a dialog opens, and as it closes before it goes.
 */
export const placeNotices = () => {
  if (!place) return;
  const around = place.calm.parentElement;
  const within = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body;
  if (around.parentElement === within) return;
  within.append(around);
  if (around.querySelector('.notice')) raise();
};

/** Lift the notices into the browser's top layer, above everything else there. */
const raise = () => {
  const around = place.calm.parentElement;
  if (!around.showPopover) return;
  around.popover = 'manual';
  if (around.matches(':popover-open')) around.hidePopover();
  around.showPopover();
};

// What can be done with a session, by who looks and how it stands.

import { segment } from './api.js';
import { confirm, dialog } from './dialog.js';
import { el } from './dom.js';
import { field, form } from './form.js';
import { openLinking } from './linking.js';
import { notify } from './notice.js';
import { situation } from './reasons.js';
import { called, isEnding, isLive } from './standing.js';
import { t } from './words.js';

/** Whether the caller may do what needs a permission, `sessions:write` for one. */
export const may = ({ me }, permission) => me.permissions.includes(permission);

const path = (session, act = '') => `v1/sessions/${segment(session.id)}${act && `/${act}`}`;

const ask = async (scope, { api, sessions }, session, act) => {
  sessions.put(await api.post(path(session, act), undefined, { signal: scope.signal }));
  notify(t(`session.asked.${act}`, { name: called(session) }));
};

const link = (scope, context, session) => openLinking(scope, context, session);

const enable = async (scope, context, session) => {
  context.sessions.put(await context.api.patch(path(session), { enabled: true }, { signal: scope.signal }));
  notify(t('session.enabled', { name: called(session) }));
};

const logOut = async (scope, context, session) => {
  const yes = await confirm(scope, {
    title: t('session.logout.title', { name: called(session) }),
    text: [t('session.logout.what'), t('session.logout.after')],
    action: t('session.logout'),
    danger: true,
  });
  if (yes) await ask(scope, context, session, 'logout');
};

const remove = async (scope, { api, sessions }, session) => {
  const name = called(session);
  const yes = await confirm(scope, {
    title: t('session.delete.title', { name }),
    text: [t('session.delete.what'), t('session.delete.never')],
    action: t('session.delete'),
    danger: true,
    typed: name,
  });
  if (!yes) return;
  const { deleted, message } = await api.delete(path(session), { signal: scope.signal });
  // What WhatsApp couldn't be told is to be done on the phone.
  notify([t(deleted ? 'session.deleted' : 'session.asked.delete', { name }), message].filter(Boolean).join(' '));
  if (deleted) sessions.gone(session.id);
  else await sessions.refresh(session.id);
};

const rename = (scope, { api, sessions }, session) => dialog(scope, {
  title: t('session.rename.title', { name: called(session) }),
  classes: 'narrow',
  body: (inside, close) => {
    const name = field({ label: t('session.name'), name: 'name', input: { value: session.name, dir: 'auto', maxlength: '200', autocomplete: 'off' } });
    return form({
      fields: [name],
      action: t('session.rename'),
      submit: async () => {
        sessions.put(await api.patch(path(session), { name: name.input.value.trim() }, { signal: inside.signal }));
        close();
      },
      more: [el('button', { type: 'button', onclick: () => close() }, t('dialog.cancel'))],
    });
  },
});

/**
 * What the caller may do with the session as it stands: `[{name, words, picture, act, danger}]`, as `choices` takes them.
 *
 * What goes wrong is raised by `act`, an ApiError.
 */
export const actions = (scope, context, session) => {
  if (!may(context, 'sessions:write') || session.status === 'DELETING' || session.desired === 'deleted') return [];
  const one = (name, picture, act, danger = false) => ({ name, words: t(`session.${name}`), picture, act: () => act(scope, context, session), danger });
  const asked = (act) => (...all) => ask(...all, act);
  const live = isLive(session);
  const { kind } = situation(session);
  const runs = live && !isEnding(session);
  return [
    ['code', 'passkey'].includes(kind) && may(context, 'sessions:link') && one('link', 'qr', link),
    !session.enabled && one('enable', 'check', enable),
    !runs && session.enabled && one('start', 'play', asked('start')),
    live && one('restart', 'retry', asked('restart')),
    runs && one('stop', 'stop', asked('stop')),
    one('rename', 'edit', rename),
    session.account && one('logout', 'back', logOut, true),
    one('delete', 'trash', remove, true),
  ].filter(Boolean);
};

// One-time links for whoever holds the phone: an owner makes them, copies them, sees what came of them, takes them back.

import { idempotencyKey, listed, segment } from './api.js';
import { copy, el, icon, keyed, say } from './dom.js';
import { acting, choice, field, form } from './form.js';
import { failed, notify, warn } from './notice.js';
import { clock, LANGUAGES, moment, t } from './words.js';

const KEPT = 'switchboard.inviting';
const LOOKS = 10_000;
const COLOUR = '#00755f';
const GOOD = new Set(['open', 'opened']);

const pathOf = (id) => `v1/sessions/${segment(id)}/invitations`;

/** A session's links as a section: a form to make one, and those that there are. Nothing for who may not link. */
export const invitations = (scope, context, id) => {
  const { api, me } = context;
  if (!me.permissions.includes('sessions:link')) return null;
  const path = pathOf(id);
  const made = el('div.invited', { 'aria-live': 'polite' });
  const list = el('ul.invitations');
  let known = [];

  const look = async () => {
    try {
      known = await listed(api, path, { signal: scope.signal });
      draw();
    } catch (error) {
      // Asked again in a moment.
      if (!known.length) failed(error);
    }
  };
  const draw = () => {
    keyed(list, [...known].reverse(), (one) => one.id, () => el('li', {}, el('span.status'), el('span.soft'), el('span')), (row, one) => {
      const [state, when, act] = row.children;
      say(state, t(`invite.state.${one.state}`));
      state.dataset.mood = { open: 'wait', opened: 'busy', used: 'good' }[one.state] ?? 'calm';
      say(when, GOOD.has(one.state) ? t('invite.until', { time: clock(one.expires_at) }) : moment(one.created_at));
      if (!GOOD.has(one.state)) act.replaceChildren();
      else if (!act.firstChild) act.append(acting('button.quiet', {}, () => revoke(one), icon('trash'), t('invite.revoke')));
    });
    list.hidden = !known.length;
  };
  const revoke = async (one) => {
    await api.delete(`${path}/${segment(one.id)}`, { signal: scope.signal });
    made.replaceChildren();
    notify(t('invite.revoked'));
    await look();
  };

  scope.every(LOOKS, () => { if (known.some((one) => GOOD.has(one.state))) look(); });
  look();
  return el('div.inviting', {}, el('p.soft', {}, t('invite.lead')), making(scope, context, id, made, look), made, list);
};

const making = (scope, { api, elsewhere }, id, made, look) => {
  const before = JSON.parse(localStorage.getItem(KEPT) || '{}');
  const name = field({ label: t('invite.company'), name: 'company.name', hint: t('invite.company.hint'), input: { value: before.name ?? '', maxlength: 60, autocomplete: 'organization', dir: 'auto' } });
  const colour = field({ label: t('invite.colour'), name: 'company.colour', input: { type: 'color', value: before.colour ?? COLOUR } });
  const languages = [['', t('invite.language.any')], ...Object.entries(LANGUAGES)];
  const language = field({ label: t('invite.language'), name: 'language', input: choice(languages, before.language ?? '') });
  return form({
    fields: [name, colour, language],
    action: t('invite.make'),
    submit: async () => {
      const wanted = { name: name.input.value.trim(), colour: colour.input.value, language: language.input.value };
      localStorage.setItem(KEPT, JSON.stringify(wanted));
      const company = { colour: wanted.colour, ...wanted.name && { name: wanted.name } };
      // A session that rests is started by this; whoever makes a link doesn't want to scan its code.
      elsewhere.add(id);
      const invitation = await api.post(pathOf(id), { company, ...wanted.language && { language: wanted.language } }, { key: idempotencyKey(), signal: scope.signal });
      show(made, invitation);
      await look();
    },
  });
};

const show = (made, { url, expires_at: ends }) => {
  const link = el('input', { type: 'text', readonly: true, dir: 'ltr', value: url, 'aria-label': t('invite.link'), onfocus: ({ target }) => target.select() });
  const copied = async () => { if (await copy(url)) notify(t('invite.copied')); else warn(t('pairing.not_copied')); };
  made.replaceChildren(
    link,
    el('p.hint', {}, t('invite.once', { time: clock(ends) })),
    el('div.actions', {},
      navigator.share && acting('button', {}, () => navigator.share({ url }).catch(() => {}), icon('send'), t('invite.share')) || '',
      acting('button.primary', {}, copied, icon('copy'), t('invite.copy'))));
};

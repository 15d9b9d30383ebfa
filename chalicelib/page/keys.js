// API keys: what programs call with. One's own, and for administrators those of the whole company.

import { idempotencyKey } from './api.js';
import { dialog } from './dialog.js';
import { el, fill, icon, replace, say } from './dom.js';
import { confirming, entries } from './entries.js';
import { choice, field, form } from './form.js';
import { notify } from './notice.js';
import { once } from './secret.js';
import { called } from './standing.js';
import { compare, day, moment, relative, t } from './words.js';

/** Days for which a key may be made; the empty one has no end. */
const LIVES = ['', '7', '30', '90', '365'];

/** The part of the view that lists, makes and revokes keys. */
export const keys = (scope, context) => {
  const { api, me, sessions } = context;
  const everybody = me.permissions.includes('keys:manage');
  const shown = entries(scope, {
    label: t('keys.title'),
    empty: t('keys.empty'),
    read: async () => (everybody ? await all(api, scope) : (await api.get('api/auth/api-key', { signal: scope.signal })).data.keys).reverse(),
    keyOf: (one) => one.id,
    make: (one) => row(scope, context, one, shown.load),
    update: (made, one) => made.update(one),
    words: (one) => [title(one), one.username, one.session_id, sessions.get(one.session_id)?.name].filter(Boolean).join(' '),
  });
  // A session's name may come later than the keys that are for it.
  sessions.all.watch(scope, () => shown.refresh());
  if (!sessions.ready.value) sessions.load();
  shown.load();
  const create = el('button.primary', {
    type: 'button',
    onclick: async () => { if (await make(scope, context)) await shown.load(); },
  }, icon('add'), t('keys.new'));
  return el('section.card', { 'aria-labelledby': 'keys-head' },
    el('div.card-head', {}, el('h2', { id: 'keys-head' }, t('keys.title')), create),
    el('p.soft', {}, everybody ? t('keys.lead.everybody') : t('keys.lead')),
    shown.root);
};

const all = async (api, scope) => {
  const found = [];
  let after = null;
  do {
    const { data } = await api.get(`api/admin/api-keys?limit=100${after ? `&after=${encodeURIComponent(after)}` : ''}`, { signal: scope.signal });
    found.push(...data.api_keys);
    after = data.next_cursor;
  } while (after);
  return found;
};

/** What a key of that role may do, in words; an administrator's may no more than a member's. */
export const may = (role) => (role === 'read_only' ? t('keys.may.read') : t('keys.may.send'));

const title = (key) => key.name || t('keys.unnamed', { end: key.id.slice(-6) });

const row = (scope, context, key, load) => {
  const { api, me, sessions } = context;
  const name = el('h3', { dir: 'auto' });
  const tags = el('div.tags');
  const facts = el('p.soft');
  const mine = key.username === me.name;
  const question = { title: t('keys.revoke.sure', { name: title(key) }), text: t('keys.revoke.why'), action: t('keys.revoke') };
  const revoke = confirming(scope, { 'aria-label': `${t('keys.revoke')}: ${title(key)}` }, question, async () => {
    await api.delete(mine ? `api/auth/api-key?id=${encodeURIComponent(key.id)}` : `api/admin/api-keys/${encodeURIComponent(key.id)}`);
    notify(t('keys.revoked', { name: title(key) }));
    await load();
  });
  const made = el('li.entry', {}, el('div.entry-body', {}, name, tags, facts), el('div.entry-acts', {}, revoke));
  const update = (now) => {
    const session = now.session_id && called(sessions.get(now.session_id) ?? { id: now.session_id });
    const over = now.expires_at && Date.parse(now.expires_at) <= api.now();
    say(name, title(now));
    replace(tags,
      el('span.tag', {}, may(now.role)),
      el('span.tag', { dir: 'auto' }, session ? t('keys.for.one', { session }) : t('keys.for.all')),
      !mine && el('span.tag', { dir: 'auto' }, t('keys.of', { name: now.username })),
      over && el('span.tag.bad', {}, t('keys.over')));
    say(facts, [
      t('keys.made', { day: day(now.created_at) }),
      now.last_used ? t('keys.used', { when: relative(now.last_used, api.now()) }) : t('keys.unused'),
      now.expires_at && !over ? t('keys.ends', { when: moment(now.expires_at) }) : null,
    ].filter(Boolean).join(' · '));
  };
  return Object.assign(made, { update });
};

/** A choice of all sessions, or of one: with the sessions in the order of their names. */
const options = (those, chosen) => {
  const named = [...those.values()].map((one) => [one.id, called(one)]).sort(([, one], [, other]) => compare(one, other));
  return [['', t('keys.for.all')], ...named].map(([id, name]) => el('option', { value: id, selected: id === chosen }, name));
};

/** Ask what the key is to be, make it, and show it. Resolves to whether one was made. */
const make = async (scope, { api, me, sessions }) => {
  const secret = await dialog(scope, {
    title: t('keys.new'),
    classes: 'narrow',
    body: (inside, close) => {
      const name = field({
        label: t('keys.name'), name: 'name', hint: t('keys.name.hint'), input: { maxlength: '100', autocomplete: 'off', dir: 'auto' },
      });
      const mays = me.role === 'read_only' ? ['read_only'] : ['member', 'read_only'];
      const role = field({
        label: t('keys.may'), name: 'role',
        input: choice(mays.map((one) => [one, may(one)]), mays[0]),
      });
      const session = field({ label: t('keys.for'), name: 'session_id', input: choice([], '') });
      sessions.all.watch(inside, (those) => replace(session.input, options(those, session.input.value)));
      const life = field({
        label: t('keys.life'), name: 'expires_in_days',
        input: choice(LIVES.map((days) => [days, days ? t('keys.life.days', { count: Number(days) }) : t('keys.life.ever')]), ''),
      });
      let sent = {};
      return form({
        fields: [name, role, session, life],
        action: t('keys.make'),
        submit: async () => {
          const asked = {
            name: name.input.value.trim() || null,
            role: role.input.value,
            session_id: session.input.value || null,
            expires_in_days: life.input.value ? Number(life.input.value) : null,
          };
          // Asked once more for want of an answer, the gateway makes no second key.
          if (sent.body !== JSON.stringify(asked)) sent = { body: JSON.stringify(asked), key: idempotencyKey() };
          const { data } = await api.post('api/auth/api-key', asked, { key: sent.key, signal: inside.signal });
          close(data.api_key);
        },
        more: [el('button', { type: 'button', onclick: () => close() }, t('dialog.cancel'))],
      });
    },
  });
  if (!secret) return false;
  // Only its own button closes it: there is no second look.
  await dialog(scope, {
    title: t('keys.secret'),
    classes: 'narrow',
    closable: false,
    body: (_, close) => fill(el('div.dialog-body', {}),
      el('p', {}, t('keys.secret.why')),
      once({ label: t('keys.secret.label'), value: secret }),
      el('p.soft', {}, t('keys.secret.how')),
      el('div.actions', {}, el('button', { type: 'button', onclick: () => close() }, t('keys.secret.kept')))),
  });
  return true;
};

// The list of sessions: how each one is, and what can be done with it.

import { actions, may } from './actions.js';
import { create } from './create.js';
import { el, icon, replace, say } from './dom.js';
import { acting } from './form.js';
import { longList } from './longlist.js';
import { choices } from './menu.js';
import { why } from './reasons.js';
import { address } from './router.js';
import { called, mood, showStanding, standing } from './standing.js';
import { compare, number, t } from './words.js';

const GROUPS = {
  all: () => true,
  connected: (how) => how === 'good',
  attention: (how) => how === 'wait' || how === 'bad',
  other: (how) => how === 'busy' || how === 'calm',
};

/** Reasons that say no more than the status beside them. */
const PLAIN = new Set(['requested', 'waiting_for_scan']);

/** Where somebody was, and what they looked for: the same when they come back from a session. */
const leftIn = (kept) => {
  if (!kept.has('list')) kept.set('list', { top: 0, wanted: '', group: 'all' });
  return kept.get('list');
};

export const view = (scope, context) => {
  const { sessions } = context;
  const left = leftIn(context.kept);
  // Who may reach one session alone makes no other.
  const writes = may(context, 'sessions:write') && !context.me.session;
  const begin = () => create(scope, context);
  const list = longList(scope, {
    label: t('sessions.title'),
    keyOf: (one) => one.id,
    make: (one) => row(scope, context, one),
    update: (shown, session) => showRow(shown, session, actions(scope, context, session)),
  });
  const found = el('p.soft', { role: 'status' });
  const search = el('input', {
    type: 'search', 'aria-label': t('sessions.search'), placeholder: t('sessions.search'), autocomplete: 'off', spellcheck: 'false',
    dir: 'auto', value: left.wanted, oninput: ({ target }) => { left.wanted = target.value; show(); },
  });
  const groups = Object.keys(GROUPS).map((group) => {
    const count = el('span.chip-count');
    const button = el('button.chip', { type: 'button', onclick: () => { left.group = group; show(); } }, t(`sessions.group.${group}`), count);
    return { group, button, count };
  });
  const tools = el('div.tools', {},
    el('div.search', {}, icon('search'), search),
    el('div.chips', { role: 'group', 'aria-label': t('sessions.groups') }, groups.map(({ button }) => button)));
  const place = el('div');
  const root = el('section.overview', {},
    el('header.view-head', {}, el('h1', {}, t('sessions.title')),
      writes && el('button.primary', { type: 'button', onclick: begin }, icon('add'), t('sessions.new'))),
    tools, found, place);
  const inOrder = ordering();

  const show = () => {
    const { value: all } = sessions.all;
    const failure = !sessions.ready.value && sessions.failure.value;
    tools.hidden = all.size === 0;
    if (failure && !all.size) { say(found, ''); replace(place, unread(sessions, failure)); return; }
    if (!all.size) { say(found, ''); replace(place, sessions.ready.value ? nobody(writes, begin) : coming()); return; }
    const ordered = inOrder(all);
    const moods = ordered.map(mood);
    for (const { group, button, count } of groups) {
      say(count, number(moods.filter(GROUPS[group]).length));
      button.setAttribute('aria-pressed', String(left.group === group));
    }
    const fits = matching(left.wanted);
    const shown = ordered.filter((one, at) => GROUPS[left.group](moods[at]) && fits(one));
    const narrowed = left.wanted.trim() || left.group !== 'all';
    say(found, narrowed ? t('sessions.found', { count: shown.length }) : '');
    if (list.root.parentElement !== place) replace(place, list.root);
    list.show(shown);
  };
  sessions.all.watch(scope, show);
  sessions.ready.watch(scope, show);
  sessions.failure.watch(scope, show);
  sessions.load();
  scope.after(0, () => scrollTo(0, left.top));
  scope.add(() => { left.top = scrollY; });
  return { title: t('sessions.title'), root };
};

/** The sessions by their names, as the language sorts them; sorted anew only where a name has changed. */
const ordering = () => {
  let before = '';
  let ids = [];
  return (all) => {
    const names = [...all.values()].map((one) => `${one.id}\n${called(one)}`).join('\n');
    if (names !== before) {
      before = names;
      ids = [...all.values()].sort((one, other) => compare(called(one), called(other)) || compare(one.id, other.id)).map((one) => one.id);
    }
    return ids.map((id) => all.get(id));
  };
};

const plain = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** Whether a session is what somebody looks for: by a part of its name, its id or a number. */
const matching = (wanted) => {
  const text = plain(wanted.trim());
  const digits = /^\+?[\d\s().-]+$/.test(text) ? text.replace(/\D/g, '') : '';
  return ({ id, name, phone, account }) => [id, name].some((one) => plain(one).includes(text))
    || (digits && [phone, account?.phone].some((one) => one?.replace(/\D/g, '').includes(digits)));
};

const row = (scope, context, { id }) => {
  const { sessions } = context;
  const name = el('a.row-name', { href: address('sessions', id), dir: 'auto' });
  const of = () => sessions.get(id);
  return el('li.row', {},
    el('div.row-who', {}, name, el('span.soft.row-id', { dir: 'auto' })),
    el('span.soft.row-phone', { dir: 'ltr' }),
    el('div.row-how', {}, standing(of()), el('span.soft.row-why', { dir: 'auto' })),
    el('div.row-acts', {}, quick(scope, context, of), choices(scope, { label: moreOf(of()) }, () => offered(scope, context, of()))));
};

/** What a session waits for somebody to do, in its row at once. */
const quick = (scope, context, of) => acting('button.quick', { hidden: true }, () => actions(scope, context, of()).find(({ name }) => name === 'link')?.act(),
  icon('qr'), el('span', {}, t('session.link')));

const moreOf = (session) => `${t('sessions.more')}: ${called(session)}`;

const offered = (scope, context, session) => [
  { words: t('session.open'), picture: 'eye', act: address('sessions', session.id) },
  ...actions(scope, context, session),
];

const showRow = (shown, session, able) => {
  const [who, phone, how, acts] = shown.children;
  say(who.children[0], called(session));
  say(who.children[1], called(session) === session.id ? '' : session.id);
  say(phone, session.account?.phone || session.phone || '');
  showStanding(how.children[0], session);
  say(how.children[1], session.reason && !PLAIN.has(session.reason) && mood(session) !== 'calm' ? why(session) : '');
  acts.children[0].hidden = !able.some(({ name }) => name === 'link');
  acts.children[0].setAttribute('aria-label', `${t('session.link')}: ${called(session)}`);
  acts.querySelector('[aria-expanded]').setAttribute('aria-label', moreOf(session));
};

const nobody = (writes, begin) => el('section.nothing-yet.card', {}, el('div.nothing-picture', {}, icon('phone')),
  el('h2', {}, writes ? t('sessions.none') : t('sessions.none.yours')),
  el('p.lead', {}, writes ? t('sessions.none.how') : t('sessions.none.ask')),
  writes && el('button.primary', { type: 'button', onclick: begin }, icon('add'), t('sessions.first')));

const coming = () => el('p.coming.soft', { role: 'status' }, el('span', { 'aria-busy': 'true' }), t('sessions.coming'));

const unread = (sessions, failure) => el('section.nothing-yet.card', {}, el('h2', {}, t('sessions.unread')), el('p.lead', { dir: 'auto' }, failure.message),
  el('button.primary', { type: 'button', onclick: () => sessions.load() }, icon('retry'), t('page.again')));

// One session's page: how it is and what can be done about it, what there is to know of it, and what happened to it.

import { actions, may } from './actions.js';
import { copy, el, icon, replace, say } from './dom.js';
import { acting } from './form.js';
import { sendLink } from './linking.js';
import { choices } from './menu.js';
import { notify } from './notice.js';
import { situation } from './reasons.js';
import { address } from './router.js';
import { called, inWords, mood, pictureOf } from './standing.js';
import { timeline } from './timeline.js';
import { webhook } from './webhook.js';
import { known, moment, relative, span, t } from './words.js';

const TICK = 1_000;
/** Actions that have a button of their own beside their place in the menu. */
const FIRST = new Set(['link', 'enable', 'start', 'stop']);
/** Those that somebody most likely came for. */
const FOREMOST = new Set(['link', 'enable', 'start']);

export const view = (scope, context, { id }) => {
  const { api, live, sessions } = context;
  const root = el('section.session');
  let there = null;

  const show = (session) => {
    if (!session) { there?.end(); there = null; replace(root, missing(id)); return; }
    if (!there) { there = scope.child(); replace(root, page(there, context, session)); }
    document.title = `${called(session)} · Switchboard`;
  };
  const before = sessions.get(id);
  if (before) show(before);
  else replace(root, el('p.coming.soft', { role: 'status' }, el('span', { 'aria-busy': 'true' }), t('session.coming')));

  const read = async () => {
    try {
      const found = await sessions.refresh(id);
      if (!scope.ended) show(found);
    } catch (error) {
      if (error.name !== 'AbortError' && !there && !scope.ended) replace(root, unread(error, read));
    }
  };
  read();
  // Told before by what is heard of all sessions; here also what happens to its messages.
  sessions.all.watch(scope, () => { if (there && !sessions.get(id)) { there.end(); there = null; replace(root, gone(id)); } });
  live.poll(scope, read);
  return { title: before ? called(before) : id, root };
};

const page = (scope, context, first) => {
  const { sessions } = context;
  const { id } = first;
  const of = () => sessions.get(id) ?? first;
  const past = timeline(scope, context, id);
  const state = stateCard(scope, context, of, past.look);
  const facts = factsCard(scope, context, of);
  const links = linksCard(scope, context, of);
  const name = el('h1', { dir: 'auto' });
  const shownId = el('p.soft', { dir: 'auto' });
  const head = el('header.view-head', {},
    el('div', {}, el('a.up', { href: address('sessions') }, icon('back'), t('nav.sessions')), name, shownId),
    el('div.head-acts', {},
      may(context, 'messages:read') && el('a.button', { href: address('sessions', id, 'chat') }, icon('chat'), t('session.chat')),
      may(context, 'sessions:write') && choices(scope, { label: t('sessions.more') }, () => after(actions(scope, context, of()), past.look))));
  sessions.all.watch(scope, () => {
    const session = of();
    say(name, called(session));
    say(shownId, called(session) === id ? '' : id);
    state.show(session);
    facts.show(session);
    links.show(session);
  });
  return [head, el('div.columns', {}, el('div.column', {}, state.root, past.root), el('aside.column', { 'aria-label': t('session.about') }, facts.root, links.root, webhook(scope, context, id)))];
};

/** The same actions, each followed by a look at what it did: no event tells of what was asked. */
const after = (offered, look) => offered.map((one) => ({ ...one, act: async () => { await one.act(); look(); } }));

const stateCard = (scope, context, of, look) => {
  const { api } = context;
  const picture = el('div.state-picture');
  const status = el('h2', { id: 'state-title' });
  const reason = el('p.reason', { dir: 'auto' });
  const since = el('p.soft');
  const next = el('p.goes-on');
  const buttons = el('div.actions');
  const root = el('section.card.state', { 'aria-labelledby': 'state-title' },
    picture, el('div.state-words', {}, el('div', { role: 'status' }, status, reason), next, since), buttons);
  let offered = '';

  const tick = () => {
    const session = of();
    say(since, t('session.since', { moment: moment(session.since), ago: relative(session.since, api.now()) }));
    const seconds = session.next_at ? Math.ceil((Date.parse(session.next_at) - api.now()) / 1000) : 0;
    say(next, seconds > 0 ? t(session.status === 'SCAN_QR' ? 'session.next.code' : 'session.next', { span: span(seconds) }) : '');
  };
  const show = (session) => {
    root.dataset.mood = mood(session);
    if (picture.dataset.shown !== pictureOf(session)) {
      picture.dataset.shown = pictureOf(session);
      replace(picture, icon(pictureOf(session)));
    }
    say(status, inWords(session));
    say(reason, explained(session));
    const first = actions(scope, context, session).filter(({ name }) => FIRST.has(name) || (name === 'logout' && session.phone_mismatch));
    const names = first.map((one) => one.name).join();
    if (names !== offered) {
      offered = names;
      replace(buttons, first.map(({ name, picture, words }) => {
        const act = () => actions(scope, context, of()).find((one) => one.name === name)?.act();
        return acting(`button${FOREMOST.has(name) ? '.primary' : ''}`, {}, async () => { await act(); look(); }, icon(picture), words);
      }));
    }
    tick();
  };
  scope.every(TICK, tick);
  return { root, show };
};

const explained = (session) => {
  const { status, phone_mismatch: mismatch, account, phone, enabled } = session;
  if (!enabled) return t('session.disabled');
  if (mismatch) return t('session.mismatch', { phone: account.phone, expected: phone });
  if (status === 'CONNECTED') return t('session.connected', { phone: account?.phone ?? '' });
  return known(`session.is.${status}`) ? t(`session.is.${status}`) : situation(session).text;
};

const factsCard = (scope, { api, live }, of) => {
  const { id, created_at: created } = of();
  let last = { inbound: null, outbound: null };
  const facts = {};
  const fact = (name, what = 'span', more = null) => {
    const shown = el(what, what === 'span' ? {} : { dir: 'ltr' });
    const aside = el('span.soft', { dir: 'auto' });
    const line = el('div', {}, el('dt', {}, t(`session.fact.${name}`)), el('dd', {}, shown, aside, more));
    facts[name] = (text, beside = '') => { line.hidden = !text; say(shown, text); say(aside, beside); };
    return line;
  };
  const other = el('span.fault', {}, icon('alert'), t('session.phone.other'));
  const copying = el('button.icon-button', {
    type: 'button', 'aria-label': t('session.id.copy'), title: t('session.id.copy'),
    onclick: async () => { if (await copy(id)) notify(t('session.id.copied')); },
  }, icon('copy'));
  const root = el('section.card', { 'aria-labelledby': 'facts-title' }, el('h2', { id: 'facts-title' }, t('session.about')), el('dl.about', {},
    fact('account', 'span.number'), fact('phone', 'span.number', other), fact('in'), fact('out'), fact('worker'), fact('created'), fact('id', 'span.code', copying)));
  facts.id(id);

  const show = () => {
    const { account, phone, phone_mismatch: mismatch, worker, last_message: told } = of();
    // A list doesn't tell it, so what is known stays.
    if (told) last = { inbound: later(last.inbound, told.inbound), outbound: later(last.outbound, told.outbound) };
    const ago = (at) => (at ? relative(at, api.now()) : t('session.never'));
    facts.account(account?.phone ?? t('session.account.none'), account?.platform ?? '');
    facts.phone(phone);
    other.hidden = !mismatch;
    facts.in(ago(last.inbound));
    facts.out(ago(last.outbound));
    facts.worker(worker ? t('session.worker.since', { number: worker.epoch, ago: ago(worker.since) }) : t('session.worker.none'), worker?.task ?? '');
    facts.created(moment(created));
  };
  live.follow(scope, id, {
    event: ({ type, at, data }) => {
      if (type !== 'message.received' && type !== 'message.sent') return;
      const way = data.direction === 'inbound' ? 'inbound' : 'outbound';
      last = { ...last, [way]: later(last[way], at) };
      show();
    },
  });
  scope.every(TICK * 15, show);
  return { root, show };
};

/** The one-time links by which whoever holds the phone links it; of no use to one that is linked. */
const linksCard = (scope, context, of) => {
  const root = el('section.card', { 'aria-label': t('invite.title'), hidden: true }, sendLink(scope, context, of().id));
  const show = ({ account, status }) => { root.hidden = !may(context, 'sessions:link') || Boolean(account && status !== 'LOGGED_OUT') || status === 'DELETING'; };
  return { root, show };
};

/** The later one of two moments of the gateway's, either of which may be null. */
const later = (one, other) => (one && other ? (one > other ? one : other) : one ?? other);

const nowhere = (title, why) => el('section.card.narrow', {}, el('h1', {}, title), el('p', { dir: 'auto' }, why),
  el('div.actions', {}, el('a.button.primary', { href: address('sessions') }, t('page.home'))));
const missing = (id) => nowhere(t('session.missing'), t('session.missing.why', { id }));
const gone = (id) => nowhere(t('session.gone'), t('session.gone.why', { id }));
const unread = (error, read) => el('section.card.narrow', {}, el('h1', {}, t('session.unread')), el('p', { dir: 'auto' }, error.message),
  el('div.actions', {}, acting('button.primary', {}, read, icon('retry'), t('page.again'))));

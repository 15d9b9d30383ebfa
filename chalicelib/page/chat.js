// "Try it": a session's chats beside the messages of one of them.

import { bubbles, entries, summary, writer } from './bubble.js';
import { Chats, isGroup, phoneOf, sendable } from './chats.js';
import { composer } from './composer.js';
import { dialog } from './dialog.js';
import { el, fill, icon, keyed, replace, say } from './dom.js';
import { form, phoneField } from './form.js';
import { address, go } from './router.js';
import { called } from './standing.js';
import { clock, day, t } from './words.js';

/** Pixels from its end within which a list counts as scrolled to the end. */
const NEAR = 80;
/** Pixels from its beginning within which earlier messages are read. */
const EARLY = 200;

/** A chat's name: as its person or group is called, else the number. */
const nameOf = (chat, jid) => chat?.name || phoneOf(jid) || (isGroup(jid) ? t('chat.group') : t('chat.somebody'));

export const view = (scope, context, { id, chat = null }) => {
  const { sessions, me } = context;
  const root = el('section.chat');
  const told = el('p.spoken', { role: 'status' });
  const chats = new Chats(scope, context, id, (message, conversation) => {
    say(told, t('chat.came', { who: writer(message, chats), words: summary(message, chats) }));
    if (conversation?.open && document.visibilityState === 'visible') conversation.atEnd?.();
  });
  const may = me.permissions.includes('messages:send');
  // A send that is refused for want of a linked account waits for that, and goes out once.
  const link = async (send) => (await import('./linking.js')).linkThenSend(scope, context, id, send);
  let shown = scope.child();
  const talk = el('div.talk');
  const title = () => called(sessions.get(id) ?? { id });

  const choose = (jid) => {
    shown.end();
    shown = scope.child();
    root.dataset.pane = jid ? 'talk' : 'list';
    for (const one of root.querySelectorAll('.chat-row a')) mark(one, jid);
    replace(talk, jid ? conversing(shown, { chats, jid, id, may, link, sessions }) : nothingChosen(may));
    if (jid && may && matchMedia('(pointer: fine)').matches) talk.querySelector('textarea').focus();
    else talk.querySelector('h2')?.focus();
  };

  const mark = (one, jid) => {
    if (one.dataset.chat === jid) one.setAttribute('aria-current', 'page');
    else one.removeAttribute('aria-current');
  };
  const list = el('ul.chat-rows');
  const nothing = el('div.chat-empty');
  const more = el('button.quiet', { type: 'button', hidden: true, onclick: () => chats.older() }, t('chat.morechats'));
  chats.more.watch(scope, (is) => { more.hidden = !is; });
  const heading = el('h1', { dir: 'auto' });
  const begin = () => newChat(scope, id);
  const draw = () => {
    keyed(list, chats.all.value, (one) => one.chat_lid || one.chat_id, row, (element, one) => {
      const jid = one.chat_id;
      const anchor = element.firstChild;
      anchor.dataset.chat = jid;
      anchor.href = address('sessions', id, 'chat', jid);
      mark(anchor, current);
      replace(anchor, ...rowParts(chats, one, jid));
    });
    const failure = chats.failure.value;
    replace(nothing, failure ? el('p.fault', {}, failure.message) : chats.ready.value && !chats.all.value.length && [el('p.soft', {}, may ? t('chat.none') : t('chat.none.look')),
      may && el('button.primary', { type: 'button', onclick: begin }, icon('add'), t('chat.new'))],
      !failure && !chats.ready.value && el('p.soft', { 'aria-busy': 'true' }, t('chat.loading')));
  };
  let current = chat;
  for (const one of [chats.all, chats.ready, chats.failure]) one.watch(scope, draw);
  fill(root, el('div.chats', {}, el('header.pane-head', {}, el('a.icon-button.button', { href: address('sessions', id), 'aria-label': t('chat.back') }, icon('back')),
    el('div', {}, heading, el('p.soft', {}, t('chat.title'))), may && el('button.icon-button', { type: 'button', 'aria-label': t('chat.new'), title: t('chat.new'), onclick: begin }, icon('add'))),
  el('nav', { 'aria-label': t('chat.title') }, nothing, list, more)), talk, told);
  choose(chat);
  let there = false;
  let over = false;
  const end = () => {
    if (over || scope.ended) return;
    over = true;
    shown.end();
    replace(root, missing());
  };
  sessions.all.watch(scope, (all) => {
    if (there && !all.has(id)) end();
    there = all.has(id);
    say(heading, title());
  });
  if (!there) sessions.refresh(id).then((found) => { if (!found) end(); }, () => {});
  return {
    title: t('chat.titleof', { name: title() }),
    root,
    /** Show another chat of the same session; false if it is another one's, or that was deleted. */
    update: (next) => {
      if (over || next.id !== id) return false;
      current = next.chat ?? null;
      choose(current);
      return true;
    },
  };
};

const missing = () => el('div.card.narrow', {}, el('h1', {}, t('chat.nosession')), el('p', {}, t('chat.nosession.why')), el('div.actions', {}, el('a.button.primary', { href: address('sessions') }, t('page.home'))));

const nothingChosen = (may) => el('div.talk-empty', {}, icon('chat'), el('p', {}, may ? t('chat.choose') : t('chat.choose.look')));

const row = () => el('li.chat-row', {}, el('a'));

const avatar = (name, group) => el('span.avatar', { 'aria-hidden': 'true' }, group ? icon('people') : Array.from(name.replace(/^\+/, '').trim())[0]?.toUpperCase() || '?');

const rowParts = (chats, one, jid) => {
  const name = nameOf(one, jid);
  const last = one.last_message;
  const at = last && (day(last.created_at) === day(Date.now()) ? clock(last.created_at) : day(last.created_at));
  return [avatar(name, isGroup(jid)), el('span.chat-name', { dir: 'auto' }, name), last && el('time', { datetime: last.created_at }, at),
    el('span.chat-last', { dir: 'auto' }, last ? (last.from_me ? t('chat.mine', { words: summary(last, chats) }) : summary(last, chats)) : ''),
    one.unread > 0 && el('span.count', {}, el('span', { 'aria-hidden': 'true' }, one.unread > 99 ? '99+' : String(one.unread)), el('span.spoken', {}, t('chat.unread', { count: one.unread })))];
};

const newChat = (scope, id) => dialog(scope, {
  title: t('chat.new'),
  classes: 'narrow',
  body: (inside, close) => {
    const phone = phoneField({ label: t('chat.new.phone'), name: 'to.phone', hint: t('chat.new.hint'), required: true });
    return form({
      fields: [phone],
      action: t('chat.new.open'),
      submit: async () => {
        const digits = (phone.international() || '').replace(/\D/g, '');
        if (digits.length < 7 || digits.length > 15) { phone.wrong(t('chat.new.wrong')); phone.input.focus(); return; }
        close();
        go(address('sessions', id, 'chat', `${digits}@s.whatsapp.net`));
      },
    });
  },
});

/** One chat: its head, its messages, and where one writes. */
const conversing = (scope, { chats, jid, id, may, link, sessions }) => {
  const conversation = chats.conversation(jid);
  conversation.open = true;
  scope.add(() => { conversation.open = false; conversation.atEnd = null; });
  const name = el('h2', { dir: 'auto', tabindex: '-1' });
  const phone = el('span.soft', { dir: 'ltr' });
  const face = el('span');
  const log = el('ol.log', { role: 'list' });
  const below = el('button.newer', { type: 'button', hidden: true, onclick: () => { toEnd(); log.focus(); } }, icon('down'), t('chat.newer'));
  const older = el('button.quiet', { type: 'button', onclick: () => back() }, t('chat.older'));
  const start = el('div.log-start', {}, older);
  const scroller = el('div.scroller', { tabindex: '0', role: 'region', 'aria-label': t('chat.messages') }, start, log);
  const banner = el('div.banner', { role: 'status' });
  const nothing = el('p.soft.log-empty', { hidden: true });
  fill(scroller, nothing);

  chats.all.watch(scope, () => {
    const chat = chats.get(jid);
    const called = nameOf(chat, jid);
    if (name.textContent === called) return;
    say(name, called);
    say(phone, chat?.name && phoneOf(jid) ? phoneOf(jid) : '');
    replace(face, avatar(called, isGroup(jid)));
  });
  sessions.all.watch(scope, () => {
    const session = sessions.get(id);
    const connected = !session || session.status === 'CONNECTED';
    if (banner.dataset.status === session?.status) return;
    banner.dataset.status = session?.status || '';
    replace(banner, !connected && el('p', {}, icon('alert'), t('chat.notconnected', { status: t(`status.${session.status}`) }), ' ', el('a', { href: address('sessions', id) }, t('chat.notconnected.see'))));
  });

  const code = async (draft) => (await import('./snippets.js')).showSnippets(scope, id, jid, draft);
  const write = may && composer(chats, conversation, { send: (draft) => { stuck = true; conversation.send(draft, link); }, code });
  const acts = may && {
    reply: (message) => write.reply(message),
    code: (message) => code({ type: message.type, said: sendable(message), quoted: message.reply_to ? { id: message.reply_to } : null }),
    again: (one) => conversation.again(one, link),
    drop: (one) => conversation.drop(one),
    resend: (message) => { stuck = true; conversation.resend(message, link); },
  };
  const { make, update } = bubbles(scope, chats, conversation, acts);

  // Whether the end is in view: then it stays there, whatever is added or grows.
  let stuck = true;
  const toEnd = () => { scroller.scrollTop = scroller.scrollHeight; };
  const atEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR;
  // Pictures that load move the end away as well: only who scrolls wants to be elsewhere.
  let meant = false;
  for (const type of ['wheel', 'touchmove', 'pointerdown', 'keydown']) scope.on(scroller, type, () => { meant = true; }, { passive: true });
  scope.on(scroller, 'scroll', () => {
    stuck = atEnd() || (stuck && !meant);
    if (stuck) { meant = false; below.hidden = true; conversation.atEnd?.(); } else if (scroller.scrollTop < EARLY) back();
  }, { passive: true });
  // Pictures that come later make the list longer.
  const grown = new ResizeObserver(() => { if (stuck) toEnd(); });
  grown.observe(log);
  grown.observe(scroller);
  scope.add(() => grown.disconnect());
  conversation.atEnd = () => { if (may && stuck && document.visibilityState === 'visible') conversation.read(); };
  scope.on(document, 'visibilitychange', () => conversation.atEnd?.());
  chats.all.watch(scope, () => conversation.atEnd?.());

  let last = null;
  let reading = false;
  const draw = () => {
    const all = entries(conversation);
    const from = scroller.scrollHeight - scroller.scrollTop;
    keyed(log, all, (one) => one.key, make, update);
    // What was in view stays where it was.
    if (reading) scroller.scrollTop = scroller.scrollHeight - from;
    const newest = conversation.messages.at(-1);
    if (stuck) { toEnd(); conversation.atEnd?.(); }
    else if (last && newest && newest.id !== last && !newest.from_me) below.hidden = false;
    last = newest?.id || last;
    start.hidden = !conversation.more.value;
    nothing.hidden = all.length > 0 || (!conversation.ready.value && !conversation.failure.value);
    say(nothing, conversation.failure.value ? conversation.failure.value.message : may ? t('chat.hello') : t('chat.hello.look'));
  };
  const back = async () => {
    if (reading || !conversation.more.value) return;
    reading = true;
    older.setAttribute('aria-busy', 'true');
    stuck = false;
    await conversation.older();
    older.removeAttribute('aria-busy');
    reading = false;
  };
  conversation.changed.watch(scope, draw);
  conversation.more.watch(scope, draw);
  conversation.failure.watch(scope, draw);
  conversation.refresh();

  return [
    el('header.pane-head', {}, el('a.icon-button.button.to-list', { href: address('sessions', id, 'chat'), 'aria-label': t('chat.tolist') }, icon('back')), face, el('div', {}, name, phone)),
    banner, scroller, below, write ? write.root : el('p.soft.only-look', {}, t('chat.look')),
  ];
};

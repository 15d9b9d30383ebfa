// One message, as it is shown in its chat: what it says, what was said about it, and how far it has come.

import { ABOUT, isGroup, phoneOf, sendable } from './chats.js';
import { dialog } from './dialog.js';
import { copy, el, fill, icon, replace, say } from './dom.js';
import { busy } from './form.js';
import { failed, notify } from './notice.js';
import { clock, day, known, moment, number, refusal, size, span, t } from './words.js';

const QUICK = ['👍', '❤️', '😂', '😮', '😢', '🙏'];
const PENDING = 2_000;
const MINUTES = 600_000;
/** Types that are told of by a line in the middle. */
const LINES = new Set(['group_event', 'timer', 'call', 'pin', 'keep', 'album', 'event_response']);

/** Who wrote a message, as its chat shows them. */
export const writer = (message, chats) => {
  if (message.from_me) return t('chat.you');
  return chats.nameOf(message.sender) || message.sender?.phone || phoneOf(message.chat_id) || t('chat.somebody');
};

const kindOf = (message) => (message.type === 'audio' && message.audio.voice ? 'voice' : message.type === 'video' && message.video.gif ? 'gif' : message.type);

/** A message in a few words, for the list of chats and for quotes. */
export const summary = (message, chats) => {
  if (message.status === 'revoked') return t('chat.deleted');
  const said = message[message.type] || {};
  if (LINES.has(message.type)) return lineOf(message, chats);
  if (message.type === 'reaction') return said.removed ? t('chat.reaction.removed') : t('chat.reaction', { emoji: said.emoji || '' });
  const words = said.body || said.caption || said.question || said.name || said.title || said.file_name || said.contacts?.[0]?.name;
  const kind = kindOf(message);
  if (kind === 'text') return words || '';
  const name = known(`chat.kind.${kind}`) ? t(`chat.kind.${kind}`) : t('chat.kind.unsupported');
  return words ? t('chat.kind.words', { kind: name, words }) : name;
};

/**
 * What a conversation shows, in its order: `{key, day}`, `{key, line}`, and `{key, message, outgoing, reactions, votes,
 * quoted, begins}`; `begins` says that somebody else writes from here on.
 */
export const entries = (conversation) => {
  const messages = conversation.messages;
  const { reactions, votes } = gathered(conversation, messages);
  const resolved = new Set(messages.map((one) => one.resolves).filter(Boolean));
  const shown = messages.filter((one) => !hidden(one) && !resolved.has(one.id));
  const found = [];
  let before = null;
  let date = null;
  const put = (message, outgoing = null) => {
    const at = day(message.created_at);
    if (at !== date) { found.push({ key: `day-${at}`, day: at }); date = at; before = null; }
    if (LINES.has(message.type)) { found.push({ key: message.id, line: lineOf(message, conversation.chats) }); before = null; return; }
    const who = message.from_me ? 'me' : message.sender?.lid || message.sender?.phone || '';
    const quoted = message.reply_to ? conversation.find(message.reply_to) || null : null;
    found.push({ key: message.id, message, outgoing, quoted, begins: who !== before, reactions: reactions.get(message.id) || new Map(), votes: votes.get(message.id) || new Map() });
    before = who;
  };
  shown.forEach((one) => put(one));
  conversation.outgoing.forEach((one) => put(promised(conversation, one), one));
  return found;
};

// What is being sent, as the message that it will be.
const promised = (conversation, one) => ({
  id: one.key, type: one.type, [one.type]: one.said, direction: 'outbound', from_me: true, status: 'queued', chat_id: conversation.jid, created_at: one.at,
  reply_to: one.quoted?.id, sender: null,
});

const hidden = (message) => ABOUT.has(message.type) && !LINES.has(message.type);

// Of everybody the newest reaction and the newest vote count; messages come in their order.
const gathered = (conversation, messages) => {
  const reactions = new Map();
  const votes = new Map();
  const note = (all, message, said) => {
    const target = conversation.find(message[message.type].message_id);
    if (!target || message.status === 'failed') return;
    if (!all.has(target.id)) all.set(target.id, new Map());
    const who = message.from_me ? 'me' : message.sender?.lid || message.sender?.phone || '';
    all.get(target.id).delete(who);
    if (said) all.get(target.id).set(who, { name: writer(message, conversation.chats), ...said });
  };
  for (const one of messages) {
    if (one.type === 'reaction') note(reactions, one, one.reaction.emoji && !one.reaction.removed ? { emoji: one.reaction.emoji } : null);
    if (one.type === 'poll_vote') note(votes, one, one.poll_vote.options?.length ? { options: one.poll_vote.options } : null);
  }
  return { reactions, votes };
};

const lineOf = (message, chats) => {
  const said = message[message.type] || {};
  const who = writer(message, chats);
  const variants = {
    group_event: () => (known(`chat.group.${said.change}`)
      ? t(`chat.group.${said.change}`, { who, value: said.value || '', members: (said.members || []).map((one) => one.phone || t('chat.somebody')).join(', ') })
      : t('chat.group.changed', { who })),
    timer: () => (said.seconds ? t('chat.timer', { who, time: span(said.seconds) }) : t('chat.timer.off', { who })),
    call: () => t(`chat.call.${said.video ? 'video' : 'voice'}.${['offered', 'accepted', 'ended'].includes(said.state) ? said.state : 'offered'}`, { who }),
    pin: () => (said.pinned === false ? t('chat.unpinned', { who }) : t('chat.pinned', { who })),
    keep: () => (said.pinned === false ? t('chat.unkept', { who }) : t('chat.kept', { who })),
    album: () => t('chat.album', { who, count: (said.images || 0) + (said.videos || 0) }),
    event_response: () => t(`chat.response.${['going', 'not_going', 'maybe'].includes(said.response) ? said.response : 'unknown'}`, { who }),
  };
  return variants[message.type]();
};

// Without marks that nobody sees, some of which show an address other than it is.
const LINK = /https?:\/\/[^\s<>"\p{Cf}]+[^\s<>"'.,;:!?)\]}\p{Cf}]/gu;

/** A text with the web addresses in it as links; all else in it stays text. */
export const linked = (text) => {
  const parts = [];
  let end = 0;
  for (const { 0: address, index } of text.matchAll(LINK)) {
    parts.push(text.slice(end, index), el('a', { href: address, dir: 'ltr', target: '_blank', rel: 'noopener noreferrer nofollow' }, address));
    end = index + address.length;
  }
  return [...parts, text.slice(end)];
};

const words = (text) => text && el('p.words', { dir: 'auto' }, linked(text));

/**
 * Shows a conversation's entries: `{make, update}` as `keyed` takes them.
 *
 * `acts` are `reply(message)`, `code(message)`, `again(outgoing)`, `drop(outgoing)` and `resend(message)`; without them
 * nothing can be done but look.
 */
export const bubbles = (scope, chats, conversation, acts) => {
  const parts = new WeakMap();
  const make = (entry) => {
    if (entry.day) return el('li.day', {}, el('span', {}, entry.day));
    if (entry.line) return el('li.line', {}, el('span', { dir: 'auto' }));
    const made = { body: el('div.bubble-body'), foot: el('div.bubble-foot'), said: null, told: null, scope: null, open: false };
    const more = acts && el('button.icon-button.bubble-more', { type: 'button', 'aria-expanded': 'false', 'aria-label': t('chat.more'), onclick: () => toggle(made) }, icon('more'));
    made.more = more;
    made.panel = el('div.bubble-panel', { hidden: true });
    made.root = el('li.bubble-row', { onkeydown: (event) => { if (event.key === 'Escape' && made.open) { toggle(made); more.focus(); } } },
      el('div.bubble', {}, made.body, made.foot), more, made.panel);
    parts.set(made.root, made);
    return made.root;
  };
  const toggle = (made) => {
    made.open = !made.open;
    made.more.setAttribute('aria-expanded', String(made.open));
    made.panel.hidden = !made.open;
    if (!made.open) { made.panel.replaceChildren(); return; }
    replace(made.panel, choices(made.entry, conversation, acts, () => { if (made.open) toggle(made); }));
    made.panel.querySelector('button').focus();
    made.panel.scrollIntoView({ block: 'nearest' });
  };
  const update = (root, entry) => {
    if (entry.day) return;
    if (entry.line) { say(root.firstChild, entry.line); return; }
    const made = parts.get(root);
    const { message, outgoing, reactions, votes, quoted, begins } = entry;
    made.entry = entry;
    root.classList.toggle('mine', message.from_me);
    root.classList.toggle('begins', begins);
    if (made.more) made.more.hidden = Boolean(outgoing);
    // A picture that is there already, or a sound that plays, is left alone where only the status has changed.
    const said = JSON.stringify([message.type, message[message.type], message.status === 'revoked', message.edited_at, quoted && summary(quoted, chats), message.context, [...votes], begins]);
    if (said !== made.said) {
      made.said = said;
      made.scope?.end();
      made.scope = scope.child();
      replace(made.body, begins && author(message, chats), quote(message, quoted, chats), body(made.scope, chats, message, votes, outgoing));
    }
    const told = JSON.stringify([message.status, message.failure, message.edited_at, [...reactions], outgoing && [outgoing.state, outgoing.progress, outgoing.until, outgoing.error?.message]]);
    if (told !== made.told || outgoing?.until) {
      made.told = told;
      replace(made.foot, foot(scope, message, outgoing, acts), reacted(reactions));
    }
  };
  return { make, update };
};

const author = (message, chats) => (message.from_me || !isGroup(message.chat_id)
  ? el('span.spoken', { dir: 'auto' }, message.from_me ? t('chat.yousay') : t('chat.says', { who: writer(message, chats) }))
  : el('p.author', { dir: 'auto' }, writer(message, chats), chats.nameOf(message.sender) && message.sender.phone && el('small', { dir: 'ltr' }, message.sender.phone)));

const quote = (message, quoted, chats) => {
  const told = message.context?.quoted;
  if (!quoted && !told) return null;
  const text = quoted ? summary(quoted, chats) : told.text || (known(`chat.kind.${told.type}`) ? t(`chat.kind.${told.type}`) : t('chat.kind.unsupported'));
  const who = quoted ? writer(quoted, chats) : told.from_me ? t('chat.you') : '';
  return el('blockquote.quote', {}, who && el('strong', { dir: 'auto' }, who), el('span', { dir: 'auto' }, text));
};

const body = (scope, chats, message, votes, outgoing) => {
  if (message.status === 'revoked') return el('p.words.gone', {}, icon('minus'), t('chat.deleted'));
  const said = message[message.type] || {};
  const forwarded = message.context?.forwarded && el('p.hint', {}, icon('reply'), message.context.forwarded > 4 ? t('chat.forwarded.often') : t('chat.forwarded'));
  const of = { scope, chats, said, message, votes, outgoing };
  return [forwarded, (BODIES[message.type] || BODIES.unsupported)(of)];
};

const card = (picture, ...inside) => el('div.piece', {}, icon(picture), el('div', {}, inside));

const BODIES = {
  text: ({ said }) => [words(said.body || ''), said.preview?.title && el('a.piece', { href: safe(said.preview.url), target: '_blank', rel: 'noopener noreferrer nofollow' },
    icon('link'), el('div', {}, el('strong', { dir: 'auto' }, said.preview.title), said.preview.description && el('small', { dir: 'auto' }, said.preview.description)))],
  image: (of) => [file(of, (url, onerror) => picture(of, url, onerror)), words(of.said.caption)],
  sticker: (of) => file(of, (src, onerror) => el('img.sticker', { src, onerror, alt: t('chat.kind.sticker') })),
  video: (of) => [file(of, (src, onerror) => el('video', { ...playing(of, src, onerror), playsinline: true })), words(of.said.caption)],
  audio: (of) => file(of, (src, onerror) => el('audio', playing(of, src, onerror))),
  document: (of) => [file(of, (url, _, record) => paper(of, url, record)), words(of.said.caption)],
  location: ({ said }) => card('globe', el('strong', { dir: 'auto' }, said.name || (said.live ? t('chat.kind.live') : t('chat.kind.location'))), said.address && el('span', { dir: 'auto' }, said.address),
    said.latitude !== undefined && el('span', { dir: 'ltr' }, `${said.latitude}, ${said.longitude}`),
    said.url && safe(said.url) && el('a', { href: said.url, target: '_blank', rel: 'noopener noreferrer nofollow', dir: 'ltr' }, said.url), said.caption && said.caption !== said.name && words(said.caption)),
  contact: ({ said }) => (said.contacts || []).map((one) => card('people', el('strong', { dir: 'auto' }, one.name || t('chat.somebody')), numbers(one.vcard).map((tel) => el('span', { dir: 'ltr' }, tel)))),
  poll: ({ said, votes }) => [el('p.words', { dir: 'auto' }, el('strong', {}, said.question || '')), el('ul.poll', {}, (said.options || []).map((one) => option(one, votes))),
    el('small', {}, said.selectable === 1 ? t('chat.poll.one') : t('chat.poll.many'))],
  choice: ({ said }) => words(said.title || said.id || ''),
  comment: ({ said }) => words(said.body || t('chat.undecryptable')),
  group_invite: ({ said }) => [card('people', el('strong', { dir: 'auto' }, said.name || t('chat.kind.group_invite')), el('span', {}, t('chat.kind.group_invite'))), words(said.caption)],
  event: ({ said }) => card('clock', el('strong', { dir: 'auto' }, said.name || t('chat.kind.event')), said.starts_at && el('span', {}, moment(said.starts_at * 1000)), said.canceled && el('span', {}, t('chat.event.canceled')),
    said.location?.name && el('span', { dir: 'auto' }, said.location.name), words(said.description)),
  unavailable: () => aside(t('chat.unavailable')),
  undecryptable: () => aside(t('chat.undecryptable')),
  unsupported: ({ said, message }) => [aside(said.name ? t('chat.unsupported.name', { name: said.name }) : t('chat.unsupported', { type: message.type })), words(said.caption)],
};

const playing = ({ message }, src, onerror) => ({ src, onerror, controls: true, preload: 'metadata', 'aria-label': t(`chat.kind.${kindOf(message)}`) });

const aside = (text) => el('p.words.gone', {}, icon('eye'), text);

const safe = (address) => (/^https?:\/\//i.test(address) ? address : null);

const numbers = (vcard) => [...(vcard || '').matchAll(/^(?:item\d+\.)?TEL[^:\r\n]*:(.+?)\r?$/gim)].map(({ 1: one }) => one);

const option = (text, votes) => {
  const count = [...votes.values()].filter((one) => one.options.includes(text)).length;
  return el('li', {}, el('span', { dir: 'auto' }, text), el('meter', { min: 0, max: Math.max(1, votes.size), value: count, 'aria-label': t('chat.poll.votes', { count }) }), el('span', {}, number(count)));
};

/** Where a file shows: it is asked for once it comes into view, again while the gateway still fetches it, and once its address has lapsed. */
const file = ({ scope, chats, said, outgoing }, make) => {
  const place = el('div.file', {}, el('span.file-waits', {}, icon('file')));
  if (outgoing?.file) { preview(scope, outgoing.file, place); return place; }
  const wrong = (text) => replace(place, el('p.words.gone', {}, icon('file'), text));
  if (!said.media_id) { wrong(said.state === 'expired' ? t('chat.file.expired') : t('chat.file.elsewhere')); return place; }
  let tries = 0;
  const ask = async () => {
    try {
      const record = await chats.file(said.media_id, scope);
      if (scope.ended) return;
      if (!record) wrong(t('chat.file.gone'));
      else if (record.state === 'pending') { replace(place, el('span.file-waits', { 'aria-busy': 'true' }, icon('file'), t('chat.file.pending'))); scope.after(PENDING, ask); }
      else if (record.state !== 'stored' || !record.url) wrong(record.state === 'expired' ? t('chat.file.expired') : t('chat.file.failed'));
      else {
        replace(place, make(record.url, () => {
          tries += 1;
          // The address is good for a quarter of an hour; a second failure is the file's.
          if (tries > 1) { replace(place, paper({ said }, record.url, record)); return; }
          chats.forget(said.media_id);
          ask();
        }, record));
      }
    } catch (error) {
      if (error.name !== 'AbortError') wrong(error.message);
    }
  };
  // Without it pictures that nobody scrolls to would all be asked for at once.
  const seen = new IntersectionObserver((all) => { if (all.some((one) => one.isIntersecting)) { seen.disconnect(); ask(); } }, { rootMargin: '400px' });
  seen.observe(place);
  scope.add(() => seen.disconnect());
  scope.every(MINUTES, () => { if (place.querySelector('a.piece')) ask(); });
  return place;
};

const preview = (scope, chosen, place) => {
  if (!/^image\//.test(chosen.type)) { replace(place, card('file', el('strong', { dir: 'auto' }, chosen.name), el('span', {}, size(chosen.size)))); return; }
  const address = URL.createObjectURL(chosen);
  scope.add(() => URL.revokeObjectURL(address));
  replace(place, el('img', { src: address, alt: t('chat.kind.image') }));
};

const picture = ({ scope, said }, src, onerror) => {
  const image = el('img', { src, onerror, alt: said.caption ? '' : t('chat.kind.image') });
  if (said.width && said.height) { image.width = said.width; image.height = said.height; }
  const open = () => dialog(scope, { title: t('chat.kind.image'), classes: 'wide', body: () => el('div.dialog-body', {},
    el('img', { src, alt: said.caption || t('chat.kind.image') }), words(said.caption),
    el('div.actions', {}, el('a.button', { href: src, target: '_blank', rel: 'noopener noreferrer' }, icon('full'), t('chat.picture.whole')))) });
  return el('button.picture', { type: 'button', 'aria-label': t('chat.picture.open'), onclick: open }, image);
};

const paper = ({ said }, url, record) => el('a.piece', { href: url, target: '_blank', rel: 'noopener noreferrer' }, icon('file'),
  el('div', {}, el('strong', { dir: 'auto' }, said.file_name || record.file_name || said.title || t('chat.kind.document')),
    el('small', {}, [record.size && size(record.size), said.pages && t('chat.pages', { count: said.pages })].filter(Boolean).join(' · '))));

const TICKS = { queued: 'clock', sending: 'clock', sent: 'check', delivered: 'checks', read: 'checks', played: 'checks', failed: 'alert', unknown: 'alert', revoking: 'clock', revoked: null };

const foot = (scope, message, outgoing, acts) => {
  const line = el('div.stamp', {}, message.edited_at && message.status !== 'revoked' && el('span', {}, t('chat.edited')), el('time', { datetime: message.created_at, title: moment(message.created_at) }, clock(message.created_at)));
  if (outgoing) return [line, underWay(scope, outgoing, acts, line)];
  if (!message.from_me) return line;
  const tick = TICKS[message.status];
  if (tick) fill(line, el('span.ticks', { 'data-status': message.status, title: t(`chat.status.${message.status}`) }, icon(tick), el('span.spoken', {}, t(`chat.status.${message.status}`))));
  if (message.status === 'unknown') return [line, el('div.trouble', {}, el('p', {}, t('chat.unknown')))];
  if (message.status !== 'failed') return line;
  const again = acts && sendable(message) && el('button.quiet', { type: 'button', onclick: () => acts.resend(message) }, icon('retry'), t('chat.again'));
  return [line, el('div.trouble', {}, el('p', {}, t('chat.failed', { reason: message.failure ? refusal(message.failure) : '' })), again)];
};

const underWay = (scope, one, acts, line) => {
  if (one.state === 'sending') {
    fill(line, el('span.ticks', { title: t('chat.status.queued') }, icon('clock'), el('span.spoken', {}, t('chat.status.queued'))));
    return one.progress !== null && el('progress', { max: 1, value: one.progress, 'aria-label': t('chat.uploading') });
  }
  const text = el('p', { dir: 'auto' });
  const again = el('button.quiet', { type: 'button', onclick: () => acts.again(one) }, icon('retry'), one.state === 'unsure' ? t('chat.ask') : t('chat.again'));
  const tell = () => {
    const left = one.until ? Math.ceil((one.until - Date.now()) / 1000) : 0;
    say(text, one.state === 'unsure' ? t('chat.unsure') : left > 0 ? t('chat.later', { reason: one.error.message, time: span(left) }) : t('chat.refused', { reason: one.error.message }));
    again.disabled = left > 0;
    return left > 0;
  };
  if (tell()) {
    const clocking = scope.child();
    clocking.every(1000, () => { if (!text.isConnected || !tell()) clocking.end(); });
  }
  return el('div.trouble', { role: 'alert' }, text, el('div.actions', {}, again, el('button.quiet', { type: 'button', onclick: () => acts.drop(one) }, icon('trash'), t('chat.drop'))));
};

const reacted = (reactions) => {
  if (!reactions.size) return null;
  const counts = new Map();
  for (const { emoji } of reactions.values()) counts.set(emoji, (counts.get(emoji) || 0) + 1);
  const names = [...reactions.values()].map(({ name, emoji }) => t('chat.reacted', { who: name, emoji })).join(', ');
  return el('p.reactions', { title: names }, el('span.spoken', {}, names), [...counts].map(([emoji, count]) => el('span', { 'aria-hidden': 'true' }, emoji, count > 1 && el('small', {}, number(count)))));
};

// What can be done with a message.
const choices = ({ message, reactions }, conversation, acts, close) => {
  const done = (act) => () => { close(); act(); };
  const react = (emoji, button) => busy(button, () => conversation.react(message, emoji)).then(close, failed);
  const there = !['queued', 'sending', 'failed', 'unknown', 'revoking', 'revoked'].includes(message.status) && !['undecryptable', 'unavailable'].includes(message.type);
  const mine = reactions.get('me');
  const text = message[message.type]?.body || message[message.type]?.caption;
  const other = el('input', { type: 'text', 'aria-label': t('chat.react.other'), placeholder: '🎉', maxlength: 64, autocomplete: 'off' });
  const use = el('button.icon-button', { type: 'submit', 'aria-label': t('chat.react.use') }, icon('check'));
  return [
    there && el('div.emojis', { role: 'group', 'aria-label': t('chat.react') }, QUICK.map((emoji) => {
      const button = el('button.icon-button', { type: 'button', 'aria-label': t('chat.react.with', { emoji }), 'aria-pressed': String(mine?.emoji === emoji), onclick: () => react(mine?.emoji === emoji ? '' : emoji, button) }, emoji);
      return button;
    }), el('form.emoji', { onsubmit: (event) => { event.preventDefault(); if (other.value.trim()) react(other.value.trim(), use); } }, other, use)),
    there && el('button.menu-item', { type: 'button', onclick: done(() => acts.reply(message)) }, icon('reply'), t('chat.reply')),
    text && el('button.menu-item', { type: 'button', onclick: async () => { if (await copy(text)) notify(t('chat.copied')); close(); } }, icon('copy'), t('chat.copy')),
    message.from_me && sendable(message) && el('button.menu-item', { type: 'button', onclick: done(() => acts.code(message)) }, icon('code'), t('chat.code')),
    el('p.hint', {}, t('chat.at', { time: moment(message.sent_at || message.created_at) }), message.read_at && el('span', {}, ` ${t('chat.readat', { time: moment(message.read_at) })}`)),
    !there && !text && el('button.menu-item', { type: 'button', onclick: close }, icon('close'), t('dialog.close')),
  ];
};

// A virtual phone's chats: with whom it has written, and what.

import { el, icon, keyed, replace, say } from './dom.js';
import { acting, busy } from './form.js';
import { failed } from './notice.js';
import { clock, known, t } from './words.js';

/** The chats of the phone in the hand, the latest first, and whom else it could write to. */
export const chats = (scope, { phones, go }) => {
  const list = el('ul.handset-list');
  const none = el('p.hint', {}, t('handset.chats.none'));
  const more = el('ul.handset-list');
  const others = el('details.handset-more', {}, el('summary', {}, icon('add'), t('handset.new')), more);
  const show = () => {
    const latest = new Map();
    for (const one of phones.letters.value) latest.set(peer(one), one);
    const sorted = [...latest].sort(([, one], [, other]) => other.at - one.at);
    keyed(list, sorted, ([with_]) => with_,
      ([with_]) => el('li', {}, el('button.handset-row', { type: 'button', onclick: () => go('chat', { peer: with_ }) },
        el('span.handset-face', { 'aria-hidden': 'true' }), el('span.handset-name', { dir: 'auto' }), el('span.hint', { dir: 'auto' }))),
      (row, [with_, last]) => {
        const [face, name, text] = row.firstChild.children;
        say(name, called(phones, with_));
        say(face, [...name.textContent][0]);
        say(text, saying(last));
      });
    none.hidden = sorted.length > 0;
    const rest = (phones.all.value || []).filter((one) => one.number !== phones.number.value && !latest.has(one.number));
    keyed(more, rest, (one) => one.number,
      (one) => el('li', {}, el('button.handset-row', { type: 'button', onclick: () => go('chat', { peer: one.number }) },
        el('span.handset-face', { 'aria-hidden': 'true' }, [...(one.name || one.number)][0]), el('span.handset-name', { dir: 'auto' }, one.name || `+${one.number}`),
        el('span.hint', { dir: 'ltr' }, `+${one.number}`))));
    others.hidden = rest.length === 0;
  };
  phones.letters.watch(scope, show);
  phones.all.watch(scope, show);
  return el('section.handset-chats', {}, el('h3', {}, t('handset.chats')), none, list, others);
};

/** What the phone in the hand and somebody have written to each other. */
export const chat = (scope, { phones, go }, { peer: with_ }) => {
  const log = el('ol.handset-log');
  const scroller = el('div.handset-scroller', { tabindex: '0', role: 'log', 'aria-label': t('handset.log', { name: called(phones, with_) }) }, log);
  const name = el('h2', { tabindex: '-1', dir: 'auto' }, called(phones, with_));
  let seen = 0;
  phones.letters.watch(scope, (letters) => {
    const ours = letters.filter((one) => peer(one) === with_);
    keyed(log, ours, (one) => one.id, (one) => bubble(scope, phones, one), update);
    if (ours.length !== seen) scroller.scrollTop = scroller.scrollHeight;
    seen = ours.length;
    if (ours.some((one) => one.direction === 'in' && one.state === 'delivered')) phones.mine('read').catch(() => {});
  });
  const text = el('textarea', { rows: 1, 'aria-label': t('handset.message'), placeholder: t('handset.message'), dir: 'auto', autofocus: true,
    onkeydown: (event) => { if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) { event.preventDefault(); write(); } } });
  const send = el('button.icon-button.primary', { type: 'submit', 'aria-label': t('handset.send') }, icon('send'));
  const write = () => busy(send, async () => {
    const said = text.value.trim();
    if (!said) return;
    await phones.mine('say', { to: with_, text: said });
    text.value = '';
    text.focus();
  }).catch(failed);
  const picked = el('input', { type: 'file', accept: 'image/*', hidden: true, onchange: () => busy(attach, async () => {
    const [file] = picked.files;
    if (!file) return;
    await phones.mine('send', { to: with_, kind: 'image', file: await phones.put(file), mimetype: file.type });
    picked.value = '';
  }).catch(failed) });
  const attach = acting('button.icon-button', { 'aria-label': t('handset.picture'), title: t('handset.picture') }, async () => picked.click(), icon('file'));
  const compose = el('form.handset-compose', { onsubmit: (event) => { event.preventDefault(); write(); } }, attach, picked, text, send);
  const back = el('button.icon-button', { type: 'button', 'aria-label': t('handset.back'), onclick: () => go('home') }, icon('back'));
  return [el('header.handset-head', {}, back, el('div', {}, name)), scroller, compose];
};

const bubble = (scope, phones, letter) => {
  const body = el('div.handset-said', { dir: 'auto' });
  const made = el(`li.handset-bubble${letter.direction === 'out' ? '.own' : ''}`, {}, body, el('span.handset-reactions'), el('small'));
  if (['image', 'sticker'].includes(letter.type)) {
    const draw = async () => {
      const blob = await phones.file(letter.id);
      if (scope.ended) return;
      const url = URL.createObjectURL(blob);
      scope.add(() => URL.revokeObjectURL(url));
      body.prepend(el('img', { src: url, alt: t('handset.kind.image') }));
    };
    // The file follows its message; it is tried again until it is there.
    const tries = () => draw().catch(() => scope.after(1_000, tries));
    tries();
  }
  return made;
};

const update = (row, letter) => {
  const [body, reactions, about] = row.children;
  const text = body.querySelector('p') || body.appendChild(el('p'));
  say(text, ['image', 'sticker'].includes(letter.type) && !letter.deleted_by ? letter.content?.caption || '' : saying(letter));
  say(reactions, [...new Set(Object.values(letter.reactions || {}))].join(' '));
  const own = letter.direction === 'out';
  const state = own && known(`handset.state.${letter.state}`) ? t(`handset.state.${letter.state}`) : '';
  const shown = `${letter.at} ${state}`;
  if (about.dataset.shown === shown) return;
  about.dataset.shown = shown;
  about.classList.toggle('read', ['read', 'played'].includes(letter.state));
  replace(about, clock(letter.at), own && el('span', {}, icon(letter.state === 'sent' ? 'check' : 'checks'), el('span.spoken', {}, state)));
};

const peer = (letter) => letter.group || (letter.direction === 'out' ? letter.to : letter.from);

const called = (phones, with_) => {
  const found = phones.get(with_);
  return found?.name || (with_.includes('@') ? t('handset.group') : `+${with_}`);
};

const saying = (letter) => {
  if (letter.deleted_by) return t('handset.deleted');
  const text = letter.edited?.text ?? letter.text ?? letter.content?.caption;
  if (text) return text;
  return known(`handset.kind.${letter.type}`) ? t(`handset.kind.${letter.type}`) : letter.type;
};

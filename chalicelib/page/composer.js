// Where a message is written: its words, a file, and what it replies to.

import { summary, writer } from './bubble.js';
import { choice } from './form.js';
import { el, icon, replace, say, unique } from './dom.js';
import { LARGEST, kindsOf } from './uploads.js';
import { size, t } from './words.js';

const LONGEST = 65_536;
const TALLEST = 160;

/**
 * The composer of one conversation. `send(draft)` is told `{type, said, file, quoted}`, and so is `code(draft)`, which
 * shows it as a call.
 *
 * Returns `{root, reply(message)}`. What was begun in a chat is there when somebody comes back to it.
 */
export const composer = (chats, conversation, { send, code }) => {
  const { draft } = conversation;
  const id = unique('composer-');
  const fault = el('p.fault', { id: `${id}-fault`, role: 'alert' });
  const quoting = el('div.composer-part', { hidden: true });
  const attached = el('div.composer-part', { hidden: true });
  const words = el('textarea', {
    rows: 1, dir: 'auto', maxlength: LONGEST, placeholder: t('composer.placeholder'), 'aria-label': t('composer.label'), 'aria-describedby': `${id}-fault`, enterkeyhint: 'send',
    oninput: () => { draft.text = words.value; say(fault, ''); grow(); },
    onkeydown: (event) => {
      // A key that ends the input of a syllable isn't one that sends. On touch screens a line break is one.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing || !matchMedia('(pointer: fine)').matches) return;
      event.preventDefault();
      submit();
    },
    onpaste: (event) => { if (event.clipboardData.files.length) { event.preventDefault(); attach(event.clipboardData.files[0]); } },
  });
  // Browsers that don't know it by the style are told how high the words are.
  const grow = CSS.supports('field-sizing', 'content') ? () => {} : () => { words.style.blockSize = 'auto'; words.style.blockSize = `${Math.min(TALLEST, words.scrollHeight + 2)}px`; };
  const input = el('input', { type: 'file', class: 'spoken', tabindex: '-1', 'aria-hidden': 'true', onchange: () => { if (input.files[0]) attach(input.files[0]); input.value = ''; } });

  /** What would be sent now; null where there is nothing yet. */
  const written = () => {
    const text = words.value.trim();
    if (!draft.file) return text ? { type: 'text', said: { body: text }, file: null, quoted: draft.quoted } : null;
    const type = draft.kind === 'voice' ? 'audio' : draft.kind;
    const caption = text && !['audio', 'sticker'].includes(type) ? { caption: text } : {};
    const named = type === 'document' ? { file_name: draft.file.name } : {};
    return { type, said: { ...caption, ...named, ...(draft.kind === 'voice' ? { voice: true } : {}) }, file: draft.file, quoted: draft.quoted };
  };

  const attach = (file) => {
    if (file.size > LARGEST) { say(fault, t('composer.toolarge', { size: size(LARGEST) })); return; }
    if (!file.size) { say(fault, t('composer.empty')); return; }
    say(fault, '');
    draft.file = file;
    [draft.kind] = kindsOf(file);
    showFile();
    words.focus();
  };

  const showFile = () => {
    attached.hidden = !draft.file;
    if (!draft.file) { attached.replaceChildren(); return; }
    const kinds = kindsOf(draft.file);
    const as = choice(kinds.map((one) => [one, t(`chat.kind.${one}`)]), draft.kind, { 'aria-label': t('composer.as'), onchange: ({ target }) => { draft.kind = target.value; } });
    replace(attached, icon('file'), el('div', {}, el('strong', { dir: 'auto' }, draft.file.name), el('small', {}, size(draft.file.size))), kinds.length > 1 && as,
      el('button.icon-button', { type: 'button', 'aria-label': t('composer.remove'), onclick: () => { draft.file = null; showFile(); words.focus(); } }, icon('close')));
  };

  const reply = (message) => {
    draft.quoted = message;
    quoting.hidden = !message;
    if (!message) { quoting.replaceChildren(); return; }
    replace(quoting, icon('reply'), el('div', {}, el('strong', { dir: 'auto' }, writer(message, chats)), el('span', { dir: 'auto' }, summary(message, chats))),
      el('button.icon-button', { type: 'button', 'aria-label': t('composer.noreply'), onclick: () => { reply(null); words.focus(); } }, icon('close')));
    words.focus();
  };

  const submit = () => {
    const one = written();
    if (!one) { words.focus(); return; }
    if (one.file && ['audio', 'sticker'].includes(one.type) && words.value.trim()) { say(fault, t('composer.nocaption')); return; }
    send(one);
    Object.assign(draft, { text: '', file: null, quoted: null });
    words.value = '';
    grow();
    showFile();
    reply(null);
    words.focus();
  };

  const root = el('form.composer', {
    onsubmit: (event) => { event.preventDefault(); submit(); },
    ondragover: (event) => { if (event.dataTransfer.types.includes('Files')) { event.preventDefault(); root.classList.add('over'); } },
    ondragleave: () => root.classList.remove('over'),
    ondrop: (event) => {
      root.classList.remove('over');
      if (event.dataTransfer.files.length) { event.preventDefault(); attach(event.dataTransfer.files[0]); }
    },
  }, fault, quoting, attached, el('div.composer-line', {}, input,
    el('button.icon-button', { type: 'button', 'aria-label': t('composer.attach'), title: t('composer.attach'), onclick: () => input.click() }, icon('add')),
    words,
    el('button.icon-button', { type: 'button', 'aria-label': t('composer.code'), title: t('composer.code'), onclick: () => code(written() || { type: 'text', said: { body: t('composer.example') }, quoted: draft.quoted }) }, icon('code')),
    el('button.primary.send', { type: 'submit', 'aria-label': t('composer.send'), title: t('composer.send') }, icon('send'))));
  words.value = draft.text;
  showFile();
  if (draft.quoted) reply(draft.quoted);
  return { root, reply };
};

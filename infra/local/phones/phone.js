// A virtual phone beside the page, where the gateway speaks to the loopback WhatsApp: to try everything with nobody's phone.
// The local stack serves these modules beside the page's own, and they use them; no deployed gateway has them.

import { photograph } from './camera.js';
import { el, icon, keyed, replace, say } from './dom.js';
import { acting, field, form } from './form.js';
import { chat, chats } from './phonechats.js';
import { Phones } from './phones.js';
import { segment } from './api.js';
import { t } from './words.js';

const KEPT = 'switchboard.phone.away';
const ROOM = '(min-width: 64rem)';
/** Who the first phones belong to. */
const PEOPLE = [
  ['Ana', '6281234567890'], ['Ben', '628987654321'], ['Cleo', '628111222333'], ['Dewi', '628222333444'], ['Emil', '4366012345678'],
  ['Fay', '447700900123'], ['Gus', '12015550123'], ['Hana', '819012345678'],
];
/** Milliseconds for which the picture that was taken stays to be seen. */
const VIEWED = 700;

/** Put a phone beside the page, until the scope ends. `context` is what views get; `api` and `sessions` may be absent. */
export const phoneBeside = (scope, context) => {
  const phones = new Phones(scope, context.place.phones);
  const screen = el('div.handset-screen');
  const roomy = matchMedia(ROOM);
  const put = (out) => {
    if (roomy.matches) sessionStorage.setItem(KEPT, out ? '' : 'away');
    phones.on.set(out);
    (out ? screen.querySelector('h2') : button)?.focus();
  };
  // Where it lies over the page, Escape takes it away, and not the dialog below it.
  const escape = (event) => { if (event.key === 'Escape' && !roomy.matches) { event.preventDefault(); put(false); } };
  const handset = el('div.handset', { onkeydown: escape },
    el('button.handset-away', { type: 'button', 'aria-label': t('handset.away'), title: t('handset.away'), onclick: () => put(false) }, icon('minus')), screen);
  const button = el('button.phone-button', { type: 'button', 'aria-label': t('handset.out'), title: t('handset.out'), onclick: () => put(true) }, icon('phone'));
  const beside = el('aside.phone-beside', { 'aria-label': t('handset.label') }, handset, button);

  scope.add(() => document.documentElement.removeAttribute('data-phone'));
  // All that isn't in an open dialog is out of reach, so the phone is taken into it.
  const follow = () => {
    const dialogs = document.querySelectorAll('dialog[open]');
    const place = dialogs[dialogs.length - 1] || document.body;
    if (beside.parentElement === place) return;
    const focused = beside.contains(document.activeElement) ? document.activeElement : null;
    place.append(beside);
    focused?.focus();
  };
  const observer = new MutationObserver(follow);
  scope.add(() => observer.disconnect());
  scope.add(() => beside.remove());
  const style = el('link', { rel: 'stylesheet', href: new URL('phone.css', import.meta.url), onload: () => {
    if (scope.ended) return;
    follow();
    observer.observe(document.body, { childList: true });
  } });
  document.head.append(style);
  scope.add(() => style.remove());

  // A phone that is put away shows nothing; it comes out as it was.
  let shown = scope.child();
  let screenful = null;
  const hand = { phones, context, go: (name, given = {}) => turn(name, given, true) };
  const turn = (name, given, asked) => {
    screenful = [name, given];
    shown.end();
    shown = scope.child();
    replace(screen, phones.on.value && SCREENS[name](shown, hand, given));
    if (asked) (screen.querySelector('[autofocus]') || screen.querySelector('h2'))?.focus();
  };
  let before;
  phones.number.watch(scope, (number) => {
    if (number === before) return;
    before = number;
    turn(number ? 'home' : 'whose', {}, false);
  });
  phones.on.watch(scope, (out) => {
    handset.hidden = !out;
    button.hidden = out;
    document.documentElement.toggleAttribute('data-phone', out);
    turn(...screenful, false);
  });
  const fit = () => phones.on.set(roomy.matches && sessionStorage.getItem(KEPT) !== 'away');
  scope.on(roomy, 'change', fit);
  fit();
};

/** What stands above each screen: where it leads back to, what it is, and what else there is. */
const head = (title, { back = null, more = null } = {}) => el('header.handset-head', {},
  back && el('button.icon-button', { type: 'button', 'aria-label': t('handset.back'), onclick: back }, icon('back')),
  el('div', {}, title), more);

const heading = (text, beside = null) => [el('h2', { tabindex: '-1', dir: 'auto' }, text), beside && el('span.hint', { dir: 'ltr' }, beside)];

/** Choosing the phone to hold, or switching on another; `write` is the number of one that it is to write to then. */
const whose = (scope, { phones, go }, { write = null } = {}) => {
  const list = el('ul.handset-list');
  const name = field({ label: t('handset.name'), name: 'name', input: { autocomplete: 'off', maxlength: 100 } });
  const number = field({ label: t('handset.number'), name: 'number', input: { type: 'tel', dir: 'ltr', autocomplete: 'off', inputmode: 'tel' } });
  const hold = async (chosen) => {
    await phones.take(chosen);
    if (write) go('chat', { peer: write });
    else go('home');
  };
  phones.all.watch(scope, (all) => {
    const others = (all || []).filter((one) => one.number !== write);
    keyed(list, others, (one) => one.number,
      (one) => el('li', {}, el('button.handset-row', { type: 'button', onclick: () => hold(one.number) },
        avatar(one.name), el('span.handset-name', { dir: 'auto' }, one.name || one.number), el('span.hint', { dir: 'ltr' }, `+${one.number}`))));
    // The next of the people, as long as nothing else was typed.
    const free = PEOPLE.find(([, given]) => !(all || []).some((one) => one.number === given));
    const untouched = PEOPLE.some(([given]) => given === name.input.value) || !name.input.value;
    if (free && untouched) [name.input.value, number.input.value] = free;
  });
  const add = form({
    fields: [name, number],
    action: t('handset.add'),
    submit: async () => {
      const chosen = number.input.value.replace(/\D/g, '');
      await phones.act(`phones/${segment(chosen || '0')}`, { name: name.input.value.trim() || undefined });
      await hold(chosen);
    },
  });
  const back = phones.number.value && (() => go('home'));
  return [head(heading(write ? t('handset.whose.writes') : t('handset.whose')), { back }), el('div.handset-body', {}, el('p.hint', {}, t('handset.lead')), list, add)];
};

const home = (scope, hand) => {
  const { phones, go } = hand;
  const me = () => phones.get();
  const fault = el('p.fault', { role: 'alert' });
  const view = el('div.viewfinder', { hidden: true });
  const scan = async () => {
    say(fault, '');
    const picture = photograph();
    if (!picture) { say(fault, t('handset.nocode')); return; }
    // The card stays while it goes on, also when no device waits any more.
    view.hidden = false;
    replace(view, el('img', { src: picture, alt: t('handset.seen') }));
    try {
      await Promise.all([phones.act('phones/scan', { picture: picture.split(',')[1], number: phones.number.value }), scope.pause(VIEWED)]);
      go('devices', { linked: true });
    } catch (error) {
      if (error.code === 'passkey_required') go('passkey');
      else if (error.name !== 'AbortError') say(fault, error.message);
    } finally {
      view.hidden = true;
    }
  };
  const link = el('section.handset-card', {}, el('h3', {}, t('handset.link')), el('p.hint', {}, t('handset.link.lead')), view, fault,
    acting('button.primary', {}, scan, icon('qr'), t('handset.scan')),
    el('button.quiet', { type: 'button', onclick: () => go('type') }, t('handset.type')));
  const devices = el('button.handset-line', { type: 'button', onclick: () => go('devices') }, icon('link'), el('span'));
  const title = el('div');
  const show = () => {
    const now = me();
    if (!now) return;
    replace(title, heading(now.name || `+${now.number}`, now.name ? `+${now.number}` : null));
    say(devices.lastChild, t('handset.devices.count', { count: now.devices.length }));
    devices.hidden = !now.devices.length;
    link.hidden = view.hidden && !(phones.waiting.value || (!now.devices.length && !phones.letters.value.length));
  };
  phones.all.watch(scope, show);
  phones.waiting.watch(scope, () => { say(fault, ''); show(); });
  phones.letters.watch(scope, show);
  const other = el('button.icon-button', { type: 'button', 'aria-label': t('handset.switch'), title: t('handset.switch'), onclick: () => go('whose') }, icon('people'));
  return [head(title, { more: other }), el('div.handset-body', {}, link, devices, chats(scope, hand))];
};

const typing = (scope, { phones, go }) => {
  const code = field({ label: t('handset.code'), name: 'code', hint: t('handset.code.hint'),
    input: { dir: 'ltr', autocomplete: 'off', autocapitalize: 'characters', spellcheck: 'false', placeholder: 'ABCD-EFGH', autofocus: true } });
  const enter = form({
    fields: [code],
    action: t('handset.enter'),
    submit: async () => {
      try {
        await phones.act('phones/link-code', { code: code.input.value.trim(), number: phones.number.value });
        go('devices', { linked: true });
      } catch (error) {
        if (error.code !== 'passkey_required') throw error;
        go('passkey');
      }
    },
  });
  return [head(heading(t('handset.type')), { back: () => go('home') }), el('div.handset-body', {}, enter)];
};

const devices = (scope, { phones, go }, { linked = false } = {}) => {
  const list = el('ul.handset-list');
  const none = el('p.hint', {}, t('handset.devices.none'));
  const other = el('button.primary', { type: 'button', onclick: () => go('whose', { write: phones.number.value }) }, icon('chat'), t('handset.write'));
  const done = el('div.handset-card.good', { role: 'status' }, el('h3', {}, icon('check'), t('handset.linked')), el('p.hint', {}, t('handset.linked.next')), other);
  const drop = acting('button', {}, () => phones.mine('drop'), icon('alert'), t('handset.drop'));
  const network = el('section.handset-card', {}, el('p.hint', {}, t('handset.drop.hint')), drop);
  phones.all.watch(scope, () => {
    const now = phones.get();
    if (!now) return;
    keyed(list, now.devices, (one) => one.device,
      (one) => el('li.handset-device', {}, el('span.handset-name', { dir: 'auto' }, one.platform || t('handset.device')), el('span.hint'),
        acting('button.danger', {}, () => phones.mine('unlink', { device: one.device }), t('handset.unlink'))),
      (row, one) => say(row.children[1], one.online ? t('handset.online') : t('handset.offline')));
    none.hidden = now.devices.length > 0;
    network.hidden = !now.devices.some((one) => one.online);
    if (!now.devices.length) done.remove();
  });
  return [head(heading(t('handset.devices')), { back: () => go('home') }), el('div.handset-body', {}, linked && done, none, list, network)];
};

/** Signing with the phone's passkey where WhatsApp asks for it, in the place of a browser that has it. */
const passkey = (scope, { phones, context, go }) => {
  const { api, sessions } = context;
  const known = () => [...(sessions?.all.value.values() ?? [])];
  const shown = el('div.handset-card', { role: 'status' });
  const sign = async () => {
    const { assertion } = await phones.mine('passkey/sign', {});
    const waits = known().filter((one) => one.status === 'PASSKEY_REQUIRED');
    const [latest] = waits.sort((one, other) => Date.parse(other.since) - Date.parse(one.since));
    if (latest) await api.post(`v1/sessions/${segment(latest.id)}/passkey`, { assertion }, { signal: scope.signal });
    else replace(shown, el('p', {}, t('handset.passkey.nobody')));
  };
  let before;
  const look = async () => {
    const { step, code, why } = await phones.ask(`phones/${phones.number.value}/linking`, { signal: scope.signal });
    const now = `${step} ${code}`;
    if (now === before) return;
    before = now;
    if (step === 'linked') { go('devices', { linked: true }); return; }
    if (step === 'failed') replace(shown, el('p', {}, t('handset.passkey.failed')), el('p.hint', {}, why));
    else if (code) replace(shown, el('p', {}, t('handset.passkey.compare')), el('p.letters', { dir: 'ltr' }, code));
    else if (step === 'passkey') replace(shown, el('p', {}, t('handset.passkey.asked')), acting('button.primary', {}, sign, icon('key'), t('handset.passkey.sign')));
    else replace(shown, el('p', {}, t('handset.passkey.goes')));
  };
  const ask = () => look().catch(() => {});
  scope.every(1_000, ask);
  ask();
  return [head(heading(t('handset.passkey')), { back: () => go('home') }), el('div.handset-body', {}, shown)];
};

const avatar = (name) => el('span.handset-face', { 'aria-hidden': 'true' }, name ? [...name][0] : icon('phone'));

const SCREENS = { whose, home, type: typing, devices, passkey, chat };

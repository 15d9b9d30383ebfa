// The account's passkey, where WhatsApp asks for it: signed on WhatsApp's own page, since browsers bind a passkey to that.

import { BASE, segment } from './api.js';
import { copy, el, icon, replace, say, unique } from './dom.js';
import { acting } from './form.js';
import { notify } from './notice.js';
import { onPhone } from './steps.js';
import { clock, t } from './words.js';

const WHATSAPP = 'https://web.whatsapp.com';
/** The extension that signs on WhatsApp's page for any page that asks. */
const EXTENSION = 'ghpdcgnjffaaekflfpcgkgpbafmjldcp';
const LOOKS_FOR_IT = 3_000;
const PING = 2_500;
const SIGNING = 600_000;
const COMPARES_AGAIN = 3_000;
const OFFERED = 1_000;
/** The tabs of a browser tell each other by this name of an answer that one of them brought back. */
const CHANNEL = 'switchboard-passkey';

/**
 * The steps of a demanded passkey, for a `source` that `linkSource` makes; on a phone it says at once that a computer is needed.
 */
export const passkey = (scope, source) => {
  const { api, session } = source;
  const path = `v1/sessions/${segment(source.id)}/passkey`;
  const said = el('p.passkey-said', { role: 'status' });
  const fault = el('p.fault.whole', { role: 'alert' });
  const part = el('div.passkey-part');
  let options = null;
  let shown = null;
  let inside = scope.child();

  const give = async (assertion) => {
    say(fault, '');
    say(said, t('passkey.under_way'));
    try {
      await api.post(path, { assertion }, { signal: scope.signal });
    } catch (error) {
      if (error.name !== 'ApiError') return;
      say(fault, error.message);
    }
    await source.look();
    tell();
  };

  const tell = () => {
    const asked = session.value?.passkey;
    if (options) say(said, t('passkey.until', { time: clock(asked.expires_at) }));
    else if (asked?.step === 'confirm') say(said, t('passkey.compare_now'));
    else if (asked) say(said, asked.step === 'sign' ? t('passkey.may_not') : t('passkey.keep_open'));
  };

  const show = () => {
    const asked = session.value?.passkey;
    options = asked?.step === 'sign' ? asked.options : null;
    // The same demand is shown once: what somebody has marked or typed in it stays.
    const now = asked ? `${asked.step} ${JSON.stringify(asked.options)} ${asked.expires_at}` : '';
    if (now === shown) return;
    shown = now;
    inside.end();
    inside = scope.child();
    // A phone has no console to paste into.
    if (options && !onPhone()) replace(part, signing(inside, options, give, fault));
    else if (asked?.step === 'confirm') compare();
    else replace(part);
    tell();
  };

  const compare = async () => {
    const here = inside;
    try {
      const { code } = await api.get(`${path}/confirmation`, { signal: here.signal });
      replace(part,
        el('p', {}, t('passkey.compare')), el('p.letters', { dir: 'ltr' }, code),
        el('div.actions', {},
          acting('button.quiet', {}, () => confirmed(false), t('passkey.other')),
          acting('button.primary', {}, () => confirmed(true), t('passkey.same'))));
    } catch (error) {
      if (error.name !== 'ApiError') return;
      say(fault, error.message);
      here.after(COMPARES_AGAIN, () => { shown = null; show(); });
    }
  };

  const confirmed = async (same) => {
    say(fault, '');
    try {
      await api.post(`${path}/confirmation`, { same }, { signal: scope.signal });
    } catch (error) {
      if (error.name !== 'ApiError') throw error;
      say(fault, error.message);
    }
    await source.look();
  };

  // A tab that came back from WhatsApp's page hands its answer to the tab that knows the credential: this one.
  const channel = new BroadcastChannel(CHANNEL);
  scope.add(() => channel.close());
  scope.on(channel, 'message', ({ data }) => {
    if (!options || !data.assertion || challengeIn(data.assertion) !== plain(options.challenge)) return;
    channel.postMessage({ taken: true });
    give(data.assertion);
  });
  session.watch(scope, show);
  const lead = onPhone() ? el('p.callout', {}, icon('alert'), el('span', {}, source.byLink ? t('passkey.phone.link') : t('passkey.phone', { address: new URL('passkey', BASE).href })))
    : el('p.lead', {}, t('passkey.lead'));
  return el('div.passkey', {}, lead, part, fault, said);
};

/** Offer an answer that was brought back to the tab that waits for it, until one takes it: then `taken` is called. */
export const bringing = (scope, assertion, taken) => {
  const inside = scope.child();
  const channel = new BroadcastChannel(CHANNEL);
  inside.add(() => channel.close());
  inside.on(channel, 'message', ({ data }) => { if (data.taken) { inside.end(); taken(); } });
  const offer = () => channel.postMessage({ assertion });
  inside.every(OFFERED, offer);
  offer();
};

// Which challenge an answer signs; null for what is none.
const challengeIn = (assertion) => {
  try {
    return plain(JSON.parse(atob(assertion.response.clientDataJSON.replace(/-/g, '+').replace(/_/g, '/'))).challenge);
  } catch {
    return null;
  }
};

// Both forms of base64, with padding and without, name the same bytes.
const plain = (text) => text.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

const signing = (scope, options, give, fault) => {
  const text = el('textarea.snippet', { readonly: true, spellcheck: 'false', dir: 'ltr', 'aria-label': t('passkey.snippet') });
  const words = { sign: t('passkey.sign'), again: t('passkey.press_again') };
  text.value = `(${onWhatsApp})(${[options, new URL('passkey', BASE).href, words].map((one) => JSON.stringify(one)).join(', ')})`;
  const byExtension = async () => {
    say(fault, '');
    try {
      await give((await extend(scope, 'waha-passkey-sign', options)).assertion);
    } catch (error) {
      say(fault, error.message);
    }
  };
  const extension = el('div.passkey-extension', { hidden: true },
    acting('button.primary', {}, byExtension, icon('key'), t('passkey.extension')),
    el('p.hint', {}, t('passkey.by_hand')));
  let looking = false;
  const seek = async () => {
    if (looking || !extension.hidden) return;
    looking = true;
    // It may begin after the page, or be installed meanwhile.
    try { await extend(scope, 'waha-passkey-ping'); extension.hidden = false; } catch { /* There is none yet. */ } finally { looking = false; }
  };
  scope.every(LOOKS_FOR_IT, seek);
  seek();
  const copied = async () => { if (await copy(text.value)) notify(t('passkey.copied')); else { text.focus(); text.select(); } };
  return [
    extension,
    el('ol.steps', {},
      el('li', {}, el('a', { href: WHATSAPP, target: '_blank', rel: 'noopener noreferrer' }, t('passkey.step.open')), ' ', t('passkey.step.open.more')),
      el('li', {}, t('passkey.step.paste')),
      el('li', {}, t('passkey.step.press'))),
    text,
    el('div.actions', {}, acting('button', {}, copied, icon('copy'), t('passkey.copy'))),
  ];
};

// What is pasted on WhatsApp's page: it signs there, and leaves by navigation, which is all that the page's policy allows.
const onWhatsApp = (asked, back, words) => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  const button = document.createElement('button');
  button.id = 'switchboard-sign';
  button.textContent = words.sign;
  button.style.cssText = 'position:fixed;z-index:2147483647;top:20px;left:20px;padding:16px;font-size:18px';
  button.onclick = async () => {
    const allowCredentials = (asked.allowCredentials || []).map((one) => ({ ...one, id: bytes(one.id) }));
    const publicKey = { ...asked, challenge: bytes(asked.challenge), allowCredentials };
    try {
      const made = await navigator.credentials.get({ publicKey });
      const handle = made.response.userHandle;
      location.href = `${back}#${btoa(JSON.stringify({
        id: made.id, rawId: text(made.rawId), type: made.type,
        response: {
          clientDataJSON: text(made.response.clientDataJSON),
          authenticatorData: text(made.response.authenticatorData),
          signature: text(made.response.signature),
          userHandle: handle && handle.byteLength ? text(handle) : null,
        },
      }))}`;
    } catch (error) { button.textContent = `${error.name}: ${error.message} ${words.again}`; }
  };
  document.body.append(button);
};

// Chromium's extension is called by its id, Firefox's hears messages in the page. Signing takes as long as somebody takes,
// and no longer than WhatsApp waits.
const extend = (scope, type, challenge) => new Promise((resolve, reject) => {
  const asking = scope.child();
  const requestId = unique();
  const done = (answer, failure) => {
    asking.end();
    if (answer?.ok) resolve(answer);
    else reject(new Error(answer?.error || failure || t('passkey.extension.refused')));
  };
  asking.after(type === 'waha-passkey-ping' ? PING : SIGNING, () => done(null, t('passkey.extension.silent')));
  if (window.chrome?.runtime?.sendMessage) {
    chrome.runtime.sendMessage(EXTENSION, { type, challenge }, (answer) => done(answer, chrome.runtime.lastError?.message));
    return;
  }
  asking.on(window, 'message', ({ source, data }) => {
    if (source === window && data?.source === 'waha-passkey-extension' && data.requestId === requestId) done(data);
  });
  window.postMessage({ source: 'waha-passkey-page', requestId, type, challenge }, location.origin);
});

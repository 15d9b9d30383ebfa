// Linking a session with a phone: by a code to scan, a code to type, or the account's passkey; in a dialog, or anywhere.

import { segment } from './api.js';
import { codePicture } from './code.js';
import { dialog, open } from './dialog.js';
import { el, icon, replace, say } from './dom.js';
import { acting } from './form.js';
import { notify } from './notice.js';
import { pairing } from './pairing.js';
import { situation } from './reasons.js';
import { chime, soundChoice } from './sound.js';
import { called } from './standing.js';
import { State } from './state.js';
import { onPhone, phoneSteps } from './steps.js';
import { tabs } from './tabs.js';
import { moment, span, t } from './words.js';

/** Milliseconds after a code's end at which the next one is asked for, if no event brought it. */
const LATE = 2_000;
const PLAIN = { reason: null, message: null, next_at: null, passkey: null };
const ACTS = ['start', 'restart', 'enable', 'log_out'];
/** Milliseconds for which a request of the owner may leave the status as it was. */
const TAKES_EFFECT = 20_000;

/**
 * What a linking is made from: the session as it stands, its code to scan and its code to type, each a State (null for
 * none), kept current until the scope ends. `look()` reads all of it now; it raises nothing.
 *
 * `session` is how it stands as far as it is known, `may(permission)` says what the caller may do, and `acts` which of
 * `start`, `restart`, `enable` and `log_out` are for the caller to ask for; `byLink` that it came by a one-time link.
 */
export const linkSource = (scope, { api, live, id, session = null, may = () => true, acts = ACTS, byLink = false }) => {
  const source = {
    id, api, live, may, acts, byLink, session: new State(session), code: new State(null), pairingCode: new State(null), gone: new State(false),
  };
  const path = `v1/sessions/${segment(id)}`;

  const stands = (told) => {
    source.session.set(told);
    if (told.status !== 'SCAN_QR') forget();
  };
  const forget = () => { source.code.set(null); source.pairingCode.set(null); };

  let typed = false;
  const readCode = async () => {
    typed = false;
    const told = await api.get(`${path}/qr?wait=0`, { signal: scope.signal });
    if (source.session.value?.status !== 'SCAN_QR') return;
    const { pairing_code: toType, ...code } = told;
    const { value } = source.code;
    if (code.code !== value?.code || code.expires_at !== value.expires_at) source.code.set(code);
    if (toType && toType.code !== source.pairingCode.value?.code) source.pairingCode.set(toType);
  };

  let looking = null;
  let again = false;
  source.look = () => {
    // One reading at a time; what happens meanwhile is read once more.
    if (looking) { again = true; return looking; }
    looking = (async () => {
      do {
        again = false;
        try {
          stands(await api.get(path, { signal: scope.signal }));
          const { status, next_at: ends } = source.session.value;
          // A code that can be scanned ends when the session goes on; where there is none, to ask would be an error.
          const shows = status === 'SCAN_QR' && ends && Date.parse(ends) > api.now();
          if (shows && may('sessions:link') && (typed || source.code.value?.expires_at !== ends)) await readCode();
        } catch (error) {
          if (error.status === 404 && error.code === 'SESSION_NOT_FOUND') source.gone.set(true);
          // What can't be read now is told by the next event, or asked for again.
        }
      } while (again && !scope.ended);
      looking = null;
    })();
    return looking;
  };

  live.follow(scope, id, {
    // What stands is read: the connection leaves out what only those may see who may link.
    stands: source.look,
    refused: source.look,
    event: ({ type, data }) => {
      if (type === 'session.deleted') source.gone.set(true);
      if (!type.startsWith('session.')) return;
      // These two are shown at once, and what else there is to know when it has been read.
      const now = source.session.value;
      if (now && data.status === 'CONNECTED') source.session.set({ ...now, ...PLAIN, status: data.status, needs_qr: false });
      if (now && data.status === 'SCAN_QR') source.session.set({ ...now, ...PLAIN, ...data, needs_qr: true });
      if (data.status !== 'SCAN_QR') forget();
      if (type === 'session.pairing_code_ended') source.pairingCode.set(null);
      if (type === 'session.pairing_code') typed = true;
      if (type === 'session.qr' && data.image) source.code.set(data);
      else source.look();
    },
  });
  live.poll(scope, source.look);
  let waiting = () => {};
  source.code.watch(scope, (code) => {
    waiting();
    if (code) waiting = scope.after(Math.max(0, Date.parse(code.expires_at) - api.now()) + LATE, source.look);
  });
  source.look();
  return source;
};

/**
 * All that it takes to link `source`'s session, in whichever way; `linked()` is called once as it is connected.
 *
 * Returns `{root, focus()}`.
 */
export const linkingBody = (scope, source, { linked = () => {} } = {}) => {
  const { session, api } = source;
  const card = el('section.situation', { 'aria-live': 'polite' });
  const ways = linkingWays(scope, source);
  const root = el('div.linking', {}, connection(scope, source.live), card, ways.root);
  let pressed = null;

  const act = async (what) => {
    const path = `v1/sessions/${segment(source.id)}`;
    const { since } = session.value;
    if (what === 'enable') await api.patch(path, { enabled: true }, { signal: scope.signal });
    if (what === 'enable') await api.post(`${path}/start`, {}, { signal: scope.signal });
    else await api.post(`${path}/${what === 'log_out' ? 'logout' : what}`, {}, { signal: scope.signal });
    pressed = { since, until: Date.now() + TAKES_EFFECT };
    scope.after(TAKES_EFFECT, show);
    await source.look();
    show();
  };

  let done = false;
  let next = scope.child();
  const show = () => {
    const now = session.value;
    if (source.gone.value) { ways.root.hidden = true; tellGone(card); return; }
    if (!now) { ways.root.hidden = true; replace(card, waitingFor(t('linking.reading'))); return; }
    if (pressed && (pressed.since !== now.since || pressed.until < Date.now())) pressed = null;
    const found = situation(now);
    if (found.kind === 'linked' && !now.phone_mismatch && !done) { done = true; linked(now); }
    const linkable = found.kind === 'code' || found.kind === 'passkey';
    const allowed = source.may('sessions:link');
    ways.root.hidden = !(linkable && allowed);
    card.hidden = linkable && allowed;
    next.end();
    next = scope.child();
    if (linkable && allowed) ways.show(found);
    else if (linkable) replace(card, heading('alert', found.title), el('p', {}, t('linking.may_not')));
    else tell(found, now);
  };

  const tell = (found, now) => {
    const moving = found.kind === 'moving' || pressed;
    const picture = found.kind === 'linked' && !now.phone_mismatch ? 'check' : 'alert';
    const helped = found.help && !pressed && source.acts.includes(found.help.act) && source.may('sessions:write');
    replace(card,
      moving ? waitingFor(pressed ? t('linking.title.asked') : found.title) : heading(picture, found.title),
      el('p', {}, pressed ? t('linking.why.asked') : found.text),
      found.at && !pressed && countingDown(next, api, found.at),
      el('p.hint', {}, t('linking.since', { time: moment(now.since) })),
      helped && el('div.actions', {}, acting(`button${found.kind === 'ended' ? '.primary' : ''}`, {}, () => act(found.help.act), found.help.label())));
  };

  source.gone.watch(scope, show);
  session.watch(scope, show);
  return { root, focus: ways.focus };
};

// What the page says of it at its head is out of reach behind a dialog, and isn't there for who opened a link.
const connection = (scope, live) => {
  const shown = el('p.hint', { role: 'status', hidden: true });
  live.status.watch(scope, (status) => {
    shown.hidden = status !== 'polling';
    say(shown, status === 'polling' ? t('live.polling') : '');
  });
  return shown;
};

const tellGone = (card) => {
  card.hidden = false;
  replace(card, heading('alert', t('linking.title.gone')), el('p', {}, t('linking.why.gone')));
};

const heading = (picture, title) => el('h3', {}, icon(picture), title);

const waitingFor = (title) => el('h3', {}, el('span.spinner', { 'aria-hidden': 'true' }), title);

/** "In 8 seconds it is tried again", counting down. */
const countingDown = (scope, api, at) => {
  const shown = el('p.next', { 'aria-live': 'off' });
  const tick = () => {
    const left = Math.ceil((Date.parse(at) - api.now()) / 1000);
    say(shown, left > 0 ? t('linking.next', { span: span(left) }) : t('linking.next.now'));
  };
  scope.every(500, tick);
  tick();
  return shown;
};

/** The three ways to link as tabs. Returns `{root, show(situation), focus()}`. */
const linkingWays = (scope, source) => {
  const title = el('p.code-why');
  const at = el('div');
  const waiting = el('div.code-waiting', { role: 'status' }, el('span.spinner', { 'aria-hidden': 'true' }), title, at);
  const scanning = el('div.scanning', {},
    codePicture(scope, { code: source.code, now: () => source.api.now(), waiting, name: source.id }),
    phoneSteps(scope, 'code'));
  const typing = pairing(scope, source);
  const signing = el('div');
  const made = tabs({
    label: t('linking.ways'),
    entries: [
      { name: 'code', label: [icon('qr'), t('linking.way.code')], panel: scanning },
      { name: 'pairing', label: [icon('phone'), t('linking.way.pairing')], panel: typing },
      { name: 'passkey', label: [icon('key'), t('linking.way.passkey')], panel: signing },
    ],
    chosen: (name) => { way = name; },
  });
  // A phone can't scan its own screen.
  const begins = onPhone() ? 'pairing' : 'code';
  let way = begins;
  let steps = null;
  made.select(begins);

  const sign = async (inside) => {
    const { passkey } = await import('./passkey.js');
    if (!inside.ended) replace(signing, passkey(inside, source));
  };

  const show = (found) => {
    const asked = found.kind === 'passkey';
    made.offer('passkey', asked);
    made.offer('code', !asked);
    made.offer('pairing', !asked);
    if (asked && !steps) {
      steps = scope.child();
      sign(steps);
      made.select('passkey');
    } else if (!asked && way === 'passkey') {
      steps?.end();
      steps = null;
      replace(signing);
      made.select(begins);
    }
    say(title, found.text);
    next.end();
    next = scope.child();
    const counts = !asked && found.at && source.session.value.status !== 'SCAN_QR';
    replace(at, counts && countingDown(next, source.api, found.at));
  };
  let next = scope.child();
  const focus = () => made.root.querySelector('[aria-selected=true]')?.focus();
  return { root: made.root, show, focus };
};

/**
 * Open the dialog that links a session. Resolves to whether it is connected: it closes by itself as soon as that is so.
 */
export const openLinking = async (scope, context, session) => {
  const { api, live, me } = context;
  const inside = scope.child();
  const shown = called(session);
  const connected = await dialog(inside, {
    title: t('linking.title', { name: shown }),
    classes: 'linking-dialog',
    body: (within, close) => {
      const may = (permission) => me.permissions.includes(permission);
      const source = linkSource(within, { api, live, id: session.id, session, may });
      const opened = session.status;
      const linked = (now) => {
        // Who opens it for one that is connected wants to see that.
        if (opened === 'CONNECTED' && now.since === session.since) return;
        notify(t('linking.connected', { name: shown, phone: now.account?.phone ?? '' }));
        chime();
        close(true);
      };
      return el('div.dialog-body', {}, linkingBody(within, source, { linked }).root, soundChoice(), sendLink(within, context, session.id));
    },
  });
  inside.end();
  return connected === true;
};

/** The links for a phone that somebody else holds, behind a line that opens; null for who may not link. */
export const sendLink = (scope, context, id) => {
  if (!context.me.permissions.includes('sessions:link')) return null;
  const inside = el('div');
  const show = async () => {
    const { invitations } = await import('./invitations.js');
    if (!scope.ended && !inside.firstChild) inside.append(invitations(scope, context, id));
  };
  return el('details.elsewhere', { ontoggle: ({ target }) => { if (target.open) show(); } },
    el('summary', {}, icon('link'), t('invite.elsewhere')), inside);
};

const RESTS = new Set(['STOPPED', 'FAILED']);
const needsScan = (session) => session.desired === 'running' && session.enabled && session.needs_qr && !RESTS.has(session.status);

/**
 * Open the dialog by itself when a session that should be connected comes to need a scan, until the scope ends; as the page
 * begins, where it is one session alone. Not on top of another dialog, not again for one whose dialog was closed, and
 * not for one in `context.elsewhere`, whose phone somebody else holds.
 */
export const openWhenNeeded = (scope, context) => {
  const { sessions, me, elsewhere: others } = context;
  if (!me.permissions.includes('sessions:link')) return;
  const needed = new Map();
  const due = new Set();
  const turn = async () => {
    const [id] = due;
    if (!id || open() || scope.ended) return;
    due.delete(id);
    await openLinking(scope, context, sessions.get(id));
    turn();
  };
  sessions.all.watch(scope, (all) => {
    const began = new Set();
    for (const id of [...needed.keys()]) if (!all.has(id)) { needed.delete(id); due.delete(id); }
    for (const session of all.values()) {
      const { id } = session;
      const needs = needsScan(session);
      if (!needs) {
        due.delete(id);
        // A link is made before its session starts; it is of no more use once that has been linked, or stopped.
        if (needed.get(id)) others.delete(id);
      }
      if (needs && !needed.get(id) && !others.has(id)) (needed.has(id) || sessions.ready.value ? due : began).add(id);
      needed.set(id, needs);
    }
    // Many that wait since long are told of by the list.
    if (began.size === 1 && [...needed.values()].filter(Boolean).length === 1) due.add([...began][0]);
    turn();
  });
};

/**
 * What to do about a message that was refused because its session isn't connected: have it linked, and call `send` once
 * more as soon as it is. `send` makes the same request again, under the same Idempotency-Key. Resolves to what that gave,
 * undefined if the dialog was closed before.
 */
export const linkThenSend = async (scope, context, id, send) => {
  const session = await context.sessions.refresh(id);
  if (!session || open() || scope.ended) return undefined;
  // It may have been connected since; then there is nothing to link.
  if (session.status !== 'CONNECTED' && !await openLinking(scope, context, session)) return undefined;
  return send();
};

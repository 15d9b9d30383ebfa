// What a one-time link opens: the linking of one session for whoever holds the phone, without a login, and nothing else.

import { Api, UNREACHED } from './api.js';
import { el, icon } from './dom.js';
import { linkingBody, linkSource } from './linking.js';
import { Live } from './live.js';
import { chime, soundChoice } from './sound.js';
import { chosen, clock, LANGUAGES, speak, spoken, t } from './words.js';

/** Where the token lies that the link's secret was exchanged for: this tab, until it is closed. */
const KEPT = 'switchboard.invitation';
const OVER = new Set(['INVITATION_OPENED', 'INVITATION_USED', 'INVITATION_REVOKED', 'INVITATION_EXPIRED', 'INVITATION_NOT_FOUND']);

/**
 * The page of a link. `secret` is what stood in its address, null if the page is loaded again; it is exchanged once.
 *
 * Shows itself by `show({title, root})`, each of its steps; `again()` loads all anew, in the language that it was sent in.
 */
export const holder = async (scope, { secret, show, again }) => {
  let kept = JSON.parse(sessionStorage.getItem(KEPT) || 'null');
  // Of the secret the part is kept that only names the invitation.
  const name = secret && secret.slice(0, secret.lastIndexOf('.'));
  if (secret && kept?.name !== name) {
    try {
      kept = { ...await new Api(null).post('v1/invitations/exchange', { secret }, { signal: scope.signal }), name, agreed: false };
      sessionStorage.setItem(KEPT, JSON.stringify(kept));
    } catch (error) {
      if (error.name !== 'ApiError') throw error;
      refused(scope, error, { secret, show, again });
      return;
    }
  }
  if (!kept) { over(show, 'none'); return; }
  const wanted = kept.language?.split('-')[0];
  if (Object.hasOwn(LANGUAGES, wanted ?? '') && !chosen() && wanted !== spoken()) {
    await speak(wanted);
    // What is around the page has been said in the other language.
    if (!scope.ended) again();
    return;
  }
  if (!scope.ended) (kept.agreed ? begin : ask)(scope, kept, show);
};

const keep = (kept) => {
  if (kept) sessionStorage.setItem(KEPT, JSON.stringify(kept));
  else sessionStorage.removeItem(KEPT);
};

const refused = (scope, error, { secret, show, again }) => {
  if (OVER.has(error.code)) { over(show, error.code); return; }
  const passes = error.code === UNREACHED || error.retryable;
  plain(show, 'alert', t('holder.unread'), [error.message],
    passes && el('button.primary', { type: 'button', onclick: () => holder(scope, { secret, show, again }) }, icon('retry'), t('page.again')));
};

const over = (show, code) => plain(show, 'alert', t(`holder.over.${code}`), [t(`holder.over.${code}.why`)]);

const plain = (show, picture, title, texts, button = null) => show({
  title,
  root: el('section.card.narrow.held', {}, el('h1', {}, icon(picture), title), texts.map((text) => el('p', { dir: 'auto' }, text)),
    button && el('div.actions', {}, button)),
});

/** Say who will read and send this account's messages, and ask for a yes. */
const ask = (scope, kept, show) => {
  const company = kept.company.name;
  const agree = () => { kept.agreed = true; keep(kept); begin(scope, kept, show); };
  const decline = () => { keep(null); plain(show, 'close', t('holder.declined'), [t('holder.declined.why')]); };
  show({
    title: t('holder.title', { company }),
    root: branded(kept, [
      el('h1', { dir: 'auto' }, t('holder.title', { company })),
      el('p', { dir: 'auto' }, t('holder.ask', { company })),
      el('ul.agreed', {},
        ['reads', 'sends', 'ends'].map((one) => el('li', {}, icon({ reads: 'eye', sends: 'send', ends: 'close' }[one]), el('span', { dir: 'auto' }, t(`holder.${one}`, { company }))))),
      el('p.hint', {}, t('holder.until', { time: clock(kept.expires_at) })),
      el('div.actions', {},
        el('button', { type: 'button', onclick: decline }, t('holder.no')),
        el('button.primary', { type: 'button', onclick: agree }, t('holder.yes'))),
    ]),
  });
};

const begin = (scope, kept, show) => {
  const { id } = kept.session;
  const company = kept.company.name;
  const inside = scope.child();
  const over = (code) => { inside.end(); keep(null); plain(show, 'alert', t(`holder.over.${code}`), [t(`holder.over.${code}.why`)]); };
  // The gateway says no more than that the token is good no longer; the clock says whether that is its age.
  const api = new Api(kept.token, () => over(api.now() >= Date.parse(kept.expires_at) ? 'INVITATION_EXPIRED' : 'INVITATION_REVOKED'));
  const live = new Live(inside, api, { session: id });
  const source = linkSource(inside, { api, live, id, acts: ['start'], byLink: true });
  const linked = (session) => {
    inside.end();
    keep(null);
    chime();
    plain(show, 'check', t('holder.done'), [t('holder.done.why', { company, phone: session.account?.phone ?? '' }), t('holder.done.ends')]);
  };
  show({
    title: t('holder.title', { company }),
    root: branded(kept, [el('h1', { dir: 'auto' }, t('holder.title', { company })), linkingBody(inside, source, { linked }).root, soundChoice()]),
  });
};

/** A card under a band in the company's colour. */
const branded = ({ company }, children) => {
  const band = el('header.band', {}, el('span.band-mark', { 'aria-hidden': 'true' }, [...company.name][0]), el('span', { dir: 'auto' }, company.name));
  if (company.colour) {
    band.style.backgroundColor = company.colour;
    band.style.color = legible(company.colour);
  }
  return el('section.card.held', {}, band, children);
};

// Black or white, whichever stands out more: one of them always does by 4.5 to 1 at least (WCAG 2.2, 1.4.3).
const legible = (colour) => {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
  const light = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return 1.05 / (light + 0.05) > (light + 0.05) / 0.05 ? '#fff' : '#000';
};

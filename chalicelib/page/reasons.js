// Why a session shows no code, what happens next, and what helps: for every status and reason there is.

import { known, moment, t } from './words.js';

const help = (act, words) => ({ act, label: () => t(`linking.act.${words}`) });
const START = help('start', 'start');
const NEW_CODES = help('start', 'new_codes');
const AGAIN = help('start', 'again');
const LINK_AGAIN = help('start', 'link_again');
const TAKE_BACK = help('start', 'take_back');
const NOW = help('restart', 'now');
const ENABLE = help('enable', 'enable');
const LOG_OUT = help('log_out', 'log_out');

// What helps a session that has come to rest, by its reason; anything else is tried again.
const HELP = {
  requested: START,
  tenant_disabled: null,
  qr_timeout: NEW_CODES,
  unlinked_by_owner: LINK_AGAIN,
  unlink_unconfirmed: LINK_AGAIN,
  replaced: TAKE_BACK,
};
const ON_ITS_WAY = new Set(['STARTING', 'SCAN_QR', 'PAIRING', 'CONNECTED', 'DISCONNECTED']);

/**
 * What is to be shown of a session: `kind` is `code` (one shows, or is about to), `passkey`, `linked`, `moving` (it goes
 * on by itself) or `ended` (somebody has to act); beside it `title` and `text`, what `help` there is (an `act`, and
 * its `label()`), and `at`, when it goes on.
 */
export const situation = (session) => {
  const { status, desired, reason, passkey } = session;
  const runs = desired === 'running';
  const live = ON_ITS_WAY.has(status) || (status === 'PASSKEY_REQUIRED' && passkey !== null);
  const told = (kind, title, text, helped = null) =>
    ({ kind, title: t(`linking.title.${title}`), text, help: helped, at: session.next_at });
  if (desired === 'deleted' || status === 'DELETING') return told('moving', 'deleting', t('linking.why.deleting'));
  if (!session.enabled) return told('ended', 'disabled', t('linking.why.disabled'), ENABLE);
  if (!runs && live) return told('moving', 'ending', t('linking.why.ending'));
  if (status === 'CONNECTED') return linked(session, told);
  if (status === 'PAIRING') return told('moving', 'pairing', t('linking.why.pairing'));
  if (status === 'DISCONNECTED') return told('moving', 'reconnecting', why(session), NOW);
  if (status === 'PASSKEY_REQUIRED' && passkey && runs) return told('passkey', 'passkey', why(session));
  const comes = ['STARTING', 'SCAN_QR'].includes(status) || (runs && ['CREATED', 'LOGGED_OUT'].includes(status));
  if (comes && session.needs_qr) return told('code', 'code', why(session));
  if (status === 'STARTING') return told('moving', 'connecting', why(session));
  const titles = { LOGGED_OUT: 'logged_out', FAILED: 'failed', PASSKEY_REQUIRED: 'passkey' };
  return told('ended', titles[status] ?? 'stopped', why(session), reason in HELP ? HELP[reason] : reason ? AGAIN : START);
};

const linked = (session, told) => session.phone_mismatch
  ? told('linked', 'mismatch', t('linking.why.mismatch', phones(session)), LOG_OUT)
  : told('linked', 'connected', t('linking.why.connected', phones(session)), LOG_OUT);

const phones = ({ account, phone }) => ({ phone: account?.phone ?? '?', expected: phone ?? '?' });

/** Why a session is as it is, as a sentence in the reader's language; in the gateway's where there is none. */
export const why = (session) => {
  const { status, reason, message, until } = session;
  const resting = status === 'STOPPED' || status === 'CREATED';
  if (!reason || reason === 'requested') {
    if (!resting) return t('linking.why.starting');
    return session.account ? t('linking.why.stopped_linked', phones(session)) : t('linking.why.requested');
  }
  if (!known(`linking.why.${reason}`)) return message ?? t('linking.why.starting');
  return t(`linking.why.${until ? `${reason}_until` : reason}`, { ...phones(session), until: until ? moment(until) : '' });
};

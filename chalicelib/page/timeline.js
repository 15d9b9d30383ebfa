// What happened to a session, day by day: read in pages, newest first, and kept current while somebody looks.

import { segment } from './api.js';
import { el, icon, keyed, replace, say } from './dom.js';
import { acting } from './form.js';
import { why } from './reasons.js';
import { clock, day, known, moment, t } from './words.js';

const PAGE = 40;
/** Milliseconds that events which come together are waited for, and read in one. */
const TOGETHER = 250;

// What an entry is about, as a picture and a colour; anything else is something that goes on by itself.
const LOOKS = {
  'session.created': ['add', 'calm'],
  'session.start_requested': ['play', 'asked'],
  'session.restart_requested': ['retry', 'asked'],
  'session.stop_requested': ['stop', 'asked'],
  'session.unlink_requested': ['back', 'asked'],
  'session.delete_requested': ['trash', 'asked'],
  'session.changed': ['edit', 'asked'],
  'session.connected': ['check', 'good'],
  'session.webhook_recovered': ['check', 'good'],
  'session.qr': ['qr', 'wait'],
  'session.pairing_code': ['phone', 'wait'],
  'session.passkey_required': ['key', 'wait'],
  'session.passkey_confirmation_required': ['key', 'wait'],
  'session.logged_out': ['alert', 'wait'],
  'session.qr_timeout': ['clock', 'wait'],
  'session.disconnected': ['alert', 'busy'],
  'session.launch_refused': ['alert', 'busy'],
  'session.connect_failure': ['alert', 'busy'],
  'session.failed': ['alert', 'bad'],
  'session.banned': ['alert', 'bad'],
  'session.account_refused': ['alert', 'bad'],
  'session.client_outdated': ['alert', 'bad'],
  'session.registration_refused': ['alert', 'bad'],
  'session.passkey_refused': ['alert', 'bad'],
  'session.replaced': ['alert', 'bad'],
  'session.webhook_failing': ['webhook', 'busy'],
  'session.webhook_disabled': ['webhook', 'bad'],
};

/**
 * The timeline of the session `id`. Returns `{root, look()}`; `look` reads what is new, also what no event tells of.
 */
export const timeline = (scope, { api, live }, id) => {
  const entries = new Map();
  let cursor = null;
  let begun = false;
  const path = `v1/sessions/${segment(id)}/timeline?limit=${PAGE}`;

  const days = el('div.days');
  const older = acting('button', { hidden: true }, async () => { await read(cursor); }, t('timeline.older'));
  const note = el('p.soft', { role: 'status' }, t('timeline.coming'));
  const root = el('section.card.timeline', { 'aria-labelledby': 'timeline-title' }, el('h2', { id: 'timeline-title' }, t('timeline.title')), note, days, older);

  const read = async (before = null) => {
    const page = await api.get(before ? `${path}&cursor=${encodeURIComponent(before)}` : path, { signal: scope.signal });
    const fresh = before ? [] : page.data.filter((one) => !entries.has(one.id));
    for (const one of page.data) entries.set(one.id, one);
    // What is new may be more than a page: what lies between is read by its cursor then.
    if (before || !begun || fresh.length === page.data.length) cursor = page.next_cursor;
    begun = true;
    show();
  };

  const show = () => {
    const all = [...entries.values()].sort((one, other) => (one.at < other.at ? 1 : one.at > other.at ? -1 : 0));
    const lines = together(all);
    say(note, lines.length ? '' : t('timeline.none'));
    older.hidden = !cursor;
    const groups = [...Map.groupBy(lines, ({ at }) => new Date(at).toDateString()).entries()];
    keyed(days, groups, ([date]) => date, () => el('section', {}, el('h3'), el('ol')), (group, [, told]) => {
      say(group.children[0], day(told[0].at));
      keyed(group.children[1], told, (one) => one.id, () => el('li.happened'), showLine);
    });
  };

  let looking = false;
  let again = false;
  const look = async () => {
    if (looking) { again = true; return; }
    looking = true;
    try {
      do { again = false; await read(); } while (again);
    } catch (error) {
      if (error.name !== 'AbortError' && !begun) say(note, error.message);
    } finally {
      looking = false;
    }
  };
  let due = false;
  const soon = () => {
    if (due) return;
    due = true;
    scope.after(TOGETHER, () => { due = false; look(); });
  };
  live.follow(scope, id, { event: ({ type }) => { if (type.startsWith('session.')) soon(); }, stands: soon });
  live.poll(scope, look);
  look();
  return { root, look: soon };
};

/** Codes that came one after the other are one line. */
const together = (entries) => {
  const lines = [];
  for (const one of entries) {
    const last = lines.at(-1);
    if (one.type === 'session.qr' && last?.type === one.type) { last.count += 1; last.id = one.id; } else lines.push({ ...one, count: 1 });
  }
  return lines;
};

const showLine = (line, entry) => {
  const { type, at, count } = entry;
  const shown = `${at} ${count}`;
  if (line.dataset.shown === shown) return;
  line.dataset.shown = shown;
  const [picture, look] = LOOKS[type] || ['clock', 'calm'];
  line.dataset.look = look;
  const more = details(entry);
  replace(line, el('span.happened-picture', {}, icon(picture)),
    el('div', {}, el('p.happened-what', {}, title(entry), ' ', el('time', { datetime: at, title: moment(at) }, clock(at))),
      more.map((one) => el('p.soft', { dir: 'auto' }, one))));
};

const title = ({ type, reason, count, status }) => {
  const word = type.replace(/^session\./, '');
  if (type === 'session.qr') return t('happened.qr', { count });
  if (type === 'session.starting' && ['worker_lost', 'upgraded'].includes(reason)) return t(`happened.starting.${reason}`);
  return known(`happened.${word}`) ? t(`happened.${word}`) : t('happened.other', { status: t(`status.${status}`) });
};

const details = (entry) => [because(entry), happenedTo(entry), servedBy(entry)].filter(Boolean);

// What the line says already, or a picture beside it.
const SAID = new Set(['requested', 'waiting_for_scan', 'new_scan_round', 'qr_timeout', 'worker_lost', 'upgraded', 'passkey_required']);

const because = ({ reason, detail, ...of }) => {
  if (!reason || SAID.has(reason)) return '';
  if (detail.webhook && known(`webhook.failure.${reason}`)) return t(`webhook.failure.${reason}`, { status: detail.webhook.status ?? '' });
  const number = (digits) => (digits ? `+${digits}` : null);
  return why({ ...of, reason, account: { phone: number(detail.phone) }, phone: number(detail.expected_phone) });
};

const happenedTo = ({ detail, reason }) => {
  if (detail.changed) return detail.changed.map((one) => t(`setting.${one}`)).join(', ');
  if (reason?.startsWith('phone_mismatch')) return '';
  if (detail.phone && detail.phone_mismatch) return t('happened.mismatch', { phone: `+${detail.phone}`, expected: `+${detail.expected_phone}` });
  if (detail.phone) return `+${detail.phone}`;
  if (detail.webhook) return t('happened.attempts', { count: detail.webhook.attempts });
  return '';
};

const servedBy = ({ worker, next_at: next }) => {
  if (worker) return t(worker.standby ? 'happened.by.standby' : worker.on_demand ? 'happened.by.on_demand' : 'happened.by', { number: worker.epoch });
  return next && '';
};

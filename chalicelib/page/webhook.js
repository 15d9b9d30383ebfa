// A session's webhook: where its events are posted, whether they arrive, and with which secret they are signed.

import { segment } from './api.js';
import { dialog } from './dialog.js';
import { el, icon, replace, say, unique } from './dom.js';
import { confirming, landing } from './entries.js';
import { acting, field, form } from './form.js';
import { notify } from './notice.js';
import { hidden } from './secret.js';
import { known, moment, relative, t } from './words.js';

/** What a webhook may be told of, in groups that somebody can tell apart; each has the types that the gateway takes. */
const GROUPS = {
  received: ['message.received'],
  sent: ['message.sent', 'message.delivered', 'message.read', 'message.played', 'message.failed', 'message.unknown'],
  session: ['session.*'],
};

/** The panel of a session's page; it follows the session, and those who may change it can set it up, change and remove it. */
export const webhook = (scope, context, id) => {
  const { sessions, me } = context;
  const may = me.permissions.includes('sessions:write');
  const heading = unique('webhook-');
  const body = el('div.webhook');
  const mark = el('span');
  let shown;
  sessions.all.watch(scope, () => {
    const session = sessions.get(id);
    if (!session) return;
    const stands = JSON.stringify({ ...session.webhook, secret: null });
    if (stands === shown) return;
    shown = stands;
    replace(mark, session.webhook && condition(session.webhook));
    replace(body, session.webhook ? set(scope, context, id, session.webhook, may) : unset(scope, context, id, may));
  });
  return el('section.card', { 'aria-labelledby': heading },
    el('div.card-head', {}, el('h2', { id: heading }, t('webhook.title')), mark), body);
};

const failing = (told) => told.last_failure && !told.last_failure.recovered_at;

const condition = (told) => {
  if (told.disabled_at) return el('span.tag.bad', {}, t('webhook.off'));
  if (failing(told)) return el('span.tag.wait', {}, t('webhook.failing'));
  return el('span.tag.good', {}, t('webhook.on'));
};

const unset = (scope, context, id, may) => [
  el('p.soft', {}, t('webhook.none')),
  may && el('div.actions.start', {},
    el('button', { type: 'button', onclick: ({ currentTarget }) => change(scope, context, id, null, currentTarget) }, icon('webhook'), t('webhook.set'))),
];

const set = (scope, context, id, told, may) => {
  const { api, sessions } = context;
  const at = `v1/sessions/${segment(id)}`;
  const again = acting('button.primary', {}, async () => {
    const land = landing(again);
    sessions.put(await api.patch(at, { webhook: { url: told.url } }));
    land();
    notify(t('webhook.again.done'));
  }, icon('retry'), t('webhook.again'));
  const question = { title: t('webhook.remove.sure'), text: t('webhook.remove.why'), action: t('webhook.remove') };
  const remove = confirming(scope, {}, question, async () => {
    sessions.put(await api.patch(at, { webhook: null }));
    notify(t('webhook.removed'));
  });
  const secret = async () => (await api.get(at, { signal: scope.signal })).webhook.secret;
  return [
    trouble(api, told),
    el('dl.facts.wide', {},
      el('div', {}, el('dt', {}, t('webhook.url')), el('dd', {}, el('span', { dir: 'ltr' }, told.url))),
      el('div', {}, el('dt', {}, t('webhook.events')), el('dd', {}, eventsOf(told))),
      may && el('div', {}, el('dt', {}, t('webhook.secret')),
        el('dd', {}, hidden({ label: t('webhook.secret'), read: secret }), el('p.soft', {}, t('webhook.secret.why'))))),
    may && el('div.actions.start', {},
      told.disabled_at && again,
      el('button', { type: 'button', onclick: ({ currentTarget }) => change(scope, context, id, told, currentTarget) }, t('webhook.change')),
      remove),
  ];
};

/** What is wrong, since when, and what happens next; nothing if nothing is. */
const trouble = (api, told) => {
  const failure = told.last_failure;
  if (told.disabled_at) {
    return el('div.warning.bad', { role: 'note' }, icon('alert'),
      el('p', {}, t('webhook.off.why', { when: moment(told.disabled_at) })));
  }
  if (!failing(told)) return null;
  const key = `webhook.failure.${failure.reason}`;
  const why = known(key) ? t(`webhook.failure.${failure.reason}`, { status: failure.status }) : failure.message;
  const tried = t('webhook.tries', { count: failure.attempts, when: moment(failure.at) });
  return el('div.warning.wait', { role: 'note' }, icon('alert'), el('p', {}, [why, tried, whatNext(api, failure)].join(' ')));
};

const whatNext = (api, { given_up: over, next_at: at }) => {
  if (over) return t('webhook.given-up');
  if (at && Date.parse(at) > api.now()) return t('webhook.next', { when: relative(at, api.now()) });
  return t('webhook.next.now');
};

const eventsOf = (told) => {
  const types = told.message_types ? ` ${t('webhook.events.types', { types: told.message_types.join(', ') })}` : '';
  if (!told.events || told.events.includes('*')) return `${t('webhook.events.all')}${types}`;
  const those = grouped(told.events);
  return those.groups.map((one) => t(`webhook.group.${one}`)).concat(those.others).join(', ') + types;
};

/** Which groups a list of types covers, and what is left of it. */
const grouped = (types) => {
  const covered = (one) => types.includes(one) || types.includes(`${one.split('.')[0]}.*`);
  const groups = Object.keys(GROUPS).filter((one) => GROUPS[one].every(covered));
  const named = new Set(groups.flatMap((one) => GROUPS[one]));
  if (groups.includes('received') && groups.includes('sent')) named.add('message.*');
  return { groups, others: types.filter((one) => !named.has(one)) };
};

/** Ask where to post, and what of; `opener` is the button that somebody did so with. */
const change = (scope, { api, sessions }, id, told, opener) => dialog(scope, {
  title: told ? t('webhook.change.title') : t('webhook.set'),
  body: (inside, close) => {
    const url = field({
      label: t('webhook.url'), name: 'webhook.url', hint: t('webhook.url.hint'),
      input: { type: 'url', inputmode: 'url', autocomplete: 'off', spellcheck: 'false', dir: 'ltr', required: true, value: told?.url ?? '' },
    });
    // In the words of another family of clients, its filter is for that family's calls to change.
    const foreign = told && told.format !== 'native';
    const events = foreign ? null : choiceOfEvents(told?.events ?? null);
    return form({
      before: [el('p', {}, t('webhook.lead'))],
      fields: events ? [url, events] : [url],
      action: told ? t('webhook.save') : t('webhook.set'),
      submit: async () => {
        const asked = { url: url.input.value.trim() };
        if (events) asked.events = events.chosen();
        if (asked.events?.length === 0) { events.wrong(t('webhook.events.none')); return; }
        const land = landing(opener);
        sessions.put(await api.patch(`v1/sessions/${segment(id)}`, { webhook: asked }, { signal: inside.signal }));
        close();
        land();
        notify(t('webhook.saved'));
      },
      more: [el('button', { type: 'button', onclick: () => close() }, t('dialog.cancel'))],
    });
  },
});

/** Everything, or some of it; what the page has no words for stays as it is called. `chosen()` is null for everything. */
const choiceOfEvents = (events) => {
  const everything = !events || events.includes('*');
  const had = everything ? { groups: Object.keys(GROUPS), others: [] } : grouped(events);
  const name = unique('events-');
  const radio = (checked, label) => {
    const input = el('input', { type: 'radio', name, checked, onchange: () => { some.hidden = all.checked; } });
    return { input, root: el('label.option', {}, input, el('span', {}, label)) };
  };
  const box = (checked, label, types) => {
    const input = el('input', { type: 'checkbox', checked });
    return { input, types, root: el('label.option', {}, input, el('span', {}, label)) };
  };
  const { input: all, root: allRoot } = radio(everything, t('webhook.events.all'));
  const { input: few, root: fewRoot } = radio(!everything, t('webhook.events.some'));
  const boxes = [
    ...Object.entries(GROUPS).map(([group, types]) => box(had.groups.includes(group), t(`webhook.group.${group}`), types)),
    ...had.others.map((one) => box(true, one, [one])),
  ];
  const some = el('div.options.within', { hidden: everything }, boxes.map((one) => one.root));
  const fault = el('span.fault', { role: 'alert' });
  const root = el('fieldset.options', { onchange: () => say(fault, '') }, el('legend', {}, t('webhook.events')), allRoot, fewRoot, some, fault);
  return {
    root,
    input: few,
    name: 'webhook.events',
    wrong: (text) => say(fault, text),
    chosen: () => (all.checked ? null : boxes.filter((one) => one.input.checked).flatMap((one) => one.types)),
  };
};

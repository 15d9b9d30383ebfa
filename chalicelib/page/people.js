// The people of a company: who may sign in, and what each may do.

import { dialog } from './dialog.js';
import { el, icon, replace, say } from './dom.js';
import { confirming, entries } from './entries.js';
import { choice, field, form } from './form.js';
import { notify } from './notice.js';
import { givenPassword } from './secret.js';
import { day, t } from './words.js';

const ROLES = ['admin', 'member', 'read_only'];

/** The part of the view that is for administrators. */
export const people = (scope, context) => {
  const { api } = context;
  const shown = entries(scope, {
    label: t('people.title'),
    empty: t('people.empty'),
    read: () => all(api, scope),
    keyOf: (one) => one.id,
    make: (one) => row(scope, context, one, shown.load),
    update: (made, one) => made.update(one),
    words: (one) => `${one.username} ${t(`role.${one.role}`)}`,
  });
  shown.load();
  const add = el('button.primary', {
    type: 'button', onclick: async () => { if (await invite(scope, context)) await shown.load(); },
  }, icon('add'), t('people.add'));
  return el('section.card', { 'aria-labelledby': 'people-head' },
    el('div.card-head', {}, el('h2', { id: 'people-head' }, t('people.title')), add),
    el('p.soft', {}, t('people.lead')),
    shown.root);
};

const all = async (api, scope) => {
  const found = [];
  let after = null;
  do {
    const { data } = await api.get(`api/admin/users?limit=100${after ? `&after=${encodeURIComponent(after)}` : ''}`, { signal: scope.signal });
    found.push(...data.users);
    after = data.next_cursor;
  } while (after);
  return found;
};

const path = (name) => `api/admin/users/${encodeURIComponent(name)}`;

const row = (scope, context, person, load) => {
  const { api, me } = context;
  const own = person.username === me.name;
  let stands = person;
  const tags = el('div.tags');
  const change = el('button', {
    type: 'button', 'aria-label': `${t('people.change')}: ${person.username}`,
    onclick: async () => { if (await edit(scope, context, stands)) await load(); },
  }, t('people.change'));
  const password = el('button', {
    type: 'button', 'aria-label': `${t('people.password')}: ${person.username}`, onclick: () => givePassword(scope, api, person.username),
  }, t('people.password'));
  const question = { title: t('people.remove.sure', { name: person.username }), text: t('people.remove.why'), action: t('people.remove') };
  const remove = confirming(scope, { 'aria-label': `${t('people.remove')}: ${person.username}` }, question, async () => {
    await api.delete(path(person.username));
    notify(t('people.removed', { name: person.username }));
    await load();
  });
  const made = el('li.entry', {},
    el('div.entry-body', {}, el('h3', { dir: 'auto' }, person.username), tags, el('p.soft', {}, t('people.since', { day: day(person.created_at) }))),
    el('div.entry-acts', {}, change, !own && password, !own && remove));
  const update = (now) => {
    stands = now;
    replace(tags, el('span.tag', {}, t(`role.${now.role}`)),
      own && el('span.tag.good', {}, t('people.you')),
      !now.is_active && el('span.tag.bad', {}, t('people.disabled')));
  };
  return Object.assign(made, { update });
};

const roleField = (value) => {
  const made = field({
    label: t('people.role'), name: 'role', hint: t(`role.why.${value}`),
    input: choice(ROLES.map((one) => [one, t(`role.${one}`)]), value, {
      onchange: ({ target }) => say(made.root.querySelector('.hint'), t(`role.why.${target.value}`)),
    }),
  });
  return made;
};

const invite = (scope, { api }) => dialog(scope, {
  title: t('people.add'),
  classes: 'narrow',
  body: (inside, close) => {
    const name = field({
      label: t('signin.name'), name: 'username', hint: t('people.name.hint'),
      input: { autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', maxlength: '64', dir: 'ltr', required: true },
    });
    const role = roleField('member');
    const password = givenPassword({ label: t('signin.password'), name: 'password', hint: t('people.password.hint') });
    return form({
      fields: [name, role, password],
      action: t('people.add.action'),
      submit: async () => {
        const asked = { username: name.input.value.trim(), password: password.input.value, role: role.input.value };
        await api.post('api/auth/register', asked, { signal: inside.signal });
        close(true);
        notify(t('people.added', { name: asked.username }));
      },
      more: [el('button', { type: 'button', onclick: () => close() }, t('dialog.cancel'))],
    });
  },
});

/** Change somebody's role, and whether they may sign in. Resolves to whether something was changed. */
const edit = (scope, { api, me, again }, person) => dialog(scope, {
  title: t('people.change.of', { name: person.username }),
  classes: 'narrow',
  body: (inside, close) => {
    const own = person.username === me.name;
    const role = roleField(person.role);
    const active = el('input', { type: 'checkbox', checked: person.is_active });
    const access = {
      root: el('label.option', {}, active, el('span', {}, t('people.active'), el('small', {}, t('people.active.why')))),
      input: active, name: 'disabled', wrong: () => {},
    };
    return form({
      fields: own ? [role] : [role, access],
      before: own ? [el('p', {}, t('people.own'))] : [],
      action: t('people.save'),
      submit: async () => {
        const asked = {};
        if (role.input.value !== person.role) asked.role = role.input.value;
        if (active.checked !== person.is_active) asked.disabled = !active.checked;
        if (!Object.keys(asked).length) { close(false); return; }
        await api.patch(path(person.username), asked, { signal: inside.signal });
        close(true);
        // What one may do oneself is another thing now.
        if (own) again();
        notify(t('people.changed', { name: person.username }));
      },
      more: [el('button', { type: 'button', onclick: () => close() }, t('dialog.cancel'))],
    });
  },
});

const givePassword = (scope, api, name) => dialog(scope, {
  title: t('people.password.of', { name }),
  classes: 'narrow',
  body: (inside, close) => {
    const password = givenPassword({ label: t('account.password.new'), name: 'password', hint: t('people.password.hint') });
    return form({
      before: [el('p', {}, t('people.password.why'))],
      fields: [password],
      action: t('people.password.action'),
      submit: async () => {
        await api.patch(path(name), { password: password.input.value }, { signal: inside.signal });
        close();
        notify(t('people.password.done', { name }));
      },
      more: [el('button', { type: 'button', onclick: () => close() }, t('dialog.cancel'))],
    });
  },
});

// One's own account: who one is, the password, signing out.

import { dialog } from './dialog.js';
import { el, icon } from './dom.js';
import { acting, form } from './form.js';
import { may } from './keys.js';
import { notify } from './notice.js';
import { passwordField } from './secret.js';
import { t } from './words.js';

/** The part of the view that is about the caller; somebody with an API key has no password to change. */
export const account = (scope, context) => {
  const { me, signOut } = context;
  const own = me.permissions.includes('account:own');
  return el('section.card', { 'aria-labelledby': 'account-head' },
    el('div.card-head', {}, el('h2', { id: 'account-head' }, t('account.title'))),
    el('dl.facts', {},
      me.key ? fact(t('account.key'), me.key) : fact(t('account.name'), me.name),
      fact(t('account.role'), me.key ? may(me.role) : t(`role.${me.role}`)),
      fact(t('account.tenant'), me.tenant),
      me.session && fact(t('account.session'), me.session)),
    !own && el('p.soft', {}, t('account.bykey')),
    el('div.actions.start', {},
      own && el('button', { type: 'button', onclick: () => changePassword(scope, context) }, icon('key'), t('account.password.change')),
      acting('button', {}, signOut, icon('back'), t('account.signout'))));
};

const fact = (name, value) => el('div', {}, el('dt', {}, name), el('dd', { dir: 'auto' }, value));

const changePassword = (scope, { api, renew }) => dialog(scope, {
  title: t('account.password.change'),
  classes: 'narrow',
  body: (inside, close) => {
    const before = passwordField({ label: t('account.password.old'), name: 'old_password', autocomplete: 'current-password' });
    const after = passwordField({
      label: t('account.password.new'), name: 'new_password', hint: t('password.rule'), autocomplete: 'new-password',
    });
    return form({
      before: [el('p', {}, t('account.password.why'))],
      fields: [before, after],
      action: t('account.password.change'),
      submit: async () => {
        await renew(async () => {
          const asked = { old_password: before.input.value, new_password: after.input.value };
          const { data } = await api.post('api/auth/change-password', asked, { signal: inside.signal });
          return data.token;
        });
        close();
        notify(t('account.password.done'));
      },
      more: [el('button', { type: 'button', onclick: () => close() }, t('dialog.cancel'))],
    });
  },
});

// Signing in: with name and password, or with an API key.

import { Api, UNREACHED } from './api.js';
import { el } from './dom.js';
import { field, form } from './form.js';
import { t } from './words.js';

export const view = (scope, { api, place, signIn }) => {
  const card = el('section.card.narrow.signin');
  const show = (way) => card.replaceChildren(...way(scope, { api, place, signIn, turn: () => show(way === byPassword ? byKey : byPassword) }));
  show(byPassword);
  return { title: t('signin.title'), root: card };
};

const byPassword = (scope, { api, place, signIn, turn }) => {
  // Those of a stack for trying, which everybody knows.
  const given = place.credentials;
  const name = field({ label: t('signin.name'), name: 'username', input: { autocomplete: 'username', autocapitalize: 'none', spellcheck: 'false', dir: 'ltr', required: true, value: given?.username } });
  const password = field({ label: t('signin.password'), name: 'password', input: { type: 'password', autocomplete: 'current-password', dir: 'ltr', required: true, value: given?.password } });
  return [
    el('h1', {}, t('signin.title')),
    el('p.lead', {}, given ? t('signin.local') : t('signin.lead')),
    form({
      fields: [name, password],
      action: t('signin.action'),
      submit: async () => {
        const asked = { username: name.input.value.trim(), password: password.input.value };
        try {
          const { data } = await api.post('api/auth/login', asked, { signal: scope.signal });
          signIn(data.token);
        } catch (error) {
          if (error.code === 'FORBIDDEN') error.message = t('signin.disabled');
          throw error;
        }
      },
      more: [el('button.quiet', { type: 'button', onclick: turn }, t('signin.bykey'))],
    }),
  ];
};

const byKey = (scope, { signIn, turn }) => {
  const key = field({ label: t('signin.key'), name: 'key', hint: t('signin.key.hint'), input: { type: 'password', autocomplete: 'off', spellcheck: 'false', dir: 'ltr', required: true } });
  return [
    el('h1', {}, t('signin.title')),
    form({
      fields: [key],
      action: t('signin.action'),
      submit: async () => {
        const given = key.input.value.trim();
        try {
          await new Api(given).get('v1/me', { signal: scope.signal });
        } catch (error) {
          if (error.name !== 'ApiError' || error.code === UNREACHED) throw error;
          key.wrong(error.message);
          return;
        }
        signIn(given);
      },
      more: [el('button.quiet', { type: 'button', onclick: turn }, t('signin.bypassword'))],
    }),
  ];
};

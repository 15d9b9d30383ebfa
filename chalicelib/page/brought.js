// The page that WhatsApp's own page comes back to, with the passkey's answer in the address's fragment; it links by itself too.

import { Api, segment, UNREACHED } from './api.js';
import { el, icon, replace } from './dom.js';
import { field, form } from './form.js';
import { linkingBody, linkSource } from './linking.js';
import { Live } from './live.js';
import { notices } from './notice.js';
import { bringing } from './passkey.js';
import { Scope } from './scope.js';
import { called } from './standing.js';
import { preferred, speak, t } from './words.js';

// No server is sent a fragment; it goes from the address at once.
const fragment = location.hash.slice(1);
if (fragment) history.replaceState(null, '', location.pathname);

const begin = async () => {
  const theme = localStorage.getItem('switchboard.theme');
  if (theme && theme !== 'system') document.documentElement.dataset.theme = theme;
  await speak(preferred());
  document.title = `${t('brought.title')} · Switchboard`;
  const scope = new Scope();
  const main = el('main', { id: 'main' });
  replace(document.body,
    el('header.bar', {}, el('a.brand', { href: './' }, el('span.mark', {}, icon('chat')), el('span', {}, 'Switchboard'))),
    main, notices(scope));
  let assertion = null;
  let unread = false;
  try { assertion = fragment && JSON.parse(atob(fragment)); } catch { unread = true; }
  const card = el('section.card');
  replace(main, card);
  const lead = unread ? t('brought.unread') : assertion ? t('brought.signed') : t('brought.lead');
  replace(card, el('h1', {}, t('brought.title')), el('p.lead', { role: 'status' }, lead), asking(scope, card));
  if (assertion) bringing(scope, assertion, () => done(scope, card));
};

const done = (scope, card) => {
  // Once this tab has gone on by itself, there is nothing to close.
  if (card.querySelector('.linking')) return;
  replace(card, el('h1', {}, t('brought.title')), el('p', { role: 'status' }, t('brought.done')));
};

const asking = (scope, card) => {
  const name = field({ label: t('brought.session'), name: 'id', input: { autocomplete: 'off', spellcheck: 'false', dir: 'ltr' } });
  const key = field({ label: t('brought.key'), name: 'key', hint: t('brought.key.hint'), input: { type: 'password', autocomplete: 'off', spellcheck: 'false' } });
  return form({
    fields: [name, key],
    action: t('brought.show'),
    submit: async () => {
      const id = name.input.value.trim();
      const api = new Api(key.input.value.trim());
      let session;
      try {
        session = await api.get(`v1/sessions/${segment(id)}`, { signal: scope.signal });
      } catch (error) {
        if (error.name !== 'ApiError' || error.code === UNREACHED) throw error;
        const at = error.status === 401 ? key : name;
        at.wrong(error.message);
        at.input.focus();
        return;
      }
      const live = new Live(scope, api, { session: id });
      const source = linkSource(scope, { api, live, id, session });
      replace(card, el('h1', { dir: 'auto' }, t('linking.title', { name: called(session) })), linkingBody(scope, source).root);
    },
  });
};

begin();

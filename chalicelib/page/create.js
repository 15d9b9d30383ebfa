// Making a session: a name, and perhaps whose phone it is for.

import { idempotencyKey } from './api.js';
import { dialog } from './dialog.js';
import { el } from './dom.js';
import { field, form, phoneField } from './form.js';
import { notify } from './notice.js';
import { address, go } from './router.js';
import { called } from './standing.js';
import { t } from './words.js';

/** Ask what the new session is to be like, make it, and go to its page. */
export const create = (scope, { api, sessions }) => dialog(scope, {
  title: t('create.title'),
  body: (inside, close) => {
    const name = field({ label: t('create.name'), name: 'name', hint: t('create.name.hint'), input: { required: true, maxlength: '100', dir: 'auto', autocomplete: 'off' } });
    const phone = phoneField({ label: t('create.phone'), name: 'phone', hint: t('create.phone.hint') });
    const only = el('input', { type: 'checkbox', checked: true });
    const match = el('label.tick', { hidden: true }, only, el('span', {}, t('create.match')));
    const id = field({
      label: t('create.id'), name: 'id', hint: t('create.id.hint'),
      input: { maxlength: '64', autocomplete: 'off', spellcheck: 'false', autocapitalize: 'none', dir: 'ltr' },
    });
    const start = el('input', { type: 'checkbox', checked: true });
    const further = el('details.further', {}, el('summary', {}, t('create.further')),
      el('div', {}, id.root, el('label.tick', {}, start, el('span', {}, t('create.start')))));
    // One key for one form: who presses again after a broken answer gets the session that was made.
    const key = idempotencyKey();
    const submit = async () => {
      if (!name.input.value.trim()) { name.wrong(t('create.name.missing')); name.input.focus(); return; }
      const number = phone.international();
      const asked = {
        name: name.input.value.trim(),
        start: start.checked,
        ...(number ? { phone: number, require_phone_match: only.checked } : {}),
        ...(id.input.value.trim() ? { id: id.input.value.trim() } : {}),
      };
      const made = await api.post('v1/sessions', asked, { key: `${key}-${digest(asked)}`, signal: inside.signal });
      close();
      sessions.put(made);
      notify(t('create.made', { name: called(made) }));
      go(address('sessions', made.id));
    };
    return form({
      fields: [
        name,
        { ...phone, root: el('div.field', { oninput: () => { match.hidden = !phone.international(); } }, phone.root, match) },
        { ...id, root: further, wrong: (text) => { further.open ||= Boolean(text); id.wrong(text); } },
      ],
      before: [el('p.soft', {}, t('create.lead'))],
      action: t('create.action'),
      submit,
      more: [el('button', { type: 'button', onclick: () => close() }, t('dialog.cancel'))],
    });
  },
});

// A changed form is another request, which the same key would be refused for.
const digest = (asked) => [...JSON.stringify(asked)].reduce((sum, one) => (sum * 31 + one.codePointAt(0)) % 0x7fffffff, 7).toString(36);

// Linking by a code that is typed on the phone, in the place of one that is scanned.

import { segment } from './api.js';
import { countdown } from './code.js';
import { copy, el, icon, replace, say } from './dom.js';
import { acting, form, phoneField } from './form.js';
import { notify, warn } from './notice.js';
import { phoneSteps } from './steps.js';
import { t } from './words.js';

/** Seconds for which a code is good. */
const LASTS = 180;
/** How often the gateway is asked anew where the linking hasn't begun yet; each time it waits for that by itself. */
const TRIES = 4;

/** A field for the phone's number, then the code to type there. `source` is what `linkSource` makes. */
export const pairing = (scope, source) => {
  const { api, pairingCode, session } = source;
  const root = el('div.pairing');

  const ask = async (typed) => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await api.post(`v1/sessions/${segment(source.id)}/pairing-code`, typed, { signal: scope.signal });
      } catch (error) {
        if (error.code !== 'QR_NOT_READY' || tries === TRIES) throw error;
        await scope.pause((error.retryAfter ?? 2) * 1000);
      }
    }
  };

  const asking = () => {
    const phone = phoneField({
      label: t('pairing.phone'), name: 'phone', hint: t('pairing.phone.hint'), required: true,
      number: session.value?.phone ?? session.value?.account?.phone ?? null,
    });
    return form({
      fields: [phone],
      action: t('pairing.ask'),
      submit: async () => {
        const typed = phone.typed();
        if (!typed.phone) { phone.wrong(t('pairing.phone.empty')); phone.input.focus(); return; }
        pairingCode.set(await ask(typed));
        root.querySelector('.letters')?.focus();
      },
    });
  };

  const shown = (inside, given) => {
    const ring = countdown();
    const letters = el('output.letters', { dir: 'ltr', tabindex: '-1' }, given.code);
    const dead = el('p.code-dead', { role: 'status' });
    const copied = acting('button', {}, async () => {
      if (await copy(given.code)) notify(t('pairing.copied'));
      else warn(t('pairing.not_copied'));
    }, icon('copy'), t('pairing.copy'));
    const box = el('div.typed', {}, letters, ring.root);
    const tick = () => {
      const left = Math.ceil((Date.parse(given.expires_at) - api.now()) / 1000);
      box.classList.toggle('outdated', left <= 0);
      copied.hidden = left <= 0;
      say(dead, left <= 0 ? t('pairing.ended') : '');
      ring.show(Math.max(0, left), LASTS);
    };
    inside.every(250, tick);
    tick();
    return [
      el('p', {}, t('pairing.for', { phone: given.phone ?? '' })), box, dead,
      phoneSteps(inside, 'pairing'),
      el('div.actions', {}, el('button.quiet', { type: 'button', onclick: () => { unwanted = given.code; show(given); root.querySelector('input')?.focus(); } }, t('pairing.another')), copied),
    ];
  };

  let inside = scope.child();
  let unwanted = null;
  let before;
  const show = (given) => {
    const now = given && given.code !== unwanted ? given : null;
    // The form stays as it is while somebody types in it.
    if (now === before) return;
    before = now;
    inside.end();
    inside = scope.child();
    replace(root, now ? shown(inside, now) : asking());
  };
  pairingCode.watch(scope, show);
  return root;
};

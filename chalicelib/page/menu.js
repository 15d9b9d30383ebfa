// A small panel of choices, beside the button that opens it.

import { el, fill, icon } from './dom.js';
import { failed } from './notice.js';

/**
 * A button that opens a panel of choices; Escape closes it, as does a press or the focus elsewhere.
 *
 * `offered()` is asked each time: `[{words, picture, act, danger}]`; `act` is an async function, or a link's address.
 */
export const choices = (scope, { label, picture = 'more' }, offered) => {
  let inside = null;
  const button = el('button.icon-button', {
    type: 'button', 'aria-label': label, 'aria-expanded': 'false',
    onclick: () => { if (inside) inside.end(); else open(); },
  }, icon(picture));
  const made = el('div.menu', {
    onkeydown: (event) => { if (event.key === 'Escape' && inside) { event.stopPropagation(); button.focus(); inside.end(); } },
    onfocusout: ({ relatedTarget }) => { if (relatedTarget && !made.contains(relatedTarget)) inside?.end(); },
  }, button);

  const open = () => {
    inside = scope.child();
    const here = inside;
    const panel = el('div.menu-panel', { onkeydown: (event) => step(panel, event) }, offered().map((one) => item(one)));
    button.setAttribute('aria-expanded', 'true');
    fill(made, panel);
    here.add(() => { panel.remove(); button.setAttribute('aria-expanded', 'false'); inside = null; });
    here.on(document, 'pointerdown', ({ target }) => { if (!made.contains(target)) here.end(); });
    const { bottom, top, height } = panel.getBoundingClientRect();
    panel.toggleAttribute('data-above', bottom > innerHeight && top > height + 64);
    panel.firstElementChild?.focus();
  };

  const item = ({ words, picture: shown, act, danger = false }) => {
    const inner = [icon(shown), words];
    if (typeof act === 'string') return el('a.button.menu-item', { href: act }, inner);
    return el(`button.menu-item${danger ? '.danger' : ''}`, {
      type: 'button',
      onclick: () => { button.focus(); inside?.end(); act().catch(failed); },
    }, inner);
  };
  return made;
};

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

const step = (panel, event) => {
  const items = [...panel.children];
  const at = items.indexOf(document.activeElement) + (STEPS[event.key] || 0);
  const to = { Home: items[0], End: items.at(-1) }[event.key] || (event.key in STEPS ? items.at(at % items.length) : null);
  if (!to) return;
  event.preventDefault();
  to.focus();
};

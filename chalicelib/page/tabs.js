// Tabs: one panel at a time, chosen by pointer or by the arrow keys.

import { el, unique } from './dom.js';

/**
 * Tabs of `[{name, label, panel}]`, `panel` an element. Returns `{root, select(name), offer(name, on)}`: a tab that isn't
 * offered is hidden. `label` names the whole to screen readers, `chosen(name)` is told of every choice.
 */
export const tabs = ({ label, entries, chosen = () => {} }) => {
  const made = entries.map(({ name, label: words, panel }) => {
    const id = unique('tab-');
    const button = el('button.tab', {
      type: 'button', role: 'tab', id, 'aria-controls': `${id}-panel`, onclick: () => select(name),
    }, words);
    const around = el('div.tab-panel', { role: 'tabpanel', id: `${id}-panel`, 'aria-labelledby': id }, panel);
    return { name, button, around };
  });
  const list = el('div.tabs', {
    role: 'tablist', 'aria-label': label,
    onkeydown: (event) => {
      const offered = made.filter(({ button }) => !button.hidden);
      const at = offered.findIndex(({ button }) => button === document.activeElement);
      const forward = document.documentElement.dir === 'rtl' ? 'ArrowLeft' : 'ArrowRight';
      const step = { [forward]: 1, [forward === 'ArrowLeft' ? 'ArrowRight' : 'ArrowLeft']: -1 }[event.key];
      const to = { Home: 0, End: offered.length - 1 }[event.key] ?? (step && (at + step + offered.length) % offered.length);
      if (at < 0 || to === undefined) return;
      event.preventDefault();
      select(offered[to].name);
      offered[to].button.focus();
    },
  }, made.map(({ button }) => button));
  const select = (name) => {
    for (const one of made) {
      const on = one.name === name;
      one.button.setAttribute('aria-selected', String(on));
      one.button.tabIndex = on ? 0 : -1;
      one.around.hidden = !on;
    }
    chosen(name);
  };
  const offer = (name, on) => { made.find((one) => one.name === name).button.hidden = !on; };
  const root = el('div.tabbed', {}, list, made.map(({ around }) => around));
  return { root, select, offer };
};

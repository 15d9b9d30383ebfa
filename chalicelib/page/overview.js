// The list of sessions.

import { el, keyed, say } from './dom.js';
import { address } from './router.js';
import { t } from './words.js';

export const view = (scope, { sessions }) => {
  const list = el('ul.rows');
  const root = el('section', {}, el('h1', {}, t('sessions.title')), list);
  sessions.all.watch(scope, (all) => keyed(list, [...all.values()], (one) => one.id,
    (one) => el('li', {}, el('a', { href: address('sessions', one.id), dir: 'auto' }), el('span.status')),
    (row, one) => { say(row.children[0], one.name || one.id); say(row.children[1], t(`status.${one.status}`)); }));
  sessions.load();
  return { title: t('sessions.title'), root };
};

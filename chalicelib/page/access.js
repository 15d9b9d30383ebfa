// Keys and people: what programs call with, who may sign in, and one's own account.

import { account } from './account.js';
import { el } from './dom.js';
import { keys } from './keys.js';
import { people } from './people.js';
import { t } from './words.js';

/** What the caller may see of it: an API key manages neither keys nor people. */
export const view = (scope, context) => {
  const may = (permission) => context.me.permissions.includes(permission);
  const root = el('div.parts', {}, el('h1', {}, t('access.title')),
    may('account:own') && keys(scope, context),
    may('users:manage') && people(scope, context),
    account(scope, context));
  return { title: t('access.title'), root };
};

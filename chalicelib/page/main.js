// The page from its beginning: the reader's language and theme, who is signed in, and which view shows.

import { Api } from './api.js';
import { el, fill, icon, replace } from './dom.js';
import { choice } from './form.js';
import { Live } from './live.js';
import { failed, notices, notify } from './notice.js';
import { address, go, match, segments } from './router.js';
import { Scope } from './scope.js';
import { Sessions } from './sessions.js';
import { LANGUAGES, preferred, speak, spoken, t } from './words.js';

/** Where the credential lies that somebody signed in with: this tab, until it is closed. */
const TOKEN = 'switchboard.token';
const THEME = 'switchboard.theme';
/** The first segment of a one-time link's address. */
const LINK = 'link';

const chat = () => import('./chat.js');

/**
 * The views, each a module whose `view(scope, context, parameters)` returns `{title, root}`: an element, and what the
 * browser's tab says. `context` is `{api, live, sessions, me, place}`: the caller's calls, the connection, the sessions
 * as far as they are known, what `GET /v1/me` tells of the caller, and what is special where the page is served. It has
 * `signOut()`, `renew(act)` for what ends the present token and resolves to another, and `again()` for what changes the
 * caller's rights; `elsewhere` has the ids of sessions whose phone somebody else holds, who was sent a link, and `kept` what
 * somebody began, by names of the views' own. A view may also return `update(parameters)`, for another address of its
 * module: false if it has to be made anew for that.
 */
const ROUTES = [
  { path: 'access', load: () => import('./access.js') },
  { path: 'sessions', load: () => import('./overview.js') },
  { path: 'sessions/:id/chat', load: chat },
  { path: 'sessions/:id/chat/:chat', load: chat },
  { path: 'sessions/:id', load: () => import('./session.js') },
];
const HOME = address('sessions');

const page = new Scope();
let place = {};

const begin = async () => {
  applyTheme(localStorage.getItem(THEME) || 'system');
  const special = fetch(new URL('place.json', import.meta.url));
  await speak(preferred());
  place = await (await special).json();
  mount();
};

/** What somebody has begun in this tab, by where: words in a chat, what is looked for in the list; until they sign out. */
const kept = new Map();

let mounted = null;

/** Show the page anew: as it begins, and after another language was chosen, or somebody signed in or out. */
const mount = () => {
  mounted?.end();
  mounted = page.child();
  const main = el('main', { id: 'main', tabindex: '-1' });
  const stage = el('div.stage');
  replace(document.body, el('a.skip', { href: '#main', onclick: (event) => { event.preventDefault(); main.focus(); } }, t('page.skip')),
    stage, notices(mounted));
  const token = sessionStorage.getItem(TOKEN);
  if (!token) kept.clear();
  if (segments(location.hash)[0] === LINK) held(mounted, stage, main);
  else if (token) signedIn(mounted, stage, main, token);
  else signedOut(mounted, stage, main);
};

/** What a one-time link opens, whoever is signed in; the link's secret goes from the address at once. */
const held = async (scope, stage, main) => {
  const [, secret = null] = segments(location.hash);
  history.replaceState(null, '', address(LINK));
  scope.on(window, 'hashchange', mount);
  replace(stage, el('header.bar', {}, brand(), el('div.bar-end', {}, settings(scope))), main);
  const { holder } = await import('./holder.js');
  if (!scope.ended) await holder(scope, { secret, show: (step) => show(main, step, { focus: true }), again: mount });
  phone(scope, { place });
};

/** Put a virtual phone beside the page where there are such: the local stack, which has its modules beside the page's. */
const phone = async (scope, context) => {
  if (!place.phones || scope.ended) return;
  const { phoneBeside } = await import(new URL('phone.js', import.meta.url).href);
  if (!scope.ended) phoneBeside(scope, context);
};

const signIn = (token) => { sessionStorage.setItem(TOKEN, token); mount(); };

const signOut = async (api) => {
  // What is under way would be refused once the token has ended.
  mounted.end();
  let wrong = null;
  // The token ends on the gateway too; a key is its owner's to revoke.
  if (!api.token.startsWith('sb_')) await api.post('api/auth/logout').catch((error) => { wrong = error; });
  sessionStorage.removeItem(TOKEN);
  go('#/', { instead: true });
  mount();
  if (wrong) failed(wrong);
};

/** Go on with the token that `act` resolves to; that the gateway refuses the old one meanwhile signs nobody out. */
const renew = async (api, act) => {
  const { ended } = api;
  api.ended = () => {};
  try {
    api.token = await act();
    sessionStorage.setItem(TOKEN, api.token);
  } finally {
    api.ended = ended;
  }
};

const signedOut = async (scope, stage, main) => {
  replace(stage, el('header.bar', {}, brand(), el('div.bar-end', {}, settings(scope))), main);
  const { view } = await import('./signin.js');
  if (scope.ended) return;
  show(main, view(scope, { api: new Api(null), place, signIn }));
};

const signedIn = async (scope, stage, main, token) => {
  const api = new Api(token, () => {
    if (scope.ended) return;
    sessionStorage.removeItem(TOKEN);
    mount();
    notify(t('signin.ended'));
  });
  // The view comes while it is asked who that is.
  const parts = segments(location.hash);
  match(ROUTES, parts.length ? parts : segments(HOME))?.route.load();
  let me;
  try {
    me = await api.get('v1/me', { signal: scope.signal });
  } catch (error) {
    if (error.name !== 'AbortError' && error.status !== 401) unreached(scope, stage, main, error);
    return;
  }
  const live = new Live(scope, api, { session: me.session });
  const sessions = new Sessions(scope, api, live, { session: me.session });
  const context = {
    api, live, sessions, me, place, kept,
    signOut: () => signOut(api),
    renew: (act) => renew(api, act),
    again: mount,
    elsewhere: new Set(),
    linkThenSend: async (...refused) => (await import('./linking.js')).linkThenSend(...refused),
  };
  replace(stage, el('header.bar', {}, brand(), navigation(me), el('div.bar-end', {}, settings(scope), account(scope, me, api))),
    connection(scope, live), main);
  follow(scope, main, context);
  // Whatever shows: a session that comes to need somebody is told of everywhere.
  sessions.load();
  const { openWhenNeeded } = await import('./linking.js');
  openWhenNeeded(scope, context);
  phone(scope, context);
};

const unreached = (scope, stage, main, error) => {
  replace(stage, el('header.bar', {}, brand(), el('div.bar-end', {}, settings(scope))), main);
  const root = el('section.card.narrow', {}, el('h1', {}, t('page.unreached')), el('p', {}, error.message),
    el('div.actions', {}, el('button.primary', { type: 'button', onclick: mount }, icon('retry'), t('page.again'))));
  show(main, { title: t('page.unreached'), root });
};

/** Show the view that the address names, now and whenever it changes. */
const follow = (scope, main, context) => {
  let shown = scope.child();
  let now = null;
  const turn = async () => {
    const parts = segments(location.hash);
    if (parts[0] === LINK) { mount(); return; }
    const found = match(ROUTES, parts);
    if (now && found?.route.load === now.load && now.update?.(found.parameters)) return;
    now = null;
    shown.end();
    shown = scope.child();
    const here = shown;
    if (!parts.length) { go(HOME, { instead: true }); return; }
    for (const link of document.querySelectorAll('nav a')) {
      link.toggleAttribute('data-here', link.hash.startsWith(`#/${parts[0]}`));
    }
    if (!found) { show(main, nowhere()); return; }
    const { view } = await found.route.load();
    // Somebody may have gone on meanwhile.
    if (here.ended) return;
    const made = view(here, context, found.parameters);
    now = { load: found.route.load, update: made.update };
    show(main, made, { focus: true });
  };
  scope.on(window, 'hashchange', turn);
  turn();
};

const nowhere = () => ({
  title: t('page.nowhere'),
  root: el('section.card.narrow', {}, el('h1', {}, t('page.nowhere')), el('p', {}, t('page.nowhere.why')),
    el('div.actions', {}, el('a.button.primary', { href: HOME }, t('page.home')))),
});

let first = true;

const show = (main, { title, root }, { focus = false } = {}) => {
  document.title = `${title} · Switchboard`;
  replace(main, root);
  // A reader of the screen is taken to the new view; at the very beginning the browser does that. Whoever is at a menu of
  // the bar, as after choosing a language, stays there.
  if (focus && !first && !document.activeElement?.closest('.bar .menu')) {
    const head = root.querySelector('h1') || main;
    head.setAttribute('tabindex', '-1');
    head.focus();
  }
  first = false;
};

const brand = () => el('a.brand', { href: HOME, 'aria-label': 'Switchboard' }, el('span.mark', {}, icon('chat')), el('span.brand-name', {}, 'Switchboard'));

const navigation = (me) => {
  const links = el('ul', {},
    el('li', {}, el('a', { href: HOME }, icon('phone'), t('nav.sessions'))),
    me.permissions.includes('account:own') && el('li', {}, el('a', { href: address('access') }, icon('key'), t('nav.access'))),
    el('li', {}, el('a', { href: 'docs' }, icon('code'), t('nav.reference'))));
  return el('nav.main-nav', { 'aria-label': t('nav.label') }, links);
};

/** Say that there is no connection, and what the page does meanwhile; nothing while there is one. */
const connection = (scope, live) => {
  const shown = el('div.offline', { role: 'status' });
  live.status.watch(scope, (status) => {
    shown.toggleAttribute('data-on', status === 'polling');
    replace(shown, status === 'polling' && el('p', {}, icon('alert'), t('live.polling')));
  });
  return shown;
};

const account = (scope, me, api) => menu(scope, { label: t('account.of', { name: me.name }), picture: 'people' }, () => [
  el('p.menu-head', {}, el('bdi', {}, me.name), el('small', {}, t(`role.${me.role}`))),
  el('button.menu-item', { type: 'button', onclick: () => signOut(api) }, icon('back'), t('account.signout')),
]);

// Whether somebody goes through the languages by the keyboard, where each key is the next one: the page is made anew around it.
let choosing = false;

const settings = (scope) => {
  const begun = choosing;
  choosing = false;
  return menu(scope, { label: t('settings.label'), picture: 'globe', begun }, () => [
    el('label.menu-field', {}, el('span', {}, t('settings.language')), choice(Object.entries(LANGUAGES), spoken(), {
      onchange: async ({ target }) => {
        choosing = target.matches(':focus-visible');
        await speak(target.value, { keep: true });
        mount();
      },
    })),
    el('label.menu-field', {}, el('span', {}, t('settings.theme')), choice(
      ['system', 'light', 'dark'].map((one) => [one, t(`settings.theme.${one}`)]), document.documentElement.dataset.theme || 'system',
      { onchange: ({ target }) => { localStorage.setItem(THEME, target.value); applyTheme(target.value); } },
    )),
  ]);
};

/**
 * A button that opens a small panel, which Escape closes, and a press or the focus elsewhere. With `begun` it is open, with
 * the focus on its first choice.
 */
const menu = (scope, { label, picture, begun = false }, items) => {
  const button = el('summary.icon-button', { 'aria-label': label, title: label }, icon(picture));
  const panel = el('div.menu-panel');
  const made = el('details.menu', {
    open: begun,
    ontoggle: () => {
      if (!made.open) return;
      replace(panel, ...items());
      if (begun) panel.querySelector('select').focus();
      begun = false;
    },
    onkeydown: (event) => { if (event.key === 'Escape' && made.open) { made.open = false; button.focus(); } },
    onfocusout: (event) => { if (event.relatedTarget && !made.contains(event.relatedTarget)) made.open = false; },
  });
  scope.on(document, 'pointerdown', ({ target }) => { if (!made.contains(target)) made.open = false; });
  return fill(made, button, panel);
};

const applyTheme = (theme) => {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
};

begin();

// Addresses within the page: all in the fragment, which no server is sent.

/** A fragment's segments: `#/sessions/cafe` is `['sessions', 'cafe']`. */
export const segments = (fragment) =>
  fragment.replace(/^#\/?/, '').split('/').filter(Boolean).map((one) => {
    try { return decodeURIComponent(one); } catch { return one; }
  });

/** A link within the page. */
export const address = (...parts) => `#/${parts.map(encodeURIComponent).join('/')}`;

/** The first route whose pattern fits: `{route, parameters}`; undefined if none does. A pattern's `:name` takes any segment. */
export const match = (routes, parts) => {
  for (const route of routes) {
    const pattern = route.path.split('/').filter(Boolean);
    if (pattern.length !== parts.length) continue;
    if (!pattern.every((one, at) => one.startsWith(':') || one === parts[at])) continue;
    const named = pattern.map((one, at) => [one, parts[at]]).filter(([one]) => one.startsWith(':'));
    return { route, parameters: Object.fromEntries(named.map(([one, value]) => [one.slice(1), value])) };
  }
  return undefined;
};

/** Go to an address within the page; `instead` leaves no way back to where one was. */
export const go = (to, { instead = false } = {}) => {
  if (instead) location.replace(to);
  else location.hash = to;
};

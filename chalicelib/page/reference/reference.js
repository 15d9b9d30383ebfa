// The API reference: tells RapiDoc where the gateway is, who is signed in in this tab, and which theme the reader likes.

const shown = document.querySelector('rapi-doc');
const dark = matchMedia('(prefers-color-scheme: dark)');

const ACCENTS = { light: '#00755f', dark: '#21c063' };

const paint = () => {
  const chosen = localStorage.getItem('switchboard.theme');
  const scheme = chosen in ACCENTS ? chosen : dark.matches ? 'dark' : 'light';
  shown.setAttribute('color-scheme', scheme);
  shown.setAttribute('theme', ACCENTS[scheme]);
  document.documentElement.style.colorScheme = scheme;
};

// Behind a stage of API Gateway's the API's address isn't the host's.
const gateway = new URL('.', location.href).href.replace(/\/$/, '');
shown.setAttribute('server-url', gateway);
shown.setAttribute('default-api-server', gateway);
dark.addEventListener('change', paint);
paint();
shown.addEventListener('spec-loaded', () => {
  const token = sessionStorage.getItem('switchboard.token');
  if (token) shown.setApiKey(token.startsWith('sb_') ? 'apiKey' : 'token', token);
});

/** Return the description with each body's one example among several: RapiDoc passes over an object that stands alone. */
const shownWhole = (described) => {
  for (const methods of [...Object.values(described.paths), ...Object.values(described.webhooks)]) {
    for (const { requestBody, responses } of Object.values(methods)) {
      for (const { content = {} } of [requestBody ?? {}, ...Object.values(responses)]) {
        for (const form of Object.values(content)) {
          if ('example' in form) form.examples = { Example: { value: form.example } };
          delete form.example;
        }
      }
    }
  }
  return described;
};

// RapiDoc leaves out what screen readers and keyboards need: names of its fields, and a way into what scrolls. It moves
// for those too who asked their system for less of that.
const watched = new WeakSet();
const still = new CSSStyleSheet();
still.replaceSync('@media (prefers-reduced-motion: reduce) { * { transition: none !important; animation: none !important; } }');

const named = (field, name) => { if (!field.hasAttribute('aria-label')) field.setAttribute('aria-label', name); };

const mend = (root) => {
  if (!watched.has(root)) {
    watched.add(root);
    root.adoptedStyleSheets.push(still);
    new MutationObserver(() => mend(root)).observe(root, { childList: true, subtree: true });
  }
  const [bar, main] = [root.querySelector('#nav-bar'), root.querySelector('main')];
  if (bar) named(bar, 'Calls');
  if (main && main.tabIndex < 0) main.tabIndex = 0;
  for (const field of root.querySelectorAll('input, textarea, select')) {
    if (!field.labels?.length) named(field, field.dataset.pname || (field.matches('select') ? 'Example' : field.placeholder || 'Body'));
  }
  for (const one of root.querySelectorAll('*')) if (one.shadowRoot) mend(one.shadowRoot);
};

const described = fetch('openapi.json').then((answer) => answer.json());
customElements.whenDefined('rapi-doc').then(async () => {
  mend(shown.shadowRoot);
  shown.loadSpec(shownWhole(await described));
});

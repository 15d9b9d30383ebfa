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
shown.setAttribute('server-url', new URL('.', location.href).href.replace(/\/$/, ''));
dark.addEventListener('change', paint);
paint();
shown.addEventListener('spec-loaded', () => {
  const token = sessionStorage.getItem('switchboard.token');
  if (token) shown.setApiKey(token.startsWith('sb_') ? 'apiKey' : 'token', token);
});

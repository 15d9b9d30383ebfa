// The call that sends a message, as a program of one's own would make it. No credential is ever in it.

import { BASE, segment } from './api.js';
import { WITH_CALL } from './uploads.js';
import { bodyOf } from './chats.js';
import { dialog } from './dialog.js';
import { copy, el, icon, unique } from './dom.js';
import { notify } from './notice.js';
import { tabs } from './tabs.js';
import { t } from './words.js';

const MARK = '\u0000media\u0000';

/** The languages, by what they are called. */
export const LANGUAGES = { curl: 'curl', python: 'Python', node: 'JavaScript' };

/** What `curl` takes in single quotes. */
const shell = (text) => `'${text.replaceAll("'", "'\\''")}'`;

const named = (file) => file.name.replace(/[\\"]/g, '\\$&');

const about = (session, body, file) => ({
  api: new URL(`v1/sessions/${segment(session)}`, BASE).href,
  large: file && file.size > WITH_CALL,
  announced: file && { mimetype: file.type || 'application/octet-stream', size: file.size },
  body,
});

const curl = (session, body, file) => {
  const { api, large, announced } = about(session, body, file);
  const head = [`# ${t('snippet.token')}`, `# ${t('snippet.key')}`];
  const token = '-H "Authorization: Bearer $TOKEN"';
  const json = `-H 'Content-Type: application/json'`;
  const at = shell(`@"${file && named(file)}"`).slice(1);
  if (large) {
    head.push(`UPLOAD=$(curl -sS ${shell(`${api}/media`)} ${token} ${json} -d ${shell(JSON.stringify(announced))})`,
      `curl -sS "$(jq -r .upload.url <<< "$UPLOAD")" \\`, `  $(jq -r '.upload.fields | to_entries[] | "-F \\(.key)=\\(.value)"' <<< "$UPLOAD") -F 'file=${at}`, 'MEDIA=$(jq -r .id <<< "$UPLOAD")');
  } else if (file) {
    head.push(`MEDIA=$(curl -sS ${shell(`${api}/media`)} ${token} -F 'file=${at} | jq -r .id)`);
  }
  const said = shell(JSON.stringify(body)).replaceAll(JSON.stringify(MARK).slice(1, -1), `'"$MEDIA"'`);
  return [...head, `curl -sS ${shell(`${api}/messages`)} \\`, `  ${token} \\`, `  ${json} \\`, `  -H 'Idempotency-Key: ${unique('mine-')}' \\`, `  -d ${said}`].join('\n');
};

const pythonOf = (value, indent = 4) => {
  const space = ' '.repeat(indent);
  if (value === MARK) return 'media["id"]';
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `[${value.map((one) => pythonOf(one, indent)).join(', ')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  const lines = Object.entries(value).map(([name, one]) => `${space}    ${JSON.stringify(name)}: ${pythonOf(one, indent + 4)},`);
  return `{\n${lines.join('\n')}\n${space}}`;
};

const python = (session, body, file) => {
  const { api, large, announced } = about(session, body, file);
  const open = file && `with open(${JSON.stringify(file.name)}, "rb") as file:`;
  const kept = !file ? [] : large ? [
    `media = requests.post(f"{api}/media", headers=headers, json=${pythonOf(announced, 0)}, timeout=60)`, 'media.raise_for_status()', 'media = media.json()', 'upload = media["upload"]', open,
    '    requests.post(upload["url"], data=upload["fields"], files={"file": file}, timeout=600).raise_for_status()', '',
  ] : [open, '    media = requests.post(f"{api}/media", headers=headers, files={"file": file}, timeout=60)', 'media.raise_for_status()', 'media = media.json()', ''];
  return [
    `# ${t('snippet.token')}`, 'import os', 'import uuid', '', 'import requests', '', `api = ${JSON.stringify(api)}`, 'headers = {"Authorization": f"Bearer {os.environ[\'TOKEN\']}"}', '', ...kept,
    `# ${t('snippet.key')}`, 'answer = requests.post(', '    f"{api}/messages",', '    headers={**headers, "Idempotency-Key": str(uuid.uuid4())},', `    json=${pythonOf(body)},`, '    timeout=60,', ')',
    'answer.raise_for_status()', 'print(answer.json())',
  ].join('\n');
};

const node = (session, body, file) => {
  const { api, large, announced } = about(session, body, file);
  const said = JSON.stringify(body, null, 2).replaceAll(JSON.stringify(MARK), 'media.id').replaceAll('\n', '\n  ');
  const form = file && [`form.set('file', new Blob([await readFile(${JSON.stringify(file.name)})]), ${JSON.stringify(file.name)});`];
  const kept = !file ? [] : large ? [
    `const media = await told(await fetch(\`\${api}/media\`, { method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' }, body: JSON.stringify(${JSON.stringify(announced)}) }));`,
    'const form = new FormData();', 'for (const [name, value] of Object.entries(media.upload.fields)) form.set(name, value);', ...form,
    "if (!(await fetch(media.upload.url, { method: 'POST', body: form })).ok) throw new Error('The file was refused.');", '',
  ] : ['const form = new FormData();', ...form, "const media = await told(await fetch(`${api}/media`, { method: 'POST', headers, body: form }));", ''];
  return [
    `/* ${t('snippet.token')} ${t('snippet.node')} */`, 'const { randomUUID } = await import("node:crypto");',
    ...(file ? ['const { readFile } = await import("node:fs/promises");'] : []), '', `const api = ${JSON.stringify(api)};`,
    'const headers = { Authorization: `Bearer ${process.env.TOKEN}` };', 'const told = async (answer) => {', '  if (!answer.ok) throw new Error(await answer.text());', '  return answer.json();', '};', '', ...kept,
    `/* ${t('snippet.key')} */`, 'const answer = await fetch(`${api}/messages`, {', "  method: 'POST',", "  headers: { ...headers, 'Content-Type': 'application/json', 'Idempotency-Key': randomUUID() },",
    `  body: JSON.stringify(${said}),`, '});', 'console.log(await told(answer));',
  ].join('\n');
};

const WRITERS = { curl, python, node };

/** The call that sends a draft into a chat, in one of the languages; a file is named as it is called here. */
export const snippet = (language, session, jid, draft) => WRITERS[language](session, bodyOf(jid, draft, MARK), draft.mediaId ? null : draft.file || null);

/** Show the call in each language, to be copied. */
export const showSnippets = (scope, session, jid, draft) => dialog(scope, {
  title: t('snippet.title'),
  classes: 'wide',
  body: () => {
    const codes = Object.fromEntries(Object.keys(LANGUAGES).map((one) => [one, snippet(one, session, jid, draft)]));
    let chosen = 'curl';
    const entries = Object.entries(LANGUAGES).map(([name, label]) => ({
      name, label, panel: el('pre.program', { tabindex: '0', dir: 'ltr' }, el('code', {}, codes[name])),
    }));
    const tabbed = tabs({ label: t('snippet.languages'), entries, chosen: (name) => { chosen = name; } });
    tabbed.select(chosen);
    return el('div.dialog-body', {}, el('p.soft', {}, t('snippet.lead')), tabbed.root,
      el('div.actions', {}, el('button.primary', { type: 'button', onclick: async () => { if (await copy(codes[chosen])) notify(t('snippet.copied')); } }, icon('copy'), t('snippet.copy'))));
  },
});

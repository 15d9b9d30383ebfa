// A process with nothing but Baileys: client.mjs FILE, in which the account is kept. It takes {"do": act, …} and says {"event": what, …}, a line of
// JSON each, and ends when its standard input does.
//
// The library is unmodified. It finds the loopback WhatsApp by the environment that all clients are given, with
// NODE_EXTRA_CA_CERTS for SSL_CERT_FILE, and trusts its root by a constant that the library exports.

import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'

import {
  Browsers, BufferJSON, DisconnectReason, WA_CERT_DETAILS, downloadMediaMessage, initAuthCreds, makeWASocket, proto,
} from 'baileys'
import { HttpsProxyAgent } from 'https-proxy-agent'
import { pino } from 'pino'
import { ProxyAgent, setGlobalDispatcher } from 'undici'

const file = process.argv[2]
const agent = new HttpsProxyAgent(process.env.HTTPS_PROXY)
setGlobalDispatcher(new ProxyAgent(process.env.HTTPS_PROXY))
WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(process.env.LOOPBACK_WHATSAPP_ROOT_KEY, 'hex')

// The library's Signal part writes keys to the console.
console.log = console.info = console.warn = console.error = () => {}

const logger = pino({ level: 'error' }, pino.destination(2))
const received = new Map()
let socket
let leaving = false

function say(event, fields = {}) {
  process.stdout.write(JSON.stringify({ event, ...fields }) + '\n')
}

// One file, replaced at once: the process may be killed at any time, which the library's own files don't survive.
function keptAccount() {
  let kept = { creds: initAuthCreds(), keys: {} }
  try {
    kept = JSON.parse(readFileSync(file, 'utf8'), BufferJSON.reviver)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
  const { creds, keys } = kept
  const save = () => {
    writeFileSync(file + '.new', JSON.stringify({ creds, keys }, BufferJSON.replacer))
    renameSync(file + '.new', file)
  }
  const read = (type, id) => {
    const value = keys[type]?.[id]
    return value && type === 'app-state-sync-key' ? proto.Message.AppStateSyncKeyData.fromObject(value) : value
  }
  const get = (type, ids) => Object.fromEntries(ids.map(id => [id, read(type, id)]))
  const set = changes => {
    for (const [type, values] of Object.entries(changes)) {
      for (const [id, value] of Object.entries(values)) {
        keys[type] ??= {}
        if (value) keys[type][id] = value
        else delete keys[type][id]
      }
    }
    save()
  }
  return { auth: { creds, keys: { get, set } }, save }
}

const { auth, save } = keptAccount()

function connect() {
  const look = { browser: Browsers.macOS('Chrome'), syncFullHistory: false }
  socket = makeWASocket({ auth, logger, agent, fetchAgent: agent, ...look })
  socket.ev.on('creds.update', save)
  socket.ev.on('connection.update', ({ connection, lastDisconnect, qr }) => {
    if (qr) say('qr', { code: qr })
    if (connection === 'open') say('connected', { id: socket.user.id })
    if (connection === 'close') closed(lastDisconnect?.error?.output?.statusCode)
  })
  socket.ev.on('messages.upsert', ({ messages }) => messages.forEach(hear))
  socket.ev.on('groups.upsert', groups => groups.forEach(({ id }) => say('joined', { id })))
}

// The library makes no new connection by itself.
function closed(code) {
  say('closed', { code })
  if (!leaving && code !== DisconnectReason.loggedOut) connect()
}

function hear(message) {
  const { id, remoteJid: chat, fromMe: mine } = message.key
  const content = message.message ?? {}
  const text = content.conversation ?? content.extendedTextMessage?.text ?? content.imageMessage?.caption ?? null
  received.set(id, message)
  say('message', { id, chat, mine, text })
}

const acts = {
  code: async ({ number }) => ({ code: await socket.requestPairingCode(number) }),
  send: async ({ to, text }) => ({ id: (await socket.sendMessage(to, { text })).key.id }),
  send_image: async ({ to, file, caption }) => {
    const image = await readFile(file)
    return { id: (await socket.sendMessage(to, { image, caption })).key.id }
  },
  download: async ({ id, to }) => writeFile(to, await downloadMediaMessage(received.get(id), 'buffer', {})),
  check: async ({ number }) => ({ found: await socket.onWhatsApp(number) }),
  make_group: async ({ subject, members }) => ({ id: (await socket.groupCreate(subject, members)).id }),
  groups: async () => {
    const groups = Object.values(await socket.groupFetchAllParticipating())
    return { groups: groups.map(({ id, subject, participants }) => [id, subject, participants.length]) }
  },
  log_out: async () => {
    leaving = true
    await socket.logout()
  },
}

connect()
for await (const line of createInterface({ input: process.stdin })) {
  const { do: act, ...given } = JSON.parse(line)
  acts[act](given).then(
    fields => say('done', { act, ...fields }),
    error => say('failed', { act, error: String(error?.stack ?? error) }),
  )
}
process.exit(0)

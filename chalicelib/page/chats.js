// The chats of one session and their messages, as far as the page knows: read once, then kept current by what is told.

import { idempotencyKey, segment } from './api.js';
import { failed } from './notice.js';
import { State } from './state.js';
import { upload } from './uploads.js';

const PAGE = 50;
/** Pages that are asked for at most until one has a message: a page of one chat may be empty, and yet another follow. */
const EMPTY = 10;
const SOON = 60_000;
const ALL_SENT = ['queued', 'sending', 'unknown', 'failed', 'received', 'sent', 'delivered', 'read', 'played', 'revoking', 'revoked'];
/** Types that change another message, or are shown with it. */
export const ABOUT = new Set(['edited', 'deleted', 'reaction', 'poll_vote', 'event_response', 'pin', 'keep']);

export const isGroup = (jid) => jid.endsWith('@g.us');

/** The phone number in a JID, with its `+`; null in any other JID. */
export const phoneOf = (jid) => (jid?.endsWith('@s.whatsapp.net') ? `+${jid.split('@')[0]}` : null);

/** Whom a message to a chat names, as the native API takes it. */
export const recipient = (jid) => (phoneOf(jid) ? { phone: phoneOf(jid) } : { chat_id: jid });

const laterStatus = (one, other) => (ALL_SENT.indexOf(other) >= ALL_SENT.indexOf(one) ? other : one);

/** The chats of a session. `all` are they, the newest first; `conversation(jid)` has the messages of one. */
export class Chats {
  #scope; #api; #path; #kept; #cursor = null; #conversations = new Map(); #files = new Map(); #names = new Map();

  /** `heard(message, conversation)` is told each message that comes in while the chats are looked at. */
  constructor(scope, { api, live, sessions, kept }, session, heard) {
    this.#scope = scope;
    this.#api = api;
    this.session = session;
    this.#kept = kept;
    this.#path = `v1/sessions/${segment(session)}`;
    this.all = new State([]);
    this.ready = new State(false);
    /** Why the chats can't be read, an ApiError; null while they can. */
    this.failure = new State(null);
    this.more = new State(false);
    this.heard = heard;
    live.follow(scope, session, { event: (event) => this.#event(event), stands: (now) => { sessions.put(now); this.refresh(); } });
    live.poll(scope, () => this.refresh());
    this.refresh();
  }

  get api() { return this.#api; }
  get path() { return this.#path; }
  get scope() { return this.#scope; }

  get(jid) { return this.all.value.find((one) => one.chat_id === jid || one.chat_lid === jid); }

  conversation(jid) {
    if (!this.#conversations.has(jid)) this.#conversations.set(jid, new Conversation(this, jid));
    return this.#conversations.get(jid);
  }

  /** What somebody began to write in a chat: there again in another language, and when they come back from another view. */
  draftOf(jid) {
    const name = `${this.#path} ${jid}`;
    if (!this.#kept.has(name)) this.#kept.set(name, { text: '', file: null, kind: null, quoted: null });
    return this.#kept.get(name);
  }

  /** Read what is newest: the chats, and the messages of the one that is open. */
  async refresh() {
    for (const one of this.#conversations.values()) if (one.open) one.refresh();
    await this.#read(null);
  }

  /** Read the chats behind those that are known. */
  async older() { if (this.#cursor) await this.#read(this.#cursor); }

  async #read(cursor) {
    try {
      const page = await this.#api.get(`${this.#path}/chats?limit=${PAGE}${cursor ? `&cursor=${cursor}` : ''}`, { signal: this.#scope.signal });
      if (cursor || !this.ready.value) this.#cursor = page.next_cursor;
      this.more.set(this.#cursor !== null);
      this.failure.set(null);
      this.#keep(page.data);
      this.ready.set(true);
    } catch (error) {
      if (error.name !== 'AbortError') this.failure.set(error);
    }
  }

  #keep(chats) {
    const known = this.all.value.filter((one) => !chats.some((other) => same(one, other)));
    this.all.set([...chats, ...known].sort((one, other) => (newest(one) < newest(other) ? 1 : -1)));
  }

  /** Remember who wrote a message: not every one of somebody's says the name. */
  learn({ sender }) { if (sender?.name) this.#names.set(sender.lid || sender.phone, sender.name); }

  /** What somebody who wrote a message is called; null where no message has said it. */
  nameOf(sender) { return sender ? sender.name || this.#names.get(sender.lid || sender.phone) || null : null; }

  /** A file's record, with its address for as long as that is good; null where there is none any more. */
  async file(mediaId, scope) {
    const known = this.#files.get(mediaId);
    if (known && Date.parse(known.url_expires_at) - this.#api.now() > SOON) return known;
    try {
      const record = await this.#api.get(`${this.#path}/media/${segment(mediaId)}`, { signal: scope.signal });
      if (record.url) this.#files.set(mediaId, record);
      return record;
    } catch (error) {
      if (error.status === 404) return null;
      throw error;
    }
  }

  forget(mediaId) { this.#files.delete(mediaId); }

  #event(event) {
    const message = event.data;
    if (!event.type.startsWith('message.') || !message.chat_id) return;
    const conversation = [...this.#conversations.values()].find((one) => one.has(message));
    if (message.truncated) conversation?.reread(message.id);
    else conversation?.take(message, { told: true });
    this.#move(message);
    if (event.type === 'message.received') this.heard(message, conversation);
  }

  /** Have the chat of a message know it. */
  #move(message) {
    const known = this.all.value.find((one) => one.chat_id === message.chat_id || (message.chat_lid && one.chat_lid === message.chat_lid));
    const chat = known || { chat_id: message.chat_id, chat_lid: message.chat_lid, name: null, unread: 0, last_message: null };
    const again = chat.last_message?.id === message.id;
    const older = chat.last_message && chat.last_message.id > message.id && second(chat.last_message) !== second(message);
    const inbound = message.direction === 'inbound';
    const unread = inbound && message.status === 'received' && !again && !ABOUT.has(message.type) ? chat.unread + 1 : chat.unread;
    const subject = ['subject', 'added'].includes(message.group_event?.change) && message.group_event.value;
    const name = (isGroup(message.chat_id) ? subject : inbound && message.sender?.name) || chat.name;
    const last = older ? chat.last_message : again ? { ...chat.last_message, ...message, status: laterStatus(chat.last_message.status, message.status) } : message;
    this.#keep([{ ...chat, chat_id: message.chat_id, name, unread, last_message: last }]);
  }

  /** Note that a chat's messages have been read. */
  seen(jid) {
    const chat = this.get(jid);
    if (chat?.unread) this.#keep([{ ...chat, unread: 0 }]);
  }
}

const same = (one, other) => one.chat_id === other.chat_id || (one.chat_lid !== null && one.chat_lid === other.chat_lid);
// WhatsApp's times, and so the ids of what comes in, are whole seconds.
const second = (message) => message.created_at.slice(0, 19);
const newest = (chat) => chat.last_message?.id || '';

/** The messages of one chat, and what is being sent into it. */
export class Conversation {
  #names; #cursor = null; #messages = new Map(); #places = new Map(); #reading = Promise.resolve(); #readTo = null;

  constructor(chats, jid) {
    this.chats = chats;
    this.jid = jid;
    this.#names = new Set([jid]);
    /** Told of every change of what there is to show. */
    this.changed = new State(null);
    this.ready = new State(false);
    this.failure = new State(null);
    this.more = new State(false);
    this.open = false;
    /** What is being sent and isn't a message yet. */
    this.outgoing = [];
    this.draft = chats.draftOf(jid);
  }

  /** The messages, the oldest first. */
  get messages() { return [...this.#messages.values()].sort((one, other) => (this.#place(one) < this.#place(other) ? -1 : 1)); }

  #place({ id, reply_to: replied }) {
    const place = this.#places.get(id) || id;
    const target = this.#messages.get(replied);
    const before = target ? this.#places.get(replied) || replied : '';
    return before > place ? `${before}~` : place;
  }

  // What comes in has a whole second as its time, so its id doesn't tell what came before it within that second: it
  // stands behind all that was there when it came, and always behind what it replies to.
  #put(message) {
    const before = [...this.#messages.values()].filter((one) => second(one) === second(message)).map((one) => this.#place(one)).sort().at(-1);
    if (before > message.id) this.#places.set(message.id, `${before}~`);
  }

  has(message) { return this.#names.has(message.chat_id) || this.#names.has(message.chat_lid); }

  /** A message by the gateway's id or by WhatsApp's. */
  find(id) { return this.#messages.get(id) || [...this.#messages.values()].find((one) => one.whatsapp_id === id); }

  /** Read the newest messages. */
  async refresh() { await this.#read(null); }

  /** Read the messages before those that are known; resolves to how many came. */
  async older() { return this.#cursor ? this.#read(this.#cursor) : 0; }

  // One after the other, so that what was read last is what stands.
  #read(from) {
    this.#reading = this.#reading.then(() => this.#readNow(from));
    return this.#reading;
  }

  async #readNow(from) {
    const before = this.#messages.size;
    try {
      let cursor = from;
      for (let tries = 0; tries < EMPTY; tries += 1) {
        const at = new URLSearchParams({ chat_id: this.jid, limit: PAGE });
        if (cursor) at.set('cursor', cursor);
        const page = await this.chats.api.get(`${this.chats.path}/messages?${at}`, { signal: this.chats.scope.signal });
        for (const one of page.data) this.take(one, { quietly: true });
        cursor = page.next_cursor;
        if (from || !this.ready.value) this.#cursor = cursor;
        if (page.data.length || !cursor) break;
      }
      this.more.set(this.#cursor !== null);
      this.failure.set(null);
      this.ready.set(true);
      this.changed.tell();
    } catch (error) {
      if (error.name !== 'AbortError') this.failure.set(error);
    }
    return this.#messages.size - before;
  }

  /** Read one message again. */
  async reread(id) {
    try {
      const message = await this.chats.api.get(`${this.chats.path}/messages/${segment(id)}`, { signal: this.chats.scope.signal });
      if (this.has(message)) this.take(message);
    } catch {
      // What is gone, or can't be read now, stays as it is: the next look at the chat reads it.
    }
  }

  /** Take a message as an answer has it or, where it was `told`, as it stood at an event, which may be older. */
  take(message, { told = false, quietly = false } = {}) {
    for (const name of [message.chat_id, message.chat_lid]) if (name) this.#names.add(name);
    this.chats.learn(message);
    const known = this.#messages.get(message.id);
    if (!known && told) this.#put(message);
    this.#messages.set(message.id, !known ? message : told ? grown(known, message) : settled(known, message));
    if (message.client_ref) this.outgoing = this.outgoing.filter((one) => one.key !== message.client_ref);
    if (told && ['edited', 'deleted'].includes(message.type)) this.#change(message);
    if (!quietly) this.changed.tell();
  }

  // Lists and answers tell what became of the message that was changed some moments after the change was told.
  #change(change) {
    const target = this.find(change[change.type].message_id);
    if (!target) return;
    if (change.status === 'failed') { this.reread(target.id); return; }
    const waits = ['queued', 'sending', 'unknown'].includes(change.status);
    const words = change.edited?.body;
    if (change.type === 'deleted') this.#messages.set(target.id, { ...target, status: waits ? 'revoking' : 'revoked' });
    else if (words && !waits) {
      const said = { ...target[target.type], [target.type === 'text' ? 'body' : 'caption']: words };
      this.#messages.set(target.id, { ...target, [target.type]: said, edited_at: change.created_at });
    }
  }

  /**
   * Send a draft, `{type, said, file, quoted}`, into the chat: once, however often it is tried again.
   *
   * `file` is a File that is kept first. `link(send)` is called where the account isn't connected.
   */
  send(draft, link) {
    const one = { ...draft, key: idempotencyKey(), fileKey: idempotencyKey(), at: new Date().toISOString(), state: 'sending', progress: null, error: null };
    this.outgoing.push(one);
    this.changed.tell();
    return this.again(one, link);
  }

  /** Try once more to send what isn't a message yet, under the key that it was first sent with. */
  async again(one, link) {
    Object.assign(one, { state: 'sending', error: null });
    this.changed.tell();
    try {
      if (one.file && !one.mediaId) await this.#keepFile(one);
      this.take(await this.#post(one));
      this.outgoing = this.outgoing.filter((other) => other !== one);
    } catch (error) {
      if (error.name === 'AbortError') return;
      // Without an answer, or with a broken one, nobody knows whether the gateway has it.
      const unsure = error.name !== 'ApiError' || error.status === 0 || error.status >= 500;
      const until = error.retryAfter ? Date.now() + error.retryAfter * 1000 : null;
      Object.assign(one, { state: unsure ? 'unsure' : 'refused', error, until, progress: null });
      if (error.code === 'SESSION_NOT_CONNECTED') link(() => this.again(one, link)).catch(failed);
    }
    this.changed.tell();
  }

  async #keepFile(one) {
    const record = await upload(this.chats, one.file, one.fileKey, (share) => { one.progress = share; this.changed.tell(); });
    one.mediaId = record.id;
    one.progress = null;
  }

  #post(one) {
    // Not with the view's signal: somebody who leaves it wants the message to go out all the same.
    return this.chats.api.post(`${this.chats.path}/messages`, { ...bodyOf(this.jid, one), client_ref: one.key }, { key: one.key });
  }

  drop(one) {
    this.outgoing = this.outgoing.filter((other) => other !== one);
    this.changed.tell();
  }

  /** Send anew what surely didn't go out. */
  resend(message, link) {
    this.send({ type: message.type, said: sendable(message), quoted: message.reply_to ? this.find(message.reply_to) || null : null }, link);
  }

  /** React to a message, in the place of the reaction before; an empty emoji takes that back. Raises ApiError. */
  async react(message, emoji) {
    const at = `${this.chats.path}/messages/${segment(message.id)}/reaction`;
    const key = idempotencyKey();
    this.take(await (emoji ? this.chats.api.put(at, { emoji }, { key }) : this.chats.api.delete(at, { key })));
  }

  /** Mark what came in as read, up to the newest; whoever wrote it is told. */
  async read() {
    const last = this.messages.filter((one) => one.direction === 'inbound' && one.whatsapp_id && !ABOUT.has(one.type)).at(-1);
    if (!last || !this.chats.get(this.jid)?.unread) return;
    this.chats.seen(this.jid);
    if (last.id === this.#readTo) return;
    this.#readTo = last.id;
    try {
      await this.chats.api.post(`${this.chats.path}/messages/${segment(last.id)}/read`, {}, { signal: this.chats.scope.signal });
    } catch {
      // The account isn't connected just now. The next look at the chat says it again.
    }
  }
}

/** The body of a draft's call, as the native API takes it; `placeholder` stands for a file that isn't kept yet. */
export const bodyOf = (jid, { type, said, file, mediaId, quoted }, placeholder = null) => ({
  to: recipient(jid),
  type,
  [type]: file ? { media_id: mediaId || placeholder, ...said } : said,
  ...(quoted ? { reply_to: quoted.id } : {}),
});

const SENDABLE = {
  text: ['body', 'preview', 'background', 'font'], image: ['media_id', 'caption'], video: ['media_id', 'caption', 'gif', 'round'],
  audio: ['media_id', 'voice'], sticker: ['media_id'], document: ['media_id', 'caption', 'file_name'],
  location: ['latitude', 'longitude', 'name', 'address', 'url'], poll: ['question', 'options', 'selectable'], contact: ['contacts'],
};

/** Of what a message says, that which can be sent; null for a type that can't be. */
export const sendable = (message) => {
  const names = SENDABLE[message.type];
  const said = message[message.type];
  if (!names || (names[0] === 'media_id' && !said.media_id)) return null;
  return Object.fromEntries(names.filter((one) => one in said).map((one) => [one, said[one]]));
};

// An event tells a message as it stood then; edits and moments are known from elsewhere, and stay.
const grown = (known, told) => ({
  ...known,
  status: laterStatus(known.status, told.status),
  whatsapp_id: told.whatsapp_id ?? known.whatsapp_id,
  failure: told.failure ?? known.failure,
  ...(known[known.type]?.state === 'pending' && told[known.type]?.state ? { [known.type]: told[known.type] } : {}),
});

const settled = (known, read) => ({ ...read, status: known.status === 'revoking' ? read.status : laterStatus(known.status, read.status) });

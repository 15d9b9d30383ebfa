"""Sending whatever WhatsApp's apps can send: contents in context, and what is about a message that is there.

An edit, a deletion, a reaction and a vote are messages of their own, which go out as all others do and which the
message that they are about comes to know of.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Final

from msgspec import Struct, structs

from chalicelib.domain import sending as rules
from chalicelib.domain.content import Audio, Content, Context, Document, Media, Sticker, stored
from chalicelib.domain.errors import MediaTooLarge, MediaTypeMismatch, MessageNotFound, QuotedMessageNotFound
from chalicelib.domain.jid import recipient
from chalicelib.domain.media import LARGEST_OF, MB, MOST_PIXELS, MediaKind, may_be_sent
from chalicelib.domain.messages import Message
from chalicelib.domain.session import Session
from chalicelib.services.media import MediaLibrary, must_be_there
from chalicelib.services.messages.outbox import Draft, Outbox
from chalicelib.services.messages.store import Messages


@dataclass(frozen=True, slots=True)
class Wish:
    """A message as its caller wants it: to the JID ``to``, in reply to the message of that id, mentioning ``mentions``.

    ``mentions`` are phone numbers or JIDs, each of which stands in the content's words as ``@digits``. The message
    disappears after ``expires_in`` seconds, if it does. A ``file`` that comes with the wish is kept for the content,
    which then names no other one.
    """

    to: str
    content: Content = field(repr=False)
    reply_to: str | None = None
    mentions: tuple[str, ...] = ()
    expires_in: int | None = None
    file: bytes | None = field(default=None, repr=False)

    @property
    def said(self) -> Content:
        """The content; a file that isn't kept yet is named by its digest, so that the same wish says the same."""
        if self.file is None or not isinstance(self.content, Media):
            return self.content
        return structs.replace(self.content, media_id=sha256(self.file).hexdigest())


@dataclass(frozen=True, slots=True)
class How:
    """How a request is made: with which Idempotency-Key, if any, and how many seconds it waits for the worker.

    ``client_ref`` is the caller's own word for the message.
    """

    key: str | None = None
    wait: float = 0.0
    client_ref: str | None = None


AT_ONCE: Final = How()


class Sending(Struct, frozen=True):
    """Drafts messages by WhatsApp's rules and puts them into the outbox.

    All of it raises what ``Outbox.post`` raises, and InvalidField for what WhatsApp's apps couldn't show. Messages are
    named by our ids, or by WhatsApp's; MessageNotFound is raised for what isn't there.
    """

    outbox: Outbox
    messages: Messages
    media: MediaLibrary

    def send(self, tenant: str, session_id: str, wish: Wish, how: How = AT_ONCE) -> Message:
        """Send a message. Raises QuotedMessageNotFound, MentionNotInText, NotPossible, and what a file may raise."""
        rules.check(wish.said, wish.to)
        mentions = tuple(recipient(one, field="mentions") for one in wish.mentions)
        rules.check_mentions(wish.content, mentions, field="mentions")

        def make(session: Session) -> Draft:
            quoted = self._quoted(session, wish.to, wish.reply_to) if wish.reply_to else None
            shown = rules.quoted(quoted) if quoted else None
            context = Context(quoted=shown, mentions=mentions, expires_in=wish.expires_in)
            return Draft(
                wish.to,
                self._checked(session, self._with_file(session, wish)),
                context if context != Context() else None,
                reply_to=quoted.id if quoted else None,
            )

        said: dict[str, Any] = {"content": stored(wish.said), "reply_to": wish.reply_to, "mentions": mentions}
        if wish.expires_in is not None:
            said["expires_in"] = wish.expires_in
        return self._post(tenant, session_id, make, how, send=wish.to, **said)

    def _checked(self, session: Session, content: Content) -> Content:
        """Return the content with what is known of its file; one without a ``media_id`` as it is.

        What a ``link`` leads to is checked when it is fetched. Raises MediaNotFound, MediaNotReady, MediaExpired,
        MediaTypeMismatch and MediaTooLarge.
        """
        if not isinstance(content, Media) or content.media_id is None:
            return content
        field = f"{content.type}.media_id"
        file = must_be_there(self.media.find(session, content.media_id), now=self.media.clock(), field=field)
        kind = MediaKind(content.type)
        voice = isinstance(content, Audio) and content.voice
        if file.mimetype is not None and not may_be_sent(file.mimetype, kind, voice=voice):
            raise MediaTypeMismatch(f"A file of the type {file.mimetype} can't be sent as {kind}.", field=field)
        if (file.size or 0) > LARGEST_OF[kind]:
            raise MediaTooLarge(f"WhatsApp takes {LARGEST_OF[kind] // MB} MB of {kind} at most.", field=field)
        if kind in {MediaKind.IMAGE, MediaKind.STICKER} and (file.width or 0) * (file.height or 0) > MOST_PIXELS:
            raise MediaTooLarge(
                f"A picture sent as {kind} has {MOST_PIXELS // 10**6} million pixels at most.", field=field
            )
        told = structs.replace(content, mimetype=file.mimetype, size=file.size, sha256=file.sha256)
        if isinstance(told, Sticker) and file.animated is not None:
            return structs.replace(told, animated=file.animated)
        if isinstance(told, Document) and told.file_name is None:
            return structs.replace(told, file_name=file.file_name)
        return told

    def _with_file(self, session: Session, wish: Wish) -> Content:
        """Return the content with the file that came along, which is kept here: where the wish is really sent."""
        content = wish.content
        if wish.file is None or not isinstance(content, Media):
            return content
        name = content.file_name if isinstance(content, Document) else None
        kept = self.media.keep(session.tenant, session.id, wish.file, file_name=name)
        return structs.replace(content, media_id=kept.id)

    def _quoted(self, session: Session, to: str, message_id: str) -> Message:
        try:
            return self.messages.get(session.tenant, session.id, message_id, chat=to)
        except MessageNotFound as error:
            raise QuotedMessageNotFound("The chat has no such message.", field="reply_to") from error

    def forward(
        self,
        tenant: str,
        session_id: str,
        message_id: str,
        to: str,
        how: How = AT_ONCE,
        *,
        caption: str | None = None,
    ) -> Message:
        """Send a message of the session's to ``to`` as well, marked as forwarded, under another ``caption`` if given.

        Raises NotForwardable.
        """

        def make(session: Session) -> Draft:
            content, context = rules.forwarded(self._found(session, message_id, field="forward.message_id"), caption)
            rules.check(content, to)
            return Draft(to, self._checked(session, content), context)

        said = {"forward": message_id, "to": to} | ({"caption": caption} if caption else {})
        return self._post(tenant, session_id, make, how, **said)

    def edit(self, tenant: str, session_id: str, message_id: str, body: str, how: How = AT_ONCE) -> Message:
        """Have a message say something else; return the edit. Raises NotYourMessage, NotEditable and EditTooLate."""

        def content(message: Message) -> Content:
            return rules.edited(message, body, now=self.outbox.clock())

        return self._about(tenant, session_id, message_id, content, how, edit=body)

    def delete(self, tenant: str, session_id: str, message_id: str, how: How = AT_ONCE) -> Message:
        """Delete a message for everybody; return the deletion. Raises NotYourMessage and DeleteTooLate."""

        def content(message: Message) -> Content:
            return rules.deleted(message, now=self.outbox.clock())

        return self._about(tenant, session_id, message_id, content, how, delete=True)

    def react(
        self,
        tenant: str,
        session_id: str,
        message_id: str,
        emoji: str,
        how: How = AT_ONCE,
        *,
        field: str = "emoji",
    ) -> Message:
        """React to a message, or take that back with an empty ``emoji``; return the reaction."""

        def content(message: Message) -> Content:
            return rules.reaction(message, emoji, field=field)

        return self._about(tenant, session_id, message_id, content, how, react=emoji)

    def vote(
        self, tenant: str, session_id: str, message_id: str, options: Sequence[str], how: How = AT_ONCE
    ) -> Message:
        """Vote in a poll, or take that back without ``options``; return the vote.

        Raises PollNotFound and PollSecretMissing.
        """

        def content(message: Message) -> Content:
            return rules.vote(message, options)

        return self._about(tenant, session_id, message_id, content, how, vote=list(options))

    def _about(
        self,
        tenant: str,
        session_id: str,
        message_id: str,
        content: Callable[[Message], Content],
        how: How,
        **said: Any,
    ) -> Message:
        def make(session: Session) -> Draft:
            message = self._found(session, message_id)
            to, said = rules.chat_of(message), content(message)
            return Draft(to, said, about=message.id, chat=message.chat, chat_lid=message.chat_lid)

        return self._post(tenant, session_id, make, how, about=message_id, **said)

    def _found(self, session: Session, message_id: str, *, field: str = "message_id") -> Message:
        try:
            return self.messages.get(session.tenant, session.id, message_id)
        except MessageNotFound as error:
            error.field = field
            raise

    def _post(self, tenant: str, session_id: str, make: Callable[[Session], Draft], how: How, **said: Any) -> Message:
        # Sorted: the order of a request's fields makes no difference to its hash.
        request = json.dumps({**said, "client_ref": how.client_ref}, sort_keys=True)

        def draft(session: Session) -> Draft:
            return replace(make(session), client_ref=how.client_ref)

        return self.outbox.post(tenant, session_id, draft, request=request, key=how.key, wait=how.wait)

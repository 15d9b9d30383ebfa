"""What callers can be answered when something is in the way, as one tree, and two errors that stay inside.

GatewayError
├── Invalid                      400  the request can't mean anything
│   ├── InvalidField             400  … because of one named field
│   │   ├── InvalidPhone         400  … which is to name somebody, and doesn't
│   │   └── MentionNotInText     400
│   ├── EngineRefused            400  … of Engine.IO, with that protocol's own number
│   ├── BodyTooLarge             413
│   └── UnsupportedEncoding      415
├── Unauthenticated              401  no credential, or not a good one
│   └── InvalidCredentials       401  a wrong name or password
├── Forbidden                    403  known, but not allowed this
│   ├── SessionDisabled          403  its owner switched it off
│   ├── AroundTheEdge            403  it came to one of the APIs' own addresses, where an edge stands in front
│   └── QuotaExceeded            403  the tenant has as much of it as it may have
│       ├── SessionQuotaExceeded 403
│       ├── WorkerQuotaExceeded  403  … running at a time
│       ├── UserQuotaExceeded    403
│       └── KeyQuotaExceeded     403
├── NotFound                     404
│   ├── MessageNotFound          404  also for another tenant's message
│   ├── MediaNotFound            404  also for another session's file
│   ├── UserNotFound             404  also for another tenant's user
│   ├── KeyNotFound              404  also for another tenant's key
│   ├── TenantNotFound           404
│   ├── InvitationNotFound       404  also for another session's invitation
│   └── SessionNotFound          404  also for another tenant's session
├── CursorGone                   410  events after that cursor may be gone
├── InvitationOver               410  nothing comes of the invitation any more
│   ├── InvitationOpened         410  somebody has opened it
│   ├── InvitationUsed           410  its session was linked
│   ├── InvitationRevoked        410
│   └── InvitationExpired        410
├── MethodNotAllowed             405
├── UpgradeRequired              426  the path is a WebSocket's, and the request no handshake
├── Conflict                     409  the request is right, the moment isn't
│   ├── SessionExists            409  carries the session that stands
│   ├── PhoneMismatch            409  another account is linked than that of the number that was named
│   ├── SessionAmbiguous         409  no session was named, and there are several
│   ├── SessionDeleting          409
│   ├── UserExists               409
│   ├── TenantExists             409
│   ├── LastAdministrator        409  a tenant can't be without one
│   ├── TooManyKeys              409
│   ├── TooManyInvitations       409
│   ├── AlreadyLinked            409  there is nothing to invite anybody to
│   ├── AlreadyConnected         409
│   ├── SessionStopped           409
│   ├── SessionFailed            409
│   ├── PasskeyRequired          409
│   ├── PasskeyNotAsked          409  WhatsApp doesn't wait for a passkey, or not any more
│   ├── ConfirmationNotAsked     409  there is no code to compare with the phone's
│   ├── PairingUnderWay          409  a phone is just linking the session
│   ├── SessionNotConnected      409  a message can't be sent now; carries the session
│   ├── MessageNotSent           409  WhatsApp doesn't have the message that is to be changed, or answered
│   ├── MessageDeleted           409  … or nobody has it any more
│   ├── EditTooLate              409
│   ├── DeleteTooLate            409
│   ├── MediaNotReady            409  the file isn't uploaded yet
│   ├── MediaExpired             409  … or isn't kept any more
│   ├── ResultGone               409  what this Idempotency-Key made has been removed since
│   └── Contended                409  others kept changing it: try again
├── IdempotencyKeyReused         422  the same key came with another request before
├── Unfit                        422  the request is right, and the message that it names isn't one for it
│   ├── QuotedMessageNotFound    422  the session has no such message in that chat
│   ├── PollNotFound             422
│   ├── PollSecretMissing        422  … it is a poll whose votes can't be sealed
│   ├── NotYourMessage           422
│   ├── NotEditable              422
│   ├── MediaTypeMismatch        422  the file can't be sent as what it is to be sent as
│   ├── MediaTooLarge            422
│   ├── NotReceived              422  the account wrote it itself
│   ├── NotACall                 422
│   └── NotForwardable           422
├── AssertionRefused             422  no good answer to the demand for a passkey
│   ├── AssertionMalformed       422
│   ├── WrongAssertionType       422
│   ├── WrongChallenge           422
│   ├── WrongOrigin              422
│   ├── WrongRelyingParty        422
│   ├── UserNotPresent           422
│   ├── UserNotVerified          422
│   └── UnknownCredential        422
├── PhoneRefused                 422  WhatsApp makes no pairing code for the number
├── NotOnWhatsApp                422  the recipient has no account; carries the message
├── NotInGroup                   403  the account isn't in the group that it was to write to; carries the message
├── GroupForbids                 403  the group doesn't take the account's messages; carries the message
├── GroupNotFound                404  WhatsApp has no such group; carries the message
├── ChannelNotFound              404  WhatsApp has no such channel; carries the message
├── FileRefused                  422  the message's file can't be had, or can't be sent as that; carries the message
├── SendFailed                   502  WhatsApp refused the message
├── AnswerRefused                502  WhatsApp refused to answer a question
├── PairingCodeThrottled         429  WhatsApp was asked for too many pairing codes
├── TooManyAttempts              429
├── TooManyWatchers              429  as many watch as may
├── TicketQuotaExceeded          429  the tenant was given as many tickets as it may be
├── TooManyQuestions             429  as many as may be wait for their answers
├── TooFast                      429  over the session's pace
├── NotPossible                  501  nothing here can do that with WhatsApp
└── NotReady                     503
    ├── AnswerNotReady           503  WhatsApp, or the worker, didn't answer in time
    └── QRNotReady               503

OfSession and OfMessage are beside the tree: bases of those of its errors that carry a session or a message.

Inside the gateway, never answered to a caller:
Fenced                           this worker's claim is over: it must end
IllegalMove                      an event that the transition table does not know in this status
"""

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from chalicelib.domain.messages import Message
    from chalicelib.domain.session import Session


class GatewayError(Exception):
    """What went wrong, as a stable ``code``, an HTTP ``status`` and a ``message`` a person understands.

    ``field`` names the part of the request at fault, ``hint`` says what to do, ``retry_after`` is in seconds and
    becomes the Retry-After header, ``request_id`` finds the request in the log. ``untried`` are the recipients of a
    bulk that the error ended before anybody was tried. ``passing`` says that the error passes by itself: of a class,
    or of this one.
    """

    code: ClassVar[str] = "INTERNAL"
    status: ClassVar[int] = 500
    passing: bool = False

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        hint: str | None = None,
        retry_after: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.hint = hint
        self.retry_after = retry_after
        self.request_id = request_id
        self.untried: tuple[str, ...] = ()

    @property
    def retryable(self) -> bool:
        """Whether the same request, unchanged, may well succeed later; what nobody foresaw may."""
        return self.passing or self.retry_after is not None or type(self) is GatewayError


class OfSession(GatewayError):
    """An error that follows from the session's state; ``session`` lets a dialect's answer tell that state."""

    def __init__(
        self,
        message: str,
        *,
        session: "Session",
        field: str | None = None,
        hint: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message, field=field, hint=hint, retry_after=retry_after)
        self.session = session


class OfMessage(GatewayError):
    """An error that ended a message, whose status is ``failed`` now."""

    def __init__(
        self,
        message: str,
        *,
        failed: "Message",
        field: str | None = None,
        hint: str | None = None,
        passing: bool = False,
    ) -> None:
        super().__init__(message, field=field, hint=hint)
        self.failed = failed
        self.passing = passing


class Invalid(GatewayError):
    """The request can't be understood."""

    code = "INVALID_REQUEST"
    status = 400


class InvalidField(Invalid):
    """One field of the request is wrong; ``field`` names it."""

    code = "INVALID_FIELD"


class InvalidPhone(InvalidField):
    """The field is to be a phone number, or a JID of a kind that isn't; ``given`` is what it was."""

    def __init__(self, message: str, *, given: str, field: str, hint: str | None = None) -> None:
        super().__init__(message, field=field, hint=hint)
        self.given = given


class MentionNotInText(InvalidField):
    """Somebody is mentioned whose ``@digits`` aren't in the text; nothing was sent."""

    code = "MENTION_NOT_IN_TEXT"


class EngineRefused(Invalid):
    """A request of Engine.IO that its server refuses; ``engine`` is Engine.IO's own number for why."""

    def __init__(self, message: str, *, engine: int) -> None:
        super().__init__(message)
        self.engine = engine


class BodyTooLarge(Invalid):
    """The request's body is over the limit."""

    code = "BODY_TOO_LARGE"
    status = 413


class UnsupportedEncoding(Invalid):
    """The request's body is compressed in a way that nobody here can read."""

    code = "UNSUPPORTED_CONTENT_ENCODING"
    status = 415


class MethodNotAllowed(GatewayError):
    """The path is right, the method isn't."""

    code = "METHOD_NOT_ALLOWED"
    status = 405


class UpgradeRequired(GatewayError):
    """The path is a WebSocket's, and the request is no WebSocket handshake."""

    code = "UPGRADE_REQUIRED"
    status = 426


class IdempotencyKeyReused(GatewayError):
    """The same Idempotency-Key came with another request before; nothing was done."""

    code = "IDEMPOTENCY_KEY_REUSED"
    status = 422


class Unauthenticated(GatewayError):
    """There is no credential, or it is invalid, expired or revoked."""

    code = "UNAUTHENTICATED"
    status = 401


class InvalidCredentials(Unauthenticated):
    """The user name or the password is wrong; which of them is not said."""

    code = "INVALID_CREDENTIALS"


class Forbidden(GatewayError):
    """The caller is known but may not do this."""

    code = "FORBIDDEN"
    status = 403


class AroundTheEdge(Forbidden):
    """The request came to one of the APIs' own addresses, though an edge stands in front of both."""

    code = "NOT_THROUGH_THE_EDGE"


class SessionDisabled(Forbidden):
    """The session's owner switched it off: nothing is sent, and it isn't started."""

    code = "SESSION_DISABLED"


class TooManyWatchers(GatewayError):
    """As many clients watch the session, or the tenant's sessions, as may; this one was let in nowhere."""

    code = "TOO_MANY_WATCHERS"
    status = 429
    passing = True


class TooManyAttempts(GatewayError):
    """Too many tries; Retry-After says when the next one counts."""

    code = "TOO_MANY_ATTEMPTS"
    status = 429
    passing = True


class NotFound(GatewayError):
    """There is nothing there."""

    code = "NOT_FOUND"
    status = 404


class CursorGone(GatewayError):
    """The event of that cursor isn't there any more, or never was; events after it may be missing, too."""

    code = "CURSOR_GONE"
    status = 410


class SessionNotFound(NotFound):
    """No such session in the caller's tenant; another tenant's session looks the same."""

    code = "SESSION_NOT_FOUND"


class MessageNotFound(NotFound):
    """No such message in the caller's session."""

    code = "MESSAGE_NOT_FOUND"


class MediaNotFound(NotFound):
    """No such file in the caller's session."""

    code = "MEDIA_NOT_FOUND"


class UserNotFound(NotFound):
    """No such user in the caller's tenant; another tenant's user looks the same."""

    code = "USER_NOT_FOUND"


class KeyNotFound(NotFound):
    """No such API key, or not one of those that the caller may manage."""

    code = "KEY_NOT_FOUND"


class TenantNotFound(NotFound):
    """No such tenant."""

    code = "TENANT_NOT_FOUND"


class InvitationNotFound(NotFound):
    """No such invitation of the session, or no invitation with such a secret."""

    code = "INVITATION_NOT_FOUND"


class InvitationOver(GatewayError):
    """Nothing comes of the invitation any more; each kind says why, and has a code of its own."""

    code = "INVITATION_OVER"
    status = 410


class InvitationOpened(InvitationOver):
    """The invitation's secret was exchanged before."""

    code = "INVITATION_OPENED"


class InvitationUsed(InvitationOver):
    """The session was linked since the invitation was made."""

    code = "INVITATION_USED"


class InvitationRevoked(InvitationOver):
    """Who made the invitation took it back, or may not invite anybody any more."""

    code = "INVITATION_REVOKED"


class InvitationExpired(InvitationOver):
    """The invitation's time is over."""

    code = "INVITATION_EXPIRED"


class Conflict(GatewayError):
    """The request is right but does not fit the state of things."""

    code = "CONFLICT"
    status = 409


class SessionExists(OfSession, Conflict):
    """A session has this id already; the answer may show it."""

    code = "SESSION_EXISTS"


class PhoneMismatch(OfSession, Conflict):
    """The session was created for the number that was named, and another account is linked."""

    code = "PHONE_MISMATCH"


class SessionAmbiguous(Conflict):
    """The request names no session, and it isn't clear which one of the tenant's is meant."""

    code = "SESSION_AMBIGUOUS"


class SessionDeleting(OfSession, Conflict):
    """The session is being deleted; its id is free again when that is done."""

    code = "SESSION_DELETING"
    passing = True


class UserExists(Conflict):
    """A user has this name already, in whatever tenant: a login names no tenant."""

    code = "USER_EXISTS"


class TenantExists(Conflict):
    """A tenant has this id already."""

    code = "TENANT_EXISTS"


class LastAdministrator(Conflict):
    """The tenant would be left without an administrator; nothing was changed."""

    code = "LAST_ADMINISTRATOR"


class TooManyKeys(Conflict):
    """The user has as many API keys as one may have; nothing was made."""

    code = "TOO_MANY_KEYS"


class TooManyInvitations(Conflict):
    """As many invitations of the session are good as may be; none was made."""

    code = "TOO_MANY_INVITATIONS"


class AlreadyLinked(OfSession, Conflict):
    """An account is linked to the session, or is just being linked; nothing was changed."""

    code = "ALREADY_LINKED"


class MessageNotSent(Conflict):
    """WhatsApp doesn't have the message, yet or at all: nothing can be said about it."""

    code = "MESSAGE_NOT_SENT"


class MessageDeleted(Conflict):
    """The message was deleted: nothing can be said about it any more."""

    code = "MESSAGE_DELETED"


class EditTooLate(Conflict):
    """The message is older than what WhatsApp lets anybody edit."""

    code = "EDIT_TOO_LATE"


class DeleteTooLate(Conflict):
    """The message is older than what WhatsApp lets anybody delete for everybody."""

    code = "DELETE_TOO_LATE"


class MediaNotReady(Conflict):
    """The file was announced, and isn't uploaded yet."""

    code = "MEDIA_NOT_READY"


class MediaExpired(Conflict):
    """The file isn't kept any more, or WhatsApp no longer had it when it was fetched."""

    code = "MEDIA_EXPIRED"


class ResultGone(Conflict):
    """What was made by the first request with this Idempotency-Key has been removed since; nothing was done."""

    code = "RESULT_GONE"


class Contended(Conflict):
    """Others changed the same thing again and again; nothing was written."""

    code = "CONTENDED"
    passing = True


class AlreadyConnected(OfSession, Conflict):
    """There is no QR code because the session is linked and connected."""

    code = "ALREADY_CONNECTED"


class SessionStopped(OfSession, Conflict):
    """There is no QR code because nobody wants the session running."""

    code = "SESSION_STOPPED"


class SessionFailed(OfSession, Conflict):
    """There is no QR code because the session failed; the message says why."""

    code = "SESSION_FAILED"


class PasskeyRequired(OfSession, Conflict):
    """WhatsApp asks for a passkey to link this account; the session says whether it can still be answered."""

    code = "PASSKEY_REQUIRED"


class PasskeyNotAsked(OfSession, Conflict):
    """WhatsApp asks for no passkey, or not any more, or has been given it; nothing was sent."""

    code = "PASSKEY_NOT_ASKED"


class ConfirmationNotAsked(OfSession, Conflict):
    """There is no code to compare with the phone's, or not any more; nothing was changed."""

    code = "CONFIRMATION_NOT_ASKED"


class PairingUnderWay(OfSession, Conflict):
    """A phone is just linking the session, or somebody else asks for a code, so it gets no other one."""

    code = "PAIRING_UNDER_WAY"
    passing = True


class SessionNotConnected(OfSession, Conflict):
    """Nothing can be sent now; the answer says how the session stands."""

    code = "SESSION_NOT_CONNECTED"


class NotReady(GatewayError):
    """The answer isn't there yet; asking again is right."""

    code = "NOT_READY"
    status = 503
    passing = True


class QRNotReady(OfSession, NotReady):
    """The first QR code is still to come."""

    code = "QR_NOT_READY"


class QuotaExceeded(Forbidden):
    """The tenant has as much as it may have of what was asked for; each kind has a code of its own."""


class SessionQuotaExceeded(QuotaExceeded):
    """The tenant has as many sessions as it may have; nothing was created."""

    code = "SESSION_QUOTA_EXCEEDED"


class WorkerQuotaExceeded(QuotaExceeded):
    """As many of the tenant's sessions run as may run at a time; nothing was started."""

    code = "WORKER_QUOTA_EXCEEDED"


class UserQuotaExceeded(QuotaExceeded):
    """The tenant has as many users as it may have; nobody was created."""

    code = "USER_QUOTA_EXCEEDED"


class KeyQuotaExceeded(QuotaExceeded):
    """The tenant has as many API keys as it may have; none was made."""

    code = "KEY_QUOTA_EXCEEDED"


class TicketQuotaExceeded(GatewayError):
    """The tenant was given as many tickets within this minute as it may be; Retry-After says when to go on."""

    code = "TICKET_QUOTA_EXCEEDED"
    status = 429
    passing = True


class Unfit(GatewayError):
    """What the request asks for can't be done with the message that it names; each kind has a code of its own."""

    code = "UNFIT"
    status = 422


class QuotedMessageNotFound(Unfit):
    """The message that is to be quoted isn't one of this session's in that chat; nothing was sent."""

    code = "QUOTED_MESSAGE_NOT_FOUND"


class PollNotFound(Unfit):
    """The message that is to be voted in isn't a poll of this session's; nothing was sent."""

    code = "POLL_NOT_FOUND"


class PollSecretMissing(Unfit):
    """The poll is from before its secret was kept, or came without one: no vote in it can be sealed."""

    code = "POLL_SECRET_MISSING"


class NotYourMessage(Unfit):
    """Somebody else wrote the message, so the account can't change it."""

    code = "NOT_YOUR_MESSAGE"


class NotEditable(Unfit):
    """The message has no words that could be edited."""

    code = "NOT_EDITABLE"


class MediaTypeMismatch(Unfit):
    """The file, by its bytes, is of a type that WhatsApp's apps don't show as what it is to be sent as."""

    code = "MEDIA_TYPE_MISMATCH"


class MediaTooLarge(Unfit):
    """The file is larger than WhatsApp takes of its kind."""

    code = "MEDIA_TOO_LARGE"


class NotReceived(Unfit):
    """The account wrote the message itself, so it can't be marked as read."""

    code = "NOT_RECEIVED"


class NotACall(Unfit):
    """The message doesn't tell of a call that could be rejected."""

    code = "NOT_A_CALL"


class NotForwardable(Unfit):
    """The message is of a type that isn't passed on."""

    code = "NOT_FORWARDABLE"


class AssertionRefused(GatewayError):
    """The passkey's answer isn't one that WhatsApp would take; nothing was sent, and another one may follow."""

    code = "ASSERTION_REFUSED"
    status = 422


class AssertionMalformed(AssertionRefused):
    """It is no WebAuthn assertion, as a browser's ``PublicKeyCredential`` writes it as JSON."""

    code = "ASSERTION_MALFORMED"


class WrongAssertionType(AssertionRefused):
    """It was made for something else than signing in (``webauthn.get``)."""

    code = "WRONG_ASSERTION_TYPE"


class WrongChallenge(AssertionRefused):
    """It signs another challenge: an older one, or another session's."""

    code = "WRONG_CHALLENGE"


class WrongOrigin(AssertionRefused):
    """It was made on another page than WhatsApp Web."""

    code = "WRONG_ORIGIN"


class WrongRelyingParty(AssertionRefused):
    """It was made with another site's passkey than the one that WhatsApp asks for."""

    code = "WRONG_RELYING_PARTY"


class UserNotPresent(AssertionRefused):
    """Nobody was there when it was made."""

    code = "USER_NOT_PRESENT"


class UserNotVerified(AssertionRefused):
    """Who made it wasn't verified by a finger, a face or a PIN, as WhatsApp wants it."""

    code = "USER_NOT_VERIFIED"


class UnknownCredential(AssertionRefused):
    """It was made with a passkey that isn't one of those that WhatsApp takes."""

    code = "UNKNOWN_CREDENTIAL"


class PhoneRefused(GatewayError):
    """WhatsApp makes no pairing code for the number, or has been asked for too many: it says the same of both."""

    code = "PHONE_REFUSED"
    status = 422


class PairingCodeThrottled(GatewayError):
    """WhatsApp was asked for too many pairing codes; its QR code can still be scanned."""

    code = "PAIRING_CODE_THROTTLED"
    status = 429
    passing = True


class NotPossible(GatewayError):
    """Nothing here can do that with WhatsApp; the message says why."""

    code = "NOT_POSSIBLE"
    status = 501


class NotOnWhatsApp(OfMessage):
    """The recipient's number, or LID, has no WhatsApp account."""

    code = "NOT_ON_WHATSAPP"
    status = 422


class NotInGroup(OfMessage):
    """The session's account isn't in the group that the message was to go to."""

    code = "NOT_IN_GROUP"
    status = 403


class GroupForbids(OfMessage):
    """The group takes no messages of the session's account: only its admins may write."""

    code = "GROUP_FORBIDS"
    status = 403


class GroupNotFound(OfMessage):
    """WhatsApp has no group of that JID."""

    code = "GROUP_NOT_FOUND"
    status = 404


class ChannelNotFound(OfMessage):
    """WhatsApp has no channel of that JID."""

    code = "CHANNEL_NOT_FOUND"
    status = 404


class FileRefused(OfMessage):
    """The message's file couldn't be fetched, or isn't what WhatsApp takes as what it was sent as."""

    code = "FILE_REFUSED"
    status = 422


class SendFailed(OfMessage):
    """WhatsApp refused the message, or it couldn't be sent in time; the answer names it."""

    code = "SEND_FAILED"
    status = 502


class TooFast(GatewayError):
    """The session sends faster than its pace allows; nothing was queued, Retry-After says when to go on."""

    code = "TOO_FAST"
    status = 429
    passing = True


class AnswerNotReady(NotReady):
    """A question to WhatsApp wasn't answered in time; asking again is right."""

    code = "ANSWER_NOT_READY"


class AnswerRefused(GatewayError):
    """WhatsApp refused to answer a question; the message says why, as far as that is known."""

    code = "ANSWER_REFUSED"
    status = 502


class TooManyQuestions(GatewayError):
    """As many questions of the session as may be are open already; nothing was asked."""

    code = "TOO_MANY_QUESTIONS"
    status = 429
    passing = True


class Fenced(Exception):
    """A worker wrote with a claim that is no longer in force; it must end without another effect."""


class IllegalMove(Exception):
    """The transition table has no row for this event in this status."""

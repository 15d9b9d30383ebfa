"""The errors that callers can meet, one tree.

GatewayError
├── Invalid                      400  the request can't mean anything
│   ├── InvalidField             400  … because of one named field
│   ├── BodyTooLarge             413
│   └── UnsupportedEncoding      415
├── Unauthenticated              401  no credential, or not a good one
│   └── InvalidCredentials       401  a wrong name or password
├── Forbidden                    403  known, but not allowed this
│   ├── SessionDisabled          403  its owner switched it off
│   └── QuotaExceeded            403  the tenant has as much of it as it may have
│       ├── SessionQuotaExceeded 403
│       ├── WorkerQuotaExceeded  403  … running at a time
│       ├── UserQuotaExceeded    403
│       └── KeyQuotaExceeded     403
├── NotFound                     404
│   ├── MessageNotFound          404  also for another tenant's message
│   ├── UserNotFound             404  also for another tenant's user
│   ├── KeyNotFound              404  also for another tenant's key
│   ├── TenantNotFound           404
│   └── SessionNotFound          404  also for another tenant's session
├── MethodNotAllowed             405
├── Conflict                     409  the request is right, the moment isn't
│   ├── SessionExists            409  carries the session that stands
│   ├── PhoneMismatch            409  another account is linked than that of the number that was named
│   ├── SessionAmbiguous         409  no session was named, and there are several
│   ├── SessionDeleting          409
│   ├── UserExists               409
│   ├── TenantExists             409
│   ├── LastAdministrator        409  a tenant can't be without one
│   ├── TooManyKeys              409
│   ├── AlreadyConnected         409
│   ├── SessionStopped           409
│   ├── SessionFailed            409
│   ├── PasskeyRequired          409
│   ├── SessionNotConnected      409  a message can't be sent now; carries the session
│   ├── NotOnWhatsApp            422  the recipient has no account
│   ├── ResultGone               409  what this Idempotency-Key made has been removed since
│   └── Contended                409  others kept changing it: try again
├── IdempotencyKeyReused         422  the same key came with another request before
├── SendFailed                   502  WhatsApp refused the message
├── AnswerRefused                502  WhatsApp refused to answer a question
├── TooManyAttempts              429
├── TooManyQuestions             429  as many as may be wait for their answers
├── TooFast                      429  over the session's pace
└── NotReady                     503
    ├── AnswerNotReady           503  WhatsApp, or the worker, didn't answer in time
    └── QRNotReady               503

Inside the gateway, never answered to a caller:
Fenced                           this worker's claim is over: it must end
IllegalMove                      an event that the transition table does not know in this status
"""

from chalicelib.domain.errors.access import (
    Forbidden,
    InvalidCredentials,
    SessionDisabled,
    TooManyAttempts,
    TooManyWatchers,
    Unauthenticated,
)
from chalicelib.domain.errors.base import GatewayError
from chalicelib.domain.errors.conflicts import (
    Conflict,
    Contended,
    LastAdministrator,
    PhoneMismatch,
    ResultGone,
    SessionAmbiguous,
    SessionDeleting,
    SessionExists,
    TenantExists,
    TooManyKeys,
    UserExists,
)
from chalicelib.domain.errors.inside import Fenced, IllegalMove
from chalicelib.domain.errors.linking import (
    AlreadyConnected,
    NotReady,
    PasskeyRequired,
    QRNotReady,
    SessionFailed,
    SessionNotConnected,
    SessionStopped,
)
from chalicelib.domain.errors.missing import (
    KeyNotFound,
    MessageNotFound,
    NotFound,
    SessionNotFound,
    TenantNotFound,
    UserNotFound,
)
from chalicelib.domain.errors.quotas import (
    KeyQuotaExceeded,
    QuotaExceeded,
    SessionQuotaExceeded,
    TicketQuotaExceeded,
    UserQuotaExceeded,
    WorkerQuotaExceeded,
)
from chalicelib.domain.errors.requests import (
    BodyTooLarge,
    IdempotencyKeyReused,
    Invalid,
    InvalidField,
    MethodNotAllowed,
    UnsupportedEncoding,
)
from chalicelib.domain.errors.whatsapp import (
    AnswerNotReady,
    AnswerRefused,
    NotOnWhatsApp,
    SendFailed,
    TooFast,
    TooManyQuestions,
)

__all__ = [
    "AlreadyConnected",
    "AnswerNotReady",
    "AnswerRefused",
    "BodyTooLarge",
    "Conflict",
    "Contended",
    "Fenced",
    "Forbidden",
    "GatewayError",
    "IdempotencyKeyReused",
    "IllegalMove",
    "Invalid",
    "InvalidCredentials",
    "InvalidField",
    "KeyNotFound",
    "KeyQuotaExceeded",
    "LastAdministrator",
    "MessageNotFound",
    "MethodNotAllowed",
    "NotFound",
    "NotOnWhatsApp",
    "NotReady",
    "PasskeyRequired",
    "PhoneMismatch",
    "QRNotReady",
    "QuotaExceeded",
    "ResultGone",
    "SendFailed",
    "SessionAmbiguous",
    "SessionDeleting",
    "SessionDisabled",
    "SessionExists",
    "SessionFailed",
    "SessionNotConnected",
    "SessionNotFound",
    "SessionQuotaExceeded",
    "SessionStopped",
    "TenantExists",
    "TenantNotFound",
    "TicketQuotaExceeded",
    "TooFast",
    "TooManyAttempts",
    "TooManyKeys",
    "TooManyQuestions",
    "TooManyWatchers",
    "Unauthenticated",
    "UnsupportedEncoding",
    "UserExists",
    "UserNotFound",
    "UserQuotaExceeded",
    "WorkerQuotaExceeded",
]

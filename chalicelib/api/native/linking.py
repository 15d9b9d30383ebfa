"""The native API's ways to link a session beside its QR code: a pairing code, and the account's passkey."""

from typing import Annotated, Any, Final

import msgspec

from chalicelib import bootstrap
from chalicelib.api.call import Answer, Call
from chalicelib.api.codes import NO_CODE
from chalicelib.api.fields import Phone
from chalicelib.api.native.sessions import shape
from chalicelib.api.router import Router
from chalicelib.dialects.native import DIALECT
from chalicelib.dialects.native import linking as linking_shapes
from chalicelib.dialects.native import sessions as shapes
from chalicelib.domain import errors as e
from chalicelib.domain.access import Permission
from chalicelib.domain.passkey import MOST_CHARACTERS

router: Final = Router(__name__, DIALECT)
_LINK: Final = Permission.LINKING_ACT
_ASKED: Final = (e.TooFast, e.TooManyQuestions, e.AnswerNotReady, e.NotPossible)
_WRONG: Final = (
    e.AssertionMalformed,
    e.WrongAssertionType,
    e.WrongChallenge,
    e.WrongOrigin,
    e.WrongRelyingParty,
    e.UserNotPresent,
    e.UserNotVerified,
    e.UnknownCredential,
)
_Part = Annotated[str, msgspec.Meta(min_length=1, max_length=MOST_CHARACTERS)]


class NativePairing(msgspec.Struct, forbid_unknown_fields=True):
    """Whose phone a pairing code is to be typed on."""

    phone: Annotated[
        Phone | None,
        msgspec.Meta(description="The phone's number; that of the session if it is absent."),
    ] = None
    country: Annotated[
        Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")] | None,
        msgspec.Meta(
            description="Two letters, such as ``ID``, where the number is written as it is dialled within a country.",
        ),
    ] = None


class NativeAssertionResponse(msgspec.Struct):
    """What was signed, and the signature; base64url."""

    clientDataJSON: _Part  # noqa: N815 - WebAuthn's own words
    authenticatorData: _Part  # noqa: N815
    signature: _Part
    userHandle: _Part | None = None  # noqa: N815


class NativeAssertion(msgspec.Struct):
    """What ``navigator.credentials.get`` gave on https://web.whatsapp.com, as its ``toJSON`` writes it."""

    id: _Part
    response: NativeAssertionResponse
    rawId: _Part | None = None  # noqa: N815
    type: str = "public-key"


class NativePasskey(msgspec.Struct, forbid_unknown_fields=True):
    """The passkey's answer to the session's ``passkey.options``."""

    assertion: NativeAssertion


class NativeConfirmation(msgspec.Struct, forbid_unknown_fields=True):
    """What somebody saw who compared the two codes."""

    same: Annotated[bool, msgspec.Meta(description="False: the phone shows another code, and nothing is linked.")]


@router.route(
    "POST",
    "/v1/sessions/{id}/pairing-code",
    needs=_LINK,
    gives={200: linking_shapes.NativePairingCodeJson},
    refuses=(
        *NO_CODE,
        *_ASKED,
        e.SessionDisabled,
        e.PhoneMismatch,
        e.PairingUnderWay,
        e.PhoneRefused,
        e.PairingCodeThrottled,
    ),
)
def pairing_code(call: Call, name: str, body: NativePairing) -> Answer:
    """Get a code to type on the phone, in the place of scanning the QR code; the code before it is dead then.

    The phone shows a notification that asks for it; else it is typed in WhatsApp under Settings, Linked devices, Link a
    device, Link with phone number instead. The QR code can still be scanned.
    """
    session, code = bootstrap.linking().pairing_code(call.tenant, name, body.phone, country=body.country)
    return Answer(linking_shapes.pairing_code(session, code))


@router.route(
    "POST",
    "/v1/sessions/{id}/passkey",
    needs=_LINK,
    gives={202: shapes.NativeSessionJson},
    refuses=(e.PasskeyNotAsked, *_WRONG, *_ASKED),
)
def passkey(call: Call, name: str, body: NativePasskey) -> Answer:
    """Give the passkey's answer to WhatsApp's demand; it is checked first, but for the signature: only WhatsApp can.

    What follows is told by events: the session pairs, or a code is to be compared with the phone's.
    """
    given: dict[str, Any] = msgspec.to_builtins(body.assertion)
    session = bootstrap.linking().give_assertion(call.tenant, name, {**given, "rawId": given["rawId"] or given["id"]})
    return Answer(shape(call, session), status=202)


@router.route(
    "GET",
    "/v1/sessions/{id}/passkey/confirmation",
    needs=_LINK,
    gives={200: linking_shapes.NativeConfirmationJson},
    refuses=(e.ConfirmationNotAsked,),
)
def confirmation(call: Call, name: str) -> Answer:
    """Give the code that the phone shows too, unless somebody sits between them."""
    session, demand, code = bootstrap.linking().confirmation(call.tenant, name)
    return Answer(linking_shapes.confirmation(session, demand, code))


@router.route(
    "POST",
    "/v1/sessions/{id}/passkey/confirmation",
    needs=_LINK,
    gives={202: shapes.NativeSessionJson},
    refuses=(e.ConfirmationNotAsked, *_ASKED),
)
def confirm(call: Call, name: str, body: NativeConfirmation) -> Answer:
    """Say whether the phone shows the same code. If so the session is linked; if not, nothing is."""
    return Answer(shape(call, bootstrap.linking().confirm(call.tenant, name, same=body.same)), status=202)

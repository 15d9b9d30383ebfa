"""The native API's answers about linking a session by pairing code and by passkey."""

import json
from typing import Annotated, Any, TypedDict

from chalicelib.dialects.native.answers import phone
from chalicelib.dialects.shared import Moment, iso
from chalicelib.domain.session import PasskeyDemand, PasskeyStep, Session, ShownPairingCode


class NativePairingCodeJson(TypedDict):
    """A code to type on the phone."""

    session: str
    code: Annotated[str, "Eight letters and digits, as the phone asks for them. A secret: it links the account."]
    phone: Annotated[str | None, "The number of the phone that it is for, with ``+``."]
    expires_at: Moment


class NativePasskeyJson(TypedDict):
    """The passkey that WhatsApp asks for."""

    step: Annotated[PasskeyStep, "``sign``: the options are to be signed; ``phone``: wait; ``confirm``: compare codes."]
    options: Annotated[
        dict[str, Any] | None,
        "WebAuthn request options, as WhatsApp sent them, for those who may link the session; null once signed.",
    ]
    expires_at: Annotated[Moment, "When this step ends the linking."]


class NativeConfirmationJson(TypedDict):
    """A code to compare with the phone's."""

    session: str
    code: str
    expires_at: Moment


def pairing_code(session: Session, of: ShownPairingCode) -> NativePairingCodeJson:
    """Return a pairing code."""
    return {"session": session.id, "code": of.code, "phone": phone(of.phone), "expires_at": iso(of.expires_at)}


def passkey(of: PasskeyDemand, *, with_options: bool) -> NativePasskeyJson:
    """Return what WhatsApp asks for; the options are for those who may link the session."""
    shown = json.loads(of.options) if with_options and of.options else None
    return {"step": of.step, "options": shown, "expires_at": iso(of.expires_at)}


def confirmation(session: Session, of: PasskeyDemand, code: str) -> NativeConfirmationJson:
    """Return a code to compare."""
    return {"session": session.id, "code": code, "expires_at": iso(of.expires_at)}

"""The native API's answers about invitations."""

from typing import Annotated, TypedDict

from chalicelib.dialects.native.sessions import NativeSessionJson
from chalicelib.dialects.native.sessions import session as session_shape
from chalicelib.dialects.shared import Moment, iso
from chalicelib.domain.invitations import Invitation, InvitationState
from chalicelib.domain.session import Session


class NativeCompanyJson(TypedDict):
    """Who invites, as the page says it."""

    name: str
    colour: Annotated[str | None, "``#rrggbb``; null for the page's own."]


class NativeInvitationJson(TypedDict):
    """An invitation to link a session, without its secret."""

    id: str
    session: str
    state: Annotated[InvitationState, "``open``; ``opened``, by whoever has the link; or how it ended."]
    company: NativeCompanyJson
    language: Annotated[str | None, "What the page is to speak, as a BCP 47 tag; null for what the browser says."]
    created_at: Moment
    expires_at: Annotated[Moment, "When it ends, opened or not."]
    opened_at: Annotated[Moment | None, "When somebody opened it; null while nobody has."]


class NativeNewInvitationJson(NativeInvitationJson):
    """An invitation that was just made."""

    url: Annotated[str, "The link for the phone's holder. It has the secret in it, and is told in this answer alone."]


class NativeLinkingTokenJson(TypedDict):
    """What an invitation's secret was exchanged for."""

    token: Annotated[str, "A bearer token for the session's linking alone. A secret; told in this answer alone."]
    expires_at: Annotated[Moment, "When it ends at the latest: it ends when the session is linked, too."]
    session: Annotated[NativeSessionJson, "Without its worker, its webhook, its proxy and its metadata."]
    company: NativeCompanyJson
    language: Annotated[str | None, "What the page is to speak; null for what the browser says."]


def invitation(of: Invitation, state: InvitationState) -> NativeInvitationJson:
    """Return an invitation that stands so."""
    return {
        "id": of.id,
        "session": of.session,
        "state": state,
        "company": company(of),
        "language": of.language,
        "created_at": iso(of.created_at),
        "expires_at": iso(of.expires_at),
        "opened_at": iso(of.opened_at),
    }


def new(of: Invitation, state: InvitationState, secret: str, *, gateway: str | None) -> NativeNewInvitationJson:
    """Return an invitation with its link, which leads to the page at ``gateway``; from ``/`` on where that is None.

    The secret is in the address's fragment, which browsers send to nobody.
    """
    return {**invitation(of, state), "url": f"{gateway or ''}/#/link/{secret}"}


def exchanged(of: Invitation, session: Session, token: str) -> NativeLinkingTokenJson:
    """Return what the holder of the session's phone gets."""
    return {
        "token": token,
        "expires_at": iso(of.expires_at),
        "session": session_shape(session.for_holder(), with_options=True),
        "company": company(of),
        "language": of.language,
    }


def company(of: Invitation) -> NativeCompanyJson:
    """Return who invites."""
    return {"name": of.company, "colour": of.colour}

"""The native API's invitations: one-time links by which the holder of a phone links one session, without a login."""

from typing import Annotated, Final

import msgspec

from chalicelib import bootstrap
from chalicelib.api.auth import PUBLIC
from chalicelib.api.call import Answer, Call
from chalicelib.api.fields import INVITATION_ID, existing_invitation, line, text
from chalicelib.api.native.sessions import STARTED
from chalicelib.api.outgoing import REPEATED, once
from chalicelib.api.pages import bounds, page_of
from chalicelib.api.parameters import IDEMPOTENCY_KEY
from chalicelib.api.router import Router
from chalicelib.dialects.native import DIALECT
from chalicelib.dialects.native import invitations as shapes
from chalicelib.dialects.native.answers import NativePageJson, page
from chalicelib.domain import errors as e
from chalicelib.domain.access import Permission
from chalicelib.services.accounts.invitations import Company

router: Final = Router(__name__, DIALECT)
_INVITE: Final = Permission.SESSIONS_LINK
INVITATIONS: Final = page_of(INVITATION_ID, name="cursor")
_OVER: Final = (e.InvitationOpened, e.InvitationUsed, e.InvitationRevoked, e.InvitationExpired)


class NativeCompany(msgspec.Struct, forbid_unknown_fields=True):
    """Who the page is to say invites."""

    name: Annotated[
        Annotated[str, msgspec.Meta(min_length=1, max_length=60)] | None,
        msgspec.Meta(description="A line of text, for people; your tenant's name if it is absent."),
    ] = None
    colour: Annotated[
        Annotated[str, msgspec.Meta(pattern="^#[0-9A-Fa-f]{6}$")] | None,
        msgspec.Meta(description="``#rrggbb``; the page's own if it is absent."),
    ] = None


class NativeInvitation(msgspec.Struct, forbid_unknown_fields=True):
    """An invitation to link a session."""

    company: NativeCompany | None = None
    language: Annotated[
        Annotated[str, msgspec.Meta(pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")] | None,
        msgspec.Meta(description="What the page is to speak, as a BCP 47 tag; what the browser says if it is absent."),
    ] = None


class NativeInvitationSecret(msgspec.Struct, forbid_unknown_fields=True):
    """The secret of a link: what stands behind ``#/link/``."""

    secret: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


@router.route(
    "POST",
    "/v1/sessions/{id}/invitations",
    needs=_INVITE,
    gives={201: shapes.NativeNewInvitationJson},
    refuses=(*STARTED, e.AlreadyLinked, e.TooManyInvitations, *REPEATED),
    takes=(IDEMPOTENCY_KEY,),
)
def create(call: Call, name: str, body: NativeInvitation) -> Answer:
    """Make a link by which whoever holds the phone links the session: once, within 15 minutes, and without a login.

    A session that rests is started, so that there is a code.
    """
    company = Company(_company_name(body.company), body.company.colour if body.company else None)
    with once(call, body) as made:
        shown, secret = bootstrap.invitations().create(
            call.caller, name, company=company, language=body.language, made=made
        )
    answer = shapes.new(shown.invitation, shown.state, secret, gateway=call.gateway)
    return Answer(answer, status=201)


@router.route(
    "GET",
    "/v1/sessions/{id}/invitations",
    needs=_INVITE,
    gives={200: NativePageJson[shapes.NativeInvitationJson]},
    takes=INVITATIONS,
)
def index(call: Call, name: str) -> Answer:
    """List a session's invitations, oldest first, with how each stands; those that are over stay for a day."""
    limit, after = bounds(call, INVITATIONS)
    found, more = bootstrap.invitations().page(call.tenant, name, limit=limit, after=after)
    return Answer(page([shapes.invitation(one.invitation, one.state) for one in found], more))


@router.route(
    "DELETE",
    "/v1/sessions/{id}/invitations/{invitation_id}",
    needs=_INVITE,
    gives={200: shapes.NativeInvitationJson},
)
def revoke(call: Call, name: str, invitation_id: str) -> Answer:
    """Take an invitation back: its link and its token are worth nothing from then on. One that is over stays so."""
    shown = bootstrap.invitations().revoke(call.tenant, name, existing_invitation(invitation_id))
    return Answer(shapes.invitation(shown.invitation, shown.state))


@router.route(
    "POST",
    "/v1/invitations/exchange",
    needs=PUBLIC,
    gives={200: shapes.NativeLinkingTokenJson},
    refuses=(e.InvitationNotFound, *_OVER),
)
def exchange(call: Call, body: NativeInvitationSecret) -> Answer:
    """Exchange a link's secret, once, for a token that is good for the linking of its session, and for nothing else."""
    shown, token = bootstrap.invitations().exchange(body.secret)
    return Answer(shapes.exchanged(shown.invitation, shown.session, token))


def _company_name(company: NativeCompany | None) -> str | None:
    if company is None or company.name is None:
        return None
    return line(text(company.name, field="company.name"), field="company.name")

"""Invitations: made by owners, exchanged once by whoever holds the phone, and what their tokens stand for.

Whether a token is good is read at each request, from three items: the invitation, its session, and the user or API key
that made it. So there is nothing that would have to follow when the session is linked or removed, when the maker loses
the right to link, or when their tenant is disabled. Only WebSockets have to be closed by somebody: those of a token are
listed under the maker's name, and end with the maker's own (``Closing``); and they end themselves behind the event that
tells that the session is linked, or gone (``Subscriptions``).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from msgspec import Struct

from chalicelib.domain.access import GRANTS, Permission, Principal, Role
from chalicelib.domain.errors import (
    InvitationExpired,
    InvitationNotFound,
    InvitationOpened,
    InvitationOver,
    InvitationRevoked,
    InvitationUsed,
    ResultGone,
    TooManyInvitations,
    Unauthenticated,
)
from chalicelib.domain.invitations import (
    GOOD,
    LASTS,
    MOST_OPEN,
    Invitation,
    InvitationState,
    hashed,
    named_by,
    secret_of,
    token_of,
)
from chalicelib.domain.session import Session, Status
from chalicelib.services.ports import Clock, NewId
from chalicelib.services.ports.accounts import InvitationStore, KeyStore, NewEntropy, TenantStore, UserStore
from chalicelib.services.reservations import Reservation
from chalicelib.services.sessions.moves import must_be_unlinked
from chalicelib.services.sessions.sessions import Sessions
from chalicelib.services.watching.watching import Closing

_OVER: Final[Mapping[InvitationState, tuple[type[InvitationOver], str]]] = {
    InvitationState.OPENED: (InvitationOpened, "This link has been opened before: it works once."),
    InvitationState.USED: (InvitationUsed, "This link has done its work: the account is linked."),
    InvitationState.REVOKED: (InvitationRevoked, "This link was taken back."),
    InvitationState.EXPIRED: (InvitationExpired, "This link has expired."),
}
_ASK: Final = "Ask whoever sent it for a new one."


class Company(Struct, frozen=True):
    """Who the page says invites: None for the tenant's name; ``colour`` is ``#rrggbb``, None for the page's own."""

    name: str | None = None
    colour: str | None = None


class Shown(Struct, frozen=True):
    """An invitation with its session as that stands, and the time at which they were read."""

    invitation: Invitation
    session: Session
    now: int

    @property
    def state(self) -> InvitationState:
        """How the invitation stands."""
        return self.invitation.state(self.session, self.now)


class Invitations(Struct, frozen=True):
    """Makes, exchanges and revokes invitations. Secrets and tokens are returned once; the table holds their hashes."""

    store: InvitationStore
    sessions: Sessions
    tenants: TenantStore
    users: UserStore
    keys: KeyStore
    closing: Closing
    clock: Clock
    new_id: NewId
    new_entropy: NewEntropy

    def create(
        self,
        maker: Principal,
        session_id: str,
        *,
        company: Company,
        language: str | None,
        made: Reservation | None = None,
    ) -> tuple[Shown, str]:
        """Invite somebody to link the maker's session, which is started if it rests; return it with its secret.

        An invitation that ``made`` stands for is found, and its secret is derived from the reservation once more.
        Raises SessionNotFound, AlreadyLinked, TooManyInvitations, ResultGone, and what ``Sessions.start`` raises.
        """
        session = self.sessions.get(maker.tenant, session_id)
        invitation_id = made.id if made else self.new_id()
        secret = secret_of(session.uid, invitation_id, made.entropy if made else self.new_entropy())
        stands = self.store.get(session.uid, invitation_id) if made else None
        if stands:
            return Shown(stands, session, self.clock()), secret
        if made and made.made:
            raise ResultGone("The invitation that was made with this Idempotency-Key is gone.")
        must_be_unlinked(session)
        session = self.sessions.start(maker.tenant, session_id)
        now = self.clock()
        invitation = Invitation(
            id=invitation_id,
            uid=session.uid,
            tenant=session.tenant,
            session=session.id,
            created_at=now,
            expires_at=self._ends(maker, now),
            maker=maker.name,
            company=company.name or self._tenant_name(maker.tenant),
            secret_hash=hashed(secret),
            key=self._key_of(maker),
            colour=company.colour,
            language=language,
        )
        if not self.store.add(invitation):
            # The same request made it a moment ago.
            return Shown(self._found(session.uid, invitation_id), session, now), secret
        # Of several that are made at once each is there by now, so that the limit holds.
        if self.store.living(session.uid, now=now, most=MOST_OPEN + 1) > MOST_OPEN:
            self.store.remove(invitation)
            raise TooManyInvitations(
                f"There are {MOST_OPEN} invitations to this session that are good already.", hint="Revoke one."
            )
        return Shown(invitation, session, now), secret

    def page(self, tenant: str, session_id: str, *, limit: int, after: str | None) -> tuple[list[Shown], str | None]:
        """Return up to ``limit`` of the session's invitations, the oldest first, and where the next page starts.

        Those that are over stay for a day. Raises SessionNotFound.
        """
        session = self.sessions.get(tenant, session_id)
        found, more = self.store.page(session.uid, limit=limit, after=after)
        now = self.clock()
        return [Shown(one, session, now) for one in found], more

    def revoke(self, tenant: str, session_id: str, invitation_id: str) -> Shown:
        """End the invitation, its token and the WebSockets opened with that; one that is over stays as it ended.

        Raises SessionNotFound and InvitationNotFound.
        """
        session = self.sessions.get(tenant, session_id)
        stands, now = self._found(session.uid, invitation_id), self.clock()
        if stands.state(session, now) in GOOD:
            self.store.revoke(stands, now=now)
            stands = self._found(session.uid, invitation_id)
        # Also where it was revoked before: that call may have been cut short.
        self.closing.close(stands.maker, token=stands.id, surely=True)
        return Shown(stands, session, self.clock())

    def exchange(self, secret: str) -> tuple[Shown, str]:
        """Open the invitation of that secret: return it with its token. Of any number of callers one is given a token.

        Raises InvitationNotFound, and the InvitationOver that says why nothing comes of it.
        """
        named = named_by(secret)
        stands = self.store.get(*named) if named else None
        if stands is None or not stands.is_secret(secret):
            raise InvitationNotFound("There is no such link.", hint="See that it is complete, or ask for a new one.")
        session, now = self._session(stands), self.clock()
        state = stands.state(session, now) if session else InvitationState.REVOKED
        if state is InvitationState.OPEN and not self._stood_behind(stands):
            state = InvitationState.REVOKED
        if session is None or state is not InvitationState.OPEN:
            raise _over(state)
        token = token_of(stands.uid, stands.id, self.new_entropy())
        if not self.store.open(stands, token_hash=hashed(token), now=now):
            after = self.store.get(stands.uid, stands.id)
            raise _over(InvitationState.OPENED if after and after.revoked_at is None else InvitationState.REVOKED)
        return Shown(replace(stands, token_hash=hashed(token), opened_at=now), session, now), token

    def authenticate(self, token: str) -> Principal:
        """Return the holder whose token it is; raises Unauthenticated."""
        named = named_by(token)
        stands = self.store.get(*named) if named else None
        if stands is None or not stands.is_token(token):
            raise Unauthenticated("The link's token isn't one of ours.")
        return self._holder(stands)

    def standing(self, holder: Principal) -> Principal:
        """Return the holder as the invitation stands now; raises Unauthenticated if it has ended since."""
        stands = self.store.get(holder.linking or "", holder.token or "")
        if stands is None:
            raise Unauthenticated("This link isn't good any more.", hint=_ASK)
        return self._holder(stands)

    def _holder(self, stands: Invitation) -> Principal:
        session, now = self._session(stands), self.clock()
        state = stands.state(session, now) if session else InvitationState.REVOKED
        linked = session is not None and stands.just_used(session, now)
        if session is None or not (state is InvitationState.OPENED or linked) or not self._stood_behind(stands):
            _, sentence = _OVER[state if state not in GOOD else InvitationState.REVOKED]
            raise Unauthenticated(sentence, hint=None if state is InvitationState.USED else _ASK)
        return Principal(
            name=f"invitation:{stands.id}",
            tenant=stands.tenant,
            role=Role.READ_ONLY,
            expires_at=stands.expires_at,
            session=session.id,
            token=stands.id,
            linking=stands.uid,
            maker=stands.maker,
            linked=linked,
        )

    def _session(self, invitation: Invitation) -> Session | None:
        """Return the very session that the invitation was made for, unless it is gone, or its tenant is disabled."""
        session = self.sessions.store.get(invitation.uid)
        return None if session is None or session.suspended or session.status is Status.DELETING else session

    def _stood_behind(self, invitation: Invitation) -> bool:
        """Whether the one who made it could make it now."""
        if invitation.key:
            key = self.keys.get(invitation.key)
            return key is not None and not key.suspended and Permission.SESSIONS_LINK in GRANTS[key.role]
        user = self.users.get(invitation.maker)
        # Another user may have the name by now.
        same = user is not None and user.tenant == invitation.tenant and user.created_at <= invitation.created_at
        return user is not None and same and user.active and Permission.SESSIONS_LINK in GRANTS[user.role]

    def _found(self, uid: str, invitation_id: str) -> Invitation:
        stands = self.store.get(uid, invitation_id)
        if stands is None:
            raise InvitationNotFound("There is no such invitation to this session.", field="invitation_id")
        return stands

    def _key_of(self, maker: Principal) -> str | None:
        if maker.key is None:
            return None
        key = self.keys.find(maker.tenant, maker.key)
        if key is None:
            raise Unauthenticated("The API key isn't good any more.")
        return key.fingerprint

    def _tenant_name(self, tenant: str) -> str:
        found = self.tenants.get(tenant)
        return found.name if found else tenant

    @staticmethod
    def _ends(maker: Principal, now: int) -> int:
        """Return when it ends: with the API key that it is made with, if that ends before."""
        ends = now + LASTS
        return min(ends, maker.expires_at) if maker.key and maker.expires_at is not None else ends


def _over(state: InvitationState) -> InvitationOver:
    kind, sentence = _OVER[state]
    return kind(sentence, hint=None if state is InvitationState.USED else _ASK)

"""API keys and WebSocket tickets: secrets that are shown once, stored as hashes, and revoked or used up."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from msgspec import Struct

from chalicelib.domain.access import (
    LIFE,
    MOST_KEYS,
    ApiKey,
    Principal,
    Role,
    Ticket,
    fingerprint,
    lesser,
    principal_of,
    secret_of,
    ticket_fingerprint,
)
from chalicelib.domain.errors import (
    Forbidden,
    KeyNotFound,
    KeyQuotaExceeded,
    ResultGone,
    TicketQuotaExceeded,
    TooManyKeys,
    Unauthenticated,
)
from chalicelib.domain.invitations import MOST_TICKETS
from chalicelib.services.accounts.accounts import Accounts
from chalicelib.services.accounts.invitations import Invitations
from chalicelib.services.ports import Clock, NewId, Rejected, Unavailable
from chalicelib.services.ports.accounts import KeyStore, MakeTicket, NewKey, TicketStore, UserStore
from chalicelib.services.reservations import Reservation
from chalicelib.services.watching.watching import Closing

FRESH: Final = 60_000
"""Milliseconds within which a key's use isn't written down again."""

_log: Final = logging.getLogger(__name__)


class ApiKeys(Struct, frozen=True):
    """Creates, finds and revokes API keys. Only ``create`` returns a secret; the table holds its hash."""

    store: KeyStore
    users: UserStore
    closing: Closing
    clock: Clock
    new_id: NewId
    new_key: NewKey
    most: int
    """Keys that a tenant may have; 0: no limit."""

    def authenticate(self, secret: str) -> Principal:
        """Return the key's principal, with one read of the key; raises Unauthenticated."""
        found, now = fingerprint(secret), self.clock()
        key = self._good(self.store.get(found) if found else None, now)
        if key.last_used is None or now - key.last_used >= FRESH:
            self._note(key, now)
        return _caller(key)

    def standing(self, caller: Principal) -> Principal:
        """Return a key's caller as the key stands now; raises Unauthenticated if it has ended since."""
        return _caller(self._good(self.store.find(caller.tenant, caller.key or ""), self.clock()))

    def create(
        self,
        owner: str,
        *,
        session: str | None,
        lasts: int | None,
        role: Role | None = None,
        name: str | None = None,
        made: Reservation | None = None,
    ) -> tuple[ApiKey, str]:
        """Make a key for the user and return it with its secret; ``lasts`` is in milliseconds, None: until revoked.

        The key may do what ``role`` may, and never more than its owner; None: whatever its owner may. It may be bound
        to a session that doesn't exist yet. A key that ``made`` stands for is found, and its secret is derived from the
        reservation once more. Raises TooManyKeys, KeyQuotaExceeded, ResultGone, and Forbidden for too high a role.
        """
        now, secret = (self.clock(), self.new_key()) if made is None else (made.at, secret_of(made.entropy))
        found = fingerprint(secret) or ""
        stands = self.store.get(found) if made else None
        if stands:
            return stands, secret
        if made and made.made:
            raise ResultGone("The API key that was made with this Idempotency-Key has been revoked since.")
        user = self.users.get(owner)
        if user is None or not user.active:
            raise Forbidden("This account is disabled.")
        if role is not None and lesser(user.role, role) is not role:
            raise Forbidden(
                f"Your role is '{user.role}', and a key of yours can't have more.",
                field="role",
                hint="Leave the role out for a key that may do what you may.",
            )
        if len(self.store.of_owner(owner)) >= MOST_KEYS:
            raise _too_many()
        expires_at = now + lasts if lasts is not None else None
        key_id = made.id if made else self.new_id()
        held = lesser(user.role, role)
        key = ApiKey(key_id, found, user.tenant, owner, held, now, session, expires_at, max_role=role, name=name)
        self.store.add(key)
        # A change of the user writes the user, then its keys: one that came in between may have missed this one.
        self._within_limits(key, self.follow(owner))
        return key, secret

    def mine(self, owner: str) -> Sequence[ApiKey]:
        """Return the user's keys, the oldest first."""
        return self.store.of_owner(owner)

    def page(self, tenant: str, *, limit: int, after: str | None) -> tuple[list[ApiKey], str | None]:
        """Return up to ``limit`` of the tenant's keys, the oldest first, and where the next page starts."""
        return self.store.page(tenant, limit=limit, after=after)

    def revoke(self, tenant: str, key_id: str, *, owner: str | None = None) -> None:
        """End the tenant's key, which must be ``owner``'s if one is named; raises KeyNotFound."""
        key = self.store.find(tenant, key_id)
        if key is None or owner not in {None, key.owner}:
            raise KeyNotFound("There is no API key of that id.", field="id")
        self._end(key)

    def revoke_all(self, owner: str) -> int:
        """End the user's keys and return how many there were."""
        keys = self.store.of_owner(owner)
        for key in keys:
            self._end(key)
        return len(keys)

    def follow(self, owner: str) -> Sequence[ApiKey]:
        """Bring the user's keys in line with the user (removed, suspended, its role); return the keys that there were.

        Repeatable.
        """
        user = self.users.get(owner)
        if user is None or user.disabled:
            self.revoke_all(owner)
            return ()
        owned = self.store.of_owner(owner)
        for key in owned:
            role = lesser(user.role, key.max_role)
            if (key.role, key.suspended) != (role, user.suspended):
                self.store.put(replace(key, role=role, suspended=user.suspended))
                self.closing.close(principal_of(key.id))
        return owned

    def _within_limits(self, key: ApiKey, owned: Sequence[ApiKey]) -> None:
        """Remove the new key again if there are too many. Keys created at the same time are all listed by now."""
        if len(owned) > MOST_KEYS:
            self.store.remove(key)
            raise _too_many()
        if self.most and self.store.count(key.tenant, most=self.most + 1) > self.most:
            self.store.remove(key)
            raise KeyQuotaExceeded(
                f"This tenant has {self.most} API keys, as many as it may have.", hint="Revoke one that isn't used."
            )

    def _good(self, key: ApiKey | None, now: int) -> ApiKey:
        if key is None or not key.good(now):
            raise Unauthenticated("The API key isn't good, or not any more.")
        return key

    def _end(self, key: ApiKey) -> None:
        self.store.remove(key)
        self.closing.close(principal_of(key.id))

    def _note(self, key: ApiKey, now: int) -> None:
        try:
            self.store.touch(key, now=now)
        except (Unavailable, Rejected):
            _log.warning("the use of an API key couldn't be noted", extra={"key": key.id})


def _too_many() -> TooManyKeys:
    return TooManyKeys(f"There are {MOST_KEYS} API keys already.", hint="Revoke one that isn't used.")


def _caller(key: ApiKey) -> Principal:
    return Principal(principal_of(key.id), key.tenant, key.role, key.expires_at, key=key.id, session=key.session)


MINUTE: Final = 60


class Tickets(Struct, frozen=True):
    """Issues single-use tickets and redeems them."""

    store: TicketStore
    accounts: Accounts
    keys: ApiKeys
    invitations: Invitations
    clock: Clock
    new_ticket: MakeTicket
    most: int
    """Tickets that a tenant may be given a minute; 0: no limit."""

    def give(self, holder: Principal, *, session: str | None) -> tuple[str, int]:
        """Return a new ticket's secret and its end; ``session`` is the only session that it is for, None: all.

        Raises TicketQuotaExceeded. The holder of a phone is counted alone, lest it use up what the tenant's own need.
        """
        secret, now = self.new_ticket(), self.clock()
        # An invitation's id is in capitals, which no tenant's is.
        whose, most, who = (
            (holder.token or "", MOST_TICKETS, "This link")
            if holder.linking
            else (holder.tenant, self.most, "This tenant")
        )
        if most and not self.store.counted(whose, now=now, most=most):
            raise TicketQuotaExceeded(
                f"{who} was given {most} tickets within this minute, as many as it may be.",
                retry_after=MINUTE - now // 1000 % MINUTE,
            )
        ends = min(now + LIFE, holder.expires_at) if holder.expires_at is not None else now + LIFE
        self.store.add(Ticket(ticket_fingerprint(secret) or "", replace(holder, session=session), ends))
        return secret, ends

    def take(self, secret: str) -> Principal:
        """Use up the ticket and return its holder.

        Raises Unauthenticated for a ticket that was used, has expired or never existed. ``standing`` tells what the
        holder may do now.
        """
        found = ticket_fingerprint(secret)
        ticket = self.store.take(found) if found else None
        if ticket is None or ticket.expires_at <= self.clock():
            raise Unauthenticated(
                "The ticket isn't good, or not any more: it opens one WebSocket within a minute.",
                hint="Get another from POST /api/ws-ticket.",
            )
        return ticket.holder

    def standing(self, holder: Principal) -> Principal:
        """Return the holder's present principal; raises Unauthenticated if the ticket's credential has ended."""
        kind = self.invitations if holder.linking else self.keys if holder.key else self.accounts
        return replace(kind.standing(holder), session=holder.session)

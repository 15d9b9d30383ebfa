"""Tickets for WebSockets: given to who has shown a credential, taken once, and good no longer than that credential."""

from dataclasses import dataclass, replace
from typing import Final

from chalicelib.domain.errors import TicketQuotaExceeded, Unauthenticated
from chalicelib.domain.principal import Principal
from chalicelib.domain.ticket import LIFE, Ticket, ticket_fingerprint
from chalicelib.services.accounts.accounts import Accounts
from chalicelib.services.accounts.keys import ApiKeys
from chalicelib.services.ports import Clock
from chalicelib.services.ports.accounts import NewTicket, TicketStore

MINUTE: Final = 60


@dataclass(frozen=True, slots=True)
class Tickets:
    """Gives tickets and takes them."""

    store: TicketStore
    accounts: Accounts
    keys: ApiKeys
    clock: Clock
    new_ticket: NewTicket
    most: int
    """Tickets that a tenant may be given a minute; 0: no limit."""

    def give(self, holder: Principal, *, session: str | None) -> tuple[str, int]:
        """Return a ticket's secret and when it ends; ``session`` is the one that it is to be for, None: all.

        Raises TicketQuotaExceeded.
        """
        secret, now = self.new_ticket(), self.clock()
        if self.most and not self.store.counted(holder.tenant, now=now, most=self.most):
            raise TicketQuotaExceeded(
                f"This tenant was given {self.most} tickets within this minute, as many as it may be.",
                retry_after=MINUTE - now // 1000 % MINUTE,
            )
        ends = min(now + LIFE, holder.expires_at) if holder.expires_at is not None else now + LIFE
        self.store.add(Ticket(ticket_fingerprint(secret) or "", replace(holder, session=session), ends))
        return secret, ends

    def take(self, secret: str) -> Principal:
        """Return to whom the ticket was given, whoever comes first; nobody gets in with it again.

        Raises Unauthenticated for one that was used, has ended or never was. Ask ``standing`` what the holder may do.
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
        """Return the holder as it is now; raises Unauthenticated if the credential that it had shown has ended."""
        now = self.accounts.standing(holder) if holder.key is None else self.keys.standing(holder)
        return replace(now, session=holder.session)

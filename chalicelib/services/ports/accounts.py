"""What accounts, keys and tenants need from outside, as Protocols; the adapters and the tests' fakes implement them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from chalicelib.domain.access import ApiKey, Failures, Source, Tenant, Ticket, User
from chalicelib.domain.invitations import Invitation
from chalicelib.domain.limits import Slot


class UserStore(Protocol):
    """Users, by name: a login names no tenant, so a name is taken once in all of them."""

    def get(self, name: str) -> User | None:
        """Return the user of that name."""

    def add(self, user: User) -> bool:
        """Store a new user; False, and nothing written, if the name is taken."""

    def put(self, user: User) -> bool:
        """Write the user over the version before its own; False, and nothing written, if another stands."""

    def remove(self, user: User) -> bool:
        """Remove the user; False if another version stands. One that is gone already is removed."""

    def page(self, tenant: str, *, limit: int, after: str | None) -> tuple[list[User], str | None]:
        """Return up to ``limit`` of the tenant's users in the order of their names, and where the next page starts."""

    def count(self, tenant: str, *, most: int) -> int:
        """Return how many users the tenant has, counting up to ``most``, read consistently."""


class KeyStore(Protocol):
    """API keys, by the fingerprint of their secret."""

    def get(self, fingerprint: str) -> ApiKey | None:
        """Return the key."""

    def add(self, key: ApiKey) -> None:
        """Store a new key."""

    def put(self, key: ApiKey) -> None:
        """Write the key's role and whether it is suspended; a removed key stays removed."""

    def touch(self, key: ApiKey, *, now: int) -> None:
        """Note that the key was used; a removed key stays removed."""

    def remove(self, key: ApiKey) -> None:
        """Remove the key, which is refused from then on."""

    def find(self, tenant: str, key_id: str) -> ApiKey | None:
        """Return the tenant's key of that id."""

    def of_owner(self, name: str) -> Sequence[ApiKey]:
        """Return the user's keys, the oldest first."""

    def page(self, tenant: str, *, limit: int, after: str | None) -> tuple[list[ApiKey], str | None]:
        """Return up to ``limit`` of the tenant's keys, the oldest first, and where the next page starts."""

    def count(self, tenant: str, *, most: int) -> int:
        """Return how many keys the tenant's list has, counting up to ``most``, read consistently.

        Expired keys count for as long as they are on the list.
        """


class TenantStore(Protocol):
    """Tenants, by id."""

    def get(self, tenant: str) -> Tenant | None:
        """Return the tenant."""

    def add(self, tenant: Tenant) -> bool:
        """Store a new tenant; False, and nothing written, if the id is taken."""

    def put(self, tenant: Tenant) -> bool:
        """Write the tenant over the version before its own; False, and nothing written, if another stands."""

    def remove(self, tenant: Tenant) -> None:
        """Remove a tenant that nobody has entered yet, unless another version stands."""

    def page(self, *, limit: int, after: str | None) -> tuple[list[Tenant], str | None]:
        """Return up to ``limit`` tenants in the order of their ids, and where the next page starts."""


class LoginAttempts(Protocol):
    """How often logins failed lately, and where users have logged in; times in milliseconds since the Unix epoch."""

    def failed(self, source: Source, *, now: int, proven: bool = False) -> None:
        """Count a failed login in all its counters; of concurrent ones each is counted.

        ``proven`` says that the caller showed a token of the user's.
        """

    def recent(self, source: Source, *, now: int) -> Failures:
        """Return the counters within the window, read consistently."""

    def succeeded(self, source: Source, *, now: int) -> None:
        """Note that the user has logged in from that address."""

    def forgive(self, name: str) -> None:
        """Clear the count of the user's name; the counts of addresses stay."""


class Passwords(Protocol):
    """Password hashing."""

    def hash(self, password: str) -> str:
        """Return the encoded hash."""

    def matches(self, password_hash: str, password: str) -> bool:
        """Whether the password is the hashed one; the time that this takes doesn't tell."""

    def outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with other parameters than today's."""


class Tokens(Protocol):
    """Signed tokens."""

    def issue(self, user: User, *, now: int) -> tuple[str, int]:
        """Return a signed token and when it expires, in milliseconds since the Unix epoch."""

    def read(self, token: str) -> "TokenClaims":
        """Return a valid token's claims; raises Unauthenticated."""


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """A token's claims. The role isn't among them: it is the user's present one. ``id`` names the token."""

    name: str
    tenant: str
    generation: int
    expires_at: int
    id: str


class NewKey(Protocol):
    """Makes secrets of API keys."""

    def __call__(self) -> str:
        """Return a new secret, in the form that ``domain.access`` reads."""


class TicketStore(Protocol):
    """Tickets, by the fingerprint of their secret."""

    def add(self, ticket: Ticket) -> None:
        """Store a new ticket."""

    def take(self, fingerprint: str) -> Ticket | None:
        """Return the ticket and remove it, atomically: no other caller gets it. It may have expired."""

    def counted(self, whose: str, *, now: int, most: int) -> bool:
        """Count a ticket of a tenant's, or of an invitation's, by its id.

        False, and nothing counted, if ``most`` were given this minute already.
        """


class MakeTicket(Protocol):
    """Makes secrets of tickets."""

    def __call__(self) -> str:
        """Return a new secret, in the form that ``domain.access`` reads."""


class InvitationStore(Protocol):
    """Invitations, by their session's uid and their id; they are removed with the session."""

    def get(self, uid: str, invitation_id: str) -> Invitation | None:
        """Return the invitation, read consistently."""

    def add(self, invitation: Invitation) -> bool:
        """Store a new invitation; False, and nothing written, if there is one of that id."""

    def open(self, invitation: Invitation, *, token_hash: str, now: int) -> bool:
        """Note that it was exchanged for that token; False, and nothing written, if it was before, or was revoked."""

    def revoke(self, invitation: Invitation, *, now: int) -> None:
        """Note that it is revoked, unless it is already, or is gone."""

    def remove(self, invitation: Invitation) -> None:
        """Remove it; one that is gone is no error."""

    def living(self, uid: str, *, now: int, most: int) -> int:
        """Return how many of the session's aren't revoked or expired, counting up to ``most``, read consistently."""

    def page(self, uid: str, *, limit: int, after: str | None) -> tuple[list[Invitation], str | None]:
        """Return up to ``limit`` of the session's, the oldest first, and where the next page starts."""


class NewEntropy(Protocol):
    """Makes what secrets are made of."""

    def __call__(self) -> bytes:
        """Return 32 random bytes."""


class Slots(Protocol):
    """Slots, by tenant; times in milliseconds since the Unix epoch."""

    def hold(self, tenant: str, uid: str, *, now: int) -> None:
        """Put the session on the tenant's list, or renew its time there."""

    def held(self, tenant: str, *, most: int) -> Sequence[Slot]:
        """Return up to ``most`` of the tenant's slots, read consistently."""

    def free(self, tenant: str, uid: str, *, at: int) -> None:
        """Take the session off the list unless it was put there after ``at``; one that isn't listed is no error."""

"""New ids and secrets: ULIDs, and random bytes in the form that each kind of secret has."""

from secrets import token_bytes, token_urlsafe

from ulid import ULID

from chalicelib.domain import access, invitations, webhook


def new_id() -> str:
    """Return a new ULID."""
    return str(ULID())


def named_id(at: int, entropy: bytes) -> str:
    """Return the ULID of a time (milliseconds since the Unix epoch) and ten bytes."""
    return str(ULID.from_bytes(at.to_bytes(6) + entropy))


def new_secret() -> str:
    """Return a new secret to sign webhooks with."""
    return webhook.secret_of(token_bytes(webhook.SECRET_SIZE))


def new_sid() -> str:
    """Return a new sid, by which a Socket.IO client is recognised."""
    return token_urlsafe(24)


def new_api_key() -> str:
    """Return the secret of a new API key."""
    return access.secret_of(token_bytes(access.KEY_ENTROPY))


def new_ticket() -> str:
    """Return the secret of a new ticket."""
    return access.ticket_of(token_bytes(access.TICKET_ENTROPY))


def new_entropy() -> bytes:
    """Return the random bytes of an invitation's secret, or of its token."""
    return token_bytes(invitations.ENTROPY)

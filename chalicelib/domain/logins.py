"""Failed logins: what they are counted by, and when more are refused unread.

Each failure counts four times: by the user and the address together, by the user from wherever, by the address whoever
is named, and by the larger network that the address is in. So neither sixty networks that guess one user's password
nor one address that tries a hundred names get further than a few guesses.

Three of these counts can be filled by strangers, who would lock a user out for as long as they go on. So they don't
hold for a user at an address where the same user has logged in within ``KNOWN`` before: there the first count alone
does, which strangers elsewhere can't reach. Nor do they hold for who shows a token of the user's, to change the
password: what fails there has a count of its own besides, by the user, which nobody without a token can fill.
Everywhere else a user who is being guessed at waits, or has an administrator set a new password, which
forgives what was counted against the name.

"Address" is an IPv4 address, or the /64 network of an IPv6 one; the larger network is a /24 or a /48.
"""

from dataclasses import dataclass
from typing import Final

from chalicelib.domain.addresses import network_of, wider_network_of

WINDOW: Final = 300
"""Seconds until a failed login is forgotten."""
MOST_BY_PAIR: Final = 5
"""Failed logins of one user from one address within the window, before more are refused."""
MOST_BY_USER: Final = 20
"""The same of one user from anywhere; and once more of those who show a token of the user's."""
MOST_BY_ADDRESS: Final = 20
"""The same from one address, whoever is named."""
MOST_BY_NETWORK: Final = 60
"""The same from one larger network."""
KNOWN: Final = 90 * 86_400
"""Seconds for which an address is remembered as one where the user has logged in."""
NEWS: Final = 86_400
"""Seconds in which it isn't noted again."""


@dataclass(frozen=True, slots=True)
class Source:
    """Who is said to log in, and from where: the counts of a failure go by these."""

    name: str
    address: str
    network: str


@dataclass(frozen=True, slots=True)
class Failures:
    """What was counted within the window; ``known_until`` (seconds since the Unix epoch) is 0 at an unknown address."""

    by_pair: int = 0
    by_user: int = 0
    by_address: int = 0
    by_network: int = 0
    by_bearer: int = 0
    known_until: int = 0

    def too_many(self, *, now: int, proven: bool = False) -> bool:
        """Whether another try is refused at ``now`` (milliseconds); ``proven`` if a token of the user's is shown."""
        if self.by_pair >= MOST_BY_PAIR:
            return True
        if proven:
            return self.by_bearer >= MOST_BY_USER
        if self.known_until > now // 1000:
            return False
        by_strangers = (
            self.by_user >= MOST_BY_USER,
            self.by_address >= MOST_BY_ADDRESS,
            self.by_network >= MOST_BY_NETWORK,
        )
        return any(by_strangers)

    def is_news(self, now: int) -> bool:
        """Whether a login at ``now`` (milliseconds) is to be noted for its address."""
        return self.known_until - now // 1000 <= KNOWN - NEWS


def source(name: str, address: str) -> Source:
    """Return what a login under that name from that address is counted by."""
    return Source(name, network_of(address), wider_network_of(address))

"""Which IP addresses and host names a webhook may go to: those of the public internet, and no other.

The networks are written out, from IANA's special-purpose registries: what Python calls global differs between its
versions, and counts addresses that only wrap another one (mapped, 6to4, NAT64) as global.
"""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

_SPECIAL_V4: Final = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers (CGNAT)
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, and the cloud's metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_GLOBAL_V6: Final = IPv6Network("2000::/3")
"""All that is assigned for the public internet; mapped and NAT64 addresses, loopback and private ones are outside."""
_SPECIAL_V6: Final = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which wraps an IPv4 address
        "3fff::/20",  # documentation
    )
)

_LABEL: Final = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
# The last label begins with a letter: else the resolver might read the whole as a number, such as 127.1 or 0x7f000001.
_NAME: Final = re.compile(rf"({_LABEL}\.)+[A-Za-z]([A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?\.?", re.ASCII)


def is_public(address: str) -> bool:
    """Whether ``address``, in the notation that a resolver answers with, is a public unicast one."""
    match _parsed(address):
        case IPv4Address() as v4:
            return not any(v4 in network for network in _SPECIAL_V4)
        case IPv6Address() as v6:
            return v6.scope_id is None and v6 in _GLOBAL_V6 and not any(v6 in network for network in _SPECIAL_V6)
        case None:
            return False


def is_loopback(address: str) -> bool:
    """Whether ``address`` is this machine's own (127.0.0.0/8, ::1)."""
    parsed = _parsed(address)
    return parsed is not None and parsed.is_loopback


def network_of(address: str) -> str:
    """Return the unit by which callers are counted: an IPv4 address, or an IPv6 /64, since everybody has a whole one.

    A text that is no address is returned unchanged.
    """
    match _parsed(address):
        case IPv6Address() as v6 if v6.ipv4_mapped:
            return str(v6.ipv4_mapped)
        case IPv6Address() as v6:
            return str(IPv6Network((int(v6), 64), strict=False))
        case _:
            return address


def wider_network_of(address: str) -> str:
    """Return the network that a caller with many addresses may own: the /24, of IPv6 the /48.

    A text that is no address is returned unchanged.
    """
    match _parsed(network_of(address).partition("/")[0]):
        case IPv4Address() as v4:
            return str(IPv4Network((int(v4), 24), strict=False))
        case IPv6Address() as v6:
            return str(IPv6Network((int(v6), 48), strict=False))
        case None:
            return address


def is_public_host(host: str) -> bool:
    """Whether ``host`` is a full domain name, or a public address in its usual notation; nothing is resolved."""
    return is_public(host) if _parsed(host) else len(host) <= 253 and bool(_NAME.fullmatch(host))


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(address)
    except ValueError:
        return None

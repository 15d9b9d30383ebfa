"""Multiples of the base point on edwards25519 (RFC 8032): the one operation that no library offers for a raw scalar.

Not constant in time: fine for a stand-in on one's own machine, wrong for anything else.
"""

from functools import cache

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, PRIME) % PRIME

Point = tuple[int, int, int, int]
"""Extended coordinates X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z."""

_ZERO: Point = (0, 1, 1, 0)


def _base() -> Point:
    """The point with y = 4/5 and even x."""
    y = 4 * pow(5, -1, PRIME) % PRIME
    square = (y * y - 1) * pow(_D * y * y + 1, -1, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if (x * x - square) % PRIME:
        x = x * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
    x = PRIME - x if x & 1 else x
    return (x, y, 1, x * y % PRIME)


def _sum(p: Point, q: Point) -> Point:
    """Complete addition (RFC 8032, section 5.1.4): right for equal points too."""
    a = (p[1] - p[0]) * (q[1] - q[0]) % PRIME
    b = (p[1] + p[0]) * (q[1] + q[0]) % PRIME
    c = 2 * p[3] * q[3] * _D % PRIME
    d = 2 * p[2] * q[2] % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME)


@cache
def _powers() -> tuple[Point, ...]:
    """The base point doubled 0 to 255 times: halves the work of each multiplication."""
    points = [_base()]
    while len(points) < 256:
        points.append(_sum(points[-1], points[-1]))
    return tuple(points)


def times_base(scalar: int) -> Point:
    """The base point `scalar` times."""
    result = _ZERO
    for bit, power in enumerate(_powers()):
        if scalar >> bit & 1:
            result = _sum(result, power)
    return result


def encoded(point: Point) -> bytes:
    """32 bytes: y, little-endian, with the lowest bit of x as the highest bit."""
    inverse = pow(point[2], -1, PRIME)
    x, y = point[0] * inverse % PRIME, point[1] * inverse % PRIME
    return (y | (x & 1) << 255).to_bytes(32, "little")

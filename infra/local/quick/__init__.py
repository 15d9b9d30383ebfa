"""The parts of moto that most of a request's time went to, with the same outcome for a fraction of it.

Nothing here answers for DynamoDB: each function takes the place of one of moto's and does what that does. What was in
the place before can be had from ``replaced``, and the tests hold the two to each other.
"""

from infra.local.quick import answers, expressions, tables, values
from infra.local.quick.places import put_in_place


def make_moto_quick() -> None:
    """Put all replacements in their places, for the whole process; again does nothing."""
    put_in_place([*answers.PLACES, *expressions.PLACES, *tables.PLACES, *values.PLACES])

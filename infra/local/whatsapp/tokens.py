"""The token dictionaries (version 3), read from the generated data file."""

import json
from dataclasses import dataclass
from functools import cache

from infra.local.whatsapp.tokens_from_client import TABLES


@dataclass(frozen=True, slots=True)
class Tokens:
    """Words by number and numbers by word. A single token's number is its byte; a double one is (dictionary, byte)."""

    single: tuple[str, ...]
    double: tuple[tuple[str, ...], ...]
    single_number: dict[str, int]
    double_number: dict[str, tuple[int, int]]


@cache
def tokens() -> Tokens:
    """Read the tables, once per process."""
    content = json.loads(TABLES.read_text(encoding="utf-8"))
    single = tuple(content["single"])
    double = tuple(tuple(dictionary) for dictionary in content["double"])
    return Tokens(
        single=single,
        double=double,
        single_number={word: number for number, word in enumerate(single) if word},
        double_number={word: (d, number) for d, words in enumerate(double) for number, word in enumerate(words)},
    )

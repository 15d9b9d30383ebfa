"""Documents as the tests read them: headings and the tables under them."""

import re
from pathlib import Path

DOCS = Path(__file__).parent.parent.parent / "docs"


def section(document: str, heading: str) -> str:
    """Return what stands under a heading, up to the next one of its rank or a higher one."""
    text = (DOCS / document).read_text()
    rank = len(heading) - len(heading.lstrip("#"))
    after = text.split(f"\n{heading}\n", 1)[1]
    return re.split(rf"\n#{{1,{rank}}} ", after, maxsplit=1)[0]


def rows(text: str) -> list[list[str]]:
    """Return the cells of the rows of all tables in ``text``, without heads."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    heads = {index - 1 for index, row in enumerate(cells) if all(set(cell) <= {"-", ":"} for cell in row)}
    return [row for index, row in enumerate(cells) if index not in heads and index - 1 not in heads]


def names(text: str) -> list[str]:
    """Return the first cells of all tables' rows, without their backticks."""
    return [row[0].strip("`") for row in rows(text)]

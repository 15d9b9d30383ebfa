"""What goes into the worker's image: the files that its ignore file lets into the build, and the recipe itself.

The ignore file leaves everything out, and names what comes in all the same; of that it may leave out some again. As
Docker has it, the last line that fits a file, or a directory above it, decides. Patterns may have ``*``, ``?`` and
``**``: https://docs.docker.com/build/concepts/context/#dockerignore-files.
"""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from infra import REPOSITORY

RECIPE: Final = Path("infra", "worker", "Dockerfile")
IGNORED: Final = RECIPE.with_name(f"{RECIPE.name}.dockerignore")

_MEANS: Final = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


class BuildContext:
    """The build's context in the repository at ``root``. Raises ValueError for an ignore file that isn't understood."""

    def __init__(self, root: Path = REPOSITORY) -> None:
        self._root = root
        lines = [line.strip() for line in (root / IGNORED).read_text().splitlines()]
        self._rules = [line for line in lines if line and not line.startswith("#")]
        self._named = [rule[1:] for rule in self._rules if rule.startswith("!")]
        if self._rules[:1] != ["*"] or any(set(one) & set("*?[\\") for one in self._named):
            raise ValueError(f"{IGNORED} must leave everything out, and then name what comes in.")

    def holds(self, path: str) -> bool:
        """Whether the file at ``path``, from the root and with slashes, comes into the build."""
        kept = True
        for rule in self._rules:
            if _fits(rule.removeprefix("!"), path):
                kept = rule.startswith("!")
        return kept

    def files(self) -> list[Path]:
        """Return all files that come into the build, from the root and in order."""
        return sorted(path for path in self._candidates() if self.holds(path.as_posix()))

    def digest(self) -> str:
        """Return a digest of the recipe and of all that comes into the build: names and contents, nothing else."""
        digest = hashlib.sha256()
        for path in (RECIPE, *self.files()):
            digest.update(f"{path.as_posix()}\0".encode())
            digest.update(hashlib.sha256((self._root / path).read_bytes()).digest())
        return digest.hexdigest()

    def _candidates(self) -> Iterator[Path]:
        for name in self._named:
            place = self._root / name
            for path in [place] if place.is_file() else place.rglob("*"):
                if path.is_file():
                    yield path.relative_to(self._root)


def _fits(pattern: str, path: str) -> bool:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern.strip("/"))
    means = "".join(_MEANS.get(part, re.escape(part)) for part in parts)
    return re.fullmatch(f"{means}(?:/.*)?", path) is not None

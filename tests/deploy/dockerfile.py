"""A Dockerfile's instructions, and the image of it made by hand: its files, its packages and its environment."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.deploy.context import BuildContext

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "infra" / "worker" / "Dockerfile"
IGNORED = DOCKERFILE.with_name("Dockerfile.dockerignore")
REQUIREMENTS = DOCKERFILE.with_name("requirements.txt")


@dataclass(frozen=True, slots=True)
class Instruction:
    """``word`` in capitals, and the rest of its line with continuations joined."""

    word: str
    rest: str

    @property
    def words(self) -> list[str]:
        """The exec form's words, behind whatever options."""
        return [str(one) for one in json.loads(self.rest[self.rest.index("[") :])]


def stages() -> list[list[Instruction]]:
    """Return the Dockerfile's instructions by stage; what stands before the first FROM is left out."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    found: list[list[Instruction]] = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            found.append([])
        if found:
            found[-1].append(Instruction(word, " ".join(rest.split())))
    return found


def only(stage: list[Instruction], word: str) -> Instruction:
    (one,) = (instruction for instruction in stage if instruction.word == word)
    return one


def environment(stage: list[Instruction]) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in shlex.split(only(stage, "ENV").rest))


def copy(source: str, target: Path) -> None:
    """Do what COPY does with a file or a directory of the context."""
    origin, context = ROOT / source, BuildContext()
    files = [origin] if origin.is_file() else [one for one in origin.rglob("*") if one.is_file()]
    for file in files:
        name = str(file.relative_to(ROOT))
        if context.holds(name):
            place = target if origin.is_file() else target / file.relative_to(origin)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, place)


class Image:
    """The worker's image under a directory of this machine, where ``/opt/worker`` and ``/tmp`` are moved to."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.build, self.final = stages()

    def here(self, text: str) -> str:
        """Return ``text`` with the image's paths moved under ``root``."""
        return re.sub(r"(?<![\w.])/(opt/worker|tmp|devices)(?![\w-])", lambda found: f"{self.root}{found[0]}", text)

    def install(self) -> None:
        """Follow the first stage's instructions up to its packages, and make what is written to at run time."""
        (self.root / "tmp").mkdir(parents=True)
        (self.root / "devices").mkdir()
        self._follow(self.build[: self._packages])

    def fill(self) -> None:
        """Follow the rest of them: our own code."""
        shutil.rmtree(self.root / "opt" / "worker" / "app", ignore_errors=True)
        self._follow(self.build[self._packages :])

    @property
    def _packages(self) -> int:
        return 1 + next(n for n, instruction in enumerate(self.build) if "pip" in instruction.rest)

    def _follow(self, instructions: list[Instruction]) -> None:
        for instruction in instructions:
            if instruction.word == "COPY":
                source, target = instruction.rest.split()
                copy(source, Path(self.here(target)))
            elif instruction.word == "RUN":
                self._run(self.here(instruction.rest))

    def environment(self) -> dict[str, str]:
        return {name: self.here(value) for name, value in environment(self.final).items()}

    def start(self, command: list[str], **variables: str) -> subprocess.Popen[str]:
        """Start a command of the image's in its working directory and with nothing else in its environment."""
        env = self.environment() | variables
        program = shutil.which(command[0], path=env["PATH"])
        assert program
        assert program.startswith(str(self.root))
        where = self.here(only(self.final, "WORKDIR").rest)
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen([program, *command[1:]], env=env, cwd=where, **pipes)

    def files(self) -> set[Path]:
        return {one for one in (self.root / "opt").rglob("*") if one.is_file()}

    def _run(self, command: str) -> None:
        python = str(Path(sys.executable).parent)
        env = {
            name: value for name, value in os.environ.items() if name.startswith(("PIP_", "HTTP", "SSL", "NO_", "no_"))
        }
        env |= {"PATH": f"{python}:{os.environ['PATH']}", "HOME": os.environ.get("HOME", "/")}
        done = subprocess.run(["sh", "-ec", command], env=env, capture_output=True, text=True, check=False, timeout=110)
        assert done.returncode == 0, done.stdout + done.stderr

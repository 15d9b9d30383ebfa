"""What the edge serves at ``/page/`` from a bucket: the page's own files and the API reference's, by their paths."""

from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from chalicelib import page
from chalicelib.page import TYPES, PageFile, reference

ROOT: Final = "page"
"""What every path begins with; behind it stands the build's name."""


@cache
def served() -> Mapping[str, PageFile]:
    """Return all files by their paths, which are their keys in the bucket; ``index.html`` is the function's."""
    script = rapidoc()
    builds = {
        page.build(): page.files(),
        reference.build(): reference.files() | {script.name: PageFile(script.read_bytes(), TYPES[script.suffix])},
    }
    return {f"{ROOT}/{build}/{name}": file for build, files in builds.items() for name, file in files.items()}


def rapidoc() -> Path:
    """Return where RapiDoc's script is installed; raises LookupError where it isn't."""
    found = find_spec("flask_openapi_rapidoc")
    for folder in found.submodule_search_locations or () if found else ():
        script = Path(folder) / "templates" / "rapidoc" / "js" / reference.SCRIPT
        if script.exists():
            return script
    raise LookupError(f"RapiDoc {reference.RAPIDOC} isn't installed: it comes with flask-openapi-rapidoc.")


def write(folder: Path) -> None:
    """Write the files under ``folder``, each at its path."""
    for path, file in served().items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)

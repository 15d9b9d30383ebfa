"""AWS's service descriptions, read once a process: moto and each boto3 session would read them anew, for seconds.

Which services there are is looked up once too: each session would list four hundred folders for its first client.
"""

from collections.abc import Callable
from typing import Any, Final

from botocore.loaders import JSONFileLoader, Loader

from infra.local.moto.patching import Place, put_in_place

_list: Final[Callable[[Loader, str], list[str]]] = Loader.list_available_services
_listed: Final[dict[tuple[str, ...], list[str]]] = {}


def remember_descriptions() -> None:
    """Have botocore's loaders, from now on, share the descriptions that one of them has read. May be repeated."""
    Loader.FILE_LOADER_CLASS = _Remembering
    put_in_place((Place(Loader, "list_available_services", _services),))


def _services(loader: Loader, type_name: str) -> list[str]:
    """Return the names of the services that a description of that type was found for."""
    asked = (type_name, *loader.search_paths)
    if asked not in _listed:
        _listed[asked] = _list(loader, type_name)
    return list(_listed[asked])


class _Remembering(JSONFileLoader):
    read: dict[str, Any] = {}  # noqa: RUF012 - shared on purpose

    def load_file(self, file_path: str) -> Any:
        """Return what is in the file, None if there is none."""
        if self.read.get(file_path) is None:
            self.read[file_path] = super().load_file(file_path)
        return self.read[file_path]

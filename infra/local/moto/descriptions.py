"""AWS's service descriptions, read once a process: moto and each boto3 session would read them anew, for seconds."""

from typing import Any

from botocore.loaders import JSONFileLoader, Loader


def remember_descriptions() -> None:
    """Have all loaders made from now on share the descriptions that were read; nobody changes those."""
    Loader.FILE_LOADER_CLASS = _Remembering


class _Remembering(JSONFileLoader):
    read: dict[str, Any] = {}  # noqa: RUF012 - shared on purpose

    def load_file(self, file_path: str) -> Any:
        """Return what is in the file, None if there is none."""
        if self.read.get(file_path) is None:
            self.read[file_path] = super().load_file(file_path)
        return self.read[file_path]

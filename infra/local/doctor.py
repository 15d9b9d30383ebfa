"""What must be true before the stack can start; each thing missing is one sentence with the command that mends it.

Standard library only: this runs where nothing else may be installed.
"""

import ctypes.util
import importlib.util
import platform
import socket
import sys
from collections.abc import Callable, Iterable
from ctypes import CDLL

OLDEST_PYTHON = (3, 11)
MODULES = (
    "aiohttp",
    "boto3",
    "chalice",
    "cryptography",
    "flask",
    "moto",
    "msgspec",
    "neonize",
    "PIL",
    "qrcode",
    "yaml",
)
MACHINES = {("Linux", "x86_64"), ("Linux", "aarch64"), ("Darwin", "x86_64"), ("Darwin", "arm64")}
MAGIC_FILES = ("libmagic.so.1", "libmagic.dylib", "/opt/homebrew/lib/libmagic.dylib", "/usr/local/lib/libmagic.dylib")


def complaint(port: int) -> str | None:
    """Return the first thing that is wrong, as a sentence, or None."""
    checks: tuple[Callable[[], str | None], ...] = (
        old_python,
        strange_platform,
        missing_modules,
        no_libmagic,
        lambda: port_in_use(port),
    )
    return next((sentence for check in checks if (sentence := check())), None)


def old_python(version: tuple[int, ...] = sys.version_info[:2]) -> str | None:
    """Complain about a Python before 3.11."""
    if version >= OLDEST_PYTHON:
        return None
    return f"This is Python {version[0]}.{version[1]}, and 3.11 or newer is needed. Try: make run PYTHON=python3.11"


def strange_platform(system: str = platform.system(), machine: str = platform.machine()) -> str | None:
    """Complain about a platform that the WhatsApp client has no build for."""
    if (system, machine) in MACHINES:
        return None
    return (
        f"{system} on {machine} is not supported: the WhatsApp client is built for Linux and macOS, x86-64 and arm64. "
        "On Windows, use WSL: wsl --install"
    )


def missing_modules(names: Iterable[str] = MODULES) -> str | None:
    """Complain about packages that aren't installed."""
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if not missing:
        return None
    return f"The Python packages are not all installed ({', '.join(missing)} missing). Run: rm -rf .venv && make run"


def no_libmagic(
    files: Iterable[str] = MAGIC_FILES, find: Callable[[str], str | None] = ctypes.util.find_library
) -> str | None:
    """Complain about the system library that the WhatsApp client loads."""
    if find("magic") or any(_loads(file) for file in files):
        return None
    install = "brew install libmagic" if platform.system() == "Darwin" else "sudo apt-get install -y libmagic1"
    return f"The system library libmagic is missing; the WhatsApp client needs it. Run: {install}"


def port_in_use(port: int) -> str | None:
    """Complain about a port that another program holds; 0 means any free one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            return f"Port {port} may not be opened by this user. Try: make run PORT=8080"
        except OSError:
            return f"Port {port} is in use by another program. Try: make run PORT={port + 1 if port < 65535 else 8080}"
    return None


def _loads(file: str) -> bool:
    try:
        CDLL(file)
    except OSError:
        return False
    return True

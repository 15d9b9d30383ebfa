"""What a developer may choose when starting the local stack, read once from the environment."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from infra import REPOSITORY

DEFAULT_PORT: Final = 8080
ACCOUNT_CONCURRENCY: Final = 1000
"""Calls that Lambda runs at a time for an account by default."""


class Network(StrEnum):
    """Which WhatsApp the workers speak to."""

    LOOPBACK = "loopback"
    WHATSAPP = "whatsapp"


class BadSetting(ValueError):
    """A setting that can't be used; its text is a sentence for the developer."""


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """``port`` 0 takes any free one; ``state`` is the directory that outlives the stack.

    ``ai_label`` has direct messages carry WhatsApp's "AI" label. ``linker`` and ``whatsapp_version`` are the workers'.
    ``latencies`` is a table of delays to play, None for none; ``latencies_seed`` decides which are drawn.
    ``concurrency`` is how many functions run at a time, as Lambda's quota of an account says.
    ``edge`` is False where both APIs are to have addresses of their own.
    ``standby_max`` is how far their pool grows: a machine that starts one within a second needs no large one.
    """

    port: int
    state: Path
    network: Network
    anonymous: bool
    ai_label: bool = False
    linker: str = "own"
    whatsapp_version: str = ""
    standby_max: str = "1"
    latencies: Path | None = None
    latencies_seed: int = 0
    edge: bool = True
    concurrency: int = ACCOUNT_CONCURRENCY

    @property
    def parameters(self) -> dict[str, str]:
        """The template's parameters."""
        # Only here: before the check of what is installed, PyYAML may be missing.
        from infra.concurrency import affordable  # noqa: PLC0415

        return {
            "WorkerImage": "local",
            "StandbyMax": self.standby_max,
            **affordable(self.concurrency),
            "Edge": "cloudfront" if self.edge else "none",
            "AiLabel": "on" if self.ai_label else "off",
            "Linker": self.linker,
            "WhatsAppVersion": self.whatsapp_version,
        }

    @property
    def origin(self) -> str:
        """Where the gateway answers, for people: without an edge, its paths are behind the REST API's stage."""
        return f"http://localhost:{self.port}{'' if self.edge else '/api'}"


def read_settings(environment: Mapping[str, str]) -> LocalSettings:
    """Return the settings in ``environment``; raises BadSetting with a sentence."""
    network = _network(environment.get("NETWORK") or Network.LOOPBACK)
    real = network is Network.WHATSAPP
    anonymous = (environment.get("ALLOW_ANONYMOUS") or ("0" if real else "1")) == "1"
    if real and anonymous:
        raise BadSetting("NETWORK=whatsapp links real accounts, so it refuses ALLOW_ANONYMOUS=1. Leave it out.")
    # The loopback's well-known password must never open a stack with real accounts: each has its own state.
    usual = REPOSITORY / ".local" / "real" if real else REPOSITORY / ".local"
    state = Path(environment.get("LOCAL_STATE") or usual).absolute()
    port = _port(environment.get("PORT") or str(DEFAULT_PORT))
    return LocalSettings(
        port,
        state,
        network,
        anonymous,
        _label(environment.get("AI_LABEL") or "off"),
        _linker(environment.get("LINKER") or "own"),
        _version(environment.get("WHATSAPP_VERSION") or ""),
        _standbys(environment.get("STANDBY_MAX") or "1"),
        _latencies(environment.get("LATENCIES") or ""),
        _seed(environment.get("LATENCIES_SEED") or "0"),
        _edge(environment.get("EDGE") or "cloudfront"),
        _concurrency(environment.get("LAMBDA_CONCURRENCY") or str(ACCOUNT_CONCURRENCY)),
    )


def _concurrency(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{1,4}", text):
        raise BadSetting(f"LAMBDA_CONCURRENCY={text} is no number of calls at a time. An account has 10 at the least.")
    return int(text)


def _edge(text: str) -> bool:
    if text not in {"cloudfront", "none"}:
        raise BadSetting(f"EDGE={text} is unknown. Choose cloudfront or none.")
    return text == "cloudfront"


def _linker(text: str) -> str:
    if text not in {"own", "library"}:
        raise BadSetting(f"LINKER={text} is unknown. Choose own or library.")
    return text


def _version(text: str) -> str:
    if text and not re.fullmatch(r"[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,10}", text):
        raise BadSetting(f"WHATSAPP_VERSION={text} is no version. One looks like 2.3000.1047769893.")
    return text


def _standbys(text: str) -> str:
    if not re.fullmatch(r"[0-9]{1,2}", text):
        raise BadSetting(f"STANDBY_MAX={text} is no number of workers that this machine could keep waiting.")
    return text


def _latencies(text: str) -> Path | None:
    if text and not Path(text).is_file():
        raise BadSetting(f"LATENCIES={text} is no file. There is infra/bench/latencies.toml.")
    return Path(text) if text else None


def _seed(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise BadSetting(f"LATENCIES_SEED={text} is no number.")
    return int(text)


def _label(text: str) -> bool:
    if text not in {"on", "off"}:
        raise BadSetting(f"AI_LABEL={text} is unknown. Choose on or off.")
    return text == "on"


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise BadSetting(f"PORT={text} is no port. Try: make run PORT=8081")
    return int(text)


def _network(text: str) -> Network:
    try:
        return Network(text)
    except ValueError:
        choices = " or ".join(Network)
        raise BadSetting(f"NETWORK={text} is unknown. Choose {choices}.") from None

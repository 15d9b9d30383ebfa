"""The authority and the certificate for WhatsApp's hosts."""

import socket
import ssl
import stat
import threading
from pathlib import Path

import pytest

from infra.whatsapp_server.certificates import authority, server_context


def spoken_to(directory: Path, context: ssl.SSLContext, name: str) -> str | None:
    """Shake hands in TLS with a client that trusts the directory's authority; the protocol's version."""
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            with context.wrap_socket(ours, server_side=True):
                pass
        except (ssl.SSLError, OSError):
            ours.close()

    server = threading.Thread(target=serve)
    server.start()
    try:
        trust = ssl.create_default_context(cafile=directory / "ca.pem")
        with trust.wrap_socket(theirs, server_hostname=name) as spoken:
            return spoken.version()
    finally:
        theirs.close()
        server.join()


@pytest.mark.parametrize(
    "name", ["web.whatsapp.com", "mmg.whatsapp.net", "media.whatsapp.net", "media-sin6-1.cdn.whatsapp.net"]
)
def test_the_server_is_whatsapps_hosts_to_who_trusts_the_authority(tmp_path: Path, name: str) -> None:
    context = server_context(tmp_path, authority(tmp_path))
    assert spoken_to(tmp_path, context, name) == "TLSv1.3"


def test_it_is_nobody_elses_host(tmp_path: Path) -> None:
    context = server_context(tmp_path, authority(tmp_path))
    with pytest.raises(ssl.SSLCertVerificationError):
        spoken_to(tmp_path, context, "example.com")


def test_the_authority_stays_the_same_over_a_restart(tmp_path: Path) -> None:
    first = authority(tmp_path)
    assert authority(tmp_path).certificate == first.certificate
    context = server_context(tmp_path, authority(tmp_path))
    assert spoken_to(tmp_path, context, "web.whatsapp.com")


def test_nobody_else_may_read_the_keys(tmp_path: Path) -> None:
    server_context(tmp_path, authority(tmp_path))
    for name in ("ca-key.pem", "leaf.pem"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600

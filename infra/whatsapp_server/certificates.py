"""Both certificate chains of the server: Noise's, and TLS's with an authority of its own."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from chalicelib.wire.curve25519 import KeyPair, sign
from chalicelib.wire.proto.handshake_pb2 import CertChain
from infra.whatsapp_server.storage import write_private

YEAR_S = 365 * 24 * 3600
SKEW_S = 24 * 3600
INTERMEDIATE_SERIAL = 1
LEAF_SERIAL = 2
ROOT_SERIAL = 0


@dataclass(frozen=True, slots=True)
class Issuer:
    """A key that signs certificates, and the serial by which they name it."""

    serial: int
    keys: KeyPair

    def certify(self, serial: int, key: bytes, now_s: int) -> CertChain.NoiseCertificate:
        """A certificate of `key`, good for a year from `now_s` (seconds since the epoch)."""
        details = CertChain.NoiseCertificate.Details(
            serial=serial, issuerSerial=self.serial, key=key, notBefore=now_s - SKEW_S, notAfter=now_s + YEAR_S
        )
        signed = details.SerializeToString()
        return CertChain.NoiseCertificate(details=signed, signature=sign(self.keys.private, signed))


def chain(root: KeyPair, server_key: bytes, now_s: int) -> bytes:
    """The encoded chain that proves `server_key` to a client which trusts the root's public key."""
    intermediate = KeyPair.generate()
    upper = Issuer(ROOT_SERIAL, root).certify(INTERMEDIATE_SERIAL, intermediate.public, now_s)
    lower = Issuer(INTERMEDIATE_SERIAL, intermediate).certify(LEAF_SERIAL, server_key, now_s)
    return CertChain(leaf=lower, intermediate=upper).SerializeToString()


HOSTS = ("web.whatsapp.com", "mmg.whatsapp.net", "*.whatsapp.net", "*.cdn.whatsapp.net")
_CA_YEARS = 10
_LEAF_DAYS = 365
_SKEW = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Authority:
    """The authority's certificate and key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def authority(directory: Path) -> Authority:
    """The authority kept in `directory` (`ca.pem`, `ca-key.pem`), made there if there is none."""
    certificate_file, key_file = directory / "ca.pem", directory / "ca-key.pem"
    if certificate_file.is_file() and key_file.is_file():
        key = load_pem_private_key(key_file.read_bytes(), None)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return Authority(x509.load_pem_x509_certificate(certificate_file.read_bytes()), key)
    made = _new_authority()
    write_private(key_file, _key_pem(made.key))
    write_private(certificate_file, made.certificate.public_bytes(Encoding.PEM))
    return made


def server_context(directory: Path, issuer: Authority) -> ssl.SSLContext:
    """A TLS context with a fresh certificate for WhatsApp's hosts (kept as `leaf.pem`: OpenSSL reads only files)."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder("Loopback WhatsApp", issuer.certificate.subject, key, timedelta(days=_LEAF_DAYS))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in HOSTS]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()),
            critical=False,
        )
        .sign(issuer.key, hashes.SHA256())
    )
    leaf_file = directory / "leaf.pem"
    write_private(leaf_file, _key_pem(key) + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(leaf_file)
    return context


def _new_authority() -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = "Loopback WhatsApp authority"
    certificate = (
        _builder(name, _name(name), key, timedelta(days=_CA_YEARS * 365))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key)


def _builder(
    subject: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, life: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + life)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

"""A certificate for localhost that nobody else has signed; made once a folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


@dataclass(frozen=True)
class Certificate:
    """Its files.

    Attributes:
        public: what those who trust it know.
        both: the certificate and its key.
    """

    public: Path
    both: Path


def certificate(folder: Path) -> Certificate:
    """The certificate of that folder."""
    made = Certificate(folder / "public.pem", folder / "both.pem")
    if not made.both.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        public = _signed(key).public_bytes(Encoding.PEM)
        made.public.write_bytes(public)
        made.both.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + public)
    return made


def _signed(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    whole = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    whole = whole.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    own = x509.BasicConstraints(ca=True, path_length=0)
    return whole.add_extension(names, critical=False).add_extension(own, critical=True).sign(key, hashes.SHA256())

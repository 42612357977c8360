"""A private authority that issues certificates for servers on loopback."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """An authority whose certificate is the file `path`."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self.folder, self.path = folder, folder / f"{name}.pem"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        draft = self._draft(self._name, self._key).add_extension(constraints, critical=True)
        self._write(self.path, draft)

    def issue(self, host: str, address: str = "127.0.0.1") -> tuple[Path, Path]:
        """Return the files with a certificate for that host and address, and with its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName(host), x509.IPAddress(ip_address(address))]
        draft = self._draft(_name(host), key)
        certificate, key_file = self.folder / f"{host}.crt", self.folder / f"{host}.key"
        self._write(
            certificate, draft.add_extension(x509.SubjectAlternativeName(names), critical=False)
        )
        private = serialization.PrivateFormat.PKCS8
        plain = serialization.NoEncryption()
        key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, private, plain))
        return certificate, key_file

    def _draft(self, name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
        )

    def _write(self, path: Path, draft: x509.CertificateBuilder) -> None:
        certificate = draft.sign(self._key, hashes.SHA256())
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

"""X.509 certificates, requests and revocation lists signed with SM2 and SM3, read (RFC 5280, 2986; GB/T 20518).

A value is the DER itself. Everything in it is looked at once, when it is made, so that no later use can fail on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from cryptography import x509
from cryptography.x509.oid import ExtensionOID, NameOID

from keys.pki import binding, der
from keys.pki.binding import ZoneBinding
from keys.pki.errors import FormatError
from keys.pki.keyfiles import key_of
from keys.pki.pem import CERTIFICATE, REQUEST, REVOCATION_LIST, all_of_pem, from_pem, to_pem
from keys.pki.signed import Envelope, read

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Self

    from keys.sm2 import PublicKey

T = TypeVar("T", bound=x509.ExtensionType)

_CERTIFICATE: Final = ("certificate", "证书")
_REQUEST: Final = ("certificate request", "证书请求")
_LIST: Final = ("certificate revocation list", "证书撤销列表")
_KNOWN: Final = (
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.SUBJECT_KEY_IDENTIFIER,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    binding.OID,
)


@dataclass(frozen=True, slots=True)
class Usage:
    """What the key of a certificate is for; ``None`` as ``authority`` or ``path_length`` where nothing is said."""

    authority: bool = False
    path_length: int | None = None
    signs: bool = True
    """Data, authentication cryptograms among them (digitalSignature)."""
    signs_certificates: bool = True
    signs_lists: bool = True


class Certificate(bytes):
    """A certificate. The constructor raises :class:`keys.errors.KeysError` for anything else."""

    serial: int
    subject: x509.Name
    issuer: x509.Name
    not_before: datetime
    not_after: datetime
    public_key: PublicKey
    usage: Usage
    key_id: bytes | None
    issuer_key_id: bytes | None
    zone_binding: ZoneBinding | None
    unknown_critical: tuple[str, ...]
    envelope: Envelope

    def __new__(cls, raw: bytes) -> Self:
        """Return ``raw`` (DER) as a certificate."""
        new = super().__new__(cls, raw)
        new.envelope = Envelope(raw, *_CERTIFICATE)
        contents = der.decode(der.TbsCertificate, new.envelope.contents, *_CERTIFICATE)
        if contents.serial <= 0:  # the library would only warn
            raise FormatError("the certificate's serial number is not positive", "证书序列号不是正数")
        new.public_key = key_of(contents.public_key)
        new.serial = contents.serial
        read(lambda: new._look(x509.load_der_x509_certificate(raw)), *_CERTIFICATE)
        return new

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Return the certificate that ``raw`` is, DER or the first of a PEM text."""
        return cls(from_pem(CERTIFICATE, raw))

    @classmethod
    def parse_all(cls, raw: bytes) -> tuple[Self, ...]:
        """Return all certificates of a PEM text, or the one of DER."""
        return tuple(map(cls, all_of_pem(CERTIFICATE, raw)))

    @property
    def pem(self) -> bytes:
        """The certificate as PEM."""
        return to_pem(CERTIFICATE, self)

    @property
    def name(self) -> str:
        """The subject as people write it (RFC 4514)."""
        return name_text(self.subject)

    def _look(self, parsed: x509.Certificate) -> None:
        self.subject, self.issuer = parsed.subject, parsed.issuer
        self.not_before, self.not_after = parsed.not_valid_before_utc, parsed.not_valid_after_utc
        extensions = parsed.extensions
        constraints = _extension(extensions, x509.BasicConstraints)
        bits = _extension(extensions, x509.KeyUsage)
        self.usage = Usage(
            constraints is not None and constraints.ca,
            constraints.path_length if constraints else None,
            bits is None or bits.digital_signature,
            bits is None or bits.key_cert_sign,
            bits is None or bits.crl_sign,
        )
        own, above = _extension(extensions, x509.SubjectKeyIdentifier), _authority_key_id(extensions)
        self.key_id, self.issuer_key_id = own.digest if own else None, above
        self.zone_binding = _binding(extensions)
        self.unknown_critical = tuple(
            entry.oid.dotted_string for entry in extensions if entry.critical and entry.oid not in _KNOWN
        )


class Request(bytes):
    """A certificate request (PKCS #10), its signature verified: whoever made it has the private key."""

    subject: x509.Name
    public_key: PublicKey
    zone_binding: ZoneBinding | None

    def __new__(cls, raw: bytes) -> Self:
        """Return ``raw`` (DER) as a request; raises :class:`keys.errors.KeysError`."""
        new = super().__new__(cls, raw)
        envelope = Envelope(raw, *_REQUEST)
        contents = der.decode(der.TbsRequest, envelope.contents, *_REQUEST)
        new.public_key = key_of(contents.public_key)
        if not envelope.is_signed_by(new.public_key):
            raise FormatError("the request is not signed with its own key", "证书请求不是用其自身密钥签名的")
        read(lambda: new._look(x509.load_der_x509_csr(raw)), *_REQUEST)
        return new

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Return the request that ``raw`` is, DER or PEM."""
        return cls(from_pem(REQUEST, raw))

    @property
    def pem(self) -> bytes:
        """The request as PEM."""
        return to_pem(REQUEST, self)

    def _look(self, parsed: x509.CertificateSigningRequest) -> None:
        self.subject = parsed.subject
        self.zone_binding = _binding(parsed.extensions)


@dataclass(frozen=True, slots=True)
class Revoked:
    """A certificate that its authority takes back, and since when."""

    serial: int
    since: datetime


class RevocationList(bytes):
    """A revocation list. The constructor raises :class:`keys.errors.KeysError` for anything else."""

    issuer: x509.Name
    this_update: datetime
    next_update: datetime
    number: int
    revoked: dict[int, Revoked]
    envelope: Envelope

    def __new__(cls, raw: bytes) -> Self:
        """Return ``raw`` (DER) as a revocation list."""
        new = super().__new__(cls, raw)
        new.envelope = Envelope(raw, *_LIST)
        der.decode(der.TbsRevocationList, new.envelope.contents, *_LIST)
        read(lambda: new._look(x509.load_der_x509_crl(raw)), *_LIST)
        return new

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Return the list that ``raw`` is, DER or PEM."""
        return cls(from_pem(REVOCATION_LIST, raw))

    @property
    def pem(self) -> bytes:
        """The list as PEM."""
        return to_pem(REVOCATION_LIST, self)

    def _look(self, parsed: x509.CertificateRevocationList) -> None:
        self.issuer = parsed.issuer
        self.this_update = parsed.last_update_utc
        if parsed.next_update_utc is None:
            raise FormatError("the revocation list does not say until when it is valid", "证书撤销列表没有有效期")
        self.next_update = parsed.next_update_utc
        number = _extension(parsed.extensions, x509.CRLNumber)
        self.number = number.crl_number if number else 0
        entries = (Revoked(entry.serial_number, entry.revocation_date_utc) for entry in parsed)
        self.revoked = {entry.serial: entry for entry in entries}


def name_text(name: x509.Name) -> str:
    """Return ``name`` as people write it (RFC 4514)."""
    return name.rfc4514_string({NameOID.SERIAL_NUMBER: "serialNumber"})


def _extension(extensions: x509.Extensions, kind: type[T]) -> T | None:
    return next((entry.value for entry in extensions if isinstance(entry.value, kind)), None)


def _authority_key_id(extensions: x509.Extensions) -> bytes | None:
    found = _extension(extensions, x509.AuthorityKeyIdentifier)
    return found.key_identifier if found else None


def _binding(extensions: x509.Extensions) -> ZoneBinding | None:
    for entry in extensions:
        if entry.oid == binding.OID and isinstance(entry.value, x509.UnrecognizedExtension):
            return ZoneBinding.decode(entry.value.value)
    return None

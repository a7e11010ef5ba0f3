"""Certificates, requests and revocation lists made. Time is an argument; nothing here is random.

Serial numbers follow from the contents, so that the same contents are the same certificate. A subject key identifier is
the first 20 bytes of SM3 over the public key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.x509.oid import NameOID, ObjectIdentifier

from keys.pki import binding as zone_binding
from keys.pki import der
from keys.pki.certificate import Certificate, Request, RevocationList
from keys.pki.errors import PkiError
from keys.pki.keyfiles import public_key_info
from keys.pki.signed import raw_extension, signed, time_of
from keys.sm3 import sm3

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from typing import Self

    from keys.pki.binding import ZoneBinding
    from keys.pki.certificate import Revoked
    from keys.sm2 import PrivateKey, PublicKey

_VERSION_3: Final = 2
_KEY_ID_SIZE: Final = 20
_SERIAL_SIZE: Final = 16
_COUNTRY: Final = "CN"
_MAX_TEXT: Final = 64
"""Characters of a name's part (RFC 5280, appendix A)."""
_EXTENSION_REQUEST: Final = ObjectIdentifier("1.2.840.113549.1.9.14")


@dataclass(frozen=True, slots=True)
class Period:
    """When a certificate is valid, both ends included; the times carry their time zone."""

    not_before: datetime
    not_after: datetime

    def __post_init__(self) -> None:
        if self.not_before.tzinfo is None or self.not_after.tzinfo is None:
            raise PkiError("the times of a certificate need a time zone", "证书的时间需带时区")
        if self.not_after <= self.not_before:
            raise PkiError(
                f"a certificate can not end ({self.not_after:%Y-%m-%d}) before it begins ({self.not_before:%Y-%m-%d})",
                f"证书的终止时间({self.not_after:%Y-%m-%d})早于起始时间({self.not_before:%Y-%m-%d})",
            )


def distinguished_name(organisation: str, common_name: str, serial_number: str = "") -> x509.Name:
    """Return C=CN, O, CN, and serialNumber where there is one. Raises :class:`PkiError` for empty or long parts."""
    parts = [(NameOID.COUNTRY_NAME, _COUNTRY), (NameOID.ORGANIZATION_NAME, organisation)]
    parts += [(NameOID.COMMON_NAME, common_name), *([(NameOID.SERIAL_NUMBER, serial_number)] if serial_number else [])]
    for _, text in parts:
        if not 0 < len(text) <= _MAX_TEXT:
            raise PkiError(
                f"a name's part has 1 to {_MAX_TEXT} characters: {text!r}",
                f"名称各部分为 1 至 {_MAX_TEXT} 个字符:{text!r}",
            )
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in parts])


@dataclass(frozen=True, slots=True)
class Signer:
    """An authority's certificate and the private key that belongs to it."""

    certificate: Certificate
    key: PrivateKey

    def __post_init__(self) -> None:
        if self.key.public != self.certificate.public_key:
            raise PkiError(
                f"the private key is not that of the certificate {self.certificate.name}",
                f"私钥与证书 {self.certificate.name} 不匹配",
            )

    @classmethod
    def root(cls, key: PrivateKey, name: x509.Name, period: Period, bound: ZoneBinding, path_length: int = 1) -> Self:
        """Return an authority that signs its own certificate."""
        extensions = _authority_extensions(path_length, key.public, key.public, bound)
        return cls(_certificate(key, name, subject=name, public=key.public, period=period, extensions=extensions), key)

    def authority(
        self, key: PrivateKey, name: x509.Name, period: Period, bound: ZoneBinding, path_length: int = 0
    ) -> Self:
        """Return an authority below this one."""
        extensions = _authority_extensions(path_length, key.public, self.key.public, bound)
        certificate = self._issued(name, key.public, period, extensions)
        return type(self)(certificate, key)

    def card(
        self, public: PublicKey, name: x509.Name, period: Period, bound: ZoneBinding, *, encipherment: bool = False
    ) -> Certificate:
        """Return a card's certificate: no authority; digital signature, or encipherment of keys and data."""
        extensions = [
            raw_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True),
            raw_extension(_key_usage(authority=False, encipherment=encipherment), critical=True),
            *_identifiers(public, self.key.public),
            _bound_extension(bound),
        ]
        return self._issued(name, public, period, extensions)

    def _issued(
        self, subject: x509.Name, public: PublicKey, period: Period, extensions: list[der.Extension]
    ) -> Certificate:
        own = self.certificate.subject
        return _certificate(self.key, own, subject=subject, public=public, period=period, extensions=extensions)

    def revocation_list(
        self, revoked: Iterable[Revoked], this_update: datetime, next_update: datetime, number: int
    ) -> RevocationList:
        """Return a list of what this authority takes back; ``number`` grows from list to list."""
        extensions = [
            raw_extension(x509.AuthorityKeyIdentifier(_key_id(self.key.public), None, None)),
            raw_extension(x509.CRLNumber(number)),
        ]
        entries = [
            der.RevokedEntry(serial=entry.serial, date=time_of(entry.since), extensions=None)
            for entry in sorted(revoked, key=lambda entry: (entry.since, entry.serial))
        ]
        contents = der.TbsRevocationList(
            version=1,
            signature=der.signature_algorithm(),
            issuer=der.tlv(self.certificate.subject.public_bytes()),
            this_update=time_of(this_update),
            next_update=time_of(next_update),
            revoked=entries or None,
            extensions=extensions,
        )
        return RevocationList(signed(der.encode(contents), self.key))


def make_request(key: PrivateKey, name: x509.Name, bound: ZoneBinding | None = None) -> Request:
    """Return a request for a certificate of ``key``, with a zone binding in its extensionRequest if one is given."""
    attributes = []
    if bound:
        wanted = der.ExtensionRequest(oid=_EXTENSION_REQUEST, values=asn1.SetOf([[_bound_extension(bound)]]))
        attributes.append(der.tlv(der.encode(wanted)))
    contents = der.TbsRequest(
        version=0,
        subject=der.tlv(name.public_bytes()),
        public_key=public_key_info(key.public),
        attributes=asn1.SetOf(attributes),
    )
    return Request(signed(der.encode(contents), key))


def _certificate(
    signer: PrivateKey,
    issuer: x509.Name,
    *,
    subject: x509.Name,
    public: PublicKey,
    period: Period,
    extensions: list[der.Extension],
) -> Certificate:
    contents = der.TbsCertificate(
        version=_VERSION_3,
        serial=0,
        signature=der.signature_algorithm(),
        issuer=der.tlv(issuer.public_bytes()),
        validity=der.Validity(not_before=time_of(period.not_before), not_after=time_of(period.not_after)),
        subject=der.tlv(subject.public_bytes()),
        public_key=public_key_info(public),
        extensions=extensions,
    )
    # 127 bits, never 0 (RFC 5280, 4.1.2.2: positive, at most 20 bytes).
    digest = sm3(signer.public + der.encode(contents))[:_SERIAL_SIZE]
    contents.serial = int.from_bytes(digest, "big") >> 1 | 1
    return Certificate(signed(der.encode(contents), signer))


def _authority_extensions(
    path_length: int, public: PublicKey, issuer: PublicKey, bound: ZoneBinding
) -> list[der.Extension]:
    return [
        raw_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True),
        raw_extension(_key_usage(authority=True), critical=True),
        *_identifiers(public, issuer),
        _bound_extension(bound),
    ]


def _key_usage(*, authority: bool, encipherment: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not (authority or encipherment),
        content_commitment=False,
        key_encipherment=encipherment,
        data_encipherment=encipherment,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _identifiers(public: PublicKey, issuer: PublicKey) -> list[der.Extension]:
    return [
        raw_extension(x509.SubjectKeyIdentifier(_key_id(public))),
        raw_extension(x509.AuthorityKeyIdentifier(_key_id(issuer), None, None)),
    ]


def _bound_extension(bound: ZoneBinding) -> der.Extension:
    return der.Extension(oid=zone_binding.OID, critical=False, value=bound.encode())


def _key_id(public: PublicKey) -> bytes:
    return sm3(public)[:_KEY_ID_SIZE]

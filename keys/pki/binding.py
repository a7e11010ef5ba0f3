"""What ties a certificate to a zone and a card: a private extension.

ZoneBinding ::= SEQUENCE { zone OCTET STRING, card OCTET STRING OPTIONAL, keyVersions SEQUENCE OF KeyVersion }
KeyVersion ::= SEQUENCE { name UTF8String, version INTEGER }

``zone`` is the AID of the zone's application; ``card`` the card identification code, in card certificates only;
``keyVersions`` name the symmetric keys that were on the card when the certificate was issued. No standard at hand fixes
this form. The extension is not critical, so that foreign verifiers accept the certificate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

from keys.pki import der
from keys.pki.errors import FormatError

if TYPE_CHECKING:
    from typing import Self

OID: Final = ObjectIdentifier("2.25.113098726665782349233410532258959324782")
"""Made from a random UUID (ITU-T X.667), which needs no registration."""
_MAX_VERSION: Final = 0xFF


@asn1.sequence
class _KeyVersion:
    name: str
    version: int


@asn1.sequence
class _Binding:
    zone: bytes
    card: bytes | None
    versions: list[_KeyVersion]


@dataclass(frozen=True, slots=True)
class ZoneBinding:
    """The zone (AID), the card (empty for an authority) and the versions of its keys by their names."""

    zone: bytes
    card: bytes = b""
    key_versions: tuple[tuple[str, int], ...] = ()

    @classmethod
    def decode(cls, raw: bytes) -> Self:
        """Return the binding that an extension's value is. Raises :class:`FormatError`."""
        parsed = der.decode(_Binding, raw, "zone binding", "区域绑定扩展")
        versions = tuple((entry.name, entry.version) for entry in parsed.versions)
        if not parsed.zone or any(not 0 <= version <= _MAX_VERSION for _, version in versions):
            raise FormatError(
                "a zone binding without a zone, or with a version above 255", "区域绑定扩展缺少区域或版本超过 255"
            )
        return cls(parsed.zone, parsed.card or b"", versions)

    def encode(self) -> bytes:
        """Return the extension's value."""
        versions = [_KeyVersion(name=name, version=version) for name, version in self.key_versions]
        return der.encode(_Binding(zone=self.zone, card=self.card or None, versions=versions))

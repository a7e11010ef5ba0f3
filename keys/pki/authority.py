"""The certificate authority of a zone: its root, the zone's CA below it, and below that the cards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from keys.pki.binding import ZoneBinding
from keys.pki.issue import Period, Signer, distinguished_name
from keys.sm2 import PrivateKey
from keys.sm3 import hmac_sm3

if TYPE_CHECKING:
    from typing import Self

    from cryptography import x509

    from keys.pki.certificate import Certificate
    from keys.sm2 import PublicKey
    from keys.tree import ZoneId

LONG: Final = Period(datetime(2020, 1, 1, tzinfo=UTC), datetime(2069, 12, 31, 23, 59, 59, tzinfo=UTC))
"""For authorities whose certificates must not depend on when they are made."""


@dataclass(frozen=True, slots=True)
class CardCertificate:
    """A card's key pair and its certificate."""

    key: PrivateKey
    certificate: Certificate


@dataclass(frozen=True, slots=True)
class CertificateAuthority:
    """The authority of one zone."""

    zone: ZoneId
    root: Signer
    ca: Signer

    @classmethod
    def create(cls, zone: ZoneId, label: str, root: PrivateKey, ca: PrivateKey, period: Period = LONG) -> Self:
        """Return an authority with these keys; ``label`` tells in every name whose it is."""
        name = distinguished_name(label, f"{label} {zone.name} root CA")
        top = Signer.root(root, name, period, ZoneBinding(zone.aid))
        return cls(zone, top, _below(top, zone, ca, period, _ca_name(label, zone, 1)))

    def renewed(self, label: str, ca: PrivateKey, period: Period, number: int) -> Self:
        """Return the authority with another CA below the same root; ``number`` is in the CA's name."""
        name = _ca_name(label, self.zone, number)
        return type(self)(self.zone, self.root, _below(self.root, self.zone, ca, period, name))

    @property
    def chain(self) -> tuple[Certificate, ...]:
        """What stands between the root and a card."""
        return (self.ca.certificate,)

    def issued(self, certificate: Certificate) -> bool:
        """Return whether ``certificate`` says that this CA issued it; its signature is not looked at."""
        return self.is_named_by(certificate) and certificate.issuer_key_id in {None, self.ca.certificate.key_id}

    def is_named_by(self, certificate: Certificate) -> bool:
        """Return whether ``certificate`` names this CA as its issuer; another may have the same name."""
        return certificate.issuer == self.ca.certificate.subject

    def card(
        self,
        public: PublicKey,
        identification: bytes,
        period: Period,
        key_versions: tuple[tuple[str, int], ...] = (),
        *,
        encipherment: bool = False,
    ) -> Certificate:
        """Return the certificate of the card with this identification code (16 bytes on a social-security card).

        The code is the subject's serialNumber, in hexadecimal digits; code, zone and ``key_versions`` stand in the
        zone binding. ``encipherment``: for that and not for signatures. Raises :class:`keys.pki.PkiError`.
        """
        organisation = f"{self.zone.name} card"
        name = distinguished_name(organisation, organisation, identification.hex().upper())
        bound = ZoneBinding(self.zone.aid, identification, key_versions)
        return self.ca.card(public, name, period, bound, encipherment=encipherment)

    def card_key(self, identification: bytes, *, encipherment: bool = False) -> PrivateKey:
        """Return the private key that the card with this code gets: the same each time, and the CA can compute it.

        ``encipherment``: that of its second key pair.
        """
        purpose = b"card encryption key" if encipherment else b"card key"
        return PrivateKey.derive(hmac_sm3(self.ca.key, purpose + identification))

    def personalised(
        self,
        identification: bytes,
        period: Period,
        key_versions: tuple[tuple[str, int], ...] = (),
        *,
        encipherment: bool = False,
    ) -> CardCertificate:
        """Return key pair and certificate for a card; the same arguments give the same bytes."""
        key = self.card_key(identification, encipherment=encipherment)
        certificate = self.card(key.public, identification, period, key_versions, encipherment=encipherment)
        return CardCertificate(key, certificate)


def _ca_name(label: str, zone: ZoneId, number: int) -> x509.Name:
    return distinguished_name(label, f"{label} {zone.name} CA {number}")


def _below(root: Signer, zone: ZoneId, key: PrivateKey, period: Period, name: x509.Name) -> Signer:
    return root.authority(key, name, period, ZoneBinding(zone.aid))

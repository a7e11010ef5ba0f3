"""The certificate authority of a finance zone: CA, issuer and card keys of both kinds, all from one secret.

Sizes: CA 1408, issuer 1152, card 1024 bits, exponent 3, as on the cards of the time (facts finance-zone 3.8).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from keys.pboc import rsa, sm2
from keys.pboc.subject import Subject
from keys.rsa import RsaPrivateKey
from keys.sm2 import DerivedNonces, PrivateKey

if TYPE_CHECKING:
    from collections.abc import Callable

_CA_BITS: Final = 1408
_ISSUER_BITS: Final = 1152
_CARD_BITS: Final = 1024
_ISSUER_DIGITS: Final = 8
_NONCES: Final = DerivedNonces()


@dataclass(frozen=True, slots=True)
class RsaCard:
    """What an RSA card carries: the issuer's certificate, its own, its key."""

    issuer: rsa.RsaCertificate
    card: rsa.RsaCertificate
    key: RsaPrivateKey

    @property
    def tags(self) -> dict[str, bytes]:
        """The public data by tag; a remainder that is empty is left out."""
        tags = {
            "90": self.issuer.certificate,
            "92": self.issuer.remainder,
            "9F32": self.issuer.exponent,
            "9F46": self.card.certificate,
            "9F48": self.card.remainder,
            "9F47": self.card.exponent,
        }
        return {tag: value for tag, value in tags.items() if value}


@dataclass(frozen=True, slots=True)
class Sm2Card:
    """What an SM2 card carries."""

    issuer: bytes
    card: bytes
    key: PrivateKey

    @property
    def tags(self) -> dict[str, bytes]:
        """The public data by tag."""
        return {"90": self.issuer, "9F46": self.card}


@dataclass(frozen=True)
class PbocAuthority:
    """CA and issuer. ``seed`` gives 32 bytes for a purpose, the same each time, as a keyring does for a zone."""

    seed: Callable[[str], bytes]

    @cached_property
    def rsa_ca(self) -> RsaPrivateKey:
        """The CA's RSA key; its public half is what terminals have. Made when first asked for, in half a second."""
        return RsaPrivateKey.derive(self.seed("PBOC RSA CA"), _CA_BITS)

    @cached_property
    def rsa_issuer(self) -> RsaPrivateKey:
        """The issuer's RSA key."""
        return RsaPrivateKey.derive(self.seed("PBOC RSA issuer"), _ISSUER_BITS)

    @cached_property
    def sm2_ca(self) -> PrivateKey:
        """The CA's SM2 key."""
        return PrivateKey.derive(self.seed("PBOC SM2 CA"))

    @cached_property
    def sm2_issuer(self) -> PrivateKey:
        """The issuer's SM2 key."""
        return PrivateKey.derive(self.seed("PBOC SM2 issuer"))

    def rsa_card(self, pan: str, expiry: tuple[int, int], static: bytes) -> RsaCard:
        """Return certificates and key of the card with this number, valid through that year and month.

        ``static``: the static data to be authenticated. Raises :class:`keys.pboc.subject.PbocError`.
        """
        issuer, card = _subjects(pan, expiry)
        key = RsaPrivateKey.derive(self.seed(f"PBOC RSA card {pan}"), _CARD_BITS)
        return RsaCard(
            rsa.issuer_certificate(self.rsa_ca, issuer, self.rsa_issuer.public),
            rsa.card_certificate(self.rsa_issuer, card, key.public, static),
            key,
        )

    def sm2_card(self, pan: str, expiry: tuple[int, int], static: bytes) -> Sm2Card:
        """Return the same with SM2."""
        issuer, card = _subjects(pan, expiry)
        key = PrivateKey.derive(self.seed(f"PBOC SM2 card {pan}"))
        return Sm2Card(
            sm2.issuer_certificate(self.sm2_ca, issuer, self.sm2_issuer.public, nonces=_NONCES),
            sm2.card_certificate(self.sm2_issuer, card, key.public, static, nonces=_NONCES),
            key,
        )


def _subjects(pan: str, expiry: tuple[int, int]) -> tuple[Subject, Subject]:
    """Return issuer and card; the serial numbers follow from number and expiry."""

    def subject(number: str) -> Subject:
        serial = hashlib.sha256(f"{number} {expiry}".encode()).digest()[:3]
        return Subject(number, expiry, serial)

    return subject(pan[:_ISSUER_DIGITS]), subject(pan)

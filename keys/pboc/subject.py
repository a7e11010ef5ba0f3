"""What both kinds of PBOC certificate say about their key, and what can be wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, unique
from typing import TYPE_CHECKING, Final

from keys.errors import KeysError

if TYPE_CHECKING:
    from datetime import date
    from typing import Self

ISSUER_ID_SIZE: Final = 4
PAN_SIZE: Final = 10
_EXPIRY_SIZE: Final = 2
_SERIAL_SIZE: Final = 3
SHORT_SIZE: Final = _EXPIRY_SIZE + _SERIAL_SIZE
_DIGITS: Final = frozenset("0123456789")
_CENTURY: Final = 2000


class PbocError(KeysError):
    """A certificate or signature that is not in order; the message says which part."""


class PbocSignatureError(PbocError):
    """Signature or hash do not fit the data: something was changed, or it is of another key."""


@unique
class HashId(IntEnum):
    """Hash algorithms as certificates number them."""

    SHA1 = 0x01
    SM3 = 0x07


@unique
class KeyId(IntEnum):
    """Public-key algorithms as certificates number them."""

    RSA = 0x01
    SM2 = 0x04


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose key it is: ``number`` in digits (leftmost digits of the PAN for an issuer, the PAN for a card).

    ``expiry``: year and month, the last it is valid in. ``serial``: 3 bytes.
    """

    number: str
    expiry: tuple[int, int]
    serial: bytes

    def encode(self, size: int) -> bytes:
        """Return number (``size`` bytes, F behind it), MMYY and serial. Raises :class:`PbocError`."""
        year, month = self.expiry
        if (
            not 3 <= len(self.number) <= 2 * size
            or not _DIGITS.issuperset(self.number)
            or len(self.serial) != _SERIAL_SIZE
            or not (_CENTURY <= year < _CENTURY + 100 and 1 <= month <= 12)
        ):
            raise PbocError(f"no certificate can say this: {self}", f"证书不能表示:{self}")
        digits = self.number.ljust(2 * size, "F")
        return bytes.fromhex(f"{digits}{month:02}{year % 100:02}") + self.serial

    @classmethod
    def decode(cls, raw: bytes) -> Self:
        """Return the subject that :meth:`encode` gave ``raw`` for. Raises :class:`PbocError`."""
        number = raw[:-SHORT_SIZE].hex().upper().rstrip("F")
        expiry = raw[-SHORT_SIZE:-_SERIAL_SIZE].hex()
        if not (_DIGITS.issuperset(number + expiry) and number and 1 <= int(expiry[:2]) <= 12):
            raise PbocError(f"{raw.hex()} is no number and expiry date", f"{raw.hex()} 不是有效的号码与有效期")
        return cls(number, (_CENTURY + int(expiry[2:]), int(expiry[:2])), raw[-_SERIAL_SIZE:])

    def check(self, pan: str, at: date) -> None:
        """Raise :class:`PbocError` unless ``pan`` begins with the number and the month of ``at`` is not too late."""
        if not pan.startswith(self.number):
            raise PbocError(
                f"the certificate is for {self.number}, not for {pan}", f"证书属于 {self.number},而不是 {pan}"
            )
        if (at.year, at.month) > self.expiry:
            year, month = self.expiry
            raise PbocError(f"the certificate expired in {year}-{month:02}", f"证书已于 {year}-{month:02} 过期")


def bad_form(en: str, zh: str) -> PbocError:
    """Return the error for data of another form."""
    return PbocError(f"no PBOC certificate or signature: {en}", f"不是 PBOC 证书或签名:{zh}")

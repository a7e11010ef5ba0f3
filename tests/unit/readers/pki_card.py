"""A small PKI card for tests of terminals: what `identify` asks of one, and nothing else; and certificates for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from apdu import Command, Response, StatusWord
from keys.pki import Period
from keys.pki.authority import CertificateAuthority
from keys.sm2 import OWN_ENGINE, PrivateKey
from keys.sm2.nonces import RANDOM
from keys.tree import ZoneId
from tests.unit.pki import openssl

if TYPE_CHECKING:
    from keys.pki import Certificate

PKI: Final = ZoneId("PKI", "PKI.社会保障".encode("gbk"))
OTHER_ZONE: Final = ZoneId("FINANCE", bytes.fromhex("A000000333010101"))
CODE: Final = bytes.fromhex("639900D156000005000000017BD172E2")
OTHER_CODE: Final = bytes.fromhex("639900D1560000050000000211223344")
PIN: Final = bytes.fromhex("123456")
NOW: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)
LONG: Final = Period(datetime(2020, 1, 1, tzinfo=UTC), datetime(2059, 12, 31, tzinfo=UTC))
CARD_TIME: Final = Period(datetime(2024, 1, 1, tzinfo=UTC), datetime(2034, 1, 1, 23, 59, 59, tzinfo=UTC))

_CHALLENGES: Final = bytes.fromhex("51780DDC9394E497EAE01B3D9CAB4A97")


def authority(zone: ZoneId = PKI, seed: str = "") -> CertificateAuthority:
    root, ca = (PrivateKey.derive(f"{purpose}{seed}".encode()) for purpose in ("root", "ca"))
    return CertificateAuthority.create(zone, "tests", root, ca, LONG)


AUTHORITY: Final = authority()
KEY: Final = AUTHORITY.card_key(CODE)
CERTIFICATE: Final = AUTHORITY.personalised(CODE, CARD_TIME).certificate


@dataclass
class PkiCard:
    """``key`` is the private signature key, ``None`` on a card whose files were copied."""

    certificate: bytes = CERTIFICATE
    key: PrivateKey | None = KEY
    code: bytes = CODE
    pin: bytes = PIN
    tries: int = 3
    has_pki: bool = True
    spoil: bool = False
    sent: list[str] = field(default_factory=list)
    _file: bytes = b""
    _verified: bool = False

    def __call__(self, command: bytes) -> bytes:
        self.sent.append(command.hex().upper())
        data, status = self._do(Command.parse(command))
        return Response(data, StatusWord(status)).encode()

    def _do(self, command: Command) -> tuple[bytes, int]:
        match command.ins:
            case 0xA4:
                return self._select(command)
            case 0xB2:
                return b"\x01\x10" + self.code, 0x9000
            case 0xB0:
                start = command.p1 << 8 | command.p2
                return self._file[start : start + (command.le or 256)], 0x9000
            case 0x84:
                return _CHALLENGES, 0x9000
            case 0x20:
                return b"", self._verify(command.data)
            case 0x2A:
                return self._sign(command.data)
        return b"", 0x6D00

    def _select(self, command: Command) -> tuple[bytes, int]:
        if command.data == PKI.aid and not self.has_pki:
            return b"", 0x6A82
        if command.data == b"\x00\x18":
            self._file = self.certificate
        return b"", 0x9000

    def _verify(self, cryptogram: bytes) -> int:
        if not self.tries:
            return 0x6983
        if cryptogram.hex() != openssl.proof(self.pin.hex(), _CHALLENGES):
            self.tries -= 1
            return 0x63C0 | self.tries
        self._verified = True
        return 0x9000

    def _sign(self, digest: bytes) -> tuple[bytes, int]:
        if not self._verified:
            return b"", 0x6982
        if self.key is None:
            return b"", 0x6A88
        signature = bytearray(OWN_ENGINE.sign_digest(self.key, digest, RANDOM))
        signature[40] ^= self.spoil
        return bytes(signature), 0x9000


def issued(code: bytes = CODE, period: Period = CARD_TIME, by: CertificateAuthority = AUTHORITY) -> Certificate:
    """Return a certificate of the card's key."""
    return by.card(KEY.public, code, period)

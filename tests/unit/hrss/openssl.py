"""Keys and cryptograms of the HRSS zone, by the openssl command and hashlib: the program under test takes no part.

Forms: facts hrss-card 4.2 (factors, diversification), 4.3 (session key, cryptogram), 4.5 and native-card-os 5.1, 5.2
(MAC, sealed data); of SM4 those of the settings sm4_extension and sm4_fold. Results are kept, as every call starts a
process.
"""

from __future__ import annotations

import hashlib
import subprocess
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache
from typing import ClassVar


class Suite(ABC):
    """A block cipher in the zone's forms."""

    block: ClassVar[int]
    roots: ClassVar[str]
    """What stands behind the name of a TEST root."""

    @abstractmethod
    def ecb(self, key: bytes, blocks: bytes, *, decrypt: bool = False) -> bytes:
        """``blocks`` one by one."""

    @abstractmethod
    def mac(self, key: bytes, data: bytes, iv: bytes = b"") -> bytes:
        """The 4-byte MAC of ``data``, padded with 80 00.."""

    @abstractmethod
    def session(self, key: bytes, process: bytes) -> bytes:
        """The session key of 8 bytes."""

    @abstractmethod
    def cryptogram(self, session: bytes, source: bytes) -> bytes:
        """What is sent of ``source`` under a session key."""

    def proof(self, key: bytes, process: bytes, source: bytes) -> bytes:
        """The authentication cryptogram."""
        return self.cryptogram(self.session(key, process), source)

    def pad(self, data: bytes) -> bytes:
        return data + b"\x80" + bytes(-(len(data) + 1) % self.block)

    def sealed(self, key: bytes, data: bytes) -> bytes:
        """Length and data enciphered; padded where that is no multiple of a block (facts native-card-os 5.1)."""
        plain = bytes((len(data),)) + data
        return self.ecb(key, plain if len(plain) % self.block == 0 else self.pad(plain))

    def opened(self, key: bytes, blocks: bytes) -> bytes:
        """What was sealed."""
        plain = self.ecb(key, blocks, decrypt=True)
        return plain[1 : 1 + plain[0]]

    def diversified(self, key: bytes, factor: bytes) -> bytes:
        """Of the factor and its complement."""
        return self.ecb(key, factor + _complement(factor))

    def root(self, name: str, version: int = 0) -> bytes:
        """The TEST root key of a name such as HRSS/SSSE/RK."""
        return hashlib.sha256(f"cardsim TEST root {name} {version}{self.roots}".encode()).digest()[:16]

    def below(self, key: bytes, path: tuple[bytes, ...]) -> bytes:
        """The key after one diversification for every factor of ``path``."""
        for factor in path:
            key = self.diversified(key, factor)
        return key


class Des(Suite):
    """Two-key triple DES, or single DES, which three equal keys make of it."""

    block = 8
    roots = ""

    def ecb(self, key: bytes, blocks: bytes, *, decrypt: bool = False) -> bytes:
        cipher, parts = ("des-ede", key) if len(key) == 16 else ("des-ede3", key * 3)
        return _openssl(cipher, parts, blocks, decrypt=decrypt)

    def mac(self, key: bytes, data: bytes, iv: bytes = b"") -> bytes:
        """CBC under the left half, the last block through the whole key."""
        padded = self.pad(data)
        chained = iv or bytes(8)
        if len(padded) > 8:
            chained = _openssl("des-ede3-cbc", key[:8] * 3, padded[:-8], chained)[-8:]
        cipher, parts = ("des-ede-cbc", key) if len(key) == 16 else ("des-ede3-cbc", key * 3)
        return _openssl(cipher, parts, padded[-8:], chained)[:4]

    def session(self, key: bytes, process: bytes) -> bytes:
        return self.ecb(key, process)

    def cryptogram(self, session: bytes, source: bytes) -> bytes:
        return self.ecb(session, source)


@dataclass(frozen=True)
class Sm4(Suite):
    """SM4 in the forms of these two settings."""

    extension: str = "zeros"
    fold: str = "xor-halves"

    block = 16
    roots = " SM4"

    def ecb(self, key: bytes, blocks: bytes, *, decrypt: bool = False) -> bytes:
        return _openssl("sm4-ecb", key, blocks, decrypt=decrypt)

    def mac(self, key: bytes, data: bytes, iv: bytes = b"") -> bytes:
        """CBC, the first four bytes of the last block."""
        return _openssl("sm4-cbc", key, self.pad(data), iv or bytes(16))[-16:-12]

    def session(self, key: bytes, process: bytes) -> bytes:
        return self.ecb(key, self.extended(process))

    def cryptogram(self, session: bytes, source: bytes) -> bytes:
        block = self.ecb(session, self.extended(source))
        xor = bytes(left ^ right for left, right in zip(block[:8], block[8:], strict=True))
        return {"xor-halves": xor, "left-half": block[:8], "whole": block}[self.fold]

    def extended(self, data: bytes) -> bytes:
        assert len(data) == 8
        return data + {"zeros": bytes(8), "complement": _complement(data), "repeated": data}[self.extension]


DES, SM4 = Des(), Sm4()


def factors(atr: bytes, region: str) -> tuple[bytes, bytes, bytes]:
    """Province, city and card: ASCII digits with "sh" or "sx" behind them, and bytes 9 to 16 of the ATR."""
    province = region[:2].encode() + bytes.fromhex("30303030 7368")
    city = region.encode() + bytes.fromhex("7378")
    return province, city, atr[9:17]


def _complement(data: bytes) -> bytes:
    return bytes(byte ^ 0xFF for byte in data)


@cache
def _openssl(cipher: str, key: bytes, data: bytes, iv: bytes = b"", *, decrypt: bool = False) -> bytes:
    arguments = ["openssl", "enc", f"-{cipher}", "-nopad", "-K", key.hex()]
    arguments += ["-iv", iv.hex()] if iv else []
    arguments += ["-d"] if decrypt else []
    return subprocess.run(arguments, input=data, capture_output=True, check=True).stdout

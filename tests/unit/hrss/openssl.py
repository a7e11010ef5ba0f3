"""Keys and cryptograms of the HRSS zone, by the openssl command and hashlib: the program under test takes no part.

Forms: facts hrss-card 4.2 (factors, diversification), 4.3 (session key, cryptogram), 4.5 and native-card-os 5.1 (MAC,
sealed data). Results are kept, as every call starts a process.
"""

from __future__ import annotations

import hashlib
import subprocess
from functools import cache


@cache
def triple(key: bytes, blocks: bytes) -> bytes:
    """``blocks`` one by one under two-key triple DES, or under single DES, which three equal keys make of it."""
    cipher, parts = ("des-ede", key) if len(key) == 16 else ("des-ede3", key * 3)
    return _openssl(cipher, parts, blocks)


@cache
def mac(key: bytes, data: bytes, iv: bytes = bytes(8)) -> bytes:
    """The 4-byte MAC: padded with 80 00.., CBC under the left half, the last block through the whole key."""
    padded = pad(data)
    chained = iv
    if len(padded) > 8:
        chained = _openssl("des-ede3-cbc", key[:8] * 3, padded[:-8], iv)[-8:]
    cipher, parts = ("des-ede-cbc", key) if len(key) == 16 else ("des-ede3-cbc", key * 3)
    return _openssl(cipher, parts, padded[-8:], chained)[:4]


def pad(data: bytes) -> bytes:
    return data + b"\x80" + bytes(-(len(data) + 1) % 8)


def sealed(key: bytes, data: bytes) -> bytes:
    """Length and data enciphered; padded where that is no multiple of 8 (facts native-card-os 5.1)."""
    plain = bytes((len(data),)) + data
    return triple(key, plain if len(plain) % 8 == 0 else pad(plain))


def opened(key: bytes, blocks: bytes) -> bytes:
    """What was sealed."""
    cipher, parts = ("des-ede", key) if len(key) == 16 else ("des-ede3", key * 3)
    plain = _openssl(cipher, parts, blocks, decrypt=True)
    return plain[1 : 1 + plain[0]]


def proof(key: bytes, process: bytes, source: bytes) -> bytes:
    """The authentication cryptogram: PK = 3DES(key, process), then DES(PK, source)."""
    return triple(triple(key, process), source)


def factors(atr: bytes, region: str) -> tuple[bytes, bytes, bytes]:
    """Province, city and card: ASCII digits with "sh" or "sx" behind them, and bytes 9 to 16 of the ATR."""
    province = region[:2].encode() + bytes.fromhex("30303030 7368")
    city = region.encode() + bytes.fromhex("7378")
    return province, city, atr[9:17]


def diversified(key: bytes, factor: bytes) -> bytes:
    """Kl = 3DES(K, F), Kr = 3DES(K, NOT F)."""
    return triple(key, factor + bytes(byte ^ 0xFF for byte in factor))


def root(name: str, version: int = 0) -> bytes:
    """The TEST root key of a name such as HRSS/SSSE/RK."""
    return hashlib.sha256(f"cardsim TEST root {name} {version}".encode()).digest()[:16]


def below(key: bytes, path: tuple[bytes, ...]) -> bytes:
    """The key after one diversification for every factor of ``path``."""
    for factor in path:
        key = diversified(key, factor)
    return key


def _openssl(cipher: str, key: bytes, data: bytes, iv: bytes = b"", *, decrypt: bool = False) -> bytes:
    arguments = ["openssl", "enc", f"-{cipher}", "-nopad", "-K", key.hex()]
    arguments += ["-iv", iv.hex()] if iv else []
    arguments += ["-d"] if decrypt else []
    return subprocess.run(arguments, input=data, capture_output=True, check=True, timeout=10).stdout

"""What the PKI application's terminals compute, by the openssl command: the program under test takes no part."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from functools import cache, reduce
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

SPKI_HEAD = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")
"""SubjectPublicKeyInfo of an SM2 key up to X (GM/T 0009)."""


def _run(*words: str, data: bytes | None = None, cwd: Path | None = None) -> bytes:
    return subprocess.run(words, input=data, capture_output=True, check=True, cwd=cwd).stdout


@cache
def sm3(data: bytes) -> bytes:
    return _run("openssl", "dgst", "-sm3", "-binary", data=data)


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


@cache
def sm4(key: bytes, blocks: bytes) -> bytes:
    return _run("openssl", "enc", "-sm4-ecb", "-nopad", "-K", key.hex(), data=blocks)


@cache
def mac(key: bytes, challenge: bytes, data: bytes) -> bytes:
    """SM4-CBC over data, 80, 00.., its IV the challenge; the words of the last block added by XOR (hrss-card 8)."""
    padded = data + b"\x80" + bytes(-(len(data) + 1) % 16)
    last = _run("openssl", "enc", "-sm4-cbc", "-nopad", "-K", key.hex(), "-iv", challenge.hex(), data=padded)[-16:]
    words = [int.from_bytes(last[place : place + 4], "big") for place in range(0, 16, 4)]
    return reduce(int.__xor__, words).to_bytes(4, "big")


def sealed(key: bytes, data: bytes) -> bytes:
    """Length, data, 80, 00..: enciphered."""
    plain = bytes((len(data),)) + data
    return sm4(key, plain + b"\x80" + bytes(-(len(plain) + 1) % 16))


def pin_key(digits: str) -> bytes:
    """The first 16 bytes of SM3 over the packed digits."""
    return sm3(bytes.fromhex(digits + "F" * (len(digits) % 2)))[:16]


def proof(digits: str, challenge: bytes) -> str:
    return sm4(pin_key(digits), challenge).hex()


def protected(header: str, key: bytes, challenge: bytes, data: bytes = b"") -> str:
    """A command whose data ends in a MAC."""
    start = bytes.fromhex(header) + bytes((len(data) + 4,)) + data
    return (start + mac(key, challenge, start)).hex()


@cache
def has_sm2() -> bool:
    if not shutil.which("openssl"):
        return False
    return b"SM2" in _run("openssl", "ecparam", "-list_curves")


needs_sm2 = pytest.mark.skipif(not has_sm2(), reason="no openssl command with SM2")


def verify_digest(directory: Path, point: bytes, digest: bytes, r_s: bytes) -> bool:
    """Whether ``r_s`` is the signature of the digest e under the public key X Y."""
    (directory / "public.der").write_bytes(SPKI_HEAD + point)
    (directory / "digest").write_bytes(digest)
    (directory / "signature").write_bytes(_sequence(_integer(r_s[:32]) + _integer(r_s[32:])))
    words = ("-inkey", "public.der", "-keyform", "DER", "-pubin", "-in", "digest", "-sigfile", "signature")
    ran = subprocess.run(
        ("openssl", "pkeyutl", "-verify", *words), cwd=directory, capture_output=True, timeout=30, check=False
    )
    return ran.returncode == 0


def encrypt(directory: Path, point: bytes, message: bytes) -> bytes:
    """``message`` for the owner of the public key X Y: C1 without 04, C3, C2."""
    (directory / "public.der").write_bytes(SPKI_HEAD + point)
    (directory / "message").write_bytes(message)
    words = ("-inkey", "public.der", "-keyform", "DER", "-pubin", "-in", "message", "-out", "cipher.der")
    _run("openssl", "pkeyutl", "-encrypt", *words, cwd=directory)
    return _flat((directory / "cipher.der").read_bytes())


def verifies(directory: Path, ca: str, card: str, moment: datetime) -> bool:
    """Whether the certificate ``card`` is one that ``ca`` issued, and valid then."""
    words = ("-vfyopt", "distid:1234567812345678", "-x509_strict", "-attime", str(int(moment.timestamp())))
    ran = subprocess.run(
        ("openssl", "verify", *words, "-partial_chain", "-trusted", ca, card),
        cwd=directory,
        capture_output=True,
        timeout=30,
        check=False,
    )
    return ran.returncode == 0


def _flat(der: bytes) -> bytes:
    """X Y C3 C2 from SEQUENCE of INTEGER X, INTEGER Y, OCTET STRING C3, OCTET STRING C2 (GM/T 0009, 7.2)."""
    parts, rest = [], _value(der)[0]
    while rest:
        value, rest = _value(rest)
        parts.append(value)
    x, y, c3, c2 = parts
    return x[-32:].rjust(32, b"\x00") + y[-32:].rjust(32, b"\x00") + c3 + c2


def _value(der: bytes) -> tuple[bytes, bytes]:
    """The value of the first object, and what follows it."""
    start, size = 2, der[1]
    if size & 0x80:
        start += size & 0x7F
        size = int.from_bytes(der[2:start], "big")
    return der[start : start + size], der[start + size :]


def _sequence(content: bytes) -> bytes:
    return b"\x30" + bytes((len(content),)) + content


def _integer(number: bytes) -> bytes:
    stripped = number.lstrip(b"\x00")
    positive = b"\x00" + stripped if stripped[0] & 0x80 else stripped
    return b"\x02" + bytes((len(positive),)) + positive

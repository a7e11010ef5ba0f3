"""PBOC certificates and signatures with RSA: recovered with the signer's public key (EMV Book 2, 5 and 6; SHA-1).

A signed block is 6A, format, data, SHA-1, BC, as long as the signer's modulus. What of a key does not fit into its
certificate is the remainder. Facts finance-zone 3.6.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from keys.pboc.subject import (
    ISSUER_ID_SIZE,
    PAN_SIZE,
    SHORT_SIZE,
    HashId,
    KeyId,
    PbocSignatureError,
    Subject,
    bad_form,
)
from keys.rsa import RsaError, RsaPublicKey

if TYPE_CHECKING:
    from keys.rsa import RsaPrivateKey

_HEADER: Final = 0x6A
_TRAILER: Final = 0xBC
_ISSUER: Final = 0x02
_STATIC: Final = 0x03
_CARD: Final = 0x04
_DYNAMIC: Final = 0x05
_PAD: Final = b"\xbb"
_HASH_SIZE: Final = 20
_FRAME: Final = 2 + _HASH_SIZE + 1
"""Header, format, hash, trailer."""
_DAC_SIZE: Final = 2


@dataclass(frozen=True, slots=True)
class RsaCertificate:
    """A certificate as a card has it: tag 90 or 9F46; 92 or 9F48, empty when nothing remains; 9F32 or 9F47."""

    certificate: bytes
    remainder: bytes
    exponent: bytes


@dataclass(frozen=True, slots=True)
class RecoveredKey:
    """What a certificate says."""

    subject: Subject
    key: RsaPublicKey


def checksum(rid: bytes, index: int, key: RsaPublicKey) -> bytes:
    """Return the check value of a CA's public key: SHA-1 of RID, index, modulus and exponent (finance-zone 3.8)."""
    return _sha1(rid + bytes((index,)) + key.modulus_bytes + key.exponent_bytes)


def issuer_certificate(ca: RsaPrivateKey, subject: Subject, key: RsaPublicKey) -> RsaCertificate:
    """Return tags 90, 92 and 9F32. Raises :class:`keys.pboc.subject.PbocError`."""
    return _certificate(ca, _ISSUER, subject.encode(ISSUER_ID_SIZE), key, b"")


def recover_issuer(ca: RsaPublicKey, certificate: RsaCertificate) -> RecoveredKey:
    """Return what tags 90, 92 and 9F32 say. Raises a :class:`keys.pboc.subject.PbocError`."""
    return _recovered_key(ca, _ISSUER, ISSUER_ID_SIZE, certificate, b"")


def card_certificate(issuer: RsaPrivateKey, subject: Subject, key: RsaPublicKey, static: bytes) -> RsaCertificate:
    """Return tags 9F46, 9F48 and 9F47; ``static``: the static data to be authenticated."""
    return _certificate(issuer, _CARD, subject.encode(PAN_SIZE), key, static)


def recover_card(issuer: RsaPublicKey, certificate: RsaCertificate, static: bytes) -> RecoveredKey:
    """Return what tags 9F46, 9F48 and 9F47 say. Raises a :class:`keys.pboc.subject.PbocError`."""
    return _recovered_key(issuer, _CARD, PAN_SIZE, certificate, static)


def signed_static(issuer: RsaPrivateKey, dac: bytes, static: bytes) -> bytes:
    """Return tag 93; ``dac``: the data authentication code, 2 bytes."""
    if len(dac) != _DAC_SIZE:
        raise bad_form("the data authentication code has 2 bytes", "数据验证代码为 2 字节")
    return _signed(issuer, _STATIC, bytes((HashId.SHA1,)) + dac, static)


def recover_static(issuer: RsaPublicKey, raw: bytes, static: bytes) -> bytes:
    """Return the data authentication code of tag 93. Raises a :class:`keys.pboc.subject.PbocError`."""
    data = _recovered(issuer, _STATIC, raw, static)
    if data[0] != HashId.SHA1 or data[1 + _DAC_SIZE :].strip(_PAD):
        raise bad_form("its data or their padding", "数据或填充有误")
    return data[1 : 1 + _DAC_SIZE]


def signed_dynamic(card: RsaPrivateKey, data: bytes, terminal: bytes) -> bytes:
    """Return tag 9F4B: ``data`` is the card's, ``terminal`` what the DDOL or PDOL asked for."""
    if len(data) > 0xFF:
        raise bad_form("dynamic data has 255 bytes at most", "动态数据最多 255 字节")
    return _signed(card, _DYNAMIC, bytes((HashId.SHA1, len(data))) + data, terminal)


def recover_dynamic(card: RsaPublicKey, raw: bytes, terminal: bytes) -> bytes:
    """Return the card's data of tag 9F4B. Raises a :class:`keys.pboc.subject.PbocError`."""
    data = _recovered(card, _DYNAMIC, raw, terminal)
    end = 2 + data[1]
    if data[0] != HashId.SHA1 or end > len(data) or data[end:].strip(_PAD):
        raise bad_form("its data or their padding", "数据或填充有误")
    return data[2:end]


def _certificate(signer: RsaPrivateKey, kind: int, subject: bytes, key: RsaPublicKey, more: bytes) -> RsaCertificate:
    modulus, exponent = key.modulus_bytes, key.exponent_bytes
    head = subject + bytes((HashId.SHA1, KeyId.RSA, len(modulus), len(exponent)))
    room = signer.public.size - _FRAME - len(head)
    if len(modulus) > 0xFF or room < 0:
        raise bad_form("one of the keys has the wrong length", "密钥长度不符")
    shown, remainder = modulus[:room], modulus[room:]
    raw = _signed(signer, kind, head + shown, remainder + exponent + more)
    return RsaCertificate(raw, remainder, exponent)


def _recovered_key(
    signer: RsaPublicKey, kind: int, size: int, certificate: RsaCertificate, more: bytes
) -> RecoveredKey:
    remainder, exponent = certificate.remainder, certificate.exponent
    data = _recovered(signer, kind, certificate.certificate, remainder + exponent + more)
    at = size + SHORT_SIZE
    if len(data) < at + 4:
        raise bad_form("the signer's key is too short", "签发密钥过短")
    algorithms, key_size, exponent_size = data[at : at + 2], data[at + 2], data[at + 3]
    shown = data[at + 4 :]
    inside = min(key_size, len(shown))
    if algorithms != bytes((HashId.SHA1, KeyId.RSA)) or exponent_size != len(exponent):
        raise bad_form("its algorithms, or the exponent's length", "算法或指数长度有误")
    if len(remainder) != key_size - inside or shown[inside:].strip(_PAD):
        raise bad_form("the length of the key or of its remainder", "公钥或公钥余项长度有误")
    try:
        key = RsaPublicKey(int.from_bytes(shown[:inside] + remainder, "big"), int.from_bytes(exponent, "big"))
    except RsaError as error:
        raise bad_form(str(error), error.text.zh) from error
    return RecoveredKey(Subject.decode(data[:at]), key)


def _signed(signer: RsaPrivateKey, kind: int, data: bytes, more: bytes) -> bytes:
    """Return 6A, kind, data, padding, the hash over all that and ``more``, BC, under the private key."""
    room = signer.public.size - _FRAME
    if len(data) > room:
        raise bad_form(f"{len(data)} bytes do not fit into {room}", f"{len(data)} 字节超过 {room} 字节")
    inner = bytes((kind,)) + data.ljust(room, _PAD)
    return signer.sign(bytes((_HEADER,)) + inner + _sha1(inner + more) + bytes((_TRAILER,)))


def _recovered(signer: RsaPublicKey, kind: int, raw: bytes, more: bytes) -> bytes:
    """Return the data between format and hash, once everything around them is in order."""
    try:
        block = signer.recover(raw)
    except RsaError as error:
        raise bad_form(str(error), error.text.zh) from error
    if (block[0], block[1], block[-1]) != (_HEADER, kind, _TRAILER):
        raise PbocSignatureError(
            f"it does not recover to 6A {kind:02X} .. BC: altered, or of another key",
            f"恢复结果不是 6A {kind:02X} .. BC:已被改动或密钥不符",
        )
    inner, digest = block[1 : -_HASH_SIZE - 1], block[-_HASH_SIZE - 1 : -1]
    if _sha1(inner + more) != digest:
        raise PbocSignatureError("the hash inside is not over these data", "其中的哈希与数据不符")
    return inner[1:]


def _sha1(data: bytes) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()

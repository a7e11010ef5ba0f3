"""PBOC certificates and signatures with SM2: in clear, the signature behind them (facts finance-zone 3.7).

The signer ID is 1234567812345678. There is nothing to recover: tags 92, 9F32, 9F47 and 9F48 do not exist here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from keys.errors import SignatureError
from keys.pboc.subject import (
    ISSUER_ID_SIZE,
    PAN_SIZE,
    SHORT_SIZE,
    KeyId,
    PbocSignatureError,
    Subject,
    bad_form,
)
from keys.sm2 import RANDOM, PublicKey, Signature, sign, verify

if TYPE_CHECKING:
    from keys.sm2 import Nonces, PrivateKey

_ISSUER: Final = 0x12
_STATIC: Final = 0x13
_CARD: Final = 0x14
_DYNAMIC: Final = 0x15
_CA: Final = 0x31
_KEY_SIZE: Final = 64
_SIGNATURE_SIZE: Final = 64
_ENCRYPTION_ID: Final = 0x00
_ISSUER_PARAMETERS: Final = 0x11
_DAC_SIZE: Final = 2


@dataclass(frozen=True, slots=True)
class Sm2Certificate:
    """A verified certificate: whose key, which, and the curve's number (11 and 04 are met)."""

    subject: Subject
    key: PublicKey
    parameters: int


def issuer_certificate(
    ca: PrivateKey,
    subject: Subject,
    key: PublicKey,
    *,
    parameters: int = _ISSUER_PARAMETERS,
    nonces: Nonces = RANDOM,
) -> bytes:
    """Return tag 90, 142 bytes."""
    head = _head(_ISSUER, subject, ISSUER_ID_SIZE, key, parameters)
    return head + sign(ca, head, nonces=nonces)


def verify_issuer(ca: PublicKey, raw: bytes) -> Sm2Certificate:
    """Return what tag 90 says. Raises a :class:`keys.pboc.subject.PbocError`."""
    return _verified(ca, raw, _ISSUER, ISSUER_ID_SIZE, b"")


def card_certificate(
    issuer: PrivateKey,
    subject: Subject,
    key: PublicKey,
    static: bytes,
    *,
    parameters: int = KeyId.SM2,
    nonces: Nonces = RANDOM,
) -> bytes:
    """Return tag 9F46, 148 bytes; ``static``: the static data to be authenticated, with the AIP if 9F4A says so."""
    head = _head(_CARD, subject, PAN_SIZE, key, parameters)
    return head + sign(issuer, head + static, nonces=nonces)


def verify_card(issuer: PublicKey, raw: bytes, static: bytes) -> Sm2Certificate:
    """Return what tag 9F46 says. Raises a :class:`keys.pboc.subject.PbocError`."""
    return _verified(issuer, raw, _CARD, PAN_SIZE, static)


def signed_static(issuer: PrivateKey, dac: bytes, static: bytes, *, nonces: Nonces = RANDOM) -> bytes:
    """Return tag 93, 67 bytes; ``dac``: the data authentication code, 2 bytes."""
    if len(dac) != _DAC_SIZE:
        raise bad_form("the data authentication code has 2 bytes", "数据验证代码为 2 字节")
    head = bytes((_STATIC,)) + dac
    return head + sign(issuer, head + static, nonces=nonces)


def verify_static(issuer: PublicKey, raw: bytes, static: bytes) -> bytes:
    """Return the data authentication code of tag 93. Raises a :class:`keys.pboc.subject.PbocError`."""
    if len(raw) != 1 + _DAC_SIZE + _SIGNATURE_SIZE or raw[0] != _STATIC:
        raise bad_form("tag 93 begins with 13 and has 67 bytes", "标签 93 以 13 开头且为 67 字节")
    head = raw[:-_SIGNATURE_SIZE]
    _verify(issuer, head + static, raw[-_SIGNATURE_SIZE:])
    return head[1:]


def signed_dynamic(card: PrivateKey, data: bytes, terminal: bytes, *, nonces: Nonces = RANDOM) -> bytes:
    """Return tag 9F4B: ``data`` is the card's (up to 255 bytes), ``terminal`` what the DDOL or PDOL asked for."""
    if len(data) > 0xFF:
        raise bad_form("dynamic data has 255 bytes at most", "动态数据最多 255 字节")
    head = bytes((_DYNAMIC, len(data))) + data
    return head + sign(card, head + terminal, nonces=nonces)


def verify_dynamic(card: PublicKey, raw: bytes, terminal: bytes) -> bytes:
    """Return the card's data of tag 9F4B. Raises a :class:`keys.pboc.subject.PbocError`."""
    head, signature = raw[:-_SIGNATURE_SIZE], raw[-_SIGNATURE_SIZE:]
    if len(head) < 2 or head[0] != _DYNAMIC or head[1] != len(head) - 2:
        raise bad_form("tag 9F4B begins with 15 and the length of its data", "标签 9F4B 应以 15 与数据长度开头")
    _verify(card, head + terminal, signature)
    return head[2:]


def verify_ca_record(raw: bytes) -> tuple[bytes, int, PublicKey]:
    """Return RID, index and key of a CA's self-signed record, 144 bytes (facts finance-zone 3.8, index 18).

    Form: 31, 4 bytes, RID 5, index, expiry MMYY 2, algorithm 04, parameters, 40, key 64, signature 64.
    """
    head, signature = raw[:-_SIGNATURE_SIZE], raw[-_SIGNATURE_SIZE:]
    if len(raw) != 16 + _KEY_SIZE + _SIGNATURE_SIZE or head[0] != _CA or head[13] != KeyId.SM2 or head[15] != _KEY_SIZE:
        raise bad_form("a CA's record begins with 31 and has 144 bytes", "CA 记录以 31 开头且为 144 字节")
    key = PublicKey.parse(head[16:])
    _verify(key, head, signature)
    return head[5:10], head[10], key


def _head(kind: int, subject: Subject, size: int, key: PublicKey, parameters: int) -> bytes:
    algorithm = bytes((KeyId.SM2, _ENCRYPTION_ID, parameters, _KEY_SIZE))
    return bytes((kind,)) + subject.encode(size) + algorithm + key[1:]


def _verified(signer: PublicKey, raw: bytes, kind: int, size: int, more: bytes) -> Sm2Certificate:
    at = 1 + size + SHORT_SIZE
    if len(raw) != at + 4 + _KEY_SIZE + _SIGNATURE_SIZE or raw[0] != kind:
        raise bad_form(
            f"it should begin with {kind:02X} and have {at + 4 + _KEY_SIZE + _SIGNATURE_SIZE} bytes",
            f"应以 {kind:02X} 开头且为 {at + 4 + _KEY_SIZE + _SIGNATURE_SIZE} 字节",
        )
    algorithm, encryption, parameters, length = raw[at : at + 4]
    if (algorithm, encryption, length) != (KeyId.SM2, _ENCRYPTION_ID, _KEY_SIZE):
        raise bad_form("the key is not one of SM2", "不是 SM2 密钥")
    head = raw[:-_SIGNATURE_SIZE]
    _verify(signer, head + more, raw[-_SIGNATURE_SIZE:])
    return Sm2Certificate(Subject.decode(raw[1:at]), PublicKey.parse(head[at + 4 :]), parameters)


def _verify(signer: PublicKey, message: bytes, signature: bytes) -> None:
    try:
        verify(signer, message, Signature(signature))
    except SignatureError as error:
        raise PbocSignatureError("the signature is not over these data by this key", "签名与数据或密钥不符") from error

"""SM2 as applications use it: signatures over a message and the signer's identity, encryption (GB/T 32918)."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from keys.errors import Sm2Error
from keys.sm2.ciphertext import CipherOrder, Ciphertext
from keys.sm2.engine import OWN_ENGINE
from keys.sm2.keys import PrivateKey, PublicKey, Signature, number_bytes
from keys.sm2.nonces import RANDOM
from keys.sm3 import sm3

if TYPE_CHECKING:
    from collections.abc import Callable

    from keys.sm2.engine import Sm2Engine
    from keys.sm2.nonces import Nonces

DEFAULT_ID: Final = b"1234567812345678"
"""The signer identity where nothing else is agreed (GM/T 0009-2012, 10), of all certificates in particular."""
_MAX_ID: Final = 0xFFFF // 8


def generate(entropy: Callable[[int], bytes] = secrets.token_bytes) -> PrivateKey:
    """Return a new private key; ``entropy`` gives so many random bytes."""
    return PrivateKey.generate(entropy)


def za(public: PublicKey, signer_id: bytes = DEFAULT_ID) -> bytes:
    """Return the hash of identity, curve and public key, 32 bytes (GB/T 32918.2, 5.5). Raises :class:`Sm2Error`."""
    if len(signer_id) > _MAX_ID:
        raise Sm2Error(f"a signer identity has {_MAX_ID} bytes at most", f"签名者标识最多 {_MAX_ID} 字节")
    curve = public.curve
    parameters = b"".join(map(number_bytes, (curve.a, curve.b, *curve.g)))
    return sm3((8 * len(signer_id)).to_bytes(2, "big") + signer_id + parameters + public[1:])


def digest_of(public: PublicKey, message: bytes, signer_id: bytes = DEFAULT_ID) -> bytes:
    """Return what is signed in place of ``message``: e, 32 bytes (GB/T 32918.2, 6.1)."""
    return sm3(za(public, signer_id) + message)


def sign(
    private: PrivateKey,
    message: bytes,
    *,
    signer_id: bytes = DEFAULT_ID,
    nonces: Nonces = RANDOM,
    by: Sm2Engine | None = None,
) -> Signature:
    """Return the signature of ``message``, by our engine or another. Not constant time: for test keys."""
    digest = digest_of(private.public, message, signer_id)
    return (by or OWN_ENGINE).sign_digest(private, digest, nonces)


def verify(
    public: PublicKey,
    message: bytes,
    signature: Signature,
    *,
    signer_id: bytes = DEFAULT_ID,
    by: Sm2Engine | None = None,
) -> None:
    """Raise :class:`keys.errors.SignatureError` unless ``signature`` is one of ``message`` by this key and identity."""
    (by or OWN_ENGINE).verify_digest(public, digest_of(public, message, signer_id), signature)


def encrypt(
    public: PublicKey,
    message: bytes,
    *,
    order: CipherOrder = CipherOrder.C1C3C2,
    nonces: Nonces = RANDOM,
    by: Sm2Engine | None = None,
) -> bytes:
    """Return ``message``, one byte or more, enciphered for the owner of ``public``. Raises :class:`Sm2Error`."""
    if not message:
        raise Sm2Error("SM2 can not encipher an empty message", "SM2 不能加密空报文")
    return (by or OWN_ENGINE).encrypt(public, message, nonces).encode(order)


def decrypt(
    private: PrivateKey,
    ciphertext: bytes,
    *,
    order: CipherOrder = CipherOrder.C1C3C2,
    by: Sm2Engine | None = None,
) -> bytes:
    """Return the message; raises :class:`Sm2Error` for another form, a point off the curve, or a wrong C3."""
    parts = Ciphertext.parse(ciphertext, order, private.public_type)
    return (by or OWN_ENGINE).decrypt(private, parts)

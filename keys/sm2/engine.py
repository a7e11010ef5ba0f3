"""Who computes: our own arithmetic, or the library gmssl as a second opinion.

An engine works on digests; identities, hashing and wire forms are the same for all (:mod:`keys.sm2.scheme`). **None of
them is constant time**: a machine that others share, or that can be timed, must hold no key worth anything.
"""

from __future__ import annotations

import hmac
from functools import cache
from typing import TYPE_CHECKING, Final, Protocol

from keys.errors import EngineError, SignatureError, Sm2Error
from keys.sm2.ciphertext import Ciphertext
from keys.sm2.curve import group
from keys.sm2.keys import PrivateKey, PublicKey, Signature, number_bytes
from keys.sm3 import kdf, sm3

if TYPE_CHECKING:
    from collections.abc import Callable

    from keys.sm2.curve import Curve, Group, Point
    from keys.sm2.nonces import Nonces


class Sm2Engine(Protocol):
    """The operations of GB/T 32918 on numbers and points."""

    @property
    def name(self) -> str:
        """What :func:`engine` calls it."""
        ...

    def sign_digest(self, private: PrivateKey, digest: bytes, nonces: Nonces) -> Signature:
        """Return the signature of ``digest``, e, 32 bytes (GB/T 32918.2, 6.1)."""
        ...

    def verify_digest(self, public: PublicKey, digest: bytes, signature: Signature) -> None:
        """Raise :class:`SignatureError` unless ``signature`` is one of ``digest`` (GB/T 32918.2, 7.1)."""
        ...

    def encrypt(self, public: PublicKey, message: bytes, nonces: Nonces) -> Ciphertext:
        """Return ``message``, one byte or more, enciphered (GB/T 32918.4, 6.1)."""
        ...

    def decrypt(self, private: PrivateKey, ciphertext: Ciphertext) -> bytes:
        """Return the message; raises :class:`Sm2Error` when C3 is not its hash (GB/T 32918.4, 7.1)."""
        ...


class OwnEngine:
    """Our arithmetic; ``make_group`` gives the points of a curve (the cached ones, on gmpy2 where it is installed)."""

    name = "own"

    def __init__(self, make_group: Callable[[Curve], Group] = group) -> None:
        self._group = make_group

    def sign_digest(self, private: PrivateKey, digest: bytes, nonces: Nonces) -> Signature:
        """Return the signature of ``digest``."""
        points = self._group(private.public_type.curve)
        n, d, e = points.curve.n, private.number, int.from_bytes(digest, "big")
        for k in nonces.candidates(n, private, digest):
            x, _ = _finite(points.multiply_base(k))
            r = (e + x) % n
            s = (k - r * d) * pow(1 + d, -1, n) % n
            if r and r + k != n and s:
                return Signature.of(r, s)
        raise AssertionError("nonces never end")

    def verify_digest(self, public: PublicKey, digest: bytes, signature: Signature) -> None:
        """Raise :class:`SignatureError` unless ``signature`` is one of ``digest``."""
        points = self._group(public.curve)
        n, r, s = points.curve.n, signature.r, signature.s
        t = checked_sum(r, s, n)
        point = points.sum_of_multiples(s, t, public.table or public.point)
        if point is None or (int.from_bytes(digest, "big") + point[0]) % n != r:
            raise wrong_signature()

    def encrypt(self, public: PublicKey, message: bytes, nonces: Nonces) -> Ciphertext:
        """Return ``message`` enciphered."""
        points = self._group(public.curve)
        for k in nonces.candidates(points.curve.n, public.x, sm3(message)):
            shared = shared_bytes(points.multiply(k, public.table or public.point))
            stream = kdf(shared, len(message))
            if any(stream):
                c1 = type(public).of(_finite(points.multiply_base(k)))
                return Ciphertext(c1, check_value(shared, message), xor(message, stream))
        raise AssertionError("nonces never end")

    def decrypt(self, private: PrivateKey, ciphertext: Ciphertext) -> bytes:
        """Return the message."""
        points = self._group(private.public_type.curve)
        return opened(ciphertext, shared_bytes(points.multiply(private.number, ciphertext.c1.point)))

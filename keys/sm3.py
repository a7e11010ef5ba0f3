"""SM3, the hash of GB/T 32905, and what is built on it: HMAC and the key derivation of SM2."""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives import hashes, hmac

SIZE: Final = 32
"""Bytes of a digest."""
_SM3: Final = hashes.SM3()


def sm3(data: bytes) -> bytes:
    """Return the digest of ``data``, 32 bytes."""
    return hashes.Hash.hash(_SM3, data)


def hmac_sm3(key: bytes, data: bytes) -> bytes:
    """Return the HMAC (RFC 2104) of ``data``, 32 bytes."""
    context = hmac.HMAC(key, _SM3)
    context.update(data)
    return context.finalize()


def kdf(secret: bytes, size: int) -> bytes:
    """Return ``size`` bytes derived from ``secret``: SM3 of it and a 4-byte counter from 1 (GB/T 32918.4, 5.4.3)."""
    blocks = -(-size // SIZE)
    return b"".join(sm3(secret + counter.to_bytes(4, "big")) for counter in range(1, blocks + 1))[:size]

"""DES message authentication as the cards of this field do it.

Padding is always 80, then 00 to a multiple of 8; with an 8-byte key DES-CBC, with a 16-byte key DES-CBC under the left
half and the last block also through the right half (ISO/IEC 9797-1 algorithm 3). Source: facts native-card-os 5.1.
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from keys.errors import KeySizeError

BLOCK: Final = 8


def pad(data: bytes) -> bytes:
    """Return ``data``, then 80, then 00 up to a multiple of 8."""
    return data + b"\x80" + bytes(-(len(data) + 1) % BLOCK)


def mac(key: bytes, data: bytes, iv: bytes = bytes(BLOCK)) -> bytes:
    """Return the 8-byte MAC of ``data`` (padded here); cards send its leftmost 4 bytes.

    ``key``: 8 bytes (CBC-MAC) or 16 bytes (retail MAC). Raises :class:`KeySizeError` for another length.
    """
    if len(key) not in (8, 16):
        raise KeySizeError(
            f"a DES key has 8 or 16 bytes, this one {len(key)}", f"DES 密钥为 8 或 16 字节,此处为 {len(key)}"
        )
    padded = pad(data)
    head, last = padded[:-BLOCK], padded[-BLOCK:]
    left = key[:8]
    chained = _cbc(left, iv, head)[-BLOCK:] if head else iv
    return _cbc(key, chained, last)


def _cbc(key: bytes, iv: bytes, blocks: bytes) -> bytes:
    # Three equal thirds make single DES of TripleDES, the only form the library still has.
    triple = key * 3 if len(key) == 8 else key + key[:8]
    encryptor = Cipher(TripleDES(triple), modes.CBC(iv)).encryptor()
    return encryptor.update(blocks) + encryptor.finalize()

"""DES and two-key triple DES as the cards of this field use them.

An 8-byte key means DES, a 16-byte key triple DES (E-D-E). Padding is 80, then 00 to a multiple of 8. MAC: an 8-byte key
DES-CBC, a 16-byte key DES-CBC under its left half and the last block through D(right), E(left) (ISO/IEC 9797-1
algorithm 3). Source: facts native-card-os 5.1, 6; hrss-card 4.2, 4.3.
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES

from keys.blocks import BlockSuite
from keys.errors import KeySizeError

BLOCK: Final = 8
_ALL_ONES: Final = (1 << 64) - 1


class DesSuite(BlockSuite):
    """The suite of 2nd-generation cards; use the instance :data:`DES`."""

    name = "DES"
    block = BLOCK
    algorithm_id = 0x01
    cryptogram_size = BLOCK

    def mac_blocks(self, key: bytes, blocks: bytes, iv: bytes = b"") -> bytes:
        """Return the 8-byte MAC of ``blocks``. Raises :class:`KeySizeError`, BlockSizeError."""
        head, last = self._whole(blocks)[:-BLOCK], blocks[-BLOCK:]
        chained = self._cbc(key[:BLOCK], iv, head)[-BLOCK:] if head else iv
        return self._cbc(key, chained, last)

    def diversify(self, key: bytes, factor: bytes) -> bytes:
        """Return 3DES(key, factor) and 3DES(key, NOT factor); from an 8-byte key the first half alone."""
        left = self.encrypt(key, factor)
        if len(key) == BLOCK:
            return left
        inverse = (int.from_bytes(factor, "big") ^ _ALL_ONES).to_bytes(BLOCK, "big")
        return left + self.encrypt(key, inverse)

    def session_key(self, key: bytes, challenge: bytes) -> bytes:
        """Return 3DES(key, challenge), an 8-byte key."""
        return self.encrypt(key, challenge)

    def cryptogram(self, session_key: bytes, source: bytes) -> bytes:
        """Return DES(session_key, source)."""
        return self.encrypt(session_key, source)

    def _cipher(self, key: bytes) -> TripleDES:
        # Three equal thirds make single DES of TripleDES, the only form the library still has.
        match len(key):
            case 8:
                return TripleDES(key * 3)
            case 16:
                return TripleDES(key + key[:BLOCK])
            case size:
                raise KeySizeError(
                    f"a DES key has 8 or 16 bytes, this one {size}", f"DES 密钥为 8 或 16 字节,此处为 {size}"
                )


DES: Final = DesSuite()

"""DES and two-key triple DES as the cards of this field use them.

An 8-byte key means DES, a 16-byte key triple DES (E-D-E). Padding is 80, then 00 to a multiple of 8. MAC: an 8-byte key
DES-CBC, a 16-byte key DES-CBC under its left half and the last block through D(right), E(left) (ISO/IEC 9797-1
algorithm 3). Source: facts native-card-os 5.1, 6; hrss-card 4.2, 4.3.
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from keys.errors import BlockSizeError, KeySizeError, SealError

BLOCK: Final = 8
_ZERO: Final = bytes(BLOCK)
_ALL_ONES: Final = (1 << 64) - 1
_MAX_SEALED: Final = 255


class DesSuite:
    """The suite of 2nd-generation cards; use the instance :data:`DES`."""

    name = "DES"
    block = BLOCK
    algorithm_id = 0x01

    def encrypt(self, key: bytes, blocks: bytes) -> bytes:
        """Return ``blocks`` enciphered one by one. Raises :class:`BlockSizeError` for a part of one."""
        return _ecb(key).encryptor().update(_whole(blocks))

    def decrypt(self, key: bytes, blocks: bytes) -> bytes:
        """Return ``blocks`` deciphered one by one. Raises :class:`BlockSizeError` for a part of one."""
        return _ecb(key).decryptor().update(_whole(blocks))

    def pad(self, data: bytes) -> bytes:
        """Return ``data``, then 80, then 00 up to a multiple of 8."""
        return data + b"\x80" + bytes(-(len(data) + 1) % BLOCK)

    def mac(self, key: bytes, data: bytes, iv: bytes = b"") -> bytes:
        """Return the 8-byte MAC of ``data``, padded here. Raises :class:`KeySizeError`."""
        padded = self.pad(data)
        head, last = padded[:-BLOCK], padded[-BLOCK:]
        chained = _cbc(key[:BLOCK], iv or _ZERO, head)[-BLOCK:] if head else iv or _ZERO
        return _cbc(key, chained, last)

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

    def seal(self, key: bytes, data: bytes) -> bytes:
        """Return length and ``data`` enciphered; padding comes only where the length is no multiple of 8."""
        if len(data) > _MAX_SEALED:
            raise SealError(f"{len(data)} bytes to seal; at most 255", f"加密数据 {len(data)} 字节;最多 255")
        plain = bytes((len(data),)) + data
        return self.encrypt(key, plain if len(plain) % BLOCK == 0 else self.pad(plain))

    def unseal(self, key: bytes, blocks: bytes) -> bytes:
        """Return what was sealed, with or without padding on aligned data: both are met (native-card-os 5.1)."""
        if not blocks or len(blocks) % BLOCK:
            raise SealError(f"{len(blocks)} bytes are no whole blocks", f"{len(blocks)} 字节不是整数个分组")
        plain = self.decrypt(key, blocks)
        size = plain[0]
        data, rest = plain[1 : 1 + size], plain[1 + size :]
        if len(data) != size or (rest and rest != b"\x80" + bytes(len(rest) - 1)) or len(rest) > BLOCK:
            raise SealError("the deciphered length or padding is wrong", "解密后的长度或填充有误")
        return data

    def kcv(self, key: bytes) -> bytes:
        """Return the first 3 bytes of a block of 00 enciphered."""
        return self.encrypt(key, _ZERO)[:3]


DES: Final = DesSuite()


def _triple(key: bytes) -> TripleDES:
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


def _whole(blocks: bytes) -> bytes:
    if len(blocks) % BLOCK:
        # The library would keep the rest back without a word.
        raise BlockSizeError(
            f"{len(blocks)} bytes are no whole blocks of 8", f"{len(blocks)} 字节不是 8 字节分组的整数倍"
        )
    return blocks


def _ecb(key: bytes) -> Cipher[modes.ECB]:
    return Cipher(_triple(key), modes.ECB())  # noqa: S305  the cards' own mode


def _cbc(key: bytes, iv: bytes, blocks: bytes) -> bytes:
    return Cipher(_triple(key), modes.CBC(iv)).encryptor().update(blocks)

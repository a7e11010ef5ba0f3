"""What every suite does alike, given its block cipher: whole blocks, padding, sealing, key check value."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Final

from cryptography.hazmat.primitives.ciphers import Cipher, modes

from keys.errors import BlockSizeError, SealError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm

_MAX_SEALED: Final = 255


class BlockSuite(ABC):
    """The common half of the suites. Every method raises :class:`keys.errors.KeySizeError` for another key size."""

    block: ClassVar[int]

    @abstractmethod
    def _cipher(self, key: bytes) -> BlockCipherAlgorithm:
        """Return the block cipher with its key."""

    def encrypt(self, key: bytes, blocks: bytes) -> bytes:
        """Return ``blocks`` enciphered one by one. Raises :class:`BlockSizeError` for a part of one."""
        return self._ecb(key).encryptor().update(self._whole(blocks))

    def decrypt(self, key: bytes, blocks: bytes) -> bytes:
        """Return ``blocks`` deciphered one by one. Raises :class:`BlockSizeError` for a part of one."""
        return self._ecb(key).decryptor().update(self._whole(blocks))

    def pad(self, data: bytes) -> bytes:
        """Return ``data``, then 80, then 00 up to a whole number of blocks."""
        return data + b"\x80" + bytes(-(len(data) + 1) % self.block)

    def frame(self, data: bytes) -> bytes:
        """Return length and ``data``; padding comes only where they do not fill whole blocks."""
        if len(data) > _MAX_SEALED:
            raise SealError(f"{len(data)} bytes to seal; at most 255", f"加密数据 {len(data)} 字节;最多 255")
        plain = bytes((len(data),)) + data
        return plain if len(plain) % self.block == 0 else self.pad(plain)

    def seal(self, key: bytes, data: bytes) -> bytes:
        """Return ``data`` in its frame, enciphered."""
        return self.encrypt(key, self.frame(data))

    def mac(self, key: bytes, data: bytes, iv: bytes = b"") -> bytes:
        """Return one block of MAC over ``data``, padded here."""
        return self.mac_blocks(key, self.pad(data), iv)

    @abstractmethod
    def mac_blocks(self, key: bytes, blocks: bytes, iv: bytes = b"") -> bytes:
        """Return one block of MAC over whole ``blocks``. Raises :class:`BlockSizeError` for a part of one, or none."""

    def unseal(self, key: bytes, blocks: bytes) -> bytes:
        """Return what was sealed, with or without padding on aligned data: both are met (native-card-os 5.1)."""
        if not blocks or len(blocks) % self.block:
            raise SealError(f"{len(blocks)} bytes are no whole blocks", f"{len(blocks)} 字节不是整数个分组")
        plain = self.decrypt(key, blocks)
        size = plain[0]
        data, rest = plain[1 : 1 + size], plain[1 + size :]
        if len(data) != size or (rest and rest != b"\x80" + bytes(len(rest) - 1)) or len(rest) > self.block:
            raise SealError("the deciphered length or padding is wrong", "解密后的长度或填充有误")
        return data

    def kcv(self, key: bytes) -> bytes:
        """Return the first 3 bytes of a block of 00 enciphered."""
        return self.encrypt(key, bytes(self.block))[:3]

    def _ecb(self, key: bytes) -> Cipher[modes.ECB]:
        return Cipher(self._cipher(key), modes.ECB())  # noqa: S305  the cards' own mode

    def _cbc(self, key: bytes, iv: bytes, blocks: bytes) -> bytes:
        return Cipher(self._cipher(key), modes.CBC(iv or bytes(self.block))).encryptor().update(blocks)

    def _whole(self, blocks: bytes) -> bytes:
        if len(blocks) % self.block:
            # The library would keep the rest back without a word.
            raise BlockSizeError(
                f"{len(blocks)} bytes are no whole blocks of {self.block}",
                f"{len(blocks)} 字节不是 {self.block} 字节分组的整数倍",
            )
        return blocks

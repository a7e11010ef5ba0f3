"""SM4 as the cards of this field use it, in the same forms as DES.

A key has 16 bytes. Padding is 80, then 00 to a multiple of 16; the MAC is SM4-CBC's last block; the line's IV is the
challenge and 00. Source: facts native-card-os 5.2, 6; terminal-interface 2.5.

How an SM4 block becomes the 8-byte cryptogram of the HRSS zone no source says: see :class:`SmForms`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, unique
from typing import Final

from cryptography.hazmat.primitives.ciphers.algorithms import SM4

from keys.blocks import BlockSuite
from keys.errors import KeySizeError
from keys.suite import folded

BLOCK: Final = 16
KEY_SIZE: Final = 16
_HALF: Final = BLOCK // 2


@unique
class Extension(Enum):
    """How 8 bytes fill a block of 16."""

    ZEROS = "zeros"
    """Followed by 00: as in EXTERNAL AUTHENTICATE of one native card OS (facts native-card-os 5.2)."""
    COMPLEMENT = "complement"
    """Followed by their complement, as in diversification."""
    REPEATED = "repeated"
    """Twice."""

    def apply(self, data: bytes) -> bytes:
        """Return ``data`` as a block; 16 bytes stay as they are."""
        match self:
            case Extension.ZEROS:
                return data.ljust(BLOCK, b"\x00")
            case Extension.COMPLEMENT:
                return (data + _complement(data))[:BLOCK]
            case Extension.REPEATED:
                return (data + data)[:BLOCK]


@unique
class Fold(Enum):
    """What is sent of a block of 16."""

    XOR_HALVES = "xor-halves"
    """8 bytes, its halves added by XOR, as the PKI application folds its MACs (facts hrss-card 8)."""
    LEFT_HALF = "left-half"
    """Its first 8 bytes."""
    WHOLE = "whole"
    """All 16 bytes."""

    @property
    def size(self) -> int:
        """Bytes that are sent."""
        return BLOCK if self is Fold.WHOLE else _HALF

    def apply(self, block: bytes) -> bytes:
        """Return what is sent of ``block``."""
        match self:
            case Fold.XOR_HALVES:
                return folded(block, _HALF)
            case Fold.LEFT_HALF:
                return block[:_HALF]
            case Fold.WHOLE:
                return block


@dataclass(frozen=True, slots=True)
class SmForms:
    """The SM4 forms of session key and authentication. UNPROVEN: no source states them (facts terminal-interface 2.5).

    Known is that factors, sources and cryptograms have 8 bytes, with SM4 as with DES. By default a factor or source is
    filled up with 00, and the cryptogram is the XOR of the block's halves.
    """

    extension: Extension = Extension.ZEROS
    fold: Fold = Fold.XOR_HALVES


DEFAULT_FORMS: Final = SmForms()


class SmSuite(BlockSuite):
    """The suite of 3rd-generation cards; use the instance :data:`SM` where its default forms serve."""

    name = "SM4"
    block = BLOCK
    algorithm_id = 0x03

    def __init__(self, forms: SmForms = DEFAULT_FORMS) -> None:
        self.forms = forms
        self.cryptogram_size = forms.fold.size

    def mac_blocks(self, key: bytes, blocks: bytes, iv: bytes = b"") -> bytes:
        """Return the 16-byte MAC of ``blocks``. Raises :class:`KeySizeError`, BlockSizeError."""
        return self._cbc(key, iv, self._whole(blocks))[-BLOCK:]

    def diversify(self, key: bytes, factor: bytes) -> bytes:
        """Return SM4(key, factor, NOT factor)."""
        return self.encrypt(key, factor + _complement(factor))

    def session_key(self, key: bytes, challenge: bytes) -> bytes:
        """Return SM4(key, challenge), the challenge extended to a block in the form that is set."""
        return self.encrypt(key, self.forms.extension.apply(challenge))

    def cryptogram(self, session_key: bytes, source: bytes) -> bytes:
        """Return SM4(session_key, source), source and result in the forms that are set."""
        return self.forms.fold.apply(self.encrypt(session_key, self.forms.extension.apply(source)))

    def _cipher(self, key: bytes) -> SM4:
        if len(key) != KEY_SIZE:
            raise KeySizeError(f"an SM4 key has 16 bytes, this one {len(key)}", f"SM4 密钥为 16 字节,此处为 {len(key)}")
        return SM4(key)


SM: Final = SmSuite()


def _complement(data: bytes) -> bytes:
    return bytes(byte ^ 0xFF for byte in data)

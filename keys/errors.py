from __future__ import annotations

from apdu import BilingualError


class KeysError(BilingualError):
    """Root of this package's errors."""


class KeySizeError(KeysError):
    """A key of a length that the algorithm does not take."""


class BlockSizeError(KeysError):
    """Data that is no whole number of an algorithm's blocks."""


class SealError(KeysError):
    """Data that can not be sealed for the line, or blocks that were not sealed with this key."""


class Sm2Error(KeysError):
    """An SM2 value that is none: a number out of range, a point off the curve, a ciphertext in another form."""


class SignatureError(Sm2Error):
    """A signature that does not verify, or bytes that are no signature."""


class EngineError(KeysError):
    """An SM2 engine that is unknown or not installed."""

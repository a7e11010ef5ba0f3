from __future__ import annotations

from apdu import BilingualError


class KeysError(BilingualError):
    """Root of this package's errors."""


class KeySizeError(KeysError):
    """A key of a length that the algorithm does not take."""


class SealError(KeysError):
    """Data that can not be sealed for the line, or blocks that were not sealed with this key."""

from __future__ import annotations

from apdu import BilingualError


class KeysError(BilingualError):
    """Root of this package's errors."""


class KeySizeError(KeysError):
    """A key of a length that the algorithm does not take."""

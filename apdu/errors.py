from __future__ import annotations

from apdu.text import BilingualError


class ApduError(BilingualError):
    """Root of this package's errors: bytes that are not what a wire format says."""


class HexError(ApduError):
    """Text that should be hexadecimal digits is not."""


class CommandError(ApduError):
    """Bytes that are no command APDU, or fields that no APDU can carry."""


class ResponseError(ApduError):
    """Bytes that are no response APDU."""


class TlvError(ApduError):
    """Bytes that are no well-formed TLV structure."""


class AtrError(ApduError):
    """Bytes that are no well-formed answer to reset (or answer to select)."""

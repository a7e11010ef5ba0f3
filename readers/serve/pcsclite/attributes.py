"""What the service says when a client asks for an attribute of a reader and its card (PC/SC part 3, 3.1.2)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from readers.serve.pcsclite.messages import MAX_PAYLOAD, Attribute, CardState, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from readers.serve.pcsclite.reader import Reader

_VERSION: Final = 0x0001_0000  # 8 bits major, 8 bits minor, 16 bits build
_CHANNEL: Final = 0x00F0_0000  # channel types of vendors begin at F0; the lower 16 bits are the channel's number


def attribute(reader: Reader, which: int) -> bytes | None:
    """Return the value of attribute ``which``; ``None`` when it is not known, or has no value without a card."""
    value = _VALUES.get(which)
    return value(reader) if value else None


def _number(value: int) -> bytes:
    return struct.pack("=I", value)


def _name(reader: Reader) -> bytes:
    return reader.name.encode() + b"\0"


_VALUES: Final[dict[int, Callable[[Reader], bytes | None]]] = {
    Attribute.VENDOR_NAME: lambda _: b"cardsim\0",
    Attribute.VENDOR_IFD_TYPE: lambda _: b"Virtual reader\0",
    Attribute.VENDOR_IFD_VERSION: lambda _: _number(_VERSION),
    Attribute.VENDOR_IFD_SERIAL_NO: lambda reader: b"%04d\0" % reader.number,
    Attribute.CHANNEL_ID: lambda reader: _number(_CHANNEL + reader.number),
    Attribute.DEVICE_UNIT: lambda reader: _number(reader.number),
    Attribute.DEVICE_FRIENDLY_NAME: _name,
    Attribute.DEVICE_SYSTEM_NAME: _name,
    Attribute.ASYNC_PROTOCOL_TYPES: lambda _: _number(Protocol.T0 | Protocol.T1),
    Attribute.MAXINPUT: lambda _: _number(MAX_PAYLOAD),
    Attribute.CURRENT_PROTOCOL_TYPE: lambda reader: _number(reader.protocol),
    Attribute.ICC_PRESENCE: lambda reader: b"\x02" if reader.state & CardState.PRESENT else b"\x00",
    Attribute.ICC_INTERFACE_STATUS: lambda reader: b"\x01" if reader.state & CardState.POWERED else b"\x00",
    Attribute.ICC_TYPE_PER_ATR: lambda reader: b"\x01" if reader.atr else b"\x00",  # ISO/IEC 7816, asynchronous
    Attribute.ATR_STRING: lambda reader: reader.atr or None,
}

"""The wire format between the pcsc-lite client library and its service: layouts, numbers, codes. No I/O, no state.

Requests are a header (size of the body, command), a body and, for two commands, a payload that the body announces.
Replies are the same body filled in, without header, and a payload. Numbers have 32 bits in the machine's own byte
order, since both sides are programs on one machine. Source: facts pcsc 9.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag, unique
from struct import Struct
from typing import Final

MAJOR: Final = 4
MINORS: Final = (4, 5)
"""The versions spoken: 4:4 (pcsc-lite 1.8.24 to 2.2) and 4:5 (2.3 to 2.4), the newest last.

A newer client is told 4:5 and comes again with that, as every pcsc-lite from 2.4.1 on does by itself.
"""

MAX_READERS: Final = 16
MAX_NAME: Final = 128
"""Bytes of a reader's name, the closing zero byte included."""
MAX_ATR: Final = 33
MAX_PAYLOAD: Final = 65_548
"""The longest command or response APDU: header, extended Lc, 65,536 bytes of data, Le and status word."""
MAX_ATTRIBUTE: Final = 264


@unique
class Request(IntEnum):
    """Commands."""

    ESTABLISH_CONTEXT = 0x01
    RELEASE_CONTEXT = 0x02
    CONNECT = 0x04
    RECONNECT = 0x05
    DISCONNECT = 0x06
    BEGIN_TRANSACTION = 0x07
    END_TRANSACTION = 0x08
    TRANSMIT = 0x09
    CONTROL = 0x0A
    STATUS = 0x0B
    CANCEL = 0x0D
    GET_ATTRIB = 0x0F
    SET_ATTRIB = 0x10
    VERSION = 0x11
    READERS_STATE = 0x12
    WAIT_STATE_CHANGE = 0x13
    STOP_WAITING = 0x14
    READER_EVENTS = 0x15
    """Since 4:5."""
    READERS_COUNT = 0x16
    """Since 4:6, as the next."""
    READERS_ARRAY = 0x17


@unique
class Code(IntEnum):
    """Results (pcsclite.h)."""

    SUCCESS = 0
    CANCELLED = 0x80100002
    INVALID_HANDLE = 0x80100003
    INVALID_PARAMETER = 0x80100004
    NO_MEMORY = 0x80100006
    INSUFFICIENT_BUFFER = 0x80100008
    UNKNOWN_READER = 0x80100009
    SHARING_VIOLATION = 0x8010000B
    NO_SMARTCARD = 0x8010000C
    PROTO_MISMATCH = 0x8010000F
    INVALID_VALUE = 0x80100011
    NOT_TRANSACTED = 0x80100016
    SERVICE_STOPPED = 0x8010001E
    UNSUPPORTED_FEATURE = 0x8010001F
    UNRESPONSIVE_CARD = 0x80100066
    UNPOWERED_CARD = 0x80100067
    RESET_CARD = 0x80100068
    REMOVED_CARD = 0x80100069


@unique
class Share(IntEnum):
    """How a client wants to share the reader."""

    EXCLUSIVE = 1
    SHARED = 2
    DIRECT = 3


@unique
class Disposition(IntEnum):
    """What happens to the card when a client lets go of it; the first three also when it connects again."""

    LEAVE = 0
    RESET = 1
    UNPOWER = 2
    EJECT = 3


@unique
class Protocol(IntFlag):
    """Transmission protocols, wished for or chosen."""

    UNSET = 0
    T0 = 1
    T1 = 2
    RAW = 4
    ANY_OLD = 0x1000
    """T=0 or T=1, as programs of the last century spell it."""


@unique
class CardState(IntFlag):
    """State of a reader and its card, in a record."""

    ABSENT = 0x02
    PRESENT = 0x04
    SWALLOWED = 0x08
    """Present, but it gave no answer to reset that can be used."""
    POWERED = 0x10
    NEGOTIABLE = 0x20


@unique
class Attribute(IntEnum):
    """Attributes of a reader and its card (reader.h)."""

    VENDOR_NAME = 0x00010100
    VENDOR_IFD_TYPE = 0x00010101
    VENDOR_IFD_VERSION = 0x00010102
    VENDOR_IFD_SERIAL_NO = 0x00010103
    CHANNEL_ID = 0x00020110
    ASYNC_PROTOCOL_TYPES = 0x00030120
    MAXINPUT = 0x0007A007
    CURRENT_PROTOCOL_TYPE = 0x00080201
    ICC_PRESENCE = 0x00090300
    ICC_INTERFACE_STATUS = 0x00090301
    ATR_STRING = 0x00090303
    ICC_TYPE_PER_ATR = 0x00090304
    DEVICE_UNIT = 0x7FFF0001
    DEVICE_FRIENDLY_NAME = 0x7FFF0003
    DEVICE_SYSTEM_NAME = 0x7FFF0004


@unique
class Control(IntEnum):
    """Control codes that the service answers (PC/SC part 10)."""

    GET_FEATURES = 0x42000D48
    GET_TLV_PROPERTIES = 0x42330012


FEATURES: Final = bytes((0x12, 4)) + Control.GET_TLV_PROPERTIES.to_bytes(4, "big")
"""Answer to GET_FEATURES: one feature, TLV properties, and the control code that asks for them, big-endian."""
TLV_PROPERTIES: Final = bytes((0x0A, 4)) + (65_536).to_bytes(4, "little")
"""Answer to GET_TLV_PROPERTIES: one property, dwMaxAPDUDataSize, little-endian."""

SHARED_EXCLUSIVELY: Final = -1
"""In a record's sharing field, where else the number of handles is."""

HEADER: Final = Struct("=II")
VERSION: Final = Struct("=iiI")
ESTABLISH: Final = Struct("=III")
RELEASE: Final = Struct("=II")
CONNECT: Final = Struct(f"=I{MAX_NAME}sIIiII")
RECONNECT: Final = Struct("=iIIIII")
DISCONNECT: Final = Struct("=iII")
BEGIN: Final = Struct("=iI")
END: Final = Struct("=iII")
TRANSMIT: Final = Struct("=iIIIIIII")
CONTROL: Final = Struct("=iIIIII")
STATUS: Final = Struct("=iI")
CANCEL: Final = Struct("=iI")
WAITED: Final = Struct("=II")
READER_EVENTS: Final = Struct("=II")
COUNT: Final = Struct("=I")
RECORD: Final = Struct(f"={MAX_NAME}sIIi{MAX_ATR}s3xII")

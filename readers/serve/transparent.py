"""The transparent session of a contactless reader: FF C2 and its data objects (PC/SC part 3 supplement of 2010).

Only APDUs can be exchanged, their ISO/IEC 14443-4 prologue left to the reader: nothing here is made of bits. Every
answer is the object ``C0 03 n SW``, n the object that failed and its status word (00 9000: none), then the objects
asked for, then 9000.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu.activation import TypeA
from apdu.errors import TlvError
from apdu.tlv import encode_ber, parse_ber

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from apdu.command import Command
    from apdu.ports import FieldPort
    from apdu.tlv import BerTlv

    _Doer = Callable[[bytes], bytes]

_OK: Final = 0x9000
_STOPPED: Final = 0x6301
_NO_ANSWER: Final = 0x6401
_WRONG_LENGTH: Final = 0x6700
_WRONG_VALUE: Final = 0x6A80
_NOT_SUPPORTED: Final = 0x6A81

_STATUS: Final = 0xC0
_VERSION: Final = 0x80
_START, _END, _FIELD_OFF, _FIELD_ON, _TIMER = 0x81, 0x82, 0x83, 0x84, 0x5F46
_FLAGS, _BITS_OUT, _BITS_IN, _TRANSMIT, _RECEIVE, _TRANSCEIVE = range(0x90, 0x96)
_FRAMING, _RESPONSE = 0x96, 0x97
_SWITCH, _ATR = 0x8F, 0x5F51

_READER_VERSION: Final = bytes((1, 0, 0))
_RAW_FRAMES: Final = 0x10
"""The flag by which a program makes the prologue itself."""
_LAYER_2, _LAYER_3, _LAYER_4 = 2, 3, 4


class _ObjectError(Exception):
    """A data object that can not be done; carries its status word."""


class TransparentSession:
    """The session state of one reader with ``port`` in its field."""

    def __init__(self, port: FieldPort) -> None:
        self._port = port
        self._open = False
        self._received: bytes | None = None
        self.field = True
        """Whether the field is on; a program may turn it off within a session."""
        manage: dict[int, _Doer] = {
            _VERSION: self._version,
            _START: self._start,
            _END: self._end,
            _FIELD_OFF: self._field_off,
            _FIELD_ON: self._field_on,
            _TIMER: self._timer,
        }
        exchange: dict[int, _Doer] = {
            _TIMER: self._timer,
            _FLAGS: self._flags,
            _BITS_OUT: self._bits,
            _BITS_IN: self._bits,
            _TRANSMIT: self._send,
            _RECEIVE: self._receive,
            _TRANSCEIVE: self._transceive,
        }
        self._objects: tuple[Mapping[int, _Doer], ...] = (manage, exchange, {_SWITCH: self._switch})

    def forget(self) -> None:
        """End the session: the reader has been told to turn the card on, off or back."""
        self._open = False
        self._received = None
        self.field = True

    def answer(self, command: Command) -> bytes:
        """Return the answer to FF C2: P2 = 00 manages the session, 01 exchanges data, 02 switches the protocol."""
        if command.p1 or command.p2 >= len(self._objects):
            return b"\x6a\x86"
        try:
            objects = parse_ber(command.data)
        except TlvError:
            return b"\x6a\x80"
        known = self._objects[command.p2]
        results, failed, sw = b"", 0, _OK
        for number, item in enumerate(objects, 1):
            try:
                results += self._do(known, item)
            except _ObjectError as error:
                failed, sw = number, error.args[0]
                break
        return encode_ber(_STATUS, bytes((failed & 0xFF,)) + sw.to_bytes(2, "big")) + results + b"\x90\x00"

    def _do(self, known: Mapping[int, _Doer], item: BerTlv) -> bytes:
        if item.tag not in known:
            raise _ObjectError(_NOT_SUPPORTED)
        if not self._open and item.tag not in (_VERSION, _START):
            raise _ObjectError(_STOPPED)
        return known[item.tag](item.value)

    # --- P2 = 00

    def _version(self, value: bytes) -> bytes:
        _check_size(value, 0, 3)
        return encode_ber(_VERSION, _READER_VERSION)

    def _start(self, value: bytes) -> bytes:
        _check_size(value, 0)
        self._open = True
        return b""

    def _end(self, value: bytes) -> bytes:
        _check_size(value, 0)
        if not self.field:
            self._field_on(b"")
        self.forget()
        return b""

    def _field_off(self, value: bytes) -> bytes:
        _check_size(value, 0)
        self.field = False
        self._port.power_off()
        return b""

    def _field_on(self, value: bytes) -> bytes:
        _check_size(value, 0)
        if not self.field:
            self.field = bool(self._port.power_on())
        return b""

    def _timer(self, value: bytes) -> bytes:
        """Microseconds; a card that always answers at once needs none."""
        _check_size(value, 4)
        return b""

    # --- P2 = 01

    def _flags(self, value: bytes) -> bytes:
        """Checksums and parity are nothing here; frames without prologue are refused."""
        _check_size(value, 2)
        if value[1] & _RAW_FRAMES:
            raise _ObjectError(_WRONG_VALUE)
        return b""

    def _bits(self, value: bytes) -> bytes:
        _check_size(value, 1)
        if value != b"\0":
            raise _ObjectError(_WRONG_VALUE)
        return b""

    def _send(self, value: bytes) -> bytes:
        if not value:
            raise _ObjectError(_WRONG_LENGTH)
        if not self.field:
            raise _ObjectError(_NO_ANSWER)
        self._received = self._port.transmit(value)
        return b""

    def _receive(self, value: bytes) -> bytes:
        _check_size(value, 0)
        received, self._received = self._received, None
        if received is None:
            raise _ObjectError(_NO_ANSWER)
        return encode_ber(_BITS_IN, b"\0") + encode_ber(_FRAMING, bytes(2)) + encode_ber(_RESPONSE, received)

    def _transceive(self, value: bytes) -> bytes:
        self._send(value)
        return self._receive(b"")

    # --- P2 = 02

    def _switch(self, value: bytes) -> bytes:
        """Activate the card anew, up to a layer of ISO/IEC 14443; value = type (00 A, 01 B), layer."""
        _check_size(value, 2)
        kind, layer = value
        if layer not in (_LAYER_2, _LAYER_3, _LAYER_4):
            raise _ObjectError(_NOT_SUPPORTED)
        activation = self._port.activation
        atr = self._port.reset() if self.field and kind == (not isinstance(activation, TypeA)) else b""
        if not atr:
            raise _ObjectError(_NO_ANSWER)
        activation = self._port.activation
        if layer == _LAYER_4:
            return encode_ber(_ATR, atr)
        if layer == _LAYER_2:
            return b""
        info = bytes((activation.sak,)) if isinstance(activation, TypeA) else activation.atqb.protocol_info
        return encode_ber(_SWITCH, info)


def _check_size(value: bytes, *sizes: int) -> None:
    if len(value) not in sizes:
        raise _ObjectError(_WRONG_LENGTH)

"""What a contactless reader answers by itself: commands of class FF (PC/SC part 3, 3.2; facts terminal-interface 7.2).

They never reach the card. A card of ISO/IEC 14443-4 has no blocks and no keys for a reader to know, so the commands for
storage cards are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu.command import Command
from apdu.errors import CommandError
from apdu.ports import FieldPort
from readers.serve.transparent import TransparentSession

if TYPE_CHECKING:
    from apdu.ports import CardPort, Interface

_CLASS: Final = b"\xff"
_OK: Final = b"\x90\x00"
_END_BEFORE_LE: Final = b"\x62\x82"
_FAILED: Final = b"\x63\x00"
_NO_ANSWER: Final = b"\x64\x01"
_WRONG_LENGTH: Final = b"\x67\x00"
_NOT_SUPPORTED: Final = b"\x6a\x81"
_WRONG_INS: Final = b"\x6d\x00"

_GET_DATA: Final = 0xCA
_AUTHENTICATE: Final = (0x86, 0x88)
_STORAGE: Final = (0x82, 0xB0, 0xD6)
"""Load keys, read and update blocks."""
_TRANSPARENT: Final = 0xC2


class PseudoApdus:
    """A :class:`apdu.CardPort`: a contactless reader with ``port`` in its field."""

    def __init__(self, port: FieldPort) -> None:
        self._port = port
        self._transmit = port.transmit
        self._session = TransparentSession(port)

    @property
    def atr(self) -> bytes:
        """The ATR that the reader makes up."""
        return self._port.atr

    @property
    def interface(self) -> Interface:
        """The card's interface."""
        return self._port.interface

    def power_on(self) -> bytes:
        """Turn the field on and return the ATR."""
        self._session.forget()
        return self._port.power_on()

    def power_off(self) -> None:
        """Turn the field off."""
        self._session.forget()
        self._port.power_off()

    def reset(self) -> bytes:
        """Activate the card anew and return the ATR."""
        self._session.forget()
        return self._port.reset()

    def transmit(self, command: bytes) -> bytes:
        """Return the reader's answer to a command of class FF, the card's to any other."""
        if command[:1] == _CLASS:
            return self._answer(command)
        return self._transmit(command) if self._session.field else _NO_ANSWER

    def _answer(self, raw: bytes) -> bytes:
        try:
            command = Command.parse(raw)
        except CommandError:
            return _WRONG_LENGTH
        if command.ins == _GET_DATA:
            return self._get_data(command)
        if command.ins == _TRANSPARENT:
            return self._session.answer(command)
        if command.ins in _AUTHENTICATE:
            return _FAILED
        return _NOT_SUPPORTED if command.ins in _STORAGE else _WRONG_INS

    def _get_data(self, command: Command) -> bytes:
        """Give the card's serial number (P1 = 00) or its historical bytes (01)."""
        if command.data:
            return _WRONG_LENGTH
        if command.p2 or command.p1 not in (0, 1):
            return _NOT_SUPPORTED
        activation = self._port.activation
        value = activation.higher_layer if command.p1 else activation.identifier
        if command.ne < len(value):
            return bytes((0x6C, len(value)))
        short = command.le and command.le > len(value)
        return value + (_END_BEFORE_LE if short else _OK)


def in_reader(port: CardPort) -> CardPort:
    """Return ``port`` in a reader of its interface: a contactless one answers pseudo-APDUs itself."""
    return PseudoApdus(port) if isinstance(port, FieldPort) else port

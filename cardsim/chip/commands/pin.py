"""VERIFY, CHANGE PIN and PIN CHANGE/UNBLOCK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import Case, Sw, Text
from cardsim.chip.dispatch import ISO, PROPRIETARY, PROPRIETARY_PROTECTED, CommandSpec, wrong_length, wrong_p1p2
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.layout import KeyType
from cardsim.chip.protection import checked_data, compare, give_back, query
from cardsim.profiles.choices import VerifyQuery
from cardsim.zones.access import Key

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.chip.context import Context
    from cardsim.chip.credentials import Credential

PIN_SIZES: Final = range(2, 7)
"""Bytes of a PIN, two digits each (facts hrss-card 5)."""
_SEPARATOR: Final = b"\xff"
_UNBLOCK, _RELOAD = 0x00, 0x01
_CHANGE_SIZES: Final = range(2 + 1 + 2, 6 + 1 + 6 + 1)
_REFERENCE_MASK: Final = 0x9F
"""P2: bit 8 local, bits 5-1 the number; the others must be 0 (ISO/IEC 7816-4, table 99)."""


def verify(context: Context, command: Command) -> bytes:
    """Compare the PIN that P2 names; right: what it protects opens, wrong: 63Cx, then 6983.

    Without data the command asks: 9000 verified, 63Cx tries left, 6983 blocked; nothing is charged.
    """
    pin = _pin(context, command, "VERIFY", p1=0x00)
    if not command.data and context.profile.verify_query is VerifyQuery.TRIES_LEFT:
        return query(context, pin)
    if len(command.data) not in PIN_SIZES:
        raise wrong_length("VERIFY", "2-6", command)
    _compare(context, pin, command.data)
    context.memory.commit()  # a store that fails now answers 6581, which must not leave the PIN verified
    context.granted |= pin.bit
    return b""


def change_pin(context: Context, command: Command) -> bytes:
    """Replace the PIN that P2 names: data = old, FF, new (facts hrss-card 5). A wrong old PIN costs a try."""
    pin = _pin(context, command, "CHANGE PIN", p1=0x01)
    if len(command.data) not in _CHANGE_SIZES:
        raise wrong_length("CHANGE PIN", "2-6, FF, 2-6", command)
    old, separator, new = command.data.partition(_SEPARATOR)
    if not separator or _SEPARATOR in new:
        raise Refusal(
            Sw.WRONG_DATA,
            Reason.PIN_FORMAT,
            Text("CHANGE PIN takes old, FF, new", "CHANGE PIN 的数据应为 旧 PIN、FF、新 PIN"),
        )
    if len(old) not in PIN_SIZES or len(new) not in PIN_SIZES or len(new) > pin.value_size:
        raise wrong_length("CHANGE PIN", "2-6, FF, 2-6", command)
    _compare(context, pin, old)
    context.memory.write(pin.value, new.ljust(pin.value_size, _SEPARATOR))
    return b""


def unblock_pin(context: Context, command: Command) -> bytes:
    """Give the PIN its tries back: P2 00 keeps its value (MAC alone), 01 sets the new one that comes sealed.

    Needs the key that the PIN names (PUK) authenticated, then a challenge; protected under STK (facts hrss-card 4.5).
    """
    if command.p1 or command.p2 not in (_UNBLOCK, _RELOAD):
        raise wrong_p1p2("PIN CHANGE/UNBLOCK", command)
    pin = context.directory.key(KeyType.PIN, command.p1)
    if pin is None:
        raise Refusal(Sw.REFERENCE_NOT_FOUND, Reason.PIN_MISSING, command.p1, context.directory.label)
    puk = context.directory.key(KeyType.EXTERNAL, pin.unblocked_by)
    if puk is None or not context.granted & puk.bit:
        needed = Key(f"{pin.unblocked_by:02X}")
        raise Refusal(Sw.SECURITY_STATUS_NOT_SATISFIED, Reason.UNBLOCK_REFUSED, pin.reference, needed)
    new = checked_data(context, command, KeyType.LINE, sealed=command.p2 == _RELOAD)
    if command.p2 == _RELOAD:
        if len(new) not in PIN_SIZES or len(new) > pin.value_size or _SEPARATOR in new:
            raise Refusal(Sw.WRONG_DATA, Reason.PIN_FORMAT, Text("a PIN has 2 to 6 bytes", "PIN 为 2 至 6 字节"))
        context.memory.write(pin.value, new.ljust(pin.value_size, _SEPARATOR))
    elif new:
        raise wrong_length("PIN CHANGE/UNBLOCK", "4", command)
    give_back(context, pin)
    return b""


def _pin(context: Context, command: Command, name: str, *, p1: int) -> Credential:
    if command.p1 != p1 or command.p2 & ~_REFERENCE_MASK:
        raise wrong_p1p2(name, command)
    pin = context.directory.key(KeyType.PIN, command.p2)
    if pin is None:
        raise Refusal(Sw.REFERENCE_NOT_FOUND, Reason.PIN_MISSING, command.p2, context.directory.label)
    return pin


def _compare(context: Context, pin: Credential, candidate: bytes) -> None:
    """Compare a PIN; trailing FF bytes of the stored one may be left out of the candidate (native-card-os 4)."""
    stored = context.memory.read(pin.value, pin.value_size)
    try:
        compare(context, pin, candidate.ljust(pin.value_size, _SEPARATOR), stored, Reason.PIN_WRONG)
    except Refusal:
        if context.profile.failed_verify_revokes:
            context.granted &= ~pin.bit
        raise


COMMANDS = (
    CommandSpec("VERIFY", ISO, 0x20, Case.DATA_IN, verify, "ISO/IEC 7816-4, 11.6.6; facts hrss-card 5"),
    CommandSpec("CHANGE PIN", PROPRIETARY, 0x5E, Case.DATA_IN, change_pin, "facts hrss-card 5"),
    CommandSpec("PIN CHANGE/UNBLOCK", PROPRIETARY_PROTECTED, 0x24, Case.DATA_IN, unblock_pin, "facts hrss-card 4.5"),
)

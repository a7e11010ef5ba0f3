"""VERIFY and CHANGE PIN. A try is charged, and committed, before the PIN is compared."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from apdu import Case, Sw, Text
from cardsim.chip.dispatch import ISO, PROPRIETARY, CommandSpec, wrong_length, wrong_p1p2
from cardsim.chip.errors import Reason, Refusal
from cardsim.profiles.choices import VerifyQuery
from cardsim.zones.access import Pin

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.chip.context import Context
    from cardsim.chip.files import Credential

PIN_SIZES: Final = range(2, 7)
"""Bytes of a PIN, two digits each (facts hrss-card 5)."""
_SEPARATOR: Final = b"\xff"
_REFERENCE_MASK: Final = 0x9F
"""P2: bit 8 local, bits 5-1 the number; the others must be 0 (ISO/IEC 7816-4, table 99)."""


def verify(context: Context, command: Command) -> bytes:
    """Compare the PIN that P2 names; right: what it protects opens, wrong: 63Cx, then 6983.

    Without data the command asks: 9000 verified, 63Cx tries left, 6983 blocked; nothing is charged.
    """
    pin = _pin(context, command, "VERIFY", p1=0x00)
    if not command.data:
        return _query(context, command, pin)
    if len(command.data) not in PIN_SIZES:
        raise wrong_length("VERIFY", "2-6", command)
    _compare(context, pin, command.data)
    context.granted |= pin.bit
    return b""


def change_pin(context: Context, command: Command) -> bytes:
    """Replace the PIN that P2 names: data = old, FF, new (facts hrss-card 5). A wrong old PIN costs a try."""
    pin = _pin(context, command, "CHANGE PIN", p1=0x01)
    old, separator, new = command.data.partition(_SEPARATOR)
    if not separator or _SEPARATOR in new:
        raise Refusal(
            Sw.WRONG_DATA,
            Reason.PIN_FORMAT,
            Text("CHANGE PIN takes old, FF, new", "CHANGE PIN 的数据应为 旧 PIN、FF、新 PIN"),
        )
    if len(old) not in PIN_SIZES or len(new) not in PIN_SIZES:
        raise wrong_length("CHANGE PIN", "2-6, FF, 2-6", command)
    _compare(context, pin, old)
    context.memory.write(pin.value, new.ljust(pin.value_size, _SEPARATOR))
    return b""


def _pin(context: Context, command: Command, name: str, *, p1: int) -> Credential:
    if command.p1 != p1 or command.p2 & ~_REFERENCE_MASK:
        raise wrong_p1p2(name, command)
    pin = context.directory.credential(Pin, command.p2)
    if pin is None:
        raise Refusal(Sw.REFERENCE_NOT_FOUND, Reason.PIN_MISSING, command.p2, context.directory.label)
    return pin


def _query(context: Context, command: Command, pin: Credential) -> bytes:
    if context.profile.verify_query is VerifyQuery.WRONG_LENGTH:
        raise wrong_length("VERIFY", "2-6", command)
    left = context.memory.view[pin.tries_offset] & 0x0F
    if not left:
        raise Refusal(Sw.AUTHENTICATION_BLOCKED, Reason.PIN_BLOCKED, pin.reference)
    if context.granted & pin.bit:
        return b""
    raise Refusal(0x63C0 | left, Reason.PIN_NOT_VERIFIED, pin.reference)


def _compare(context: Context, pin: Credential, candidate: bytes) -> None:
    """Charge a try, compare, and give all tries back when it matches (facts native-card-os 2.1, 15.7).

    Trailing FF bytes of the stored PIN may be left out of the candidate.
    """
    memory = context.memory
    tries = memory.view[pin.tries_offset]
    limit, left = tries >> 4, tries & 0x0F
    if not left:
        raise Refusal(Sw.AUTHENTICATION_BLOCKED, Reason.PIN_BLOCKED, pin.reference)
    memory.charge(pin.tries_offset, bytes((limit << 4 | left - 1,)))
    stored = memory.read(pin.value, pin.value_size)
    if not hmac.compare_digest(candidate.ljust(pin.value_size, _SEPARATOR), stored):
        if context.profile.failed_verify_revokes:
            context.granted &= ~pin.bit
        raise Refusal(0x63C0 | left - 1, Reason.PIN_WRONG, pin.reference, left - 1)
    memory.write(pin.tries_offset, bytes((limit << 4 | limit,)))


COMMANDS = (
    CommandSpec("VERIFY", ISO, 0x20, Case.DATA_IN, verify, "ISO/IEC 7816-4, 11.6.6; facts hrss-card 5"),
    CommandSpec("CHANGE PIN", PROPRIETARY, 0x5E, Case.DATA_IN, change_pin, "facts hrss-card 5"),
)

"""The PINs of the PKI application. The card keeps, as a key, the first 16 bytes of SM3 over the packed digits.

Source: facts hrss-card 8. Inferred: the change of the user PIN, which is that of the administrator's with its number;
unblocking and reloading, which have the form of the HRSS zone's, P2 naming the PIN.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from apdu import Case, Sw, Text
from cardsim.chip.commands.pki.line import PROOF_SIZE, checked, proof
from cardsim.chip.dispatch import ISO, PROPRIETARY_PROTECTED, CommandSpec, wrong_length, wrong_p1p2
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.layout import KeyType
from cardsim.chip.protection import compare, give_back, query
from cardsim.profiles.choices import VerifyQuery
from keys.sm3 import sm3

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.chip.context import Context
    from cardsim.chip.credentials import Credential

_SEALED: Final = 16
_UNBLOCK, _RELOAD = 0x00, 0x01
_DIGITS: Final = re.compile(r"(?:\d\d){1,7}\d[\dF]")
"""4 to 16 digits, an odd last one with F."""


def verify(context: Context, command: Command) -> bytes:
    """Compare the challenge under the PIN that P2 names; right: what it protects opens, wrong: 63Cx, then 6983.

    Without data the command asks: 9000 verified, 63Cx tries left, 6983 blocked; nothing is charged.
    """
    pin = _pin(context, command, "VERIFY")
    if not command.data and context.profile.verify_query is VerifyQuery.TRIES_LEFT:
        return query(context, pin)
    if len(command.data) != PROOF_SIZE:
        raise wrong_length("VERIFY", str(PROOF_SIZE), command)
    try:
        compare(context, pin, command.data, proof(context, pin), Reason.PIN_WRONG)
    except Refusal as refusal:
        if refusal.reason is Reason.PIN_WRONG and context.profile.failed_verify_revokes:
            context.granted &= ~pin.bit
        raise
    context.memory.commit()  # a store that fails now answers 6581, which must not leave the PIN verified
    context.granted |= pin.bit
    return b""


def change_pin(context: Context, command: Command) -> bytes:
    """Replace the PIN that P2 names; the new one comes sealed, with a MAC, under the old one. Needs no VERIFY."""
    pin = _pin(context, command, "CHANGE PIN")
    _set(context, pin, checked(context, command, "CHANGE PIN", pin, _SEALED))
    return b""


def unblock_pin(context: Context, command: Command) -> bytes:
    """Give the PIN that P2 names its tries back: P1 00 keeps its value (MAC alone), 01 sets the new one, sealed.

    Needs what unblocks it satisfied, the administrator PIN or the master key; protected under that one.
    """
    name = "PIN CHANGE/UNBLOCK"
    if command.p1 not in (_UNBLOCK, _RELOAD):
        raise wrong_p1p2(name, command)
    pin = _find(context, command.p2)
    guard = context.directory.key(KeyType.PIN if pin.level == KeyType.PIN else KeyType.EXTERNAL, pin.unblocked_by)
    if guard is None:
        raise Refusal(Sw.REFERENCE_NOT_FOUND, Reason.KEY_MISSING, pin.unblocked_by, context.directory.label)
    sealed = _SEALED if command.p1 == _RELOAD else 0
    if not context.granted & guard.bit:
        raise Refusal(Sw.SECURITY_STATUS_NOT_SATISFIED, Reason.UNBLOCK_REFUSED, pin.reference, guard.term)
    new = checked(context, command, name, guard, sealed)
    if sealed:
        _set(context, pin, new)
    give_back(context, pin)
    return b""


def _pin(context: Context, command: Command, name: str) -> Credential:
    if command.p1 != 0x01:
        raise wrong_p1p2(name, command)
    return _find(context, command.p2)


def _find(context: Context, reference: int) -> Credential:
    pin = context.directory.key(KeyType.PIN, reference)
    if pin is None:
        raise Refusal(Sw.REFERENCE_NOT_FOUND, Reason.PIN_MISSING, reference, context.directory.label)
    return pin


def _set(context: Context, pin: Credential, digits: bytes) -> None:
    if not _DIGITS.fullmatch(digits.hex().upper()):
        raise Refusal(Sw.WRONG_DATA, Reason.PIN_FORMAT, Text("a PIN has 4 to 16 digits", "PIN 为 4 至 16 位数字"))
    context.memory.write(pin.value, sm3(digits)[: pin.value_size])


_SOURCE = "facts hrss-card 8, 9 (G7)"
COMMANDS = (
    CommandSpec("VERIFY", ISO, 0x20, Case.DATA_IN, verify, _SOURCE),
    CommandSpec("CHANGE PIN", PROPRIETARY_PROTECTED, 0x5E, Case.DATA_IN, change_pin, _SOURCE),
    CommandSpec("PIN CHANGE/UNBLOCK", PROPRIETARY_PROTECTED, 0x24, Case.DATA_IN, unblock_pin, "inferred"),
)

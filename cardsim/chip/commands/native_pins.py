"""VERIFY, CHANGE PIN, RELOAD PIN and PIN UNBLOCK of the native card operating system (facts native-card-os 4)."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from apdu import Case, Sw, Text
from cardsim.chip.commands.native_security import follow
from cardsim.chip.dispatch import ISO, PROPRIETARY, PROPRIETARY_PROTECTED, CommandSpec, wrong_length, wrong_p1p2
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.layout import KeyType
from cardsim.chip.native.line import check_length, checked, find_key, opened, usable_key
from cardsim.chip.protection import MAC_SIZE, charge, compare, give_back, key_value
from cardsim.profiles.native import UnblockReference

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.chip.context import Context
    from cardsim.chip.credentials import Credential
    from keys.suite import CipherSuite

_FILL: Final = b"\xff"
_VERIFY_SIZES: Final = range(1, 9)
_PIN_SIZES: Final = range(2, 7)
_RELOAD, _CHANGE = 0x00, 0x01
_CHANGE_SIZES: Final = range(2 + 1 + 2, 6 + 1 + 6 + 1)
_RELOAD_SIZES: Final = range(2 + MAC_SIZE, 6 + MAC_SIZE + 1)
_UNBLOCK_SIZES: Final = (8 + MAC_SIZE, 16 + MAC_SIZE)


def verify(context: Context, command: Command) -> bytes:
    """Compare PIN P2, of which trailing FF may be left out; right: its state is there, wrong: 63Cx, then 6983."""
    if command.p1:
        raise wrong_p1p2("VERIFY", command)
    check_length(context, command, "VERIFY", _VERIFY_SIZES, "1-8")
    pin = usable_key(context, KeyType.PIN, command.p2, "VERIFY")
    _compare(context, pin, command.data)
    follow(context, pin)
    return b""


def change_pin(context: Context, command: Command) -> bytes:
    """Replace PIN P2: P1 01 for who knows it (old, FF, new), P1 00 under the reload key 38 (new, MAC)."""
    if command.p1 not in (_RELOAD, _CHANGE):
        raise wrong_p1p2("CHANGE PIN", command)
    if command.p1 == _RELOAD:
        return _reload(context, command)
    check_length(context, command, "CHANGE PIN", _CHANGE_SIZES, "2-6, FF, 2-6")
    pin = usable_key(context, KeyType.PIN, command.p2, "CHANGE PIN")
    old, separator, new = command.data.partition(_FILL)
    if not separator or len(old) not in _PIN_SIZES:
        raise wrong_length("CHANGE PIN", "2-6, FF, 2-6", command)
    _check_new(pin, new, command, "CHANGE PIN")
    _compare(context, pin, old)
    _write(context, pin, new)
    return b""


def unblock_pin(context: Context, command: Command) -> bytes:
    """Set a PIN, sealed under the unblock key 37, and give it its tries back."""
    number = _unblocked(context, command)
    check_length(context, command, "PIN UNBLOCK", _UNBLOCK_SIZES, "12 or 20")
    pin = find_key(context, KeyType.PIN, number)
    key = usable_key(context, KeyType.UNBLOCK, 0x00, "PIN UNBLOCK")
    data, line = checked(context, command, key)
    new = opened(line, data)
    _check_new(pin, new, command, "PIN UNBLOCK")
    _write(context, pin, new)
    give_back(context, pin)
    return b""


def _reload(context: Context, command: Command) -> bytes:
    """Set a new PIN, which a MAC of its own proves: IV 0, no challenge (facts native-card-os 4)."""
    check_length(context, command, "RELOAD PIN", _RELOAD_SIZES, "2-6 and a MAC")
    pin = find_key(context, KeyType.PIN, command.p2)
    key = usable_key(context, KeyType.RELOAD, 0x00, "RELOAD PIN")
    new, mac = command.data[:-MAC_SIZE], command.data[-MAC_SIZE:]
    _check_new(pin, new, command, "RELOAD PIN")
    charge(context, key)
    if not hmac.compare_digest(mac, _reload_mac(context.suite(key), key_value(context, key), new)):
        raise Refusal(Sw.MAC_WRONG, Reason.MAC_WRONG, key.term)
    give_back(context, key)
    context.memory.commit()  # a right MAC costs no try, also where the store refuses what follows
    _write(context, pin, new)
    give_back(context, pin)
    return b""


def _reload_mac(suite: CipherSuite, key: bytes, new: bytes) -> bytes:
    """DES under the halves of the key added by XOR; an SM4 key has no halves and is used whole (inferred)."""
    if suite.block < len(key):
        half = len(key) // 2
        key = bytes(left ^ right for left, right in zip(key[:half], key[half:], strict=True))
    return suite.mac(key, new)[:MAC_SIZE]


def _unblocked(context: Context, command: Command) -> int:
    """Return the PIN that P1 P2 name, as the profile reads them."""
    place = context.profile.native_unblock_reference
    number = {UnblockReference.P1: command.p1, UnblockReference.P2: command.p2}.get(place, 0)
    if command.p1 + command.p2 != number:
        raise wrong_p1p2("PIN UNBLOCK", command)
    return number


def _check_new(pin: Credential, new: bytes, command: Command, name: str) -> None:
    if len(new) not in _PIN_SIZES or len(new) > pin.value_size:
        raise wrong_length(name, "a new PIN of 2-6", command)
    if _FILL in new:
        raise Refusal(Sw.WRONG_DATA, Reason.PIN_FORMAT, Text("a PIN has no byte FF", "PIN 中不能有 FF"))


def _write(context: Context, pin: Credential, new: bytes) -> None:
    context.memory.write(pin.value, new.ljust(pin.value_size, _FILL))


def _compare(context: Context, pin: Credential, candidate: bytes) -> None:
    stored = context.memory.read(pin.value, pin.value_size)
    compare(context, pin, candidate.ljust(pin.value_size, _FILL), stored, Reason.PIN_WRONG)


_SOURCE = "facts native-card-os 4"
COMMANDS = (
    CommandSpec("VERIFY", ISO, 0x20, Case.DATA_IN, verify, _SOURCE),
    CommandSpec("CHANGE PIN", PROPRIETARY, 0x5E, Case.DATA_IN, change_pin, _SOURCE),
    CommandSpec("PIN UNBLOCK", PROPRIETARY_PROTECTED, 0x24, Case.DATA_IN, unblock_pin, _SOURCE),
)

"""APPLICATION BLOCK and UNBLOCK, CARD BLOCK of the native card operating system (facts native-card-os 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import Case, Sw
from cardsim.chip.dispatch import PROPRIETARY_PROTECTED, CommandSpec, wrong_p1p2
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.layout import KeyType, LifeCycle
from cardsim.chip.native.line import LOCKING, block_for_ever, check_length, checked, exhausted, usable_key
from cardsim.chip.protection import MAC_SIZE

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.chip.context import Context
    from cardsim.chip.credentials import Credential
    from cardsim.chip.files import Directory

_TEMPORARY, _FOR_EVER = 0x00, 0x01
_BLOCK_KEY, _UNBLOCK_KEY, _LINE_KEY = 0xFD, 0xFC, 0x00
_SIZES: Final = (MAC_SIZE,)


def application_block(context: Context, command: Command) -> bytes:
    """Block the current application: P2 00 until APPLICATION UNBLOCK, 01 for ever."""
    if command.p1 or command.p2 not in (_TEMPORARY, _FOR_EVER):
        raise wrong_p1p2("APPLICATION BLOCK", command)
    check_length(context, command, "APPLICATION BLOCK", _SIZES, "4")
    _check_application(context)
    checked(context, command, _key(context, _BLOCK_KEY, "APPLICATION BLOCK"))
    _set(context, context.directory, LifeCycle.BLOCKED if command.p2 == _TEMPORARY else LifeCycle.BLOCKED_FOR_EVER)
    return b""


def application_unblock(context: Context, command: Command) -> bytes:
    """Open a blocked application again; the last try that fails blocks it for ever."""
    if command.p1 or command.p2:
        raise wrong_p1p2("APPLICATION UNBLOCK", command)
    check_length(context, command, "APPLICATION UNBLOCK", _SIZES, "4")
    _check_application(context)
    here = context.directory
    if here.state(context.memory) is LifeCycle.BLOCKED_FOR_EVER:
        raise Refusal(Sw.APPLICATION_LOCKED_FOR_EVER, Reason.BLOCKED, here.label)
    key = _key(context, _UNBLOCK_KEY, "APPLICATION UNBLOCK")
    try:
        checked(context, command, key)
    except Refusal as refusal:
        if refusal.reason in LOCKING and exhausted(context, key):
            block_for_ever(context)
        raise
    _set(context, here, LifeCycle.IN_USE)
    return b""


def card_block(context: Context, command: Command) -> bytes:
    """Block the card for ever: every command is answered 6A81 from now on."""
    if command.p1 or command.p2:
        raise wrong_p1p2("CARD BLOCK", command)
    check_length(context, command, "CARD BLOCK", _SIZES, "4")
    checked(context, command, _key(context, _LINE_KEY, "CARD BLOCK"))
    _set(context, context.files.mf, LifeCycle.BLOCKED_FOR_EVER)
    context.settle()
    return b""


def _key(context: Context, number: int, name: str) -> Credential:
    """Return line key ``number`` where the directory has it, else 00 (facts native-card-os 5.1)."""
    special = (KeyType.LINE, number) in context.directory.keys
    return usable_key(context, KeyType.LINE, number if special else _LINE_KEY, name)


def _check_application(context: Context) -> None:
    if context.directory.parent is None:
        raise Refusal(Sw.CONDITIONS_NOT_SATISFIED, Reason.NO_APPLICATION, context.directory.label)


def _set(context: Context, directory: Directory, state: LifeCycle) -> None:
    directory.set_state(context.memory, state)
    context.memory.commit()  # before anything volatile changes: the store may refuse
    context.look_for_blocks()


_SOURCE = "facts native-card-os 4"
COMMANDS = (
    CommandSpec("APPLICATION BLOCK", PROPRIETARY_PROTECTED, 0x1E, Case.DATA_IN, application_block, _SOURCE),
    CommandSpec("APPLICATION UNBLOCK", PROPRIETARY_PROTECTED, 0x18, Case.DATA_IN, application_unblock, _SOURCE, True),
    CommandSpec("CARD BLOCK", PROPRIETARY_PROTECTED, 0x16, Case.DATA_IN, card_block, _SOURCE),
)

"""APPLICATION BLOCK, APPLICATION UNBLOCK and CARD BLOCK: each carries nothing but a MAC (facts hrss-card 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import Case, Sw
from cardsim.chip.dispatch import PROPRIETARY_PROTECTED, CommandSpec, wrong_length, wrong_p1p2
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.layout import KeyType, LifeCycle
from cardsim.chip.protection import MAC_SIZE, checked_data

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.chip.context import Context
    from cardsim.chip.files import Directory

_TEMPORARY, _FOR_EVER = 0x00, 0x01
_NO_P1P2: Final = b"\x00\x00"


def application_block(context: Context, command: Command) -> bytes:
    """Block the current application: P2 00 until APPLICATION UNBLOCK, 01 for ever."""
    if command.p1 or command.p2 not in (_TEMPORARY, _FOR_EVER):
        raise wrong_p1p2("APPLICATION BLOCK", command)
    _check(context, command, "APPLICATION BLOCK", KeyType.APPLICATION_LOCK)
    state = LifeCycle.BLOCKED if command.p2 == _TEMPORARY else LifeCycle.BLOCKED_FOR_EVER
    _set(context, context.directory.application, state)
    return b""


def application_unblock(context: Context, command: Command) -> bytes:
    """Open a blocked application again; 9000 also when it was not blocked (facts native-card-os 4)."""
    if command.header[2:] != _NO_P1P2:
        raise wrong_p1p2("APPLICATION UNBLOCK", command)
    application = context.directory.application
    if application.state(context.memory) is LifeCycle.BLOCKED_FOR_EVER:
        raise Refusal(Sw.APPLICATION_LOCKED_FOR_EVER, Reason.BLOCKED, application.label)
    _check(context, command, "APPLICATION UNBLOCK", KeyType.APPLICATION_LOCK)
    _set(context, application, LifeCycle.IN_USE)
    return b""


def card_block(context: Context, command: Command) -> bytes:
    """Block the card for ever: from now on every command is answered 6A81."""
    if command.header[2:] != _NO_P1P2:
        raise wrong_p1p2("CARD BLOCK", command)
    _check(context, command, "CARD BLOCK", KeyType.CARD_LOCK)
    _set(context, context.files.mf, LifeCycle.BLOCKED_FOR_EVER)
    return b""


def _check(context: Context, command: Command, name: str, kind: KeyType) -> None:
    if len(command.data) != MAC_SIZE:
        raise wrong_length(name, str(MAC_SIZE), command)
    checked_data(context, command, kind)


def _set(context: Context, directory: Directory, state: LifeCycle) -> None:
    directory.set_state(context.memory, state)
    context.memory.commit()  # before anything volatile changes: the store may refuse
    context.look_for_blocks()


_SOURCE = "facts hrss-card 3 (S7), native-card-os 4"
COMMANDS = (
    CommandSpec("APPLICATION BLOCK", PROPRIETARY_PROTECTED, 0x1E, Case.DATA_IN, application_block, _SOURCE),
    CommandSpec(
        "APPLICATION UNBLOCK",
        PROPRIETARY_PROTECTED,
        0x18,
        Case.DATA_IN,
        application_unblock,
        _SOURCE,
        when_blocked=True,
    ),
    CommandSpec("CARD BLOCK", PROPRIETARY_PROTECTED, 0x16, Case.DATA_IN, card_block, _SOURCE),
)

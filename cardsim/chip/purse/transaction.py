"""The transaction that INITIALIZE opens and a second command closes: its states as a table, and what it carries.

Volatile: reset, selection and every command that the table does not have end it, and what it staged is dropped.
Source: facts native-card-os 4.1, transit-campus-health-zones 3.3 to 3.5.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum, auto, unique
from typing import TYPE_CHECKING, Final

from cardsim.chip.errors import Reason, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from apdu import Command
    from cardsim.chip.context import Context
    from cardsim.chip.credentials import Credential
    from cardsim.chip.dispatch import CommandSpec
    from cardsim.chip.files import ElementaryFile
    from cardsim.chip.purse.file import PurseFile
    from keys.purse import PurseCipher, Terms


@unique
class State(Enum):
    """What has been initialised."""

    IDLE = auto()
    LOAD = auto()
    PURCHASE = auto()
    COMPOUND = auto()
    UNLOAD = auto()
    OVERDRAFT = auto()


@unique
class Event(Enum):
    """What goes on with it."""

    CREDIT = "CREDIT FOR LOAD"
    DEBIT = "DEBIT FOR PURCHASE/CASH WITHDRAW"
    DEBIT_FOR_UNLOAD = "DEBIT FOR UNLOAD"
    UPDATE_OVERDRAFT = "UPDATE OVERDRAFT LIMIT"
    UPDATE_CACHE = "UPDATE CAPP DATA CACHE"


NEXT: Final[Mapping[State, Mapping[Event, State]]] = {
    State.IDLE: {},
    State.LOAD: {Event.CREDIT: State.IDLE},
    State.PURCHASE: {Event.DEBIT: State.IDLE},
    State.COMPOUND: {Event.UPDATE_CACHE: State.COMPOUND, Event.DEBIT: State.IDLE},
    State.UNLOAD: {Event.DEBIT_FOR_UNLOAD: State.IDLE},
    State.OVERDRAFT: {Event.UPDATE_OVERDRAFT: State.IDLE},
}
"""The state after an event; what is not here is out of order."""


@dataclass(slots=True)
class Pending:
    """A transaction under way. ``counter`` is the one it was opened with.

    ``appended``: the newest place and number of each cyclic file that the cache has records for.
    """

    state: State
    purse: PurseFile
    terms: Terms
    counter: int
    random: bytes
    cipher: PurseCipher
    key: Credential
    appended: dict[ElementaryFile, tuple[int, int]] = field(default_factory=dict)


def end(context: Context) -> None:
    """Forget the transaction and what it staged."""
    context.work = None
    context.memory.drop_staged()


def advance(context: Context, event: Event) -> Pending:
    """Return the transaction that ``event`` goes on with; one that it closes is no longer under way.

    Refuses, the transaction ended, what is out of order.
    """
    pending = context.work
    if not isinstance(pending, Pending):
        raise _out_of_order(context, event)
    after = NEXT[pending.state].get(event)
    if after is None:
        end(context)
        raise _out_of_order(context, event)
    pending.state = after
    if after is State.IDLE:
        context.work = None
    return pending


def _out_of_order(context: Context, event: Event) -> Refusal:
    return Refusal(context.profile.purse_wrong_order.value, Reason.OUT_OF_ORDER, event.value)


def ending(spec: CommandSpec) -> CommandSpec:
    """Return ``spec`` as a command that first ends a transaction, if one is under way."""
    return replace(spec, execute=_after_end(spec.execute))


def _after_end(execute: Callable[[Context, Command], bytes]) -> Callable[[Context, Command], bytes]:
    def ended(context: Context, command: Command) -> bytes:
        if isinstance(context.work, Pending):
            end(context)
        return execute(context, command)

    return ended

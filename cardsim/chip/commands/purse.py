"""The commands of a purse: those of a transaction, and GET BALANCE and GET TRANSACTION PROVE.

Source: facts native-card-os 4 and 4.1, transit-campus-health-zones 3.2 and 3.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import Case, Sw
from cardsim.chip.commands import purse_cache, purse_closing, purse_opening
from cardsim.chip.dispatch import PROPRIETARY, CommandSpec, wrong_length, wrong_p1p2
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.purse.body import PASSBOOK, WALLET, purse_of
from cardsim.chip.purse.file import purse_in
from cardsim.chip.purse.transaction import ending
from cardsim.profiles.purse import PurseCounter
from keys.purse import TransactionType

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.chip.context import Context

_SPENDABLE, _LIMIT, _USED, _NET = range(4)
_TOP_BIT: Final = 0x8000_0000
_TYPES: Final = frozenset(TransactionType)


def get_balance(context: Context, command: Command) -> bytes:
    """Return 4 bytes of purse P2: P1 00 what can be spent, 01 overdraft limit, 02 overdraft used, 03 own money."""
    if command.p1 not in context.profile.purse_balance_forms or command.p2 not in (PASSBOOK, WALLET):
        raise wrong_p1p2("GET BALANCE", command)
    state = purse_opening.usable_purse(context, command.p2).state
    amount = {
        _SPENDABLE: state.balance,
        _LIMIT: state.limit,
        _USED: max(0, -state.net),
        _NET: max(0, state.net),
    }[command.p1]
    if context.profile.purse_balance_top_bit:
        amount |= _TOP_BIT
    return amount.to_bytes(4, "big")


def get_transaction_prove(context: Context, command: Command) -> bytes:
    """Return MAC 4 and TAC 4 of the last transaction of type P2, if it has the number that the data, 2 bytes, says.

    9406 says that no such transaction was done, or a later one of its kind.
    """
    if command.p1 or command.p2 not in _TYPES:
        raise wrong_p1p2("GET TRANSACTION PROVE", command)
    if len(command.data) != 2:
        raise wrong_length("GET TRANSACTION PROVE", "2", command)
    number = int.from_bytes(command.data, "big")
    counter = number - (context.profile.purse_prove_counter is PurseCounter.NEXT)
    kind = TransactionType(command.p2)
    purse = purse_in(context.directory, purse_of(kind))
    proof = purse.proof(kind) if purse else None
    if proof is None or (proof.type, proof.counter) != (kind, counter):
        raise Refusal(Sw.MAC_NOT_AVAILABLE, Reason.NO_PROOF, kind, number)
    return proof.mac + proof.tac


COMMANDS: Final = (
    *purse_opening.COMMANDS,
    *purse_closing.COMMANDS,
    *purse_cache.COMMANDS,
    *map(
        ending,
        (
            CommandSpec(
                "GET TRANSACTION PROVE",
                PROPRIETARY,
                0x5A,
                Case.DATA_IN_OUT,
                get_transaction_prove,
                "facts native-card-os 4",
            ),
            CommandSpec("GET BALANCE", PROPRIETARY, 0x5C, Case.DATA_OUT, get_balance, "facts native-card-os 4"),
        ),
    ),
)

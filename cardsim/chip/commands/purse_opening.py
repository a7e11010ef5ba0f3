"""80 50 INITIALIZE: opens a transaction of a purse. Source: facts native-card-os 4.1, transit sheet 3.3 to 3.5."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from apdu import Case, Sw
from cardsim.chip.commands.addressing import allowed
from cardsim.chip.dispatch import PROPRIETARY, CommandSpec, wrong_length, wrong_p1p2
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.layout import KeyType
from cardsim.chip.protection import key_value
from cardsim.chip.purse.body import MAX_BALANCE, MAX_COUNTER, PASSBOOK, WALLET
from cardsim.chip.purse.file import purse_in
from cardsim.chip.purse.transaction import Pending, State, end
from keys.purse import Terms, TransactionType, online_seed, purse_cipher

if TYPE_CHECKING:
    from collections.abc import Mapping

    from apdu import Command
    from cardsim.chip.context import Context
    from cardsim.chip.credentials import Credential
    from cardsim.chip.purse.body import PurseState
    from cardsim.chip.purse.file import PurseFile
    from cardsim.chip.rules import Masks, Rule

_NAME: Final = "INITIALIZE"
_RANDOM: Final = 4
_TERMINAL: Final = 6
_AMOUNT: Final = 4


@dataclass(frozen=True, slots=True)
class Opening:
    """One form of INITIALIZE: the transaction type for each purse, the state it leads to and the key it uses."""

    state: State
    key: KeyType
    types: Mapping[int, TransactionType]

    @property
    def size(self) -> int:
        """Bytes of data: key index, amount (of an overdraft update none), terminal."""
        return 1 + (0 if self.state is State.OVERDRAFT else _AMOUNT) + _TERMINAL


OPENINGS: Final = {
    0x00: Opening(
        State.LOAD,
        KeyType.LOAD,
        {PASSBOOK: TransactionType.LOAD_PASSBOOK, WALLET: TransactionType.LOAD_WALLET},
    ),
    0x01: Opening(
        State.PURCHASE,
        KeyType.PURCHASE,
        {PASSBOOK: TransactionType.PURCHASE_PASSBOOK, WALLET: TransactionType.PURCHASE_WALLET},
    ),
    0x02: Opening(State.PURCHASE, KeyType.PURCHASE, {PASSBOOK: TransactionType.CASH}),
    0x03: Opening(State.COMPOUND, KeyType.PURCHASE, {WALLET: TransactionType.COMPOUND}),
    0x04: Opening(State.OVERDRAFT, KeyType.OVERDRAFT, {PASSBOOK: TransactionType.OVERDRAFT}),
    0x05: Opening(State.UNLOAD, KeyType.UNLOAD, {PASSBOOK: TransactionType.UNLOAD}),
}
"""By P1; P2 is the purse."""


def initialize(context: Context, command: Command) -> bytes:
    """Open a transaction: data = key index 1, amount 4 (not for P1 04), terminal 6.

    Answers balance 4, counter 2, overdraft limit 3 (P1 01-04), key version 1, algorithm 1, random 4, MAC1 4 (on line).
    """
    end(context)
    opening = OPENINGS.get(command.p1)
    if opening is None or command.p2 not in opening.types:
        raise wrong_p1p2(_NAME, command)
    if len(command.data) != opening.size:
        raise wrong_length(_NAME, str(opening.size), command)
    purse = usable_purse(context, command.p2)
    if opening.state is State.LOAD and context.profile.purse_load_condition:
        require(context, purse, purse.load)
    kind = opening.types[command.p2]
    key = _key(context, opening.key, command.data[0])
    if opening.state is not State.UNLOAD:
        tac_key(context, key)
    state = purse.state
    online = kind.online or context.profile.purse_one_counter
    counter = state.online if online else state.offline
    if counter == MAX_COUNTER:
        raise Refusal(Sw.TRANSACTION_COUNTER_EXHAUSTED, Reason.COUNTER_AT_END)
    value, terminal = command.data[1:-_TERMINAL], command.data[-_TERMINAL:]
    _check_amount(purse, opening.state, state, int.from_bytes(value, "big"))
    limit = state.limit.to_bytes(3, "big")
    terms = Terms(value or limit, kind, terminal)
    random = context.entropy(_RANDOM)
    pending = Pending(opening.state, purse, terms, counter, random, purse_cipher(key.algorithm), key)
    answer = state.balance.to_bytes(4, "big") + counter.to_bytes(2, "big")
    if opening.state not in (State.LOAD, State.UNLOAD):
        answer += limit
    answer += bytes((key.version, key.algorithm)) + random
    if kind.online:
        session = pending.cipher.session_key(key_value(context, key), online_seed(random, counter))
        answer += pending.cipher.mac(session, terms.opening(state.balance))
    context.work = pending
    return answer


def usable_purse(context: Context, fid: int) -> PurseFile:
    """Return a purse of the current application. Refuses with 6A82, or where its condition does not hold."""
    purse = purse_in(context.directory, fid)
    if purse is None:
        raise Refusal(Sw.FILE_NOT_FOUND, Reason.PURSE_MISSING, fid, context.directory.label)
    require(context, purse, purse.use)
    return purse


def require(context: Context, purse: PurseFile, condition: tuple[Rule, Masks]) -> None:
    """Refuse where a condition of the purse does not hold."""
    rule, masks = condition
    if not allowed(context.granted, masks):
        raise Refusal(context.profile.purse_not_allowed.value, Reason.PURSE_REFUSED, purse.fid, rule.default)


def _key(context: Context, kind: KeyType, index: int) -> Credential:
    versions = context.directory.keys.get((kind, index))
    if versions is None:
        raise Refusal(Sw.KEY_INDEX_UNSUPPORTED, Reason.PURSE_KEY_MISSING, kind.name, index, context.directory.label)
    key = versions[min(versions)]
    if key.native is not None and not allowed(context.granted, key.use):
        needed = context.files.right(key.native.use)
        raise Refusal(context.profile.purse_not_allowed.value, Reason.PURSE_KEY_REFUSED, kind.name, index, needed)
    return key


def tac_key(context: Context, key: Credential) -> Credential:
    """Return the TAC key for a transaction under ``key``: the first of the same cipher, since no command names it.

    Refuses with 9403.
    """
    cipher = purse_cipher(key.algorithm)
    found = (versions[min(versions)] for (kind, _), versions in context.directory.keys.items() if kind is KeyType.TAC)
    fitting = [tac for tac in found if purse_cipher(tac.algorithm) is cipher]
    if not fitting:
        label = context.directory.label
        raise Refusal(Sw.KEY_INDEX_UNSUPPORTED, Reason.PURSE_KEY_MISSING, KeyType.TAC.name, key.reference, label)
    return min(fitting, key=lambda tac: tac.reference)


def _check_amount(purse: PurseFile, opened: State, state: PurseState, amount: int) -> None:
    if opened is State.LOAD:
        check_balance(purse, state.balance + amount)
    elif amount > state.balance:
        raise Refusal(Sw.BALANCE_INSUFFICIENT, Reason.BALANCE_TOO_SMALL, purse.fid, amount, state.balance)


def check_balance(purse: PurseFile, balance: int) -> None:
    """Refuse with 6985 a balance that the purse can not hold."""
    if balance > MAX_BALANCE:
        raise Refusal(Sw.CONDITIONS_NOT_SATISFIED, Reason.BALANCE_TOO_LARGE, purse.fid, balance, MAX_BALANCE)


COMMANDS: Final = (CommandSpec(_NAME, PROPRIETARY, 0x50, Case.DATA_IN_OUT, initialize, "facts native-card-os 4.1"),)

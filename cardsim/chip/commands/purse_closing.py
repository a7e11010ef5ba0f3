"""The commands that close a transaction of a purse: 80 52 CREDIT, 80 54 DEBIT, 80 58 UPDATE OVERDRAFT LIMIT.

Balance, counter, log record, proof and what a compound purchase updates go into one commit, before anything is
answered. A closing command ends the transaction whatever it is answered. Source: facts native-card-os 4.1 and 9,
transit-campus-health-zones 2.3, 3.3 to 3.5.
"""

from __future__ import annotations

import hmac
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from apdu import Case, Sw
from cardsim.chip.commands.purse_opening import check_balance, tac_key
from cardsim.chip.dispatch import PROPRIETARY, CommandSpec, wrong_length, wrong_p1p2
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.native.rights import moved
from cardsim.chip.protection import key_value
from cardsim.chip.purse.body import WALLET, Proof
from cardsim.chip.purse.transaction import Event, advance, end
from cardsim.profiles.purse import PurseCounter
from cardsim.zones.purse_log import LOG_SIZE, LogRecord
from keys.purse import MAC_SIZE, Terms, TransactionType, offline_seed, online_seed

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.chip.context import Context
    from cardsim.chip.purse.body import PurseState
    from cardsim.chip.purse.transaction import Pending

_WHEN: Final = 7
_SERIAL: Final = 4
_LIMIT: Final = 3
_DEBITS: Final = {0x01: Event.DEBIT, 0x03: Event.DEBIT_FOR_UNLOAD}


def credit(context: Context, command: Command) -> bytes:
    """Close a load: data = date and time 7, MAC2 4; answer TAC 4."""
    if command.p1 or command.p2:
        end(context)
        raise wrong_p1p2(Event.CREDIT.value, command)
    pending = advance(context, Event.CREDIT)
    (when,) = _fields(command, Event.CREDIT, _WHEN)
    _check_mac(pending, _online_key(context, pending), pending.terms.order(when), command)
    state = pending.purse.state
    after = _counted(context, pending, replace(state, balance=state.balance + _amount(pending)))
    tac = _tac(context, pending, pending.terms.online_receipt(after.balance, pending.counter, when))
    _finish(context, pending, after, when, tac=tac)
    return tac


def debit(context: Context, command: Command) -> bytes:
    """Close a purchase or cash withdrawal (P1 01) or an unload (P1 03).

    P1 01: data = terminal's serial 4, date and time 7, MAC1 4; answer TAC 4, MAC2 4. P1 03: data = date and time 7,
    MAC2 4; answer MAC3 4.
    """
    event = _DEBITS.get(command.p1)
    if event is None or command.p2:
        end(context)
        raise wrong_p1p2("DEBIT", command)
    pending = advance(context, event)
    try:
        return _debit(context, pending, command) if event is Event.DEBIT else _unload(context, pending, command)
    finally:
        context.memory.drop_staged()


def _debit(context: Context, pending: Pending, command: Command) -> bytes:
    serial, when = _fields(command, Event.DEBIT, _SERIAL, _WHEN)
    seed = offline_seed(pending.random, pending.counter, serial)
    session = pending.cipher.session_key(key_value(context, pending.key), seed)
    _check_mac(pending, session, pending.terms.order(when), command)
    after = _paid(context, pending)
    tac = _tac(context, pending, pending.terms.offline_receipt(serial, when))
    mac = pending.cipher.mac(session, pending.terms.value)
    context.memory.write_staged()
    for file in pending.appended:
        file.changed()
    _finish(context, pending, after, when, mac=mac, tac=tac)
    return tac + mac


def _unload(context: Context, pending: Pending, command: Command) -> bytes:
    (when,) = _fields(command, Event.DEBIT_FOR_UNLOAD, _WHEN)
    session = _online_key(context, pending)
    _check_mac(pending, session, pending.terms.order(when), command)
    after = _paid(context, pending)
    mac = pending.cipher.mac(session, pending.terms.online_receipt(after.balance, pending.counter, when))
    _finish(context, pending, after, when, mac=mac)
    return mac


def update_overdraft(context: Context, command: Command) -> bytes:
    """Close an overdraft update: data = new limit 3, date and time 7, MAC2 4; answer TAC 4.

    The balance, which has the limit in it, changes by the difference of the limits.
    """
    if command.p1 or command.p2:
        end(context)
        raise wrong_p1p2(Event.UPDATE_OVERDRAFT.value, command)
    pending = advance(context, Event.UPDATE_OVERDRAFT)
    limit, when = _fields(command, Event.UPDATE_OVERDRAFT, _LIMIT, _WHEN)
    pending.terms = Terms(limit, pending.terms.type, pending.terms.terminal)
    _check_mac(pending, _online_key(context, pending), pending.terms.order(when), command)
    state, new = pending.purse.state, int.from_bytes(limit, "big")
    balance = state.balance + new - state.limit
    if balance < 0:  # more is used than the new limit lends
        raise Refusal(
            Sw.BALANCE_INSUFFICIENT, Reason.BALANCE_TOO_SMALL, pending.purse.fid, state.limit - new, state.balance
        )
    check_balance(pending.purse, balance)
    after = _counted(context, pending, replace(state, balance=balance, limit=new))
    receipt = pending.terms.online_receipt(balance, pending.counter, when)
    tac = _tac(context, pending, receipt, direct=context.profile.purse_overdraft_tac_direct)
    _finish(context, pending, after, when, tac=tac)
    return tac


def _fields(command: Command, event: Event, *sizes: int) -> list[bytes]:
    """Return the fields in front of the MAC that ends the data. Refuses another length with 6700."""
    size = sum(sizes) + MAC_SIZE
    if len(command.data) != size:
        raise wrong_length(event.value, str(size), command)
    fields, rest = [], command.data
    for length in sizes:
        fields.append(rest[:length])
        rest = rest[length:]
    return fields


def _online_key(context: Context, pending: Pending) -> bytes:
    return pending.cipher.session_key(key_value(context, pending.key), online_seed(pending.random, pending.counter))


def _check_mac(pending: Pending, session: bytes, data: bytes, command: Command) -> None:
    if not hmac.compare_digest(command.data[-MAC_SIZE:], pending.cipher.mac(session, data)):
        raise Refusal(Sw.MAC_WRONG, Reason.MAC_WRONG, pending.key.term)


def _tac(context: Context, pending: Pending, receipt: bytes, *, direct: bool = False) -> bytes:
    return pending.cipher.tac(key_value(context, tac_key(context, pending.key)), receipt, direct=direct)


def _amount(pending: Pending) -> int:
    return int.from_bytes(pending.terms.value, "big")


def _paid(context: Context, pending: Pending) -> PurseState:
    """Return the purse's state after it paid; INITIALIZE has seen that it can."""
    state = pending.purse.state
    return _counted(context, pending, replace(state, balance=state.balance - _amount(pending)))


def _counted(context: Context, pending: Pending, state: PurseState) -> PurseState:
    if pending.terms.type.online or context.profile.purse_one_counter:
        return replace(state, online=state.online + 1)
    return replace(state, offline=state.offline + 1)


def _finish(
    context: Context,
    pending: Pending,
    after: PurseState,
    when: bytes,
    *,
    mac: bytes = bytes(MAC_SIZE),
    tac: bytes = bytes(MAC_SIZE),
) -> None:
    """Write and commit all that the transaction changes."""
    pending.purse.write(after, Proof(pending.terms.type, pending.counter, mac, tac))
    _log(context, pending, after, when)
    context.memory.commit()  # before anything volatile changes: the store may refuse
    if not context.profile.purse_clears_state:
        return
    if context.directory.native:
        context.granted = moved(context.granted, 0, mf=False)
    else:
        parent = context.directory.parent
        context.granted &= parent.scope if parent else context.interface_bit


def _log(context: Context, pending: Pending, after: PurseState, when: bytes) -> None:
    kind, log = pending.terms.type, pending.purse.log
    purchase = pending.purse.fid == WALLET and kind is not TransactionType.LOAD_WALLET
    if log is None or not log.cyclic or log.record_size != LOG_SIZE:
        return
    if purchase and not context.profile.purse_wallet_purchases_logged:
        return
    number = pending.counter + (context.profile.purse_log_number is PurseCounter.NEXT)
    amount = 0 if kind is TransactionType.OVERDRAFT else int.from_bytes(pending.terms.value, "big")
    record = LogRecord(number, after.limit, amount, kind, pending.terms.terminal, when)
    place, mark = log.next_place()
    context.memory.write(place, bytes((mark,)) + record.encode())
    log.changed()


_SOURCE: Final = "facts native-card-os 4.1"
COMMANDS: Final = (
    CommandSpec(Event.CREDIT.value, PROPRIETARY, 0x52, Case.DATA_IN_OUT, credit, _SOURCE),
    CommandSpec("DEBIT", PROPRIETARY, 0x54, Case.DATA_IN_OUT, debit, _SOURCE),
    CommandSpec(Event.UPDATE_OVERDRAFT.value, PROPRIETARY, 0x58, Case.DATA_IN_OUT, update_overdraft, _SOURCE),
)

"""Transactions with an electronic purse (bank, transit, campus) whose application is selected, as scripts.

A terminal asks a `keys.purse_hsm.PurchaseModule` for purchases and cash, a `PurseHost` for what is on line. Amounts are
in fen. When a card is torn away, what became of the transaction is asked with :func:`resolve`. Source: facts
native-card-os 4.1, transit-campus-health-zones 3.2 to 3.5.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum, unique
from typing import TYPE_CHECKING, Final

from apdu import Command, Response, Sw
from cardsim.zones.purse_log import LOG_SIZE, LogRecord
from keys.purse import MAC_SIZE, Terms, TransactionType
from keys.purse_hsm import Opened
from readers.errors import CardRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from keys.purse_hsm import PurchaseModule, PurseHost
    from readers.terminal.script import Script

_CLA: Final = 0x80
_INITIALIZE, _CREDIT, _DEBIT, _UPDATE, _PROVE, _BALANCE, _CACHE = 0x50, 0x52, 0x54, 0x58, 0x5A, 0x5C, 0xDC
_AMOUNT, _TERMINAL = 4, 6
_COUNTER: Final = slice(4, 6)
_LOAD, _PURCHASE, _CASH, _COMPOUND, _OVERDRAFT, _UNLOAD = range(6)
_FORMS: Final = {
    TransactionType.LOAD_PASSBOOK: _LOAD,
    TransactionType.LOAD_WALLET: _LOAD,
    TransactionType.UNLOAD: _UNLOAD,
    TransactionType.OVERDRAFT: _OVERDRAFT,
    TransactionType.PURCHASE_PASSBOOK: _PURCHASE,
    TransactionType.PURCHASE_WALLET: _PURCHASE,
    TransactionType.CASH: _CASH,
    TransactionType.COMPOUND: _COMPOUND,
}
"""P1 of INITIALIZE (facts native-card-os 4.1)."""
LOG_SFI: Final = 0x18


@unique
class PurseId(IntEnum):
    """P2 of the purse commands."""

    PASSBOOK = 0x01
    WALLET = 0x02


@unique
class BalanceForm(IntEnum):
    """P1 of GET BALANCE (facts transit-campus-health-zones 3.2)."""

    SPENDABLE = 0x00
    LIMIT = 0x01
    OVERDRAFT_USED = 0x02
    OWN = 0x03


@dataclass(frozen=True, slots=True)
class Attempt:
    """A transaction that was opened, by which it is found again: type, the counter that INITIALIZE gave, key index."""

    type: TransactionType
    counter: int
    key_index: int = 1


@dataclass(frozen=True, slots=True)
class Desk:
    """Where and when: the terminal's number, 6 bytes, and the time that goes into the record.

    ``key_index``: which of the card's keys. ``opened`` is told every transaction before the card can do it, so that it
    can be resolved after a tear.
    """

    terminal: bytes
    when: datetime
    key_index: int = 1
    opened: Callable[[Attempt], None] = lambda attempt: None  # noqa: ARG005  nobody listens

    @property
    def stamp(self) -> bytes:
        """Date and time, 7 bytes BCD."""
        return bytes.fromhex(f"{self.when.year:04}" + self.when.strftime("%m%d%H%M%S"))


@dataclass(frozen=True, slots=True)
class Receipt:
    """A transaction that was done. ``balance``: of the purse afterwards; ``serial``: of a purchase, in the terminal."""

    attempt: Attempt
    opened: Opened
    terms: Terms
    balance: int
    mac: bytes = b""
    tac: bytes = b""
    serial: bytes = b""


@dataclass(frozen=True, slots=True)
class CacheUpdate:
    """A record that a compound purchase writes: ``record`` 0 is a new one of a cyclic file.

    ``by_identifier``: ``record`` is its identifier, not its number.
    """

    sfi: int
    data: bytes
    record: int = 0
    by_identifier: bool = False


def balance(purse: PurseId, form: BalanceForm = BalanceForm.SPENDABLE) -> Script[int]:
    """Return a balance. Its top bit, which some cards set, is left out."""
    response = yield Command(_CLA, _BALANCE, form, purse, le=4)
    _expect(response, "the balance can not be read", "无法读取余额")
    return int.from_bytes(response.data, "big") & 0x7FFF_FFFF


def read_log(sfi: int = LOG_SFI, most: int = 10) -> Script[list[LogRecord]]:
    """Return the transactions in the log, the newest first; ends where the card has no more."""
    found: list[LogRecord] = []
    for number in range(1, most + 1):
        response = yield Command(0x00, 0xB2, number, sfi << 3 | 4, le=LOG_SIZE)
        record = LogRecord.parse(response.data) if response.ok else None
        if record is None:
            break
        found.append(record)
    return found


def load(host: PurseHost, desk: Desk, purse: PurseId, amount: int) -> Script[Receipt]:
    """Load ``amount``. Raises CardRefusedError, also when MAC1 or TAC are not of the issuer's card."""
    kind = TransactionType.LOAD_PASSBOOK if purse is PurseId.PASSBOOK else TransactionType.LOAD_WALLET
    terms = Terms.of_amount(amount, kind, desk.terminal)
    opened = yield from _open_online(host, desk, purse, terms)
    mac2 = host.order(opened, terms, desk.stamp)
    response = yield Command(_CLA, _CREDIT, 0x00, 0x00, desk.stamp + mac2, le=MAC_SIZE)
    _expect(response, "the card refuses the load", "卡拒绝圈存")
    receipt = Receipt(_attempt(desk, opened, kind), opened, terms, opened.balance + amount, tac=response.data)
    return _certified(host, desk, receipt, receipt.tac)


def unload(host: PurseHost, desk: Desk, amount: int) -> Script[Receipt]:
    """Take ``amount`` from the passbook back to the account. Raises CardRefusedError."""
    terms = Terms.of_amount(amount, TransactionType.UNLOAD, desk.terminal)
    opened = yield from _open_online(host, desk, PurseId.PASSBOOK, terms)
    mac2 = host.order(opened, terms, desk.stamp)
    response = yield Command(_CLA, _DEBIT, 0x03, 0x00, desk.stamp + mac2, le=MAC_SIZE)
    _expect(response, "the card refuses to unload", "卡拒绝圈提")
    receipt = Receipt(_attempt(desk, opened, terms.type), opened, terms, opened.balance - amount, mac=response.data)
    return _certified(host, desk, receipt, receipt.mac)


def update_overdraft(host: PurseHost, desk: Desk, limit: int) -> Script[Receipt]:
    """Set the passbook's overdraft limit. Raises CardRefusedError."""
    old = Terms(b"", TransactionType.OVERDRAFT, desk.terminal)
    opened = yield from _open_online(host, desk, PurseId.PASSBOOK, old)
    terms = replace(old, value=limit.to_bytes(3, "big"))
    data = terms.value + desk.stamp + host.order(opened, terms, desk.stamp)
    response = yield Command(_CLA, _UPDATE, 0x00, 0x00, data, le=MAC_SIZE)
    _expect(response, "the card refuses the overdraft limit", "卡拒绝修改透支限额")
    after = opened.balance + limit - opened.limit
    receipt = Receipt(_attempt(desk, opened, terms.type), opened, terms, after, tac=response.data)
    return _certified(host, desk, receipt, receipt.tac)


def purchase(module: PurchaseModule, desk: Desk, purse: PurseId, amount: int) -> Script[Receipt]:
    """Pay ``amount``. Raises CardRefusedError, also when MAC2 does not prove the payment."""
    kind = TransactionType.PURCHASE_PASSBOOK if purse is PurseId.PASSBOOK else TransactionType.PURCHASE_WALLET
    return (yield from _pay(module, desk, purse, Terms.of_amount(amount, kind, desk.terminal)))


def cash(module: PurchaseModule, desk: Desk, amount: int) -> Script[Receipt]:
    """Draw ``amount`` in cash from the passbook. Raises CardRefusedError."""
    terms = Terms.of_amount(amount, TransactionType.CASH, desk.terminal)
    return (yield from _pay(module, desk, PurseId.PASSBOOK, terms))


def compound_purchase(
    module: PurchaseModule, desk: Desk, amount: int, updates: Sequence[CacheUpdate] = ()
) -> Script[Receipt]:
    """Pay ``amount``, which may be 0, from the wallet and have the card write ``updates`` in the same step.

    Raises CardRefusedError; then nothing was paid and nothing written.
    """
    terms = Terms.of_amount(amount, TransactionType.COMPOUND, desk.terminal)
    return (yield from _pay(module, desk, PurseId.WALLET, terms, updates))


def prove(attempt: Attempt, *, next_number: bool = True) -> Script[bytes | None]:
    """Return the 8 bytes MAC and TAC that prove the transaction; ``None`` when the card says that it has none.

    ``next_number``: ask by the number behind the one that INITIALIZE gave, as terminals do (transit sheet 3.5).
    """
    number = (attempt.counter + next_number) & 0xFFFF
    response = yield Command(_CLA, _PROVE, 0x00, attempt.type, number.to_bytes(2, "big"), le=8)
    if int(response.sw) == Sw.MAC_NOT_AVAILABLE:
        return None
    _expect(response, "the card does not say whether the transaction was done", "卡未给出交易证明")
    return response.data


def resolve(attempt: Attempt, purse: PurseId, *, next_number: bool = True) -> Script[bytes | None]:
    """Return what proves a torn transaction; ``None`` when it was not done and can be done again.

    Raises CardRefusedError when the proof is gone but the card has counted on: then a later one has replaced it, or the
    card numbers its proofs otherwise. Raises it too when the card does not tell its counter, for instance since a PIN
    has to be verified first: nothing is known then, and done again it might be done twice.
    """
    proof = yield from prove(attempt, next_number=next_number)
    if proof is not None:
        return proof
    amount = b"" if attempt.type is TransactionType.OVERDRAFT else bytes(_AMOUNT)
    data = bytes((attempt.key_index,)) + amount + bytes(_TERMINAL)
    response = yield Command(_CLA, _INITIALIZE, _FORMS[attempt.type], purse, data, le=0)
    what, what_zh = "the card has no proof; whether the transaction was done is not known", "卡无交易证明;交易结果未知"
    _expect(response, what, what_zh)
    counter = response.data[_COUNTER]
    if len(counter) != _COUNTER.stop - _COUNTER.start:
        raise CardRefusedError(what, what_zh, response.sw)
    if int.from_bytes(counter, "big") != attempt.counter:
        raise CardRefusedError(
            "the card has no proof of this transaction, but has counted on; the log may have it",
            "卡无该交易的证明,但交易序号已变化;可查询交易明细",
            response.sw,
        )
    return None


def _pay(
    module: PurchaseModule,
    desk: Desk,
    purse: PurseId,
    terms: Terms,
    updates: Sequence[CacheUpdate] = (),
) -> Script[Receipt]:
    data = bytes((desk.key_index,)) + terms.value + terms.terminal
    response = yield Command(_CLA, _INITIALIZE, _FORMS[terms.type], purse, data, le=0x0F)
    _expect(response, "the card does not start the payment", "卡拒绝消费初始化")
    opened = _opened(response, limit=True, mac=False)
    desk.opened(_attempt(desk, opened, terms.type))
    for update in updates:
        mode = 0 if update.by_identifier or not update.record else 4
        response = yield Command(_CLA, _CACHE, update.record, update.sfi << 3 | mode, update.data)
        _expect(response, "the card does not take the record", "卡拒绝更新复合消费缓存")
    serial, mac1 = module.order(opened, terms, desk.stamp)
    response = yield Command(_CLA, _DEBIT, 0x01, 0x00, serial + desk.stamp + mac1, le=8)
    _expect(response, "the card does not pay", "卡拒绝消费")
    tac, mac2 = response.data[:MAC_SIZE], response.data[MAC_SIZE:]
    if not module.confirms(mac2):
        raise CardRefusedError("the card's MAC2 proves no payment", "卡返回的 MAC2 无效", response.sw)
    after = opened.balance - int.from_bytes(terms.value, "big")
    return Receipt(_attempt(desk, opened, terms.type), opened, terms, after, mac2, tac, serial)


def _open_online(host: PurseHost, desk: Desk, purse: PurseId, terms: Terms) -> Script[Opened]:
    data = bytes((desk.key_index,)) + terms.value + terms.terminal
    overdraft = terms.type is TransactionType.OVERDRAFT
    response = yield Command(_CLA, _INITIALIZE, _FORMS[terms.type], purse, data, le=0x13 if overdraft else 0x10)
    _expect(response, "the card does not start the transaction", "卡拒绝交易初始化")
    opened = _opened(response, limit=overdraft, mac=True)
    if overdraft:
        terms = replace(terms, value=opened.limit.to_bytes(3, "big"))
    if not host.vouches(opened, terms):
        raise CardRefusedError(
            "MAC1 is wrong: the card is none of the issuer's", "MAC1 错误:不是该发卡机构的卡", response.sw
        )
    desk.opened(_attempt(desk, opened, terms.type))
    return opened


def _opened(response: Response, *, limit: bool, mac: bool) -> Opened:
    try:
        return Opened.parse(response.data, limit=limit, mac=mac)
    except ValueError as error:
        raise CardRefusedError(str(error), f"初始化响应长度有误:{len(response.data)} 字节", response.sw) from error


def _attempt(desk: Desk, opened: Opened, kind: TransactionType) -> Attempt:
    return Attempt(kind, opened.counter, desk.key_index)


def _certified(host: PurseHost, desk: Desk, receipt: Receipt, proof: bytes) -> Receipt:
    if not host.certifies(receipt.opened, receipt.terms, desk.stamp, receipt.balance, proof):
        raise CardRefusedError("what should prove the transaction is wrong", "交易证明(TAC 或 MAC3)错误")
    return receipt


def _expect(response: Response, en: str, zh: str) -> None:
    if int(response.sw) != Sw.OK:
        meaning = response.sw.meaning
        raise CardRefusedError(f"{en}: {response.sw} ({meaning.en})", f"{zh}:{response.sw}({meaning.zh})", response.sw)

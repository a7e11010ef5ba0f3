"""The power goes inside every write of every transaction, and at every byte of the card file."""

from __future__ import annotations

import itertools
from operator import itemgetter
from typing import TYPE_CHECKING

import pytest

from cardsim.chip.purse.body import PurseState
from cardsim.perso.image import CardImage
from cardsim.profiles import GEN2
from cardsim.store import CardStore, create_card_file
from cardsim.zones.layouts import Layout
from readers.errors import CardRefusedError
from readers.terminal import purse
from readers.terminal.purse import Attempt, CacheUpdate, Desk, PurseId
from tests.unit.purse import demo
from tests.unit.purse.bank import desk, hsm, play
from tests.unit.purse.lab import VERIFY, Lab, PowerCut

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from readers.terminal.purse import Receipt
    from readers.terminal.script import Script

UPDATES = (
    CacheUpdate(0x17, bytes.fromhex("3106A1A2A3A4A5A6"), record=1),
    CacheUpdate(0x1E, bytes(range(48))),
    CacheUpdate(0x1E, bytes(range(48, 96))),
)
TRANSACTIONS: tuple[tuple[str, PurseId, Callable[[Desk], Script[Receipt]]], ...] = (
    ("load of the passbook", PurseId.PASSBOOK, lambda at: purse.load(hsm(), at, PurseId.PASSBOOK, 700)),
    ("load of the wallet", PurseId.WALLET, lambda at: purse.load(hsm(), at, PurseId.WALLET, 700)),
    ("unload", PurseId.PASSBOOK, lambda at: purse.unload(hsm(), at, 70)),
    ("cash", PurseId.PASSBOOK, lambda at: purse.cash(hsm().purchase_module(), at, 70)),
    (
        "purchase from the passbook",
        PurseId.PASSBOOK,
        lambda at: purse.purchase(hsm().purchase_module(), at, PurseId.PASSBOOK, 70),
    ),
    (
        "purchase from the wallet",
        PurseId.WALLET,
        lambda at: purse.purchase(hsm().purchase_module(), at, PurseId.WALLET, 70),
    ),
    ("overdraft update", PurseId.PASSBOOK, lambda at: purse.update_overdraft(hsm(), at, 333)),
    (
        "compound purchase",
        PurseId.WALLET,
        lambda at: purse.compound_purchase(hsm().purchase_module(), at, 70, UPDATES),
    ),
)
every_transaction = pytest.mark.parametrize(
    ("which", "transaction"), [row[1:] for row in TRANSACTIONS], ids=map(itemgetter(0), TRANSACTIONS)
)
IMAGE = demo.image(states={1: PurseState(500, 3, 4, 100), 2: PurseState(300, 5, 6)})


def ready() -> Lab:
    card = Lab(IMAGE)
    assert card.send(VERIFY) == "9000"
    return card


@every_transaction
def test_power_goes_before_a_frame(which: PurseId, transaction: Callable[[Desk], Script[Receipt]]) -> None:
    """Balance, counter, log, proof and cached records are one frame: either nothing was done or everything."""
    whole = ready()
    frames = len(whole.journal.frames)
    before = bytes(whole.memory.view)
    receipt = play(whole, transaction(desk()))
    assert len(whole.journal.frames) == frames + 1

    card = ready()
    attempts: list[Attempt] = []
    card.journal.cut_after = 0
    with pytest.raises(PowerCut):
        play(card, transaction(desk(opened=attempts.append)))
    assert card.kept() == before
    card.reinsert()
    assert card.send(VERIFY) == "9000"
    (attempt,) = attempts
    assert attempt == receipt.attempt
    assert play(card, purse.resolve(attempt, which)) is None
    again = play(card, transaction(desk()))
    assert (again.attempt, again.balance) == (receipt.attempt, receipt.balance)


@every_transaction
def test_power_goes_before_the_answer(which: PurseId, transaction: Callable[[Desk], Script[Receipt]]) -> None:
    card = ready()
    receipt = play(card, transaction(desk()))
    after = bytes(card.memory.view)
    assert card.kept() == after
    for _ in range(2):
        card.reinsert()
        assert card.send(VERIFY) == "9000"
        mac, tac = receipt.mac or bytes(4), receipt.tac or bytes(4)
        assert play(card, purse.resolve(receipt.attempt, which)) == mac + tac
    assert bytes(card.memory.view) == after


@every_transaction
def test_a_store_refuses_the_frame(which: PurseId, transaction: Callable[[Desk], Script[Receipt]]) -> None:
    card = ready()
    before, granted = bytes(card.memory.view), card.card.context.granted
    card.journal.fail_after = 0
    attempts: list[Attempt] = []
    with pytest.raises(CardRefusedError, match="6581"):
        play(card, transaction(desk(opened=attempts.append)))
    assert bytes(card.memory.view) == card.kept() == before
    assert card.card.context.granted == granted
    assert card.card.context.work is None
    assert not card.memory._staged
    assert play(card, purse.resolve(attempts[0], which)) is None
    play(card, transaction(desk()))


@every_transaction
def test_a_card_file_is_cut_at_a_byte(
    which: PurseId, transaction: Callable[[Desk], Script[Receipt]], tmp_path: Path
) -> None:
    path = tmp_path / "a.card"
    create_card_file(path, CardImage(IMAGE, GEN2, Layout.V2_00, {}))
    with CardStore.open(path) as store:
        card = ready()
        card.memory = store.memory
        card.card = card._insert()
        card.run("00A4040009A00000000386980701", VERIFY)
        start, before = path.stat().st_size, bytes(store.memory.view)
        receipt = play(card, transaction(desk()))
        after = bytes(store.memory.view)
        assert play(card, purse.balance(which)) == receipt.balance
    whole = path.read_bytes()
    found = []
    for size in range(start, len(whole) + 1):
        path.write_bytes(whole[:size])
        with CardStore.open(path) as store:
            found.append(bytes(store.memory.view))
    assert [state for state, _ in itertools.groupby(found)] == [before, after]


def test_a_reset_ends_a_transaction() -> None:
    card = ready()
    card.run("805003020B0100000064001122334455", f"80DC00F030{'AB' * 48}")
    card.card.reset()
    card.run("00A4040009A00000000386980701")
    assert card.send("805401000F0000000020161216134600FFFFFFFF08") == "6901"
    play(card, purse.compound_purchase(hsm().purchase_module(), desk(), 0))
    assert card.send("00B201F430") == "00" * 48 + "9000"

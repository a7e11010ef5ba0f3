"""Every transaction from a terminal's side, with the issuer's software HSM, under 3DES and SM4."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cardsim.chip.purse.body import PurseState
from cardsim.profiles import GEN2
from cardsim.zones.purse_log import LogRecord
from keys.purse import TransactionType
from readers.errors import CardRefusedError
from readers.terminal import purse
from readers.terminal.purse import Attempt, BalanceForm, CacheUpdate, PurseId
from tests.unit.purse import demo
from tests.unit.purse.bank import TERMINAL, desk, hsm, play
from tests.unit.purse.lab import VERIFY, Lab

WHEN = bytes.fromhex("20260304150607")
RICH = {1: PurseState(50_000, 3, 4, 10_000), 2: PurseState(20_000, 5, 6)}


def rich(**settings: object) -> Lab:
    """A card with money in both purses, the passbook's overdraft unused; PIN verified."""
    profile = GEN2.override(settings)
    card = Lab(demo.image(profile, states=RICH), profile)
    assert card.send(VERIFY) == "9000"
    return card


every_index = pytest.mark.parametrize("index", [0x01, 0x02, 0x41])


@every_index
@pytest.mark.parametrize(("which", "kind"), [(PurseId.PASSBOOK, 1), (PurseId.WALLET, 2)])
def test_load(index: int, which: PurseId, kind: int) -> None:
    card = rich()
    before = RICH[which]
    receipt = play(card, purse.load(hsm(), desk(key_index=index), which, 1_234))
    assert receipt.balance == before.balance + 1_234
    assert play(card, purse.balance(which)) == receipt.balance
    assert receipt.attempt == Attempt(TransactionType(kind), before.online, index)
    record = play(card, purse.read_log())[0]
    assert record == LogRecord(before.online, before.limit, 1_234, kind, TERMINAL, WHEN)
    assert play(card, purse.prove(receipt.attempt)) == bytes(4) + receipt.tac


@every_index
@pytest.mark.parametrize(("which", "kind"), [(PurseId.PASSBOOK, 5), (PurseId.WALLET, 6)])
def test_purchase(index: int, which: PurseId, kind: int) -> None:
    card = rich()
    before = RICH[which]
    bank = hsm(serial=0x77)
    receipt = play(card, purse.purchase(bank.purchase_module(), desk(key_index=index), which, 1_000))
    assert play(card, purse.balance(which)) == before.balance - 1_000
    assert receipt.serial == bytes.fromhex("00000077")
    assert bank.certifies_purchase(receipt.opened, receipt.terms, receipt.serial, WHEN, receipt.tac)
    record = play(card, purse.read_log())[0]
    assert record == LogRecord(before.offline, before.limit, 1_000, kind, TERMINAL, WHEN)
    assert play(card, purse.prove(receipt.attempt)) == receipt.mac + receipt.tac


def test_cash() -> None:
    card = rich()
    receipt = play(card, purse.cash(hsm().purchase_module(), desk(), 50_000))
    assert play(card, purse.balance(PurseId.PASSBOOK)) == 0
    assert play(card, purse.balance(PurseId.PASSBOOK, BalanceForm.OVERDRAFT_USED)) == 10_000
    assert play(card, purse.balance(PurseId.PASSBOOK, BalanceForm.OWN)) == 0
    assert play(card, purse.balance(PurseId.PASSBOOK, BalanceForm.LIMIT)) == 10_000
    assert receipt.attempt == Attempt(TransactionType.CASH, 4)
    assert play(card, purse.read_log())[0].type == 4


def test_unload() -> None:
    card = rich()
    receipt = play(card, purse.unload(hsm(), desk(), 40_000))
    assert receipt.balance == play(card, purse.balance(PurseId.PASSBOOK)) == 10_000
    assert play(card, purse.prove(receipt.attempt)) == receipt.mac + bytes(4)
    assert play(card, purse.read_log())[0] == LogRecord(3, 10_000, 40_000, 3, TERMINAL, WHEN)


@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("limit", [0, 1, 10_000, 0xFFFFFF])
def test_overdraft_update(direct: bool, limit: int) -> None:
    card = rich(purse_overdraft_tac_direct=direct)
    receipt = play(card, purse.update_overdraft(hsm(overdraft_tac_direct=direct), desk(), limit))
    assert receipt.balance == play(card, purse.balance(PurseId.PASSBOOK)) == 40_000 + limit
    assert play(card, purse.balance(PurseId.PASSBOOK, BalanceForm.OWN)) == 40_000
    assert play(card, purse.prove(receipt.attempt)) == bytes(4) + receipt.tac
    assert play(card, purse.read_log())[0] == LogRecord(3, limit, 0, 7, TERMINAL, WHEN)


def test_an_overdraft_in_use_is_not_taken_back() -> None:
    card = rich()
    play(card, purse.cash(hsm().purchase_module(), desk(), 45_000))
    with pytest.raises(CardRefusedError, match="9401"):
        play(card, purse.update_overdraft(hsm(), desk(), 4_999))
    assert play(card, purse.update_overdraft(hsm(), desk(), 5_000)).balance == 0


def test_compound_purchase_writes_with_the_debit() -> None:
    card = rich()
    entry, travel = bytes.fromhex("3106A1A2A3A4A5A6"), bytes(range(48))
    updates = (
        CacheUpdate(0x17, entry, record=0x31, by_identifier=True),
        CacheUpdate(0x17, bytes.fromhex("3206B1B2B3B4B5B6"), record=2),
        CacheUpdate(0x1E, travel),
        CacheUpdate(0x1E, travel[::-1]),
    )
    receipt = play(card, purse.compound_purchase(hsm().purchase_module(), desk(), 300, updates))
    assert receipt.attempt == Attempt(TransactionType.COMPOUND, 6)
    assert play(card, purse.balance(PurseId.WALLET)) == 19_700
    assert card.send("00B201BC08") == "3106A1A2A3A4A5A69000"
    assert card.send("00B202BC08") == "3206B1B2B3B4B5B69000"
    assert card.send("00B201F430") == travel[::-1].hex().upper() + "9000"
    assert card.send("00B202F430") == travel.hex().upper() + "9000"
    assert play(card, purse.read_log())[0].type == 9
    assert play(card, purse.prove(receipt.attempt)) == receipt.mac + receipt.tac


def test_more_records_than_the_cyclic_file_has() -> None:
    card = rich()
    updates = [CacheUpdate(0x1E, bytes((number,)) * 48) for number in range(1, 8)]
    play(card, purse.compound_purchase(hsm().purchase_module(), desk(), 0, updates))
    assert [card.send(f"00B20{number}F430")[:2] for number in (1, 2, 3)] == ["07", "06", "05"]


def test_nothing_is_seen_before_the_debit_or_after_a_wrong_one() -> None:
    card = rich()
    assert card.run("805003020B01000000C8001122334455", f"80DC00F030{'AB' * 48}") == "9000"
    assert card.send("00B201F430") == "00" * 48 + "9000"  # which ends it
    assert card.run("805003020B01000000C8001122334455", f"80DC00F030{'AB' * 48}") == "9000"
    assert card.send("805401000F0000000020161216134600FFFFFFFF08") == "9302"
    assert card.send("00B201F430") == "00" * 48 + "9000"
    play(card, purse.compound_purchase(hsm().purchase_module(), desk(), 0))
    assert card.send("00B201F430") == "00" * 48 + "9000"


def test_a_host_knows_its_own_cards() -> None:
    card = Lab(demo.image(keys={"DLK": "00" * 16}))
    card.send(VERIFY)
    with pytest.raises(CardRefusedError, match="MAC1"):
        play(card, purse.load(hsm(), desk(), PurseId.WALLET, 1))
    card = Lab(demo.image(keys={"DTK": "00" * 15 + "01"}))
    card.send(VERIFY)
    with pytest.raises(CardRefusedError, match="prove"):
        play(card, purse.load(hsm(), desk(), PurseId.WALLET, 1))


def test_a_card_knows_its_own_terminals() -> None:
    card = Lab(demo.image(keys={"DPK": "00" * 16}, states=RICH))
    with pytest.raises(CardRefusedError, match="9302"):
        play(card, purse.purchase(hsm().purchase_module(), desk(), PurseId.WALLET, 1))
    assert play(card, purse.balance(PurseId.WALLET)) == 20_000


def test_a_refusal_says_why() -> None:
    card = rich()
    with pytest.raises(CardRefusedError, match=r"9401 \(balance insufficient\)") as caught:
        play(card, purse.purchase(hsm().purchase_module(), desk(), PurseId.WALLET, 20_001))
    assert "余额不足" in caught.value.text.zh


# --- settings ---


def test_the_log_number_behind_the_increment() -> None:
    card = rich(purse_log_number="next")
    play(card, purse.load(hsm(), desk(), PurseId.WALLET, 1))
    play(card, purse.purchase(hsm().purchase_module(), desk(), PurseId.WALLET, 1))
    assert [record.number for record in play(card, purse.read_log())] == [7, 6]


def test_purchases_of_the_wallet_that_are_not_logged() -> None:
    card = rich(purse_wallet_purchases_logged=False)
    play(card, purse.purchase(hsm().purchase_module(), desk(), PurseId.WALLET, 1))
    play(card, purse.compound_purchase(hsm().purchase_module(), desk(), 1))
    assert play(card, purse.read_log()) == []
    play(card, purse.load(hsm(), desk(), PurseId.WALLET, 1))
    play(card, purse.purchase(hsm().purchase_module(), desk(), PurseId.PASSBOOK, 1))
    assert [record.type for record in play(card, purse.read_log())] == [5, 2]


def test_a_state_that_a_transaction_clears() -> None:
    card = rich(purse_clears_state=True, purse_not_allowed=0x6985)
    play(card, purse.load(hsm(), desk(), PurseId.WALLET, 1))
    with pytest.raises(CardRefusedError, match="6985"):
        play(card, purse.load(hsm(), desk(), PurseId.WALLET, 1))
    assert card.send(VERIFY) == "9000"
    play(card, purse.load(hsm(), desk(), PurseId.WALLET, 1))


def test_the_top_bit_of_a_balance() -> None:
    card = rich(purse_balance_top_bit=True)
    assert card.send("805C000204") == "80004E209000"
    assert play(card, purse.balance(PurseId.WALLET)) == 20_000


def test_a_load_without_pin() -> None:
    profile = GEN2.override({"purse_load_condition": False})
    card = Lab(demo.image(profile), profile)
    play(card, purse.load(hsm(), desk(), PurseId.WALLET, 1))
    assert card.send("805000010B0100000001001122334455") == "6982"  # the passbook itself wants it


def test_one_counter_for_all() -> None:
    card = rich(purse_one_counter=True)
    first = play(card, purse.load(hsm(), desk(), PurseId.WALLET, 1))
    second = play(card, purse.purchase(hsm().purchase_module(), desk(), PurseId.WALLET, 1))
    assert [first.attempt.counter, second.attempt.counter] == [5, 6]


@pytest.mark.parametrize(
    ("address", "command", "answer"),
    [
        ("both", "80DC31B8083106A1A2A3A4A5A6", "9000"),
        ("both", "80DC01B8083106A1A2A3A4A5A6", "9000"),
        ("both", "80DC03B8083106A1A2A3A4A5A6", "6A83"),
        ("identifier", "80DC31B8083106A1A2A3A4A5A6", "9000"),
        ("identifier", "80DC01B8083106A1A2A3A4A5A6", "6A83"),
        ("number", "80DC31B8083106A1A2A3A4A5A6", "6A83"),
        ("number", "80DC01B8083106A1A2A3A4A5A6", "9000"),
        ("number", "80DC01BC083106A1A2A3A4A5A6", "9000"),
        ("identifier", "80DC01BC043106A1A2", "9000"),
    ],
)
def test_how_a_record_is_addressed(address: str, command: str, answer: str) -> None:
    assert rich(purse_record_address=address).run("805003020B0100000000001122334455", command) == answer


@pytest.mark.parametrize("command", ["80DC00F030", "80DC00F330", "80DC01F330", "80DC00F430"])
def test_how_a_cyclic_file_is_appended_to(command: str) -> None:
    assert rich().run("805003020B0100000000001122334455", command + "AB" * 48) == "9000"


@pytest.mark.parametrize(("setting", "number"), [("next", "0007"), ("init", "0006")])
def test_the_number_that_proves(setting: str, number: str) -> None:
    card = rich(purse_prove_counter=setting)
    receipt = play(card, purse.purchase(hsm().purchase_module(), desk(), PurseId.WALLET, 1))
    assert card.send(f"805A000602{number}08") == (receipt.mac + receipt.tac).hex().upper() + "9000"
    assert play(card, purse.prove(receipt.attempt, next_number=setting == "next"))


@pytest.mark.parametrize("number", ["0005", "0006", "0008", "0107", "FFFF"])
def test_another_number_proves_nothing(number: str) -> None:
    card = rich()
    play(card, purse.purchase(hsm().purchase_module(), desk(), PurseId.WALLET, 1))
    assert card.send(f"805A000602{number}08") == "9406"
    assert card.send("805A000202000708") == "9406"
    assert card.send("805A000902000708") == "9406"
    assert card.send("805A000602000708")[-4:] == "9000"


@pytest.mark.parametrize(("setting", "sizes"), [("each", {1: 66, 2: 44}), ("last", {1: 22, 2: 22})])
def test_proofs_of_each_type_or_the_last_one(setting: str, sizes: dict[int, int]) -> None:
    card = rich(purse_proofs=setting)
    files = {file.fid: file for file in card.card.context.directory.files}
    assert {fid: files[fid].size for fid in sizes} == sizes
    loaded = play(card, purse.load(hsm(), desk(), PurseId.WALLET, 1))
    paid = play(card, purse.purchase(hsm().purchase_module(), desk(), PurseId.WALLET, 1))
    card.reinsert()
    assert play(card, purse.prove(paid.attempt)) == paid.mac + paid.tac
    assert play(card, purse.prove(loaded.attempt)) == (bytes(4) + loaded.tac if setting == "each" else None)


def test_a_proof_that_was_replaced_is_not_taken_for_nothing_done() -> None:
    card = rich(purse_proofs="last")
    loaded = play(card, purse.load(hsm(), desk(), PurseId.WALLET, 1))
    play(card, purse.purchase(hsm().purchase_module(), desk(), PurseId.WALLET, 1))
    with pytest.raises(CardRefusedError, match="counted on"):
        play(card, purse.resolve(loaded.attempt, PurseId.WALLET))
    assert play(card, purse.resolve(Attempt(TransactionType.LOAD_WALLET, 6), PurseId.WALLET)) is None


@pytest.mark.parametrize("settings", [{}, {"purse_prove_counter": "init"}, {"purse_proofs": "last"}], ids=str)
def test_what_is_not_known_is_not_taken_for_nothing_done(settings: dict[str, object]) -> None:
    """Without the PIN a card tells no counter of loads."""
    card = rich(**settings)
    loaded = play(card, purse.load(hsm(), desk(), PurseId.WALLET, 1))
    play(card, purse.purchase(hsm().purchase_module(), desk(), PurseId.WALLET, 1))
    card.reinsert()
    if not settings:
        assert play(card, purse.resolve(loaded.attempt, PurseId.WALLET)) == bytes(4) + loaded.tac
        loaded = replace(loaded, attempt=replace(loaded.attempt, counter=loaded.attempt.counter + 1))
    with pytest.raises(CardRefusedError, match="not known: 6982"):
        play(card, purse.resolve(loaded.attempt, PurseId.WALLET))


def test_a_transaction_is_asked_for_under_its_own_key() -> None:
    card = rich()
    with pytest.raises(CardRefusedError, match="not known: 9403"):
        play(card, purse.resolve(Attempt(TransactionType.LOAD_WALLET, 6, key_index=9), PurseId.WALLET))


def test_a_log_shows_the_newest_ten() -> None:
    card = rich()
    for amount in range(1, 13):
        play(card, purse.purchase(hsm().purchase_module(), desk(), PurseId.WALLET, amount))
    assert [record.amount for record in play(card, purse.read_log())] == list(range(12, 2, -1))
    assert [record.number for record in play(card, purse.read_log())] == list(range(17, 7, -1))


def test_log_records_that_are_none() -> None:
    assert LogRecord.parse(b"") is None
    assert LogRecord.parse(bytes(23)) is None
    assert LogRecord.parse(b"\xff" * 23) is None


@pytest.mark.parametrize("first", [1, 2])
def test_records_in_pairs_also_where_their_numbers_begin_again(first: int) -> None:
    """A cyclic file numbers its records 1 to 255, then 1; two of one purchase stand on both sides of that."""
    card, module = rich(), hsm().purchase_module()
    play(card, purse.compound_purchase(module, desk(), 0, [CacheUpdate(0x1E, bytes(48))] * first))
    for number in range(130):
        pair = [CacheUpdate(0x1E, bytes((number, half)) * 24) for half in (1, 2)]
        play(card, purse.compound_purchase(module, desk(), 0, pair))
        assert card.send("00B201F430") == f"{number:02X}02" * 24 + "9000"
        assert card.send("00B202F430") == f"{number:02X}01" * 24 + "9000"
    assert play(card, purse.read_log())[0].number == RICH[2].offline + 130

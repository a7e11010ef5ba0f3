"""Published personalisations, as they are printed (facts native-card-os 1.4, 1.6), and what they leave on the card."""

from __future__ import annotations

import pytest

from cardsim.chip.layout import KeyType
from tests.unit.native.cards import KEYS, Native, issued, run

WALLET = "00A4040009A00000000386980701"
INTO_WALLET = "00A40000023F01"


@pytest.mark.parametrize("name", ["fmz", "fmz_photo", "newfd", "hz", "klks"])
def test_a_published_script_runs_as_printed(name: str) -> None:
    run(Native(16384), name)


def test_a_published_script_of_huada_runs_as_printed() -> None:
    run(Native(16384, native_dialect="huada"), "newhd")


@pytest.mark.parametrize("name", ["fmz", "newfd", "hz", "klks"])
def test_behind_a_reset_the_same_files_are_there(name: str) -> None:
    card = Native(16384)
    run(card, name)
    again = Native(bytes(card.memory.view))
    trees = [
        [
            (node.fid, node.name, sorted(node.fids), sorted(node.keys), node.used)
            for node in which.card.context.files.directories
        ]
        for which in (card, again)
    ]
    assert trees[0] == trees[1]


def test_the_wallet_card_is_read() -> None:
    card = issued("fmz")
    assert card.send("00B2010C00") == "61114F09A00000000386980701500450424F43" + "9000"
    data = "000122000001FFFF01010000220000000000000620160101205012310000"
    assert card.send(WALLET) == f"6F2E8409A00000000386980701A5219F0C1E{data}9000"
    assert card.send("00B0950000") == data + "9000"
    assert card.send("00B0960002") == "00009000"
    assert card.send("00B0960202") == "CEA29000"
    assert card.send("0020000003" + "12345F") == "9000"


def test_13_keys_and_a_pin_take_328_of_399_bytes() -> None:
    """native-card-os 8, worked example."""
    card = issued("fmz")
    card.send(WALLET)
    wallet = card.card.context.directory
    assert wallet.key_file is not None
    place, header = wallet.key_file
    assert header.size == 399
    assert len(wallet.keys) == 14
    body = card.memory.read(place + 11, header.size)
    assert not any(body[328:])
    assert body[328 - 8 : 328] == bytes.fromhex("12345FFFFFFFFFFF")
    assert (KeyType.PIN, 0) in wallet.keys


def test_the_wallet_takes_818_to_826_bytes_without_its_photo() -> None:
    """native-card-os 1.4, NB: 818 to 826 of the 879 that it has."""
    card = issued("fmz")
    card.send(WALLET)
    wallet = card.card.context.directory
    assert (wallet.header.size, wallet.used) == (0x36F, 410 + 41 + 50 + 251 + 33 + 33) == (879, 818)
    with_overhead = Native(16384, native_record_overhead=8)
    run(with_overhead, "fmz")
    assert with_overhead.card.context.directory.used == 826


def test_the_metro_card_keeps_five_line_keys_and_seven_composite_records() -> None:
    card = issued("newfd")
    card.run(INTO_WALLET)
    wallet = card.card.context.directory
    assert sorted(number for kind, number in wallet.keys if kind is KeyType.LINE) == [0, 1, 2, 0xFC, 0xFD]
    assert [card.send(f"00B2{number:02X}BC00")[:4] for number in range(1, 8)] == [f"{n:02X}2E" for n in range(1, 8)]
    assert card.send("00B208BC00") == "6A83"


def test_keys_stand_in_the_memory_as_they_were_sent() -> None:
    card = issued("klks")
    assert bytes(card.memory.view).count(bytes.fromhex(KEYS["K1"])) == 14

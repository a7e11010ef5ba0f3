"""Published personalisations, as they are printed (facts native-card-os 1.4, 1.6), and what they leave on the card."""

from __future__ import annotations

import pytest

from cardsim.chip.layout import KeyType
from tests.unit.native.cards import DES, INTO_MF, KEYS, Native, issued, run, value

WALLET = "00A4040009A00000000386980701"
INTO_WALLET = "00A40000023F01"


@pytest.mark.parametrize("name", ["fmz", "fmz_photo", "newfd", "hz", "klks"])
def test_a_published_script_runs_as_printed(name: str) -> None:
    run(Native(16384), name)


def test_a_published_script_of_huada_runs_as_printed() -> None:
    run(Native(16384, native_dialect="huada"), "newhd")


def huada() -> Native:
    """Huada's card before its personalisation is ended, in the wallet."""
    card = Native(16384, native_dialect="huada")
    run(card, "newhd", until="80E08000")
    return card


def test_the_purse_of_huada_is_loaded_and_pays() -> None:
    card = huada()
    assert card.send("805000020B0100000064112233445566") == "6982"  # its PIN comes first
    assert card.send("0020000003123456") == "9000"
    opened = card.send("805000020B0100000064112233445566")
    assert (len(opened), opened[:12], opened[-4:]) == (36, "000000000000", "9000")
    random = bytes.fromhex(opened[16:24])
    session = DES.ecb(value("K1"), random + bytes.fromhex("00008000"))
    stamp = "20261123120000"
    mac2 = DES.mac(session, bytes.fromhex(f"0000006402112233445566{stamp}"), bytes(8)).hex()
    assert len(card.send(f"805200000B{stamp}{mac2}")) == 8 + 4
    assert card.send("805C000204") == "000000649000"
    assert card.send("00B201C417")[:6] == "000000"
    assert card.send("00B201C417")[10:20] == "0000006402"


def test_the_end_of_huada_s_personalisation_unblocks_nothing() -> None:
    card = huada()
    assert card.mac("K1", "841E000104") == "9000"
    assert card.run(INTO_MF, "80E08000") == "9000"
    assert card.send(WALLET) == "6A81"
    assert Native(bytes(card.memory.view), native_dialect="huada").send(WALLET) == "6A81"


def test_the_pin_of_huada_wipes_nothing() -> None:
    card = huada()
    assert card.run("80E08000", "0020000003123456") == "9000"
    assert card.send("BFCE000000") == "6982"
    assert card.auth("K2") == "9000"
    assert card.send("BFCE000000") == "9000"


def test_a_refused_wipe_of_huada_leaves_the_free_phase() -> None:
    card = Native(16384, native_dialect="huada")
    run(card, "newhd", until="seal")
    assert card.send("BFCE000000") == "6982"
    assert card.send("80E000050E" + "EF010100" + "00000020000000000000") == "9000"


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

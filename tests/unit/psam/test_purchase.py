"""80 70 and 80 72: published purchases of transit, HRSS debits by the openssl command, a counter that never repeats."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardsim.chip.card import Card
from cardsim.chip.layout import Algorithm
from cardsim.chip.memory import Memory
from cardsim.store import CardStore, create_card_file
from tests.unit.hrss.openssl import DES, SM4
from tests.unit.psam.modules import (
    AMOUNTS,
    CARD,
    CITY,
    DES_DEBIT,
    DF01,
    DF02,
    FACTORS,
    HRSS,
    SM4_DEBIT,
    TERMINAL,
    TIME,
    image,
    psam,
    session,
    small,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cardsim.chip.memory import Change
    from tests.unit.hrss.openssl import Suite

KEY = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
ROW_A = "584633C9 0000 00000001 06 20161216 134600 01".replace(" ", "")
"""Transit 3.6, purchase (a): random, counter, amount, type, date and time; then key version. Terminal 001122334455."""


# --- vectors of the sheets ---


@pytest.mark.parametrize(("algorithm", "number"), [(Algorithm.TRIPLE_DES, "00"), (Algorithm.TRIPLE_DES, "01")])
def test_published_purchase(algorithm: Algorithm, number: str) -> None:
    module = small(KEY, 0x02, algorithm)
    assert module.run(f"8070000014{ROW_A}{number}") == "00000000D45737C59000"
    assert module.run("807200000466B54A6B") == "9000"


def test_purchase_in_sm4() -> None:
    """Transit 3.7: what the sheet computed by its formulas."""
    module = small(KEY, 0x02, Algorithm.SM4)
    assert module.run(f"8070000014{ROW_A}04") == "0000000076D2492F9000"
    assert module.run("807200000477871E89") == "9000"


def test_one_level_in_sm4() -> None:
    """The same key as the one that another diversifies to (transit 3.7), so the same MACs as under it alone."""
    alone = small(bytes.fromhex("5A9F65876227746D95606233700543A9"), 0x02, Algorithm.SM4)
    below = small(KEY, 0x22, Algorithm.SM4)
    expected = alone.run(f"8070000014{ROW_A}04")
    assert below.run(f"807000001C{ROW_A}041122334455667788") == expected


def test_two_levels_of_transit_diversify_by_the_issuer_first() -> None:
    """The sheet does not say which of the two is applied first; as in the HRSS zone, the card's is the last."""
    serial, issuer = bytes.fromhex("1122334455667788"), bytes.fromhex("43011111FFFFFFFF")
    card_key = DES.below(KEY, (issuer, serial))
    key = DES.ecb(card_key, bytes.fromhex("584633C900000000"))
    mac1 = DES.mac(key, bytes.fromhex("0000000106 001122334455 20161216134600"))
    module = small(KEY, 0x42, Algorithm.TRIPLE_DES)
    assert module.run(f"8070000024{ROW_A}00{serial.hex()}{issuer.hex()}") == f"00000000{mac1.hex().upper()}9000"


# --- the HRSS zone ---


@pytest.mark.parametrize(
    ("directory", "suite", "command"), [(DF01, DES, DES_DEBIT), (DF02, SM4, SM4_DEBIT)], ids=["DES", "SM4"]
)
def test_medical_debit(directory: str, suite: Suite, command: str) -> None:
    seed = bytes.fromhex("F962FAD6 0007 0005")
    key = session(suite, "HRSS/DF04/DPK", CITY, CARD, challenge=seed)
    mac1 = suite.mac(key, AMOUNTS + bytes.fromhex(f"32{TERMINAL}{TIME}")).hex().upper()
    mac2 = suite.mac(key, AMOUNTS).hex()
    module = psam(psam_counter=5)
    assert module.run(directory, command) == f"00000005{mac1}9000"
    assert module.run(f"8072000004{mac2}") == "9000"
    assert module.run("00B0990004") == "000000069000"


@pytest.mark.parametrize(("levels", "size"), [(2, "2C"), (1, "24")])
def test_a_psam_of_the_city_takes_the_form_without_city_factor(levels: int, size: str) -> None:
    module = psam(psam_levels=levels, psam_region="639900")
    factors = FACTORS[: 16 * levels]
    assert module.run(DF01, f"80700100{size}{HRSS}01{factors}") == psam().run(DF01, DES_DEBIT)


def test_no_factor_at_all() -> None:
    """Lc 1C: a PSAM that has a key no card's factor goes into."""
    key = DES.ecb(KEY, bytes.fromhex("F962FAD6 0007 0000"))
    mac1 = DES.mac(key, AMOUNTS + bytes.fromhex(f"32001122334455{TIME}")).hex().upper()
    module = small(KEY, 0x02, Algorithm.TRIPLE_DES)
    assert module.run(f"807001001C{HRSS[:-2]}0101") == f"00000000{mac1}9000"


def mac2() -> str:
    """The MAC2 that a module waits for after DES_DEBIT with its counter at 0."""
    key = DES.below(DES.root("HRSS/DF04/DPK"), (CITY, CARD))
    return DES.mac(DES.ecb(key, bytes.fromhex("F962FAD6 0007 0000")), AMOUNTS).hex()


def test_mac2_is_checked_once_whatever_comes_of_it() -> None:
    module = psam()
    module.run(DF01, DES_DEBIT)
    right = mac2()
    assert module.send("807200000400000000") == "9302"
    assert module.send(f"8072000004{right}") == "6985"
    other = psam()
    other.run(DF01, DES_DEBIT)
    assert other.send(f"8072000004{right}") == "9000"
    assert other.send(f"8072000004{right}") == "6985"


@pytest.mark.parametrize("forgetting", [("reset", DF01), (DF01,), ("00A40000023F00", DF01)])
def test_what_ends_the_wait_for_mac2(forgetting: Sequence[str]) -> None:
    module = psam()
    module.run(DF01, DES_DEBIT)
    for step in forgetting:
        if step == "reset":
            module.port.reset()
        else:
            module.run(step)
    assert module.send(f"8072000004{mac2()}") == "6985"


def test_the_two_directories_count_apart() -> None:
    module = psam()
    module.run(DF01, DES_DEBIT, DES_DEBIT)
    assert module.run(DF02, "00B0990004") == "000000009000"
    assert module.run(DF01, "00B0990004") == "000000029000"


def test_the_card_names_the_version_of_its_key() -> None:
    module = psam(key_versions=(0, 2))
    newer = session(DES, "HRSS/DF04/DPK", CITY, CARD, challenge=bytes.fromhex("F962FAD6 0007 0000"), version=2)
    mac1 = DES.mac(newer, AMOUNTS + bytes.fromhex(f"32{TERMINAL}{TIME}")).hex().upper()
    assert module.run(DF01, f"807001002C{HRSS[:-2]}0201{FACTORS}") == f"00000000{mac1}9000"
    assert module.send(f"807001002C{HRSS[:-2]}0101{FACTORS}") == "9403"


# --- the counter ---


def test_the_last_number_is_not_given_out() -> None:
    module = psam(psam_counter=0xFFFF_FFFE)
    assert module.run(DF01, DES_DEBIT)[:8] == "FFFFFFFE"
    assert module.send(DES_DEBIT) == "9402"
    assert module.run("00B0990004") == "FFFFFFFF9000"


def test_a_store_that_fails_gives_no_number_away() -> None:
    module = psam()
    module.run(DF01)
    module.journal.fail_after = 0
    assert module.send(DES_DEBIT) == "6581"
    assert module.send(f"8072000004{mac2()}") == "6985"
    assert module.run(DES_DEBIT)[:8] == "00000000"


class PowerCutError(Exception):
    pass


class Cutting:
    """A journal that keeps so many commits, then loses power inside the next: before or after it is kept."""

    def __init__(self, memory: bytearray, commits: int, *, kept: bool) -> None:
        self.memory = memory
        self.commits = commits
        self.kept = kept

    def append(self, changes: Sequence[Change]) -> None:
        self.commits -= 1
        if self.commits < 0 and not self.kept:
            raise PowerCutError
        for offset, data in changes:
            self.memory[offset : offset + len(data)] = data
        if self.commits < 0:
            raise PowerCutError


@settings(max_examples=50, deadline=None)
@given(cuts=st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=8))
def test_no_number_comes_twice_whenever_the_power_goes(cuts: list[tuple[int, bool]]) -> None:
    made = image()
    stored = bytearray(made.memory)
    given_out: list[str] = []
    for commits, kept in cuts:
        card = Card(Memory(stored, Cutting(stored, commits, kept=kept)), made.profile, bytes, strict=True)
        card.power_on()
        card.transmit(bytes.fromhex(DF01))
        with contextlib.suppress(PowerCutError):
            while True:
                given_out.append(card.transmit(bytes.fromhex(DES_DEBIT)).hex()[:8])
    assert len(set(given_out)) == len(given_out)


def test_no_number_comes_twice_when_the_card_file_is_cut_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "psam.card"
    create_card_file(path, image())
    base = path.stat().st_size
    numbers = []
    ends = []
    with CardStore.open(path) as store:
        card = Card(store.memory, store.description.profile, bytes, strict=True)
        card.transmit(bytes.fromhex(DF01))
        for _ in range(3):
            numbers.append(card.transmit(bytes.fromhex(DES_DEBIT)).hex()[:8])
            ends.append(path.stat().st_size)
    assert numbers == ["00000000", "00000001", "00000002"]
    whole = path.read_bytes()
    for end in range(base, len(whole) + 1):
        path.write_bytes(whole[:end])
        before = {number for number, place in zip(numbers, ends, strict=True) if place <= end}
        with CardStore.open(path) as store:
            card = Card(store.memory, store.description.profile, bytes, strict=True)
            card.transmit(bytes.fromhex(DF01))
            assert card.transmit(bytes.fromhex(DES_DEBIT)).hex()[:8] not in before

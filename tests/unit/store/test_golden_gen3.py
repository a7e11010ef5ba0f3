"""A 3rd-generation card of format 1, made by APDUs alone, once and never again: it opens as it was.

`cardsim new --chip gen3 --blank --dialect extended` with 20,480 bytes of memory, then `cardsim perso run --profile gen3
--verify`, and the file compacted.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from cardsim.cli import main
from cardsim.store import read_card_file
from cardsim.zones.layouts import Layout
from tests.unit.store.cards import SELECT_SSSE, opened, sw
from tests.unit.store.test_golden import GOLDEN as GEN2

if TYPE_CHECKING:
    from pathlib import Path

GOLDEN = GEN2.with_name("format-1-gen3-3.00.card")
MEMORY = "2f597a716065b14bc1f6c2e0726aaf7166b0a6f833604734c7814ab755565563"
ATR = "3b6d00000081544c97868463997e570001"
CARD = "639900D1560000057E570001F8AB0567"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    path = tmp_path / "a.card"
    path.write_bytes(GOLDEN.read_bytes())
    return path


def test_memory_and_description_are_those_of_then() -> None:
    description, memory = read_card_file(GOLDEN)
    assert hashlib.sha256(memory).hexdigest() == MEMORY
    assert description.layout is Layout.V3_00
    assert description.profile.chip == "gen3"
    assert description.profile.historical_bytes.hex() == ATR[8:]
    assert description.printed["card_number"] == "T0000001X"


def test_what_is_free_is_read_and_what_is_not_is_refused(copy: Path) -> None:
    with opened(copy) as card:
        fci = "6F1C840F7378312E73682EC9E7BBE1B1A3D5CFA50988011E9F0C03860103"
        assert card.transmit(SELECT_SSSE).hex().upper() == fci + "9000"
        assert card.transmit(bytes.fromhex("00B2012C12")).hex().upper() == "0110" + CARD + "9000"
        assert sw(card, bytes.fromhex("00B2072C0B")) == "6982"
        assert sw(card, bytes.fromhex("00B2083014")) == "6982"
        assert sw(card, bytes.fromhex("80E0EF110728001000F0F0FFFF")) == "6D00", "it is sealed"


def test_it_still_proves_whose_it_is(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("identify", "--card", str(copy), "--user-pin", "123456", "--at", "2026-11-23")
    assert main(["--lang=en", *words]) == 0
    assert capsys.readouterr().out.endswith(f"identified: card {CARD}\n")


def test_its_keys_are_the_test_keys_for_its_atr(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang=en", "write", "--card", str(copy), "EF06/0A=2"]) == 0
    assert capsys.readouterr().out == "EF06/0A  written and verified\n"

"""A card file of format 1, made once and never again: whatever the program becomes, it opens as it was.

`cardsim new --chip gen2`, then CHANGE PIN from 123456 to 654321 and VERIFY with 123456 and with 111111.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cardsim.cli import main
from cardsim.store import CardStore, read_card_file
from cardsim.zones.hrss import HRSS
from cardsim.zones.layouts import Layout
from tests.unit.store.cards import SELECT_SSSE, asked, opened, sw

GOLDEN = Path(__file__).parents[2] / "golden" / "format-1-gen2-2.00.card"
MEMORY = "7c10169ab5d86102a895663338d15fa99f739e15e45cdf7e0e7d5399663ab973"
ATR = "3b6d00000081544c92868463999f8ff5cd"
TRIES_OFFSET = 0x42
RECORDS = {
    "00B2012C12": "0110639900D1560000059F8FF5CDF42F34FB",
    "00B2022C03": "020133",
    "00B2032C06": "0304322E3030",
    "00B2042C0E": "040C915600000263990063010001",
    "00B2052C06": "050420240101",
    "00B2062C06": "060420340101",
    "00B2072C0B": "0709543030303030303158",
    "00B2013414": "0812363339393030313939303033303730303139",
    "00B2023420": "091EB2E2CAD4D3C3BBA7" + "00" * 22,
    "00B2033416": "4E14" + "00" * 20,
    "00B2043403": "0A0131",
    "00B2053403": "0B0101",
    "00B2063405": "0C03639900",
    "00B2073406": "0D0419900307",
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    path = tmp_path / "a.card"
    path.write_bytes(GOLDEN.read_bytes())
    return path


def test_memory_and_description_are_those_of_then() -> None:
    description, memory = read_card_file(GOLDEN)
    assert hashlib.sha256(memory).hexdigest() == MEMORY
    assert memory[TRIES_OFFSET] == 0x64  # of 6 tries 4 are left
    assert description.layout is Layout.V2_00
    assert description.profile.chip == "gen2"
    assert description.profile.memory_size == 32_768
    assert description.profile.historical_bytes.hex() == ATR[8:]
    assert description.printed == {
        "bank_account": "6200000000000000000",
        "card_number": "T0000001X",
        "issue_date": "20240101",
        "name": "测试用户",
        "social_security_number": "639900199003070019",
    }


def test_opening_and_compacting_keep_the_memory(copy: Path) -> None:
    with CardStore.open(copy) as store:
        assert copy.read_bytes() == GOLDEN.read_bytes()
        store.compact()
        assert hashlib.sha256(store.memory.view).hexdigest() == MEMORY
    assert hashlib.sha256(read_card_file(copy)[1]).hexdigest() == MEMORY


def test_the_pin_is_the_changed_one_with_the_tries_that_were_left(copy: Path) -> None:
    assert asked(copy) == "63C4"
    with opened(copy) as card:
        assert sw(card, bytes.fromhex("0020000003123456")) == "63C3"
        assert sw(card, bytes.fromhex("0020000003654321")) == "9000"
    assert asked(copy) == "63C6"


def test_its_records_are_read_as_they_were(copy: Path) -> None:
    with opened(copy) as card:
        assert card.atr.hex() == ATR
        for command, record in RECORDS.items():
            assert card.transmit(bytes.fromhex(command)).hex().upper() == record + "9000"


def test_what_the_zones_say_today_does_not_matter(
    copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = replace(HRSS, application=replace(HRSS.application, files=(), pins=(), keys=(), aid=b"other", fid=1))
    for name, module in list(sys.modules.items()):
        if name.startswith(("cardsim.", "readers.")) and getattr(module, "HRSS", None) is HRSS:
            monkeypatch.setattr(module, "HRSS", empty)
    with opened(copy) as card:
        assert card.transmit(SELECT_SSSE).hex().upper() == "6F16840F7378312E73682EC9E7BBE1B1A3D5CFA50388011E9000"
        for command, record in RECORDS.items():
            assert card.transmit(bytes.fromhex(command)).hex().upper() == record + "9000"
        assert sw(card, bytes.fromhex("0020000003123456")) == "63C3"
        assert sw(card, bytes.fromhex("00B0870000")) == "6982"  # the fingerprint is still locked
    assert main(["show", str(copy)]) == 0
    assert "EF05" in capsys.readouterr().out

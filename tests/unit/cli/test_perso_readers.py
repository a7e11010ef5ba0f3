"""Which cards in readers `cardsim perso run` and `cardsim zone` write: real ones by a list of ATRs, or a flag."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from cardsim.chip.card import Card
from cardsim.chip.memory import Memory, NoJournal
from cardsim.chip.t0 import T0Port
from cardsim.cli.atr_list import AtrList
from cardsim.cli.cards import InputFileError
from cardsim.perso.apdus.nodes import same_contents
from cardsim.perso.holder import Holder
from cardsim.perso.image import personalise
from cardsim.profiles import GEN3
from cardsim.zones.layouts import Layout
from tests.cards import counting_entropy
from tests.unit.readers.fake_scard import FakeScard

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.running import Runner

REAL = "Lab 0 00 00"
HISTORICAL = "0081544C9786846399AABBCCDD"
ATR = "3B6D0000" + HISTORICAL


class Reader(FakeScard):
    """PC/SC with one reader, and a blank chip in it."""

    def __init__(self, name: str, historical: str = HISTORICAL) -> None:
        super().__init__()
        settings = {"blank": True, "native_dialect": "extended", "historical_bytes": historical}
        profile = GEN3.override(settings)
        self.card = Card(Memory(bytes(profile.memory_size), NoJournal()), profile, counting_entropy, strict=True)
        self.port = T0Port(self.card, profile)
        self.readers = {name: (0x10022, self.port.power_on())}

    @property
    def memory(self) -> bytes:
        return bytes(self.card.memory.view)

    def _reconnect(self, card: int, share: int, protocols: int, action: int) -> list[int]:
        self.port.reset()
        return super()._reconnect(card, share, protocols, action)

    def _transmit(self, card: int, protocol: int, command: list[int]) -> list[object]:
        self.answers = [self.port.transmit(bytes(command))]
        return super()._transmit(card, protocol, command)


@pytest.fixture(autouse=True)
def _no_list(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def insert(monkeypatch: pytest.MonkeyPatch, name: str = REAL, historical: str = HISTORICAL) -> Reader:
    reader = Reader(name, historical)
    monkeypatch.setitem(sys.modules, "smartcard", ModuleType("smartcard"))
    monkeypatch.setitem(sys.modules, "smartcard.scard", reader)
    return reader


RUN = ("perso", "run", "--profile", "gen3")


def test_a_real_card_is_refused(cardsim: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    reader = insert(monkeypatch)
    message = cardsim.refused(*RUN, "--reader", "lab")
    assert f"the card in {REAL} (ATR {ATR}) is not on the list {tmp_path}/config/cardsim/blank-cards.txt" in message
    assert "--any-card" in message
    assert "不在列表" in cardsim.refused("--lang=zh", *RUN, "--reader", "lab")
    assert not any(reader.memory)
    assert all(call[0] != "transmit" for call in reader.calls)


@pytest.mark.parametrize("how", ["flag", "list", "usual list"])
def test_one_that_is_allowed_is_made(
    cardsim: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: str
) -> None:
    reader = insert(monkeypatch)
    place = tmp_path / ("config/cardsim/blank-cards.txt" if how == "usual list" else "my.txt")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("# the lab's\n3B6D0000 0081544C97 8684 6399 ????????  # any serial\n")
    words = {"flag": ("--any-card",), "list": ("--atr-list", str(place)), "usual list": ()}[how]
    ran = cardsim(*RUN, "--verify", *words)
    assert ran.status == 0, ran.err
    image = personalise(GEN3.override({"historical_bytes": HISTORICAL}), Layout.V3_00, Holder())
    assert same_contents(reader.memory, image.memory)
    assert bytes.fromhex("639900D156000005AABBCCDD") in reader.memory  # the code has the chip's serial
    assert reader.open["cards"] == 0


@pytest.mark.parametrize("name", ["Virtual PCD 00 00", "Cardsim 00 00"])
def test_virtual_readers_need_no_list(cardsim: Runner, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    reader = insert(monkeypatch, name)
    assert cardsim(*RUN).status == 0
    assert any(reader.memory)


def test_a_list_that_is_wrong_or_not_there(cardsim: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    reader = insert(monkeypatch)
    assert "No such file" in cardsim.refused(*RUN, "--atr-list", tmp_path / "none.txt")
    (tmp_path / "bad.txt").write_text("3B6D\nxyz\n")
    assert "bad.txt, line 2: an ATR in hexadecimal digits" in cardsim.refused(*RUN, "--atr-list", tmp_path / "bad.txt")
    (tmp_path / "part.txt").write_text(ATR[:-2])
    assert "is not on the list" in cardsim.refused(*RUN, "--atr-list", tmp_path / "part.txt")
    assert not any(reader.memory)


def test_a_dry_run_takes_the_atr_and_writes_to_no_card(cardsim: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = insert(monkeypatch)
    ran = cardsim(*RUN, "--dry-run", "--reader", "lab")
    assert ran.status == 0
    assert "the keys are those of chip AABBCCDD" in ran.err
    assert all(call[0] != "transmit" for call in reader.calls)
    wrong = cardsim.refused("perso", "run", "--profile", "gen2", "--dry-run", "--reader", "lab")
    assert "the ATR is that of a gen3 chip" in wrong


def test_a_chip_of_another_generation(cardsim: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = insert(monkeypatch)
    message = cardsim.refused("perso", "run", "--profile", "gen2", "--any-card")
    assert "the ATR is that of a gen3 chip; --profile says gen2" in message
    assert not any(reader.memory)


def test_an_atr_that_keys_do_not_follow_from(cardsim: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    reader = insert(monkeypatch)
    reader.readers[REAL] = (0x10022, bytes.fromhex("3B021450"))
    assert "no keys follow from the ATR 3B021450" in cardsim.refused(*RUN, "--any-card")
    settings = tmp_path / "chip.toml"
    settings.write_text(f'historical_bytes = "{HISTORICAL}"\n')
    assert cardsim(*RUN, "--any-card", "--chip-profile", settings).status == 0


def test_a_zone_comes_and_goes_in_a_reader(cardsim: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    reader, holder = insert(monkeypatch), tmp_path / "holder.json"
    holder.write_text('{"name": "张三"}', encoding="utf-8")
    assert cardsim(*RUN, "--any-card", "--holder", holder).status == 0
    made = reader.memory
    for words in (("remove", "PKI"), ("add", "PKI", "--holder", str(holder))):
        assert "is not on the list" in cardsim.refused("zone", *words)
    assert reader.memory == made
    ran = cardsim("zone", "remove", "PKI", "--any-card")
    assert (ran.status, ran.out) == (0, "the card: zone PKI removed, keys and all\n")
    assert "needs --holder" in cardsim.refused("zone", "add", "PKI", "--any-card")
    holder.write_text('{"name": "张三", "card_identification": "639900D1560000059F8FF5CDF42F34FB"}', encoding="utf-8")
    message = cardsim.refused("zone", "add", "PKI", "--any-card", "--holder", holder)
    assert "is not that of the card, 639900D156000005AABBCCDD" in message
    holder.write_text('{"name": "张三"}', encoding="utf-8")
    ran = cardsim("zone", "add", "PKI", "--any-card", "--holder", holder)
    assert ran.status == 0, ran.err
    assert reader.memory == made


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [("3b021450", True), ("3B 02 14 5?", True), ("3B0214", False), ("3B02145000", False), ("????????", True)],
)
def test_patterns(pattern: str, fits: bool) -> None:
    assert AtrList.parse(f"# only this\n\n{pattern} # remark\n", "x").has(bytes.fromhex("3B021450")) is fits


@pytest.mark.parametrize("line", ["3B0", "3B*", ".", "3B|3F"])
def test_lines_that_are_none(line: str) -> None:
    with pytest.raises(InputFileError, match="x, line 1"):
        AtrList.parse(line, "x")

"""Blank cards personalised through readers of both kinds."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from typing import TYPE_CHECKING, cast

import pytest

from apdu import Interface
from cardsim.chip import Card, Memory, NoJournal, port_for
from cardsim.perso import Holder, personalise
from cardsim.perso.apdus.nodes import same_contents
from cardsim.profiles import GEN2, GEN3
from cardsim.zones.layouts import Layout
from readers.serve.pseudo_apdus import in_reader
from tests.cards import counting_entropy

if TYPE_CHECKING:
    from pathlib import Path

    from apdu import CardPort
    from tests.pcsc.slots import Slots

pytestmark = pytest.mark.pcsc

HISTORICAL = "0081544C9286846399AABBCCDD"


def cardsim(*words: str | Path, status: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "cardsim", "--lang=en", *map(str, words)],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def blank_file(path: Path, chip: str) -> Path:
    cardsim("new", "--chip", chip, "--blank", "--dialect", "extended", "--out", path)
    return path


class Pulled:
    """A card that is torn out of its reader at command ``at``, whatever it is."""

    def __init__(self, port: CardPort, at: int) -> None:
        self._port = port
        self._left = at
        self.slots: Slots
        self.name = ""

    def __getattr__(self, name: str) -> object:
        return getattr(self._port, name)

    def transmit(self, command: bytes) -> bytes:
        self._left -= 1
        response = self._port.transmit(command)  # without power it does nothing
        if not self._left:
            with contextlib.suppress(OSError):
                self.slots.pull(self.name)
        return response


def blank_card(chip: str = "gen2", interface: Interface = Interface.CONTACT) -> tuple[Card, CardPort]:
    base = GEN2 if chip == "gen2" else GEN3
    historical = HISTORICAL if chip == "gen2" else HISTORICAL.replace("4C92", "4C97")
    profile = base.override({"blank": True, "native_dialect": "extended", "historical_bytes": historical})
    memory = Memory(bytes(profile.memory_size), NoJournal())
    card = Card(memory, profile, counting_entropy, interface=interface, strict=True)
    return card, in_reader(port_for(card, profile, counting_entropy, interface))


def is_whole(card: Card, layout: Layout) -> bool:
    profile = card.context.profile
    return same_contents(bytes(card.memory.view), personalise(profile, layout, Holder()).memory)


@pytest.mark.parametrize("chip", ["gen2", "gen3"])
def test_a_card_file_in_a_reader(slots: Slots, tmp_path: Path, chip: str) -> None:
    path = blank_file(tmp_path / "b.card", chip)
    reader, process = slots.serve(path)
    run = ("perso", "run", "--profile", chip, "--reader", reader, "--any-card")
    done = cardsim(*run, "--verify")
    assert "0 were done before" in done.stdout
    assert "keys and PINs proved: " in done.stdout
    assert cardsim("read", "--reader", reader, "--auth", "hsm", "--pin", "123456").stdout
    assert "the card is not blank" in cardsim(*run, status=1).stderr
    process.terminate()
    process.wait(20)
    direct = blank_file(tmp_path / "c.card", chip)
    cardsim("perso", "run", "--profile", chip, "--card", direct)
    assert "printed/name" in cardsim("diff", path, direct, status=1).stdout  # a reader has no file to describe
    assert "finished before" in cardsim("perso", "run", "--profile", chip, "--card", path, "--resume").stdout
    assert cardsim("diff", path, direct).stdout == ""


def test_a_card_in_a_field(slots: Slots) -> None:
    card, port = blank_card("gen3", Interface.CONTACTLESS)
    reader = slots.insert(port)
    cardsim("perso", "run", "--profile", "gen3", "--reader", reader, "--any-card", "--verify")
    assert is_whole(card, Layout.V3_00)


@pytest.mark.parametrize("at", [1, 40, 260])
def test_a_card_that_is_pulled_out_in_the_middle(slots: Slots, at: int) -> None:
    card, port = blank_card()
    pulled = Pulled(port, at)
    pulled.slots, pulled.name = slots, slots.insert(cast("CardPort", pulled))
    run = ("perso", "run", "--profile", "gen2", "--any-card", "--reader")
    said = cardsim(*run, pulled.name, status=1).stderr
    assert ("--resume goes on from there" in said) is (at > 10)
    assert not (any(card.memory.view) and is_whole(card, Layout.V2_00))
    done = cardsim(*run, slots.insert(port), "--resume", "--verify")
    assert "done before" in done.stdout
    assert is_whole(card, Layout.V2_00)


def test_a_zone_is_removed_and_added(slots: Slots, tmp_path: Path) -> None:
    holder = tmp_path / "holder.json"
    holder.write_text('{"name": "张三"}', encoding="utf-8")
    card, port = blank_card("gen3")
    reader = slots.insert(port)
    allowed = ("--reader", reader, "--any-card")
    cardsim("perso", "run", "--profile", "gen3", "--holder", holder, *allowed)
    made = bytes(card.memory.view)
    cardsim("zone", "remove", "PKI", *allowed)
    assert "empty or not finished" in cardsim("zone", "list", "--reader", reader).stdout
    cardsim("zone", "add", "PKI", "--holder", holder, *allowed)
    assert bytes(card.memory.view) == made


def test_a_zone_is_added_in_the_version_of_the_card_s_keys(slots: Slots, tmp_path: Path) -> None:
    holder, settings = tmp_path / "holder.json", tmp_path / "p.toml"
    holder.write_text('{"name": "张三"}', encoding="utf-8")
    settings.write_text("key_versions = [2]\n")
    _, port = blank_card("gen3")
    allowed = ("--reader", slots.insert(port), "--any-card")
    cardsim("perso", "run", "--profile", "gen3", "--chip-profile", settings, *allowed)
    for _ in range(2):
        cardsim("zone", "remove", "PKI", *allowed)
        cardsim("zone", "add", "PKI", "--holder", holder, *allowed)
    cardsim("pki", "unblock-pin", "admin", *allowed[:2])


def test_another_reader_wants_a_list(slots: Slots, tmp_path: Path) -> None:
    card, port = blank_card()
    reader = slots.insert(port)
    if reader.startswith("Cardsim "):
        cardsim("perso", "run", "--profile", "gen2", "--reader", reader)
    else:
        refused = cardsim("perso", "run", "--profile", "gen2", "--reader", reader, status=2)
        assert "is not on the list" in refused.stderr
        allowed = tmp_path / "atrs.txt"
        allowed.write_text(f"3B6D0000{HISTORICAL}\n")
        cardsim("perso", "run", "--profile", "gen2", "--reader", reader, "--atr-list", allowed)
    assert is_whole(card, Layout.V2_00)

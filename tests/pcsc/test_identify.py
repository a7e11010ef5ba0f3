"""Identification through PC/SC: the card in a process of its own, in both kinds of reader."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cardsim.cli import main
from cardsim.perso import Holder, personalise
from cardsim.profiles import GEN3
from cardsim.store import create_card_file
from cardsim.zones.layouts import Layout
from tests.cards import insert
from tests.pcsc.slots import PulledOut

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pcsc.slots import Slots

pytestmark = pytest.mark.pcsc

PIN = ("--user-pin", "123456")
AT = ("--at", "2026-06-01")


@pytest.fixture
def card(tmp_path: Path) -> Path:
    path = tmp_path / "alice.card"
    create_card_file(path, personalise(GEN3, Layout.V3_00, Holder()))
    return path


def test_a_card_in_a_reader_is_identified(card: Path, slots: Slots, capsys: pytest.CaptureFixture[str]) -> None:
    reader, _ = slots.serve(card)
    challenge = "00112233445566778899AABBCCDDEEFF"
    assert main(["--lang=en", "identify", "--reader", reader, *PIN, *AT, "--json", "--challenge", challenge]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["identified"], report["challenge"]) == (True, challenge)
    # Nothing stays open for the next program: the card was reset.
    assert main(["--lang=en", "identify", "--reader", reader, *AT]) == 1
    assert "it wants the user PIN" in capsys.readouterr().out


def test_a_new_key_and_its_certificate(card: Path, slots: Slots, capsys: pytest.CaptureFixture[str]) -> None:
    reader, _ = slots.serve(card)
    where = ("--reader", reader)
    assert main(["pki", "generate", *where, *PIN]) == 0
    assert main(["identify", *where, *PIN, *AT]) == 1
    assert main(["pki", "write-cert", "signature", *where, "--admin-pin", "12345678"]) == 0
    assert main(["identify", *where, *PIN, *AT]) == 0
    capsys.readouterr()


@pytest.mark.parametrize("ins", [0xB0, 0x20, 0x2A], ids=["reading", "PIN", "signing"])
def test_a_card_that_is_pulled_out_is_not_identified(
    ins: int, slots: Slots, capsys: pytest.CaptureFixture[str]
) -> None:
    image = personalise(GEN3, Layout.V3_00, Holder())
    card = PulledOut(insert(image), lambda command: command[1] == ins)
    reader = slots.insert(card)
    card.pull = lambda: slots.pull(reader)
    assert main(["--lang=en", "identify", "--reader", reader, *PIN, *AT]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("cardsim: ")
    slots.wait(reader, present=False)

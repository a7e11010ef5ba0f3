"""The cardsim command through PC/SC, each program in a process of its own, as a user runs them."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cards import insert, make_image
from tests.pcsc.slots import PulledOut

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pcsc.slots import Slots

pytestmark = pytest.mark.pcsc

_SSSE = "00A404000F7378312E73682EC9E7BBE1B1A3D5CF"


def _cardsim(*words: str, status: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "cardsim", "--lang=en", *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout if status == 0 else done.stderr


@pytest.fixture
def card(tmp_path: Path) -> Path:
    path = tmp_path / "alice.card"
    _cardsim("new", "--chip", "gen2", "--out", str(path))
    return path


def test_read_through_a_reader_equals_read_in_process(card: Path, slots: Slots) -> None:
    in_process = json.loads(_cardsim("read", "--card", str(card), "--json"))
    reader, _ = slots.serve(card)
    assert json.loads(_cardsim("read", "--reader", reader, "--json")) == in_process


def test_readers_explains_the_card(card: Path, slots: Slots) -> None:
    reader, _ = slots.serve(card)
    out = _cardsim("readers")
    assert reader in out
    assert "3B 6D 00 00 00 81 54 4C 92" in out
    assert "manufacturer 8684" in out


def test_apdu_and_a_pin_that_counts_down_over_power_cycles(card: Path, slots: Slots) -> None:
    reader, process = slots.serve(card)
    for left in (5, 4, 3):
        out = _cardsim("apdu", "--reader", reader, _SSSE, "0020000003000000", status=1)
        assert out == ""
        assert process.poll() is None
        assert _tries_left(card) == left
    process.terminate()
    slots.wait(reader, present=False)
    assert _tries_left(card) == 3


def _tries_left(card: Path) -> int:
    line = next(line for line in _cardsim("show", str(card)).splitlines() if "PIN HRSS" in line)
    return int(line.partition(" of ")[0].split()[-1])


def test_a_card_file_is_in_one_reader_at_a_time(card: Path, slots: Slots) -> None:
    slots.serve(card)
    assert "in use by another process" in _cardsim("read", "--card", str(card), status=1)


def test_kill_9_takes_the_card_out_and_loses_nothing(card: Path, slots: Slots) -> None:
    reader, process = slots.serve(card)
    _cardsim("apdu", "--reader", reader, _SSSE, "0020000003000000", status=1)
    process.kill()
    slots.wait(reader, present=False)
    assert _tries_left(card) == 5
    assert slots.removed in _cardsim("read", "--reader", reader, status=1)


def test_a_card_removed_during_a_read(slots: Slots) -> None:
    commands = itertools.count(1)
    card = PulledOut(insert(make_image()), lambda _: next(commands) == 3)
    reader = slots.insert(card)
    card.pull = lambda: slots.pull(reader)
    assert "removed" in _cardsim("read", "--reader", reader, status=1)


def test_a_trace_of_a_served_card_masks_the_pin(card: Path, slots: Slots, tmp_path: Path) -> None:
    trace = tmp_path / "serve.trace"
    reader, process = slots.serve(card, "--trace", str(trace))
    _cardsim("apdu", "--reader", reader, _SSSE, "0020000003123456")
    process.terminate()
    process.wait(20)
    text = trace.read_text(encoding="utf-8")
    assert "> 0020000003******" in text
    assert "123456" not in text

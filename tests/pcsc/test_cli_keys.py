"""Keys, PINs and writing with the cardsim command through a real pcscd, the card in a process of its own."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from cardsim.cli import main
from cardsim.perso import Holder, personalise
from cardsim.profiles import GEN2
from cardsim.store import create_card_file
from cardsim.zones.layouts import Layout
from keys.keyring import TestKeyring
from tests.cards import make_image

if TYPE_CHECKING:
    from pathlib import Path

    from keys.tree import Roots
    from tests.pcsc.slots import Slots

pytestmark = pytest.mark.pcsc

PIN = "135792468097"
"""Long: among random challenges in a trace a short one could come up by chance."""


class Cardsim:
    """The command in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str | Path, status: int = 0) -> str:
        """Return standard output, or standard error where ``status`` says that it fails."""
        self._capsys.readouterr()
        ended = main(["--lang=en", *map(str, words)])
        captured = self._capsys.readouterr()
        assert ended == status, captured.out + captured.err
        return captured.err if status else captured.out

    def tries(self, card: Path, name: str) -> str:
        """Return what `show` says: "6 of 6" of "PIN HRSS"."""
        found = re.search(rf"{name} .*?(\d+ of \d+) tries left", self("show", card))
        assert found
        return found[1]


@pytest.fixture
def cardsim(capsys: pytest.CaptureFixture[str]) -> Cardsim:
    return Cardsim(capsys)


@pytest.fixture
def card(tmp_path: Path) -> Path:
    path = tmp_path / "alice.card"
    create_card_file(path, make_image({"hrss_pin": PIN, "elements": {"DF04/EF06": {"92": "12345"}}}))
    return path


def statuses(report: str) -> dict[str, str]:
    directories = json.loads(report)["directories"]
    return {file["file"]: file["status"] for directory in directories for file in directory["files"]}


def test_read_with_keys_and_pin_equals_read_in_process(cardsim: Cardsim, card: Path, slots: Slots) -> None:
    """In any order: the card is reset after each, so that nothing stays open for the next."""
    ways = ((), ("--auth", "hsm", "--pin", PIN), ("--auth", "hsm"), ("--pin", PIN), ())
    in_process = [cardsim("read", "--card", card, "--json", *way) for way in ways]
    reader, _ = slots.serve(card)
    through_reader = [cardsim("read", "--reader", reader, "--json", *way) for way in ways]
    assert through_reader == in_process
    assert [statuses(report)["DF04/EF06"] for report in through_reader] == ["6982", "9000", "6982", "6982", "6982"]
    assert [statuses(report)["DF07/EF05"] for report in through_reader] == ["6982", "9000", "9000", "6982", "6982"]
    assert [statuses(report)["DF05/EF05"] for report in through_reader] == ["6982", *["9000"] * 3, "6982"]


def test_what_is_written_is_on_the_card(cardsim: Cardsim, card: Path, slots: Slots, tmp_path: Path) -> None:
    Image.linear_gradient("L").resize((358, 441)).save(tmp_path / "photo.png")
    reader, process = slots.serve(card)
    items = ("EF06/09=张三", "DF01/EF15/40:03=001^639900^", "DF02/EF07=1^20200101^^", f"EF08=@{tmp_path / 'photo.png'}")
    for words in ((), ("--protect", "mac")):
        out = cardsim("write", "--reader", reader, "--auth", "hsm", *words, *items)
        assert out.count("written and verified") == 4
    process.terminate()
    slots.wait(reader, present=False)
    report = cardsim("read", "--card", card, "--auth", "hsm", "--save", tmp_path)
    lines = [" ".join(line.split()) for line in report.splitlines()]
    assert "09 name 姓名 张三" in lines
    assert "40:03 schooling 学历 001^639900^" in lines
    assert ":02 1^20200101^^" in lines
    with Image.open(io.BytesIO((tmp_path / "photo.jpg").read_bytes())) as picture:
        assert picture.size == (358, 441)


def test_a_pin_is_changed_blocked_and_reloaded(cardsim: Cardsim, card: Path, slots: Slots, tmp_path: Path) -> None:
    new = "864208642086"
    trace, served = tmp_path / "t.trace", tmp_path / "serve.trace"
    reader, process = slots.serve(card, "--trace", str(served))

    def pin(*words: str, status: int = 0) -> str:
        said = cardsim("pin", *words, "--reader", reader, "--trace", trace, status=status)
        text = trace.read_text(encoding="utf-8")
        assert "> " in text
        assert not any(secret in text + said for secret in (PIN, new))
        return said

    pin("change", "--pin", PIN, "--new", new)
    for left in (5, 4, 3, 2, 1, 0):
        assert f"63C{left} (verification failed, " in pin("verify", "--pin", PIN, status=1)
        assert cardsim.tries(card, "PIN HRSS") == f"{left} of 6"
    assert "6983 (PIN or key is blocked)" in pin("verify", "--pin", new, status=1)
    pin("unblock", "--auth", "hsm")
    pin("verify", "--pin", new)
    pin("reload", "--auth", "hsm", "--new", PIN)
    pin("verify", "--pin", PIN)
    assert cardsim.tries(card, "PIN HRSS") == "6 of 6"
    process.terminate()
    process.wait(20)
    text = served.read_text(encoding="utf-8")
    assert "> 842400010C" + "**" * 12 + "\n" in text
    assert not any(secret in text for secret in (PIN, new))


class OtherKeyring(TestKeyring):
    def roots(self, algorithm: str = "DES") -> Roots:
        del algorithm
        return self

    def root(self, name: str, version: int) -> bytes:
        return f"{name}{version}".encode().ljust(16)[:16]


def test_a_card_with_other_keys_loses_no_try(cardsim: Cardsim, tmp_path: Path, slots: Slots) -> None:
    card = tmp_path / "other.card"
    create_card_file(card, personalise(GEN2, Layout.V2_00, Holder(), keyring=OtherKeyring()))
    before = card.read_bytes()
    reader, _ = slots.serve(card)
    for words in (("read", "--auth", "hsm"), ("write", "--auth", "hsm", "EF06/0A=2"), ("pin", "unblock")):
        assert "the card has other keys" in cardsim(*words, "--reader", reader, status=1)
    assert card.read_bytes() == before

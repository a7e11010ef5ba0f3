"""`cardsim clone`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cardsim.store import read_card_file

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.running import Runner

CODE = "460100D156000005004D5354A1B2C3D4"


def test_the_same_card_again(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.card"
    ran = cardsim("clone", card, copy)
    assert (ran.status, ran.out, ran.err) == (0, f"{copy}: gen2 card\n", "")
    assert copy.read_bytes() == card.read_bytes()
    assert "exists; give --force" in cardsim.refused("clone", card, copy)
    assert cardsim("clone", card, copy, "--force").status == 0


def test_another_identification_has_its_own_keys(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.card"
    ran = cardsim("clone", card, copy, "--identification", CODE)
    assert ran.status == 0
    assert "certificates are those of the source" in ran.err
    ran = cardsim("read", "--card", copy, "--auth", "hsm", "--pin", "123456")
    assert ran.status == 0  # the TEST keys of that code are on it
    assert CODE in ran.out
    assert read_card_file(copy)[0].profile.historical_bytes.hex().upper().endswith("4601004D5354")
    text = cardsim("diff", card, copy).out
    assert "EXTERNAL 04/kcv" in text
    assert "EF06" not in text
    assert "--identification: " in cardsim.refused("clone", card, tmp_path / "x.card", "--identification", "zz")


def test_another_holder(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    copy, holder = tmp_path / "copy.card", tmp_path / "holder.json"
    holder.write_text(json.dumps({"name": "张三"}), encoding="utf-8")
    assert cardsim("clone", card, copy, "--holder", holder).status == 0
    assert "张三" in cardsim("read", "--card", copy).out


def test_a_psam_has_no_holder(cardsim: Runner, tmp_path: Path) -> None:
    psam, holder = tmp_path / "p.card", tmp_path / "holder.json"
    holder.write_text("{}", encoding="utf-8")
    assert cardsim("new", "--chip", "psam", "--out", psam).status == 0
    for words in (("--holder", holder), ("--identification", CODE)):
        assert "a PSAM has neither a holder" in cardsim.refused("clone", psam, tmp_path / "c.card", *words)
    assert "PSAM 没有持卡人" in cardsim.refused("--lang=zh", "clone", psam, tmp_path / "c.card", "--holder", holder)
    assert cardsim("clone", psam, tmp_path / "c.card").status == 0


def test_it_takes_two(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    assert "name the card and the copy" in cardsim.refused("clone", card)
    assert "请指定源卡与副本" in cardsim.refused("--lang=zh", "clone", card, card, card)
    words = ("clone", "--reader", "x", tmp_path / "c.card", "--identification", CODE)
    assert "are for a card file" in cardsim.refused(*words)


@pytest.mark.parametrize(
    "words", [("--auth", "hsm"), ("--auth", "psam", "--psam", "x"), ("--psam", "x"), ("--pin", "1")]
)
def test_what_only_a_card_in_a_reader_needs(
    cardsim: Runner, card: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    assert "are for a card in a reader" in cardsim.refused("clone", card, tmp_path / "copy.card", *words)

"""Copying cards through readers of both kinds: dump, diff, clone, apply, zone."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pcsc.slots import Slots

pytestmark = pytest.mark.pcsc

KEYS = ("--auth", "hsm", "--pin", "123456")


def cardsim(*words: str | Path, status: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "cardsim", "--lang=en", *map(str, words)],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def card(tmp_path: Path) -> Path:
    path = tmp_path / "alice.card"
    cardsim("new", "--chip", "gen2", "--out", path)
    return path


def test_a_dump_through_a_reader_is_the_same_as_in_process(card: Path, slots: Slots, tmp_path: Path) -> None:
    in_process = json.loads(cardsim("dump", "--card", card, "--json", *KEYS).stdout)
    reader, _ = slots.serve(card)
    assert json.loads(cardsim("dump", "--reader", reader, "--json", *KEYS).stdout) == in_process
    trace = tmp_path / "t"
    assert cardsim("diff", card, "--reader", reader, "--trace", trace).stdout == ""
    assert "> 00A4040" in trace.read_text(encoding="utf-8")
    assert cardsim("diff", card, "--reader", reader, *KEYS).stdout == ""


def test_a_card_in_a_reader_is_brought_to_the_contents_of_an_export(card: Path, slots: Slots, tmp_path: Path) -> None:
    holder, wanted, path = tmp_path / "holder.json", tmp_path / "wanted.card", tmp_path / "wanted.json"
    elements = {"DF02/EF07": {":01": "1234567^20200101^20210101^某单位"}}
    holder.write_text(json.dumps({"name": "张三", "elements": elements}), encoding="utf-8")
    cardsim("new", "--chip", "gen2", "--holder", holder, "--out", wanted)
    cardsim("export", wanted, "--out", path)
    reader, _ = slots.serve(card)
    assert "张三" in cardsim("diff", wanted, "--reader", reader, *KEYS, status=1).stdout
    done = cardsim("apply", path, "--reader", reader, "--pin", "123456")
    assert done.stdout.count("written and verified") == 2
    assert cardsim("diff", wanted, "--reader", reader, *KEYS).stdout == ""
    assert cardsim("apply", path, "--reader", reader, "--pin", "123456").stdout.startswith("nothing differs")


def test_a_copy_of_a_card_in_a_reader_has_its_contents_and_not_its_keys(
    card: Path, slots: Slots, tmp_path: Path
) -> None:
    reader, process = slots.serve(card)
    copy = tmp_path / "copy.card"
    done = cardsim("clone", "--reader", reader, copy, *KEYS)
    assert "the copy has random keys and PIN 123456, and fails identification" in done.stderr
    assert "did not give: none" in done.stderr
    process.terminate()
    process.wait(20)
    assert json.loads(cardsim("read", "--card", copy, "--json").stdout) == json.loads(
        cardsim("read", "--card", card, "--json").stdout
    )
    assert "other keys" in cardsim("read", "--card", copy, "--auth", "hsm", status=1).stderr


def test_what_a_card_in_a_reader_did_not_give_is_named(slots: Slots, tmp_path: Path) -> None:
    card, copy, trace = tmp_path / "3.card", tmp_path / "copy.card", tmp_path / "t"
    cardsim("new", "--chip", "gen3", "--out", card)
    reader, process = slots.serve(card)
    done = cardsim("clone", "--reader", reader, copy, "--trace", trace)
    named = done.stderr.partition("did not give: ")[2].strip().split(", ")
    assert named[:3] == ["SSSE/EF05/07", "SSSE/EF06", "SSSE/EF07"]
    assert "DF01/EF15" in named
    assert "> 00B0920080" in trace.read_text(encoding="utf-8")
    cardsim("clone", "--reader", reader, copy, "--force", *KEYS)
    process.terminate()
    process.wait(20)
    different = [line.split()[1] for line in cardsim("diff", card, copy, status=1).stdout.splitlines()]
    assert "DDF2/DF01/0013/body" in different  # and the public halves and the certificates are the card's
    assert not {"DDF2/DF01/0012/body", "DDF2/DF01/0014/body", "DDF2/DF01/0018/content"} & set(different)


def test_a_zone_in_a_reader_is_blocked_and_unblocked(card: Path, slots: Slots) -> None:
    reader, _ = slots.serve(card)
    cardsim("zone", "block", "HRSS", "--reader", reader)
    assert "HRSS" in cardsim("zone", "list", "--reader", reader).stdout
    assert "blocked" in cardsim("zone", "list", "--reader", reader).stdout
    assert "--region" in cardsim("zone", "unblock", "HRSS", "--reader", reader, status=2).stderr
    cardsim("zone", "unblock", "HRSS", "--reader", reader, "--region", "639900", "--algorithm", "DES")
    assert "in use" in cardsim("zone", "list", "--reader", reader).stdout

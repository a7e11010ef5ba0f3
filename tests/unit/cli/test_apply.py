"""`cardsim apply`: what differs is written, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cardsim.store import read_card_file
from tests.unit.cli.contents import commands, contents, make_card_of_another, raw

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.running import Runner

ELEMENTS = {
    "SSSE/EF06": {"0C": "110000"},
    "DF01/EF15": {"40:02": "001^639900^某学校"},
    "DF02/EF07": {":01": "1234567^20200101^20210101^某单位"},
    "DF01/EF16": {"01": "00FF"},
}


@pytest.fixture
def wanted(cardsim: Runner, tmp_path: Path) -> Path:
    holder, other = tmp_path / "holder.json", tmp_path / "wanted.card"
    holder.write_text(json.dumps({"name": "张三", "elements": ELEMENTS}), encoding="utf-8")
    assert cardsim("new", "--chip", "gen2", "--holder", holder, "--out", other).status == 0
    return other


def exported(cardsim: Runner, card: Path, tmp_path: Path) -> Path:
    path = tmp_path / "wanted.json"
    assert cardsim("export", card, "--out", path, "--force").status == 0
    return path


def writes(trace: Path) -> list[str]:
    return [command for command in commands(trace) if command[2:4] in ("D6", "DC")]


@pytest.mark.parametrize("chip", [("psam",), ("gen3", "--blank")])
def test_a_document_without_the_zone(cardsim: Runner, card: Path, tmp_path: Path, chip: tuple[str, ...]) -> None:
    other, out = tmp_path / "other.card", tmp_path / "other.json"
    assert cardsim("new", "--chip", *chip, "--out", other).status == 0
    assert cardsim("export", other, "--out", out).status == 0
    assert "nothing of the HRSS zone is in it" in cardsim.refused("apply", out, "--card", card)


@pytest.mark.parametrize("form", ["export", "dump"])
def test_what_differs_is_written_and_nothing_else(
    cardsim: Runner, card: Path, wanted: Path, tmp_path: Path, form: str
) -> None:
    path = exported(cardsim, wanted, tmp_path)
    if form == "dump":
        ran = cardsim("dump", "--card", wanted, "--auth", "hsm", "--pin", "123456", "--json")
        path.write_text(ran.out, encoding="utf-8")
    trace = tmp_path / "t"
    ran = cardsim("apply", path, "--card", card, "--pin", "123456", "--trace", trace)
    assert (ran.status, ran.err) == (0, ""), ran
    places = [line.split()[0] for line in ran.out.splitlines()]
    assert places == ["SSSE/EF06/09", "SSSE/EF06/0C", "DF01/EF15/40:02", "DF01/EF16", "DF02/EF07/:01"]
    assert all(line.endswith("written and verified") for line in ran.out.splitlines())
    found = contents(cardsim, card)
    assert raw(found, "SSSE/EF06/09") == "D5C5C8FD" + "00" * 26
    assert raw(found, "SSSE/EF06/0C") == "110000"
    assert raw(found, "DF01/EF16").startswith("00FF")
    assert found == contents(cardsim, wanted)
    assert len({command[:10] for command in writes(trace)}) == len(places) + 2  # EF16 takes three commands


def test_a_second_time_nothing_is_written(cardsim: Runner, card: Path, wanted: Path, tmp_path: Path) -> None:
    path = exported(cardsim, wanted, tmp_path)
    assert cardsim("apply", path, "--card", card, "--pin", "123456").status == 0
    before = read_card_file(card)
    trace = tmp_path / "t"
    ran = cardsim("apply", path, "--card", card, "--pin", "123456", "--trace", trace)
    assert (ran.status, ran.out) == (0, "nothing differs: nothing was written\n")
    assert writes(trace) == []
    assert read_card_file(card) == before


def test_a_dry_run_compares_all_and_writes_nothing(cardsim: Runner, card: Path, wanted: Path, tmp_path: Path) -> None:
    path, trace = exported(cardsim, wanted, tmp_path), tmp_path / "t"
    before = read_card_file(card)
    words = ("apply", path, "--card", card, "--pin", "123456", "--trace", trace)
    ran = cardsim(*words, "--dry-run")
    assert (ran.status, ran.err) == (0, "")
    assert writes(trace) == []
    assert read_card_file(card) == before
    assert "00DC093020091ED5C5C8FD" + "00" * 26 in ran.out
    assert "HRSS/SSSE/UK" in ran.out
    listed = [line for line in ran.out.splitlines() if line[2:4] in ("D6", "DC")]
    assert cardsim(*words).status == 0
    assert writes(trace) == listed
    assert cardsim(*words, "--dry-run").out == "nothing differs: nothing was written\n"


@pytest.mark.parametrize(("language", "needs"), [("en", ": needs PIN HRSS and key"), ("zh", ":需要PIN HRSS")])
def test_what_the_pin_would_open_is_told(
    cardsim: Runner, card: Path, tmp_path: Path, language: str, needs: str
) -> None:
    ran = cardsim("--lang", language, "apply", exported(cardsim, card, tmp_path), "--card", card)
    assert ran.status == 1
    assert ran.out.startswith("DF04/EF06 ")
    assert needs in ran.out
    assert len(ran.out.splitlines()) == 1
    assert "--pin" in ran.err


def test_what_no_psam_opens_names_its_key(cardsim: Runner, tmp_path: Path) -> None:
    card, psam = tmp_path / "c.card", tmp_path / "p.card"
    assert cardsim("new", "--chip", "gen3", "--out", card).status == 0
    assert cardsim("new", "--chip", "psam", "--out", psam).status == 0
    words = ("--card", card, "--pin", "123456", "--auth", "psam", "--psam", psam)
    ran = cardsim("apply", exported(cardsim, card, tmp_path), *words)
    assert (ran.status, ran.err) == (1, "")
    assert ran.out == "SSSE/EF0C  can not be read, so it was not compared: needs key RK0C\n"


def test_what_the_document_does_not_hold_does_not_count(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    path.write_text(cardsim("dump", "--card", card, "--json").out, encoding="utf-8")
    ran = cardsim("apply", path, "--card", card)
    assert (ran.status, ran.out, ran.err) == (0, "nothing differs: nothing was written\n", "")


def test_a_file_that_the_card_has_not(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    plain: Any = json.loads(cardsim("dump", "--card", card, "--json").out)
    plain["directories"][1]["files"].append({"file": "EF1C", "status": "9000", "content": "00"})
    path.write_text(json.dumps(plain), encoding="utf-8")
    ran = cardsim("apply", path, "--card", card)
    assert (ran.status, ran.err) == (1, "")
    assert ran.out == "SSSE/EF1C  no such file was found on the card, so it was not compared\n"


@pytest.mark.parametrize("form", ["export", "dump", "bare"])
@pytest.mark.parametrize("of_source", [("gen2", "1.00"), ("gen3", "3.00")])
def test_another_layout_is_refused_before_anything(
    cardsim: Runner, card: Path, tmp_path: Path, of_source: tuple[str, str], form: str
) -> None:
    source, trace = tmp_path / "s.card", tmp_path / "t"
    assert cardsim("new", "--chip", of_source[0], "--layout", of_source[1], "--out", source).status == 0
    path = exported(cardsim, source, tmp_path)
    if form == "dump":
        path.write_text(cardsim("dump", "--card", source, "--json").out, encoding="utf-8")
    elif form == "bare":  # only the document's layout tells
        plain: Any = json.loads(path.read_text(encoding="utf-8"))
        files = plain["card"]["contents"][0]["contents"]
        files.remove(next(file for file in files if file.get("file") == "EF05"))
        path.write_text(json.dumps(plain), encoding="utf-8")
    before = read_card_file(card)
    for language, text in (("en", f"is of layout {of_source[1]}, this card of 2.00"), ("zh", "未写入任何内容")):
        words = ("--lang", language, "apply", path, "--card", card, "--pin", "123456", "--trace", trace)
        assert text in cardsim.refused(*words)
    assert {command[2:4] for command in commands(trace)} <= {"A4", "B2", "C0"}
    assert read_card_file(card) == before


def test_what_keys_and_layout_depend_on_stays(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    path, trace = exported(cardsim, card, tmp_path), tmp_path / "t"
    plain: Any = json.loads(path.read_text(encoding="utf-8"))
    ef05 = next(file for file in plain["card"]["contents"][0]["contents"] if file["file"] == "EF05")
    for record in ef05["records"]:
        if record["tag"] in ("01", "03"):
            record["hex"] = {"01": "460100D156000005004D5354A1B2C3D4", "03": "322E3130"}[record["tag"]]
            record.pop("value")
    path.write_text(json.dumps(plain), encoding="utf-8")
    for words in ((), ("--dry-run",)):
        ran = cardsim("apply", path, "--card", card, "--pin", "123456", "--trace", trace, *words)
        assert (ran.status, ran.err) == (1, "")
        assert ran.out.splitlines() == [
            f"SSSE/EF05/{tag}  differs and stays: keys or layout of the card depend on it" for tag in ("01", "03")
        ]
        assert writes(trace) == []


def test_edited_json(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    path = exported(cardsim, card, tmp_path)
    plain: Any = json.loads(path.read_text(encoding="utf-8"))
    ef06 = next(c for c in plain["card"]["contents"][0]["contents"] if c["file"] == "EF06")
    next(record for record in ef06["records"] if record["tag"] == "09")["value"] = "李四"
    path.write_text(json.dumps(plain), encoding="utf-8")
    assert "--prefer" in cardsim.refused("apply", path, "--card", card)
    ran = cardsim("apply", path, "--card", card, "--pin", "123456", "--prefer", "value")
    assert (ran.status, ran.out) == (0, "SSSE/EF06/09  written and verified\n")
    assert raw(contents(cardsim, card), "SSSE/EF06/09").startswith("C0EECBC4")


def test_what_can_not_be_written_is_told(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    ran = cardsim("dump", "--card", card, "--auth", "hsm", "--pin", "123456", "--json")
    plain: Any = json.loads(ran.out)
    ssse = next(d for d in plain["directories"] if d["directory"] == "SSSE")
    ef06 = next(f for f in ssse["files"] if f["file"] == "EF06")
    ef06["records"][3] = {"number": 4, "hex": "0A020101"}
    ef06["records"].append({"number": 99, "hex": "990101"})
    path = tmp_path / "d.json"
    path.write_text(json.dumps(plain), encoding="utf-8")
    for language, texts in (
        ("en", ("SSSE/EF06/0A  holds 1 bytes, these are 2", "SSSE/EF06/99  the card has no such record")),
        ("zh", ("SSSE/EF06/0A  可存 1 字节,此处 2 字节", "SSSE/EF06/99  卡上没有该记录")),
    ):
        ran = cardsim("--lang", language, "apply", path, "--card", card, "--pin", "123456")
        assert ran.status == 1
        assert tuple(ran.out.splitlines()) == texts


def test_other_keys_are_not_tried(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    other = make_card_of_another(tmp_path / "b.card")
    path = exported(cardsim, card, tmp_path)
    before = read_card_file(other)
    assert "other keys" in cardsim.refused("apply", path, "--card", other, status=1)
    assert read_card_file(other) == before


_SSSE = '{"directory": "SSSE", "aid": "7378312E73682EC9E7BBE1B1A3D5CF", "files": [{"file": "EF05", "content": "x"}]}'


@pytest.mark.parametrize(
    "text",
    ["{}", "[]", '{"format": "cardsim card 1"}', f'{{"format": "cardsim dump 1", "directories": [{_SSSE}]}}'],
)
def test_what_is_neither(cardsim: Runner, card: Path, tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")
    assert str(path) in cardsim.refused("apply", path, "--card", card)

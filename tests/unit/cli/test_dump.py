"""`cardsim dump` and `cardsim diff`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cardsim.store import read_card_file
from tests.unit.cli.contents import commands, make_card_of_another
from tests.unit.cli.running import tries

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.running import Runner

KEYS = ("--auth", "hsm", "--pin", "123456")


def dump(cardsim: Runner, card: Path, *words: str) -> Any:
    ran = cardsim("dump", "--card", card, "--json", *words)
    assert (ran.status, ran.err) == (0, "")
    return json.loads(ran.out)


def directory(plain: Any, name: str) -> Any:
    return next(item for item in plain["directories"] if item["directory"] == name)


def file(plain: Any, name: str, fid: str) -> Any:
    return next(item for item in directory(plain, name)["files"] if item["file"] == fid)


# --- dump ---


def test_everything_that_is_free_is_there(cardsim: Runner, card: Path) -> None:
    plain = dump(cardsim, card)
    assert plain["format"] == "cardsim dump 1"
    assert plain["atr"] == "3B6D00000081544C92868463999F8FF5CD"
    assert [item["directory"] for item in plain["directories"]][:3] == ["3F00", "SSSE", "DF01"]
    assert directory(plain, "SSSE")["fci"] == "6F16840F7378312E73682EC9E7BBE1B1A3D5CFA50388011E"
    records = file(plain, "SSSE", "EF06")["records"]
    assert records[1] == {
        "number": 2,
        "name": "name",
        "name_zh": "姓名",
        "hex": "091EB2E2CAD4D3C3BBA7" + "00" * 22,
        "value": "测试用户",
    }
    assert file(plain, "SSSE", "EF07") == {
        "file": "EF07",
        "name": "Fingerprint",
        "name_zh": "指纹",
        "status": "6982",
    }


def test_a_psam_gives_its_numbers(cardsim: Runner, tmp_path: Path) -> None:
    card = tmp_path / "p.card"
    assert cardsim("new", "--chip", "psam", "--out", card).status == 0
    plain = dump(cardsim, card)
    found = {(d["directory"], f["file"]): f["content"] for d in plain["directories"] for f in d["files"]}
    assert found == {
        ("3F00", "0015"): "9900000000000000000100000000",
        ("3F00", "0016"): "990000000001",
        ("DF01", "0019"): "00000000",
        ("DF01", "001C"): "01",
        ("DF02", "0019"): "00000000",
        ("DF02", "001C"): "01",
    }
    assert "0019  Terminal transaction counter" in cardsim("dump", "--card", card).out


def test_the_pki_application_gives_public_keys_and_certificates(cardsim: Runner, tmp_path: Path) -> None:
    card = tmp_path / "3.card"
    assert cardsim("new", "--chip", "gen3", "--out", card).status == 0
    plain = dump(cardsim, card)
    files = next(d for d in plain["directories"] if d.get("name") == "Keys and certificates")["files"]
    assert [(f["file"], f["status"], len(f.get("content", "")) // 2) for f in files] == [
        ("0012", "9000", 66),
        ("0013", "6982", 0),
        ("0014", "9000", 66),
        ("0015", "6982", 0),
        ("0018", "9000", 0x400),
        ("0019", "9000", 0x400),
    ]
    exported = json.loads(cardsim("export", card).out)["card"]["contents"][1]["contents"]
    inside = next(item for item in exported if item.get("directory") == "DF01")["contents"]
    certificate = next(item for item in inside if item.get("file") == "0018")["content"]
    assert files[4]["content"].startswith(certificate)


def test_no_pin_and_no_key_is_tried(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    before = read_card_file(card)
    trace = tmp_path / "t"
    assert cardsim("dump", "--card", card, "--trace", trace).status == 0
    assert {command[2:4] for command in commands(trace)} <= {"A4", "B2", "B0", "C0"}
    assert read_card_file(card) == before


def test_with_keys_and_pin_nothing_stays_closed(cardsim: Runner, card: Path) -> None:
    plain = dump(cardsim, card, *KEYS)
    assert file(plain, "SSSE", "EF07")["status"] == "9000"
    assert len(file(plain, "SSSE", "EF07")["content"]) == 2 * 0x400
    refused = [item for d in plain["directories"] for item in d["files"] if item["status"] != "9000"]
    assert [item["file"] for item in refused] == []


def test_a_wrong_pin_ends_it(cardsim: Runner, card: Path) -> None:
    ran = cardsim("dump", "--card", card, "--pin", "000000")
    assert ran.status == 1
    assert "does not accept the PIN" in ran.err
    assert tries(cardsim, card) == "5 of 6"


def test_other_keys_are_not_tried(cardsim: Runner, tmp_path: Path) -> None:
    other = make_card_of_another(tmp_path / "b.card")
    assert "other keys" in cardsim.refused("dump", "--card", other, "--auth", "hsm", status=1)


def test_text_in_both_languages(cardsim: Runner, card: Path) -> None:
    english = cardsim("dump", "--card", card).out
    chinese = cardsim("--lang=zh", "dump", "--card", card).out
    assert "EF07  Fingerprint  [6982 security status not satisfied]" in english
    assert "EF07  指纹  [6982 不满足安全状态]" in chinese
    assert "测试用户" in english


def test_a_keystore_without_auth(cardsim: Runner, card: Path) -> None:
    assert "a keystore is for --auth hsm" in cardsim.refused("dump", "--card", card, "--keystore", "x")


# --- diff ---


@pytest.fixture
def other(cardsim: Runner, tmp_path: Path) -> Path:
    holder = tmp_path / "holder.json"
    holder.write_text(json.dumps({"name": "张三"}), encoding="utf-8")
    path = tmp_path / "b.card"
    assert cardsim("new", "--chip", "gen2", "--holder", holder, "--out", path).status == 0
    return path


def test_nothing_differs(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.card"
    copy.write_bytes(card.read_bytes())
    ran = cardsim("diff", card, copy)
    assert (ran.status, ran.out, ran.err) == (0, "", "")


@pytest.mark.parametrize(("language", "name"), [("en", "name "), ("zh", "姓名")])
def test_a_name_differs(cardsim: Runner, card: Path, other: Path, language: str, name: str) -> None:
    ran = cardsim("--lang", language, "diff", card, other)
    assert ran.status == 1
    line = next(line for line in ran.out.splitlines() if "EF06/09" in line)
    assert line.startswith("~")
    assert name in line
    assert line.endswith("测试用户 -> 张三")


def test_exports_and_dumps_are_compared_too(cardsim: Runner, card: Path, other: Path, tmp_path: Path) -> None:
    export, dumped = tmp_path / "a.json", tmp_path / "d.json"
    assert cardsim("export", card, "--out", export).status == 0
    dumped.write_text(cardsim("dump", "--card", card, "--json").out, encoding="utf-8")
    for first in (card, export, dumped):
        for same in (card, export, dumped):
            ran = cardsim("diff", first, same)
            assert (ran.status, ran.out) == (0, ""), (first, same)
        ran = cardsim("diff", first, other)
        assert ran.status == 1
        assert "测试用户 -> 张三" in ran.out


def test_a_dump_is_compared_with_what_the_same_keys_open(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    dumped = tmp_path / "d.json"
    dumped.write_text(cardsim("dump", "--card", card, "--json", *KEYS).out, encoding="utf-8")
    assert cardsim("diff", dumped, card, *KEYS).status == 0
    assert cardsim("diff", dumped, card).status == 1


def test_tries_and_keys_differ_and_no_secret_is_shown(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.card"
    copy.write_bytes(card.read_bytes())
    assert cardsim("pin", "change", "--card", copy, "--pin", "123456", "--new", "654321").status == 0
    assert cardsim("pin", "verify", "--card", copy, "--pin", "111111").status == 1
    ran = cardsim("diff", card, copy)
    assert ran.status == 1
    lines = ran.out.splitlines()
    assert len(lines) == 2
    assert "PIN 00/tries_left" in lines[0]
    assert "6 -> 5" in lines[0]
    assert "PIN 00/value" in lines[1]
    assert "(not shown)" in lines[1]
    assert "654321" not in ran.out
    another = make_card_of_another(tmp_path / "k.card")
    text = cardsim("diff", card, another).out
    assert "EXTERNAL 04/kcv" in text
    key = json.loads(cardsim("export", another, "--keys").out)["card"]["contents"][0]["contents"][0]["keys"][2]["value"]
    assert key not in text


def _secrets(node: Any) -> set[str]:
    """Return what an export with keys has that one without them has not."""
    if isinstance(node, list):
        return set().union(*map(_secrets, node))
    if not isinstance(node, dict):
        return set()
    own = {"reference": ("value",), "chip": ("native_transport_key",), "directory": ("rest",), "format": ("rest",)}
    keys = [key for mark, found in own.items() if mark in node for key in found]
    keys += ["body", "raw"] if node.get("type") in ("PRIVATE_KEY", "KEYS") else []
    below = set().union(*(_secrets(value) for key, value in node.items() if key not in keys))
    return below | {node[key] for key in keys if key in node}


def test_no_private_key_and_nothing_else_secret_is_shown(cardsim: Runner, tmp_path: Path) -> None:
    holder, cards = tmp_path / "h.json", (tmp_path / "a.card", tmp_path / "b.card")
    holder.write_text(json.dumps({"region_code": "460100", "pki_user_pin": "654321"}), encoding="utf-8")
    assert cardsim("new", "--chip", "gen3", "--out", cards[0]).status == 0
    assert cardsim("new", "--chip", "gen3", "--holder", holder, "--out", cards[1]).status == 0
    assert cardsim("zone", "remove", "PKI", "--card", cards[0]).status == 0
    assert cardsim("zone", "add", "PKI", "--card", cards[0]).status == 0
    keyless = tmp_path / "k.json"
    assert cardsim("export", cards[1], "--out", keyless).status == 0
    secrets = set().union(*(_secrets(json.loads(cardsim("export", card, "--keys").out)) for card in cards))
    assert len(secrets) > 80
    private = [line for line in cardsim("diff", *cards).out.splitlines() if "private key" in line]
    assert [line.split()[1] for line in private] == ["DDF2/DF01/0013/body", "DDF2/DF01/0015/body"]
    assert all(line.endswith("(not shown)") for line in private)
    for pair in (cards, (cards[0], keyless), (keyless, cards[0])):
        text = cardsim("diff", *pair).out
        assert not any(secret[:16] in text for secret in secrets)
        assert ("(not shown)" in text) == (pair == cards)


def test_transport_codes_differ_unseen(cardsim: Runner, tmp_path: Path) -> None:
    usual, other = tmp_path / "a.card", tmp_path / "b.card"
    words = ("new", "--chip", "gen3", "--blank", "--out")
    assert cardsim(*words, usual).status == 0
    assert cardsim(*words, other, "--transport-key", "1122334455667788").status == 0
    assert cardsim("diff", usual, other).out == "+  profile/native_transport_key    (not shown)\n"


@pytest.mark.parametrize(("language", "empty"), [("en", "(empty)"), ("zh", "(空)")])
def test_what_is_empty(cardsim: Runner, card: Path, tmp_path: Path, language: str, empty: str) -> None:
    holder, other, third = tmp_path / "h.json", tmp_path / "b.card", tmp_path / "c.json"
    holder.write_text(json.dumps({"elements": {"DF01/EF15": {"40:01": "001^639900^某学校"}}}), encoding="utf-8")
    assert cardsim("new", "--chip", "gen2", "--holder", holder, "--out", other).status == 0
    line = cardsim("--lang", language, "diff", card, other).out.splitlines()[0]
    assert line.endswith(f"  {empty} -> 001^639900^某学校")
    plain = json.loads(cardsim("export", card).out)
    name = next(f for f in plain["card"]["contents"][0]["contents"] if f.get("file") == "EF06")["records"][1]
    name["hex"] = name["hex"].replace("00", "20")  # the same name, filled with other bytes
    third.write_text(json.dumps(plain), encoding="utf-8")
    text = cardsim("diff", card, third).out
    assert f"B2E2CAD4D3C3BBA7{'00' * 22} -> B2E2CAD4D3C3BBA7{'20' * 22}" in text


@pytest.mark.parametrize("words", [(), ("one.card",)])
def test_it_takes_two(cardsim: Runner, card: Path, words: tuple[str, ...]) -> None:
    del words
    assert "name two cards" in cardsim.refused("diff", card)
    assert "name two cards" in cardsim.refused("diff", card, card, card)


def test_a_trace_is_for_a_reader(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    for words in (("--trace", tmp_path / "t"), ("--trace-secrets",)):
        assert "(--reader)" in cardsim.refused("diff", card, card, *words)
        assert "(--reader)" in cardsim.refused("clone", card, tmp_path / "copy.card", *words)


def test_what_is_neither(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("{}", encoding="utf-8")
    assert "neither a card file nor" in cardsim.refused("diff", card, path)
    assert "neither a card file nor" in cardsim.refused("diff", path, card)
    assert "No such file" in cardsim.refused("diff", card, tmp_path / "nowhere")

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING, Any

import pytest

from cardsim.cli.readers import explain
from cardsim.store import CardStore, read_card_file
from tests.unit.cli.running import SELECT_SSSE, Runner, tries

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, plain: object) -> Path:
    path.write_text(json.dumps(plain, ensure_ascii=False), encoding="utf-8")
    return path


# --- new ---


@pytest.mark.parametrize("layout", ["1.00", "2.00"])
def test_new_makes_a_card_file_for_its_owner_alone(cardsim: Runner, tmp_path: Path, layout: str) -> None:
    path = tmp_path / "a.card"
    ran = cardsim("new", "--chip", "gen2", "--layout", layout, "--out", path)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == f"{path}: gen2 card, layout {layout}, card number T0000001X\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    description, memory = read_card_file(path)
    assert description.layout.text == layout
    assert len(memory) == 32_768
    assert [item.name for item in tmp_path.iterdir()] == ["a.card"]


def test_new_takes_holder_files_and_settings(cardsim: Runner, tmp_path: Path) -> None:
    (tmp_path / "finger.bin").write_bytes(b"MINUTIAE")
    holder = write(
        tmp_path / "holder.json", {"name": "买买提·吐尔逊", "card_number": "X00000019", "fingerprint": "finger.bin"}
    )
    toml = tmp_path / "mine.toml"
    toml.write_text('pin_limit = 3 # three\nspec_version = "2.0"\n')
    path = tmp_path / "a.card"
    ran = cardsim("new", "--chip", "gen2", "--holder", holder, "--chip-profile", toml, "--out", path)
    assert ran.status == 0
    assert "X00000019" in ran.out
    description, memory = read_card_file(path)
    assert description.profile.pin_limit == 3
    assert description.printed["name"] == "买买提·吐尔逊"
    assert b"MINUTIAE" in memory
    assert tries(cardsim, path) == "3 of 3"


def test_new_takes_a_byte_order_mark_as_windows_writes_it(cardsim: Runner, tmp_path: Path) -> None:
    holder, toml = tmp_path / "holder.json", tmp_path / "p.toml"
    holder.write_bytes(b"\xef\xbb\xbf" + '{"name": "张三"}'.encode())
    toml.write_bytes(b"\xef\xbb\xbfpin_limit = 3\r\n")
    path = tmp_path / "a.card"
    assert cardsim("new", "--chip", "gen2", "--holder", holder, "--chip-profile", toml, "--out", path).status == 0
    assert read_card_file(path)[0].printed["name"] == "张三"


def test_new_stores_raw_elements(cardsim: Runner, tmp_path: Path) -> None:
    holder = write(tmp_path / "holder.json", {"elements": {"EF05": {"05": "32303132"}}})
    path = tmp_path / "a.card"
    assert cardsim("new", "--chip", "gen2", "--holder", holder, "--raw-elements", "--out", path).status == 0
    assert "32303132 (not as declared)" in cardsim("read", "--card", path).out


def test_new_replaces_a_file_only_when_told(cardsim: Runner, card: Path) -> None:
    before = card.read_bytes()
    assert "exists; give --force" in cardsim.refused("new", "--chip", "gen2", "--out", card)
    assert card.read_bytes() == before
    assert cardsim("new", "--chip", "gen2", "--layout", "1.00", "--out", card, "--force").status == 0
    assert read_card_file(card)[0].layout.text == "1.00"


def test_the_same_holder_gives_the_same_file(cardsim: Runner, tmp_path: Path) -> None:
    first, second = tmp_path / "a.card", tmp_path / "b.card"
    for path in (first, second):
        assert cardsim("new", "--chip", "gen2", "--out", path).status == 0
    assert first.read_bytes() == second.read_bytes()


# --- show ---


def test_show_prints_names_sizes_access_tries_and_memory(cardsim: Runner, card: Path) -> None:
    out = cardsim("show", card).out
    assert f"{card}: gen2 chip, layout 2.00\n" in out
    assert "ATR 3B 6D 00 00 00 81 54 4C 92 86 84 63 99 9F 8F F5 CD\n" in out
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "EF05 Issuer data 66 bytes 7 records read: free update: key UK" in lines
    assert "EF08 Photo 4096 bytes transparent read: key RK update: key UK" in lines
    assert tries(cardsim, card) == "6 of 6"
    assert "  social-security number  639900199003070019\n" in out
    assert "memory: 32768 bytes, " in out


def test_show_works_while_the_card_is_in_a_reader_and_tells_tries_left(cardsim: Runner, card: Path) -> None:
    assert cardsim("apdu", "--card", card, SELECT_SSSE, "0020000003000000").status == 1
    with CardStore.open(card):
        assert tries(cardsim, card) == "5 of 6"


# --- read ---


def test_read_prints_everything_readable_with_names_and_meanings(cardsim: Runner, card: Path) -> None:
    ran = cardsim("read", "--card", card)
    assert (ran.status, ran.err) == (0, "")
    lines = [" ".join(line.split()) for line in ran.out.splitlines()]
    assert "ATR 3B 6D 00 00 00 81 54 4C 92 86 84 63 99 9F 8F F5 CD" in lines
    assert "HRSS application, specification 2.00, read as layout 2.00" in lines
    assert "01 card_identification 卡的识别码 639900D1560000059F8FF5CDF42F34FB" in lines
    assert "09 name 姓名 测试用户" in lines
    assert "4E name_extension 姓名扩展 (empty)" in lines
    assert "0A sex 性别 1 (male)" in lines
    assert "0B nation 民族 01 (Han)" in lines
    assert "6982 security status not satisfied: needs key RK" in ran.out


def test_read_as_json_is_complete(cardsim: Runner, card: Path) -> None:
    ran = cardsim("read", "--card", card, "--json")
    plain: dict[str, Any] = json.loads(ran.out)
    assert plain["atr"] == "3B6D00000081544C92868463999F8FF5CD"
    assert (plain["version"], plain["layout"]) == ("2.00", "2.00")
    assert plain["fci"] == "6F16840F7378312E73682EC9E7BBE1B1A3D5CFA50388011E"
    assert plain["dir_sfi"] == 0x1E
    files = {file["file"]: file for file in plain["files"]}
    assert list(files)[:5] == ["SSSE/EF1E", "SSSE/EF05", "SSSE/EF06", "SSSE/EF07", "SSSE/EF08"]
    assert all(file["name"] and file["name_zh"] for file in files.values())
    assert files["SSSE/EF1E"]["records"][0] == "701D611B4F0F7378312E73682EC9E7BBE1B1A3D5CF5008C9E7BBE1B1A3D5CF"
    assert (files["SSSE/EF08"]["status"], files["SSSE/EF08"]["content"]) == ("6982", "")
    values = {item["name"]: item for name in ("SSSE/EF05", "SSSE/EF06") for item in files[name]["elements"]}
    assert [item["tag"] for item in files["SSSE/EF06"]["elements"]] == ["08", "09", "4E", "0A", "0B", "0C", "0D"]
    assert values["name"]["value"] == "测试用户"
    assert values["name"]["raw"] == "B2E2CAD4D3C3BBA7" + "00" * 22
    assert values["name_extension"]["value"] == ""
    assert (values["nation"]["meaning"], values["nation"]["meaning_zh"]) == ("Han", "汉族")
    assert values["card_number"]["meaning"] is None
    assert {item["status"] for item in values.values()} == {"9000"}


def test_json_is_the_same_in_both_languages(cardsim: Runner, card: Path) -> None:
    english, chinese = (cardsim("--lang", lang, "read", "--card", card, "--json").out for lang in ("en", "zh"))
    assert english == chinese


def test_read_traces_what_crosses(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    trace = tmp_path / "read.trace"
    assert cardsim("read", "--card", card, "--trace", trace).status == 0
    text = trace.read_text(encoding="utf-8")
    assert f"> {SELECT_SSSE}\n< 6118\n" in text
    assert "# ATR: 3B6D00000081544C92868463999F8FF5CD\n" in text
    assert stat.S_IMODE(trace.stat().st_mode) == 0o600


# --- apdu ---


def test_apdu_sends_and_explains(cardsim: Runner, card: Path) -> None:
    ran = cardsim("apdu", "--card", card, SELECT_SSSE, "00 B2 01 28 00", "00:a4:00:00:02:ef:06", "00B2030400")
    assert ran.status == 0
    assert ran.out.splitlines() == [
        f"> {SELECT_SSSE}",
        "< 6F16840F7378312E73682EC9E7BBE1B1A3D5CFA50388011E 9000",
        "    9000 done",
        "    SSSE HRSS application",
        "    6F FCI template",
        '      84 DF name 7378312E73682EC9E7BBE1B1A3D5CF "sx1.sh.社会保障"',
        "      A5 FCI proprietary template",
        "        88 SFI of the directory 1E",
        "> 00B2012800",
        "< 0110639900D1560000059F8FF5CDF42F34FB 9000",
        "    9000 done",
        "    01 card_identification = 639900D1560000059F8FF5CDF42F34FB",
        "> 00A4000002EF06",
        "< 9000",
        "    9000 done",
        "    SSSE/EF06 Holder's basic data",
        "> 00B2030400",
        "< 4E14" + "00" * 20 + " 9000",
        "    9000 done",
        "    4E name_extension = (empty)",
    ]


def test_apdu_raw_leaves_the_manners_of_t0_to_the_user(cardsim: Runner, card: Path) -> None:
    ran = cardsim("apdu", "--raw", "--card", card, SELECT_SSSE, "00C0000018", "00B2012800")
    assert ran.status == 1
    answers = [line for line in ran.out.splitlines() if line.startswith("<")]
    assert answers == ["< 6118", "< 6F16840F7378312E73682EC9E7BBE1B1A3D5CFA50388011E 9000", "< 6C12"]
    assert "    6118 done, 24 bytes wait for GET RESPONSE" in ran.out


def test_apdu_says_why_a_command_was_refused(cardsim: Runner, card: Path) -> None:
    ran = cardsim("apdu", "--card", card, SELECT_SSSE, "00B0880000", "00B2013800")
    assert ran.status == 1
    assert "< 6982\n    6982 security status not satisfied\n    why: 6982: EF08 needs key RK" in ran.out


def test_apdu_gives_no_old_reason_for_a_new_refusal(cardsim: Runner, card: Path) -> None:
    """GET RESPONSE with nothing to fetch is refused in front of the card."""
    out = cardsim("apdu", "--card", card, SELECT_SSSE, "00B0880000", "00C0000010").out
    assert out.count("why:") == 1
    assert out.splitlines()[-2:] == ["< 6985", "    6985 conditions of use not satisfied"]


def test_apdu_resets(cardsim: Runner, card: Path) -> None:
    ran = cardsim("apdu", "--card", card, SELECT_SSSE, "RESET", "00B2012800")
    assert ran.status == 1
    assert "> reset\n< ATR 3B 6D 00 00 00 81 54 4C 92 86 84 63 99 9F 8F F5 CD\n" in ran.out
    assert ran.out.count("01 card_identification") == 0


@pytest.mark.parametrize("command", ["00", "00A4", "00A40000FF00"])
def test_bytes_that_are_no_command_reach_the_card(cardsim: Runner, card: Path, command: str) -> None:
    ran = cardsim("apdu", "--card", card, command)
    assert ran.status == 1
    assert "< 6700" in ran.out
    assert "why: 6700: the bytes are no command APDU" in ran.out


# --- readers ---


def test_an_atr_is_explained_as_a_social_security_cards() -> None:
    lines = [text.en for text in explain(bytes.fromhex("3B6D00000081544C92868463999F8FF5CD"))]
    assert any("manufacturer 8684" in line for line in lines)
    assert any("city 6399" in line for line in lines)


@pytest.mark.parametrize("atr", ["3B021450", "3B6D000001" + "00" * 12, "00", ""])
def test_any_other_atr_is_explained_as_far_as_it_goes(atr: str) -> None:
    lines = [text.en for text in explain(bytes.fromhex(atr))]
    assert lines
    assert not any("manufacturer" in line for line in lines)

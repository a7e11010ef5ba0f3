from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsim.cli.write import _Encoder
from cardsim.errors import ElementError
from cardsim.zones.layouts import Layout
from readers.terminal.writing import Written
from tests.unit.cli.contents import commands, contents, key_tries, make_card_of_another, raw
from tests.unit.cli.running import SELECT_SSSE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from readers.terminal.script import Script
    from readers.terminal.security import Terminal
    from readers.terminal.writing import Protect, Write
    from tests.unit.cli.running import Runner

ZHANG_SAN = "D5C5C8FD" + "00" * 26
A_UNIT = "C4B3B5A5CEBB"
"""某单位 in GBK."""
SCHOOLING = "5703303031" + "5803639900" + "5928" + "C4B3D1A7D0A3" + "00" * 34
"""001, 639900 and 某学校 as a B-TLV."""
UPDATES = re.compile(r"0[04](?:DC|D6)")


def write(cardsim: Runner, card: Path, *words: str | Path) -> str:
    """Write, and return the one line it prints."""
    ran = cardsim("write", "--card", card, "--auth", "hsm", *words)
    assert (ran.status, ran.err) == (0, ""), ran
    return ran.out


@pytest.mark.parametrize(
    ("item", "place", "expected"),
    [
        ("EF06/09=张三", "SSSE/EF06/09", ZHANG_SAN),
        ("SSSE/EF06/0D=20000229", "SSSE/EF06/0D", "20000229"),
        ("ssseef06/0b=56", "SSSE/EF06/0B", "56"),
        ("EF06/09=", "SSSE/EF06/09", "00" * 30),
        ("EF0D/EC=abc", "SSSE/EF0D/EC", "616263" + "00" * 17),
        ("DF01/EF15/40=001^639900^某学校", "DF01/EF15/40", SCHOOLING),
        ("DF01/EF15/40:02=001^639900^某学校", "DF01/EF15/40:02", SCHOOLING),
        ("DF04/EF06/92=12345", "DF04/EF06/92", "00003039"),
        (
            "DF02/EF07=1234567^20200101^20210131^某单位",
            "DF02/EF07/:01",
            "31323334353637" + "20200101" + "20210131" + A_UNIT + "00" * 64,
        ),
        ("DF02/EF07/:01=^^^", "DF02/EF07/:01", "00" * 7 + "FF" * 8 + "00" * 70),
        ("DF01/EF16=AA bb:cc", "DF01/EF16", "AABBCC" + "00" * 293),
        ("DF01/EF16/01=AABB", "DF01/EF16", "AABB" + "00" * 294),
        ("EF07=0102", "SSSE/EF07", "0102" + "00" * 1022),
    ],
)
def test_every_kind_of_value(cardsim: Runner, card: Path, item: str, place: str, expected: str) -> None:
    name = item.partition("=")[0]
    said = write(cardsim, card, item)
    assert said in (f"{name}  written and verified\n", f"{name}  written (can not be read back)\n")
    assert ("verified" in said) is not place.startswith("DF04/EF06")  # which needs the PIN as well
    assert raw(contents(cardsim, card), place) == expected


def test_the_bytes_of_a_file(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    (tmp_path / "minutiae").write_bytes(b"\x01\x02@=/" + bytes(range(256)))
    write(cardsim, card, f"EF07=@{tmp_path / 'minutiae'}")
    expected = b"\x01\x02@=/" + bytes(range(256)) + bytes(1024 - 261)
    assert raw(contents(cardsim, card), "SSSE/EF07") == expected.hex().upper()


def test_nothing_of_a_longer_content_stays(cardsim: Runner, card: Path) -> None:
    write(cardsim, card, "DF01/EF16=" + "AB" * 296)
    write(cardsim, card, "DF01/EF16=01")
    assert raw(contents(cardsim, card), "DF01/EF16") == "01" + "00" * 295


def test_a_cyclic_file_takes_every_value_as_its_newest(cardsim: Runner, card: Path) -> None:
    write(cardsim, card, *(f"DF04/EF15=000{number}^{number}" for number in range(1, 10)))
    values = contents(cardsim, card)["DF04/EF15"]["values"]
    assert values == [f"000{number}^{number}" for number in range(9, 1, -1)]  # eight records, the oldest is gone


def test_values_in_several_directories(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    """Each directory's keys are proved once, the application's again when it is selected again."""
    trace = tmp_path / "t.trace"
    items = (
        "EF06/09=张三",
        "EF06/0A=2",
        "DF01/EF05/0E=639900",
        "DF01/EF06/28=1380000",
        "DF04/EF05/84=639901",
        "EF05/02=1",
    )
    said = write(cardsim, card, *items, "--trace", trace)
    assert said == (
        "EF06/09       written and verified\n"
        "EF06/0A       written and verified\n"
        "DF01/EF05/0E  written and verified\n"
        "DF01/EF06/28  written and verified\n"
        "DF04/EF05/84  written and verified\n"
        "EF05/02       written and verified\n"
    )
    proofs = [command[6:8] for command in commands(trace) if command.startswith("0082")]
    assert proofs == ["04", "83", "88", "86", "85", "84", "04"]
    files = contents(cardsim, card)
    places = ("SSSE/EF06/09", "SSSE/EF06/0A", "DF01/EF05/0E", "DF01/EF06/28", "DF04/EF05/84", "SSSE/EF05/02")
    expected = [ZHANG_SAN, "32", "639900", "31333830303030" + "00" * 8, "639901", "31"]
    assert [raw(files, place) for place in places] == expected


def test_hsm_is_what_is_used_without_auth(cardsim: Runner, card: Path) -> None:
    assert cardsim("write", "--card", card, "EF06/0A=2").out == "EF06/0A  written and verified\n"


def test_raw_values_are_stored_as_they_are(cardsim: Runner, card: Path) -> None:
    said = write(cardsim, card, "--raw", "EF06/0D=20230230", "DF04/EF15=00FF00", "DF01/EF16=01")
    assert said.count("written and verified") == 3
    files = contents(cardsim, card)
    assert raw(files, "SSSE/EF06/0D") == "20230230"
    assert raw(files, "DF04/EF15/:01") == "00FF00"


def test_results_in_chinese(cardsim: Runner, card: Path) -> None:
    said = write(cardsim, card, "--lang", "zh", "EF06/0A=2", "DF04/EF06/92=1")
    assert said == "EF06/0A       已写入并核对\nDF04/EF06/92  已写入(不可读回)\n"


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "EF06/0A  written, but the card gives something else\n"), ("zh", "EF06/0A  已写入,但读回的内容不同\n")],
)
def test_a_value_that_comes_back_different(
    cardsim: Runner, card: Path, monkeypatch: pytest.MonkeyPatch, language: str, said: str
) -> None:
    def write_all(_: Terminal, writes: Sequence[Write], __: Protect) -> Script[list[Written]]:
        yield from ()
        return [Written(item, readable=True, equal=False) for item in writes]

    monkeypatch.setattr("cardsim.cli.write.write_all", write_all)
    ran = cardsim("write", "--lang", language, "--card", card, "EF06/0A=2")
    assert (ran.status, ran.out, ran.err) == (1, said, "")


# --- line protection ---


@pytest.fixture(params=["session", "challenge-iv"])
def line_mac(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def make(cardsim: Runner, tmp_path: Path, settings: str) -> Path:
    (tmp_path / "p.toml").write_text(settings, encoding="utf-8")
    path = tmp_path / "own.card"
    ran = cardsim("new", "--chip", "gen2", "--chip-profile", tmp_path / "p.toml", "--out", path)
    assert ran.status == 0, ran
    return path


@pytest.mark.parametrize("wanted", ["mac", "cipher"])
def test_protected_writes(cardsim: Runner, tmp_path: Path, wanted: str, line_mac: str) -> None:
    card = make(cardsim, tmp_path, f'write_protection = "{wanted}"\nline_mac = "{line_mac}"\n')
    trace = tmp_path / "t.trace"
    items = ("EF06/09=张三", "DF02/EF16=001^20200101^^^", "DF01/EF16=" + "AB" * 200)
    write(cardsim, card, *items, "--protect", wanted, "--line-mac", line_mac, "--trace", trace)
    files = contents(cardsim, card)
    assert raw(files, "SSSE/EF06/09") == ZHANG_SAN
    assert raw(files, "DF02/EF16/:01").startswith("30303120200101")
    assert raw(files, "DF01/EF16") == "AB" * 200 + "00" * 96
    updates = [command for command in commands(trace) if UPDATES.match(command)]
    assert len(updates) == 5
    assert all(command.startswith("04") for command in updates)
    assert any("D5C5C8FD" in command for command in updates) is (wanted == "mac")


def test_a_mac_goes_with_a_write_that_needs_none(cardsim: Runner, card: Path) -> None:
    write(cardsim, card, "EF06/09=张三", "--protect", "mac")
    assert raw(contents(cardsim, card), "SSSE/EF06/09") == ZHANG_SAN


@pytest.mark.parametrize(
    ("setting", "words", "message"),
    [
        ("mac", (), "EF06/0A: the card answers 6987 (secure-messaging object missing); it wants line protection; "),
        ("none", ("--protect", "cipher"), "6700 (wrong length); perhaps it wants a MAC alone; "),
        ("cipher", ("--protect", "mac"), "EF06/0A: the card answers 6988 ("),
        ("mac", ("--protect", "mac", "--line-mac", "challenge-iv"), "EF06/0A: the card answers 6988 ("),
    ],
)
def test_the_wrong_protection(
    cardsim: Runner, tmp_path: Path, setting: str, words: tuple[str, ...], message: str
) -> None:
    card = make(cardsim, tmp_path, f'write_protection = "{setting}"\n')
    said = cardsim.refused("write", "--card", card, "EF06/0A=2", *words, status=1)
    assert message in said
    assert said.endswith("values written before it: 0\n")
    assert raw(contents(cardsim, card), "SSSE/EF06/0A") == "31"


def test_a_value_that_grows_too_long_under_protection(cardsim: Runner, tmp_path: Path) -> None:
    card = make(cardsim, tmp_path, 'write_protection = "cipher"\nelement_sizes = { "SSSE/EF0D/EC" = 253 }\n')
    for protect in ("mac", "cipher"):
        message = cardsim.refused("write", "--card", card, "EF0D/EC=a", "--protect", protect, status=1)
        assert "with its line protection the command carries 2" in message


def test_elements_whose_length_is_a_setting(cardsim: Runner, tmp_path: Path) -> None:
    card = make(cardsim, tmp_path, 'element_sizes = { "SSSE/EF0D/EC" = 30, "SSSE/EF0D/ED" = 4 }\n')
    write(cardsim, card, "EF0D/EC=" + "c" * 30, "EF0D/ED=ab")
    files = contents(cardsim, card)
    assert raw(files, "SSSE/EF0D/EC") == "63" * 30
    assert raw(files, "SSSE/EF0D/ED") == "61620000"
    message = cardsim.refused("write", "--card", card, "EF0D/ED=abcde", status=1)
    assert message == "cardsim: EF0D/ED: 5 bytes; the record on this card holds 4; values written before it: 0\n"


# --- what is wrong with an item ---


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("=x", "cardsim: '=x': not of the form FILE/TAG=VALUE, such as EF06/09=NAME\n"),
        ("EF06/09", "EF06/09: not of the form FILE/TAG=VALUE"),
        ("09=x", "09: not of the form"),
        ("EF061/09=x", "EF061/09: not of the form"),
        ("EF06=x", "EF06: name one of its elements: 08 09 4E 0A 0B 0C 0D\n"),
        ("EF06/=x", "EF06/: name one of its elements: 08 09 4E"),
        ("EF06/99=x", "EF06/99: name one of its elements: 08"),
        ("EF06/09:02=x", "EF06/09:02: name one of its elements: 08"),
        ("DF01/EF15/40:04=x", "name one of its elements: 2A 40 40:02 40:03\n"),
        ("EF06/9=x", "EF06/9: '9' has 1 hexadecimal digits"),
        ("EF06/09:x=x", "EF06/09:x: behind the colon stands a record's number"),
        (
            "EF99/01=x",
            "layout 2.00 has no file SSSE/EF99; it has SSSE/EF05, SSSE/EF06, SSSE/EF07, SSSE/EF08, SSSE/EF0D\n",
        ),
        ("DF09/EF05/01=x", "has no file DF09/EF05; it has SSSE, DF01, DF02, DF03, DF04, DF05, DF06, DF07\n"),
        ("DF02/EF07/:02=x", "a cyclic file takes new records, as its newest: leave the address out\n"),
        ("DF02/EF07=1^2", "'1^2' has 2 fields, 4 are needed: occupation^start_date^end_date^employer\n"),
        ("EF08/02=00", "a transparent file has no elements: leave the tag out\n"),
        ("DF01/EF16=0", "'0' has 1 hexadecimal digits"),
        ("DF01/EF16=" + "00" * 297, "DF01/EF16: 297 bytes; the file holds 296\n"),
        ("EF07=@/nowhere/x", "EF07: /nowhere/x: No such file or directory\n"),
        ("EF07=@/", "EF07: /: Is a directory\n"),
        ("EF08=@/dev/zero", "EF08: /dev/zero: more than 16 MiB, or without end\n"),
        ("EF06/0D=20230230", "'20230230' is no date"),
        ("EF06/08=639900199003070018", "EF06/08: the check character is 8"),
        ("EF06/0A=3", "EF06/0A: "),
        ("EF06/0B=60", "EF06/0B: "),
        ("EF06/09=" + "测" * 16, "takes 32 bytes in GBK; there is room for 30\n"),
        ("EF06/09=㼆", "(U+3F06)"),
        ("EF06/09=a\tb", "control character"),
        ("EF05/01=00", "EF05/01: a card identification code is 16 bytes; these are 1\n"),
        ("DF04/EF06/92=-1", "must be a whole number below 4294967296\n"),
    ],
)
def test_a_wrong_item_writes_nothing(cardsim: Runner, card: Path, item: str, message: str) -> None:
    """Not even what stands before it; no key is proved."""
    before = card.read_bytes()
    said = cardsim.refused("write", "--card", card, "EF06/0A=2", item)
    assert message in said
    assert said.count("\n") == 1
    chinese = cardsim.refused("--lang", "zh", "write", "--card", card, "EF06/0A=2", item)
    assert chinese.startswith("cardsim:")
    assert chinese != said
    assert card.read_bytes() == before


@given(
    st.sampled_from(("EF06/09=", "EF06/0D=", "EF05/01=", "EF08=", "EF08=@", "DF01/EF15/40:02=", "DF04/EF15=", "")),
    st.text(max_size=12) | st.text("0123456789ABCDEF^@:/=", max_size=24),
    st.sampled_from((Layout.V1_00, Layout.V2_00)),
    st.booleans(),
)
def test_any_item_is_taken_or_refused(place: str, value: str, layout: Layout, raw_value: bool) -> None:
    with suppress(ElementError):
        taken = _Encoder(layout, 0x1E, raw=raw_value).write(place + value)
        assert taken.data or raw_value or taken.fitted


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("EF06/09=0", "'0' has 1 hexadecimal digits"),
        ("EF06/09=张三", "'张' is not a hexadecimal digit"),
        ("EF06/09=" + "00" * 254, "EF06/09: 254 bytes; there is room for 253\n"),
        ("DF04/EF15=00FF0000", "DF04/EF15: 4 bytes; there is room for 3\n"),
    ],
)
def test_a_wrong_raw_item_writes_nothing(cardsim: Runner, card: Path, item: str, message: str) -> None:
    before = card.read_bytes()
    assert message in cardsim.refused("write", "--card", card, "--raw", "EF06/0A=32", item)
    assert card.read_bytes() == before


@pytest.mark.parametrize(
    "item", ["DF04/EF08=0001^1^^^0^0^0", "EF1E/01=00", "EF1E=00", "DF05/EF05/A0=x", "DF07/EF05/F0=x"]
)
@pytest.mark.parametrize(
    ("language", "message"), [("en", "no key of the zone writes this file\n"), ("zh", "没有可写此文件的密钥\n")]
)
def test_files_that_nobody_may_write(cardsim: Runner, card: Path, item: str, language: str, message: str) -> None:
    before = card.read_bytes()
    said = cardsim.refused("--lang", language, "write", "--card", card, item)
    assert said.startswith(f"cardsim{': ' if language == 'en' else ':'}{item.partition('=')[0]}")
    assert said.endswith(message)
    assert card.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "the following arguments are required: FILE/TAG=VALUE"),
        (("EF06/0A=2", "--protect", "des"), "argument --protect: invalid choice: 'des'"),
        (("EF06/0A=2", "--auth", "card"), "argument --auth: invalid choice: 'card'"),
        (("EF06/0A=2", "--line-mac", "x"), "argument --line-mac: invalid choice: 'x'"),
    ],
)
def test_a_wrong_command_line(cardsim: Runner, card: Path, words: tuple[str, ...], message: str) -> None:
    assert message in cardsim.refused("write", "--card", card, *words)


# --- what the card refuses ---


def test_what_was_written_before_a_refusal_is_counted(cardsim: Runner, card: Path) -> None:
    said = cardsim.refused("write", "--card", card, "--raw", "EF06/0A=32", "EF06/09=00", "EF06/0B=56", status=1)
    assert said == "cardsim: EF06/09: the card answers 6700 (wrong length); values written before it: 1\n"
    files = contents(cardsim, card)
    assert (raw(files, "SSSE/EF06/0A"), raw(files, "SSSE/EF06/0B")) == ("32", "01")
    said = cardsim.refused("write", "--card", card, "--lang", "zh", "--raw", "EF06/09=00", status=1)
    assert said == "cardsim:EF06/09:卡返回 6700(长度错误);此前已写入 0 项\n"


@pytest.mark.parametrize(
    ("language", "message"),
    [
        (
            "en",
            (
                "cardsim: the card has other keys than the TEST keys (INTERNAL AUTHENTICATE), or in other versions "
                "than 0, 1, 2, 3; none was tried on it\n"
            ),
        ),
        ("zh", "cardsim:该卡的密钥不是测试密钥(内部认证不符),或版本不是 0, 1, 2, 3;未向卡尝试任何密钥\n"),
    ],
)
def test_a_card_with_other_keys_loses_no_try(cardsim: Runner, tmp_path: Path, language: str, message: str) -> None:
    card = make_card_of_another(tmp_path / "other.card")
    before = card.read_bytes()
    assert cardsim.refused("--lang", language, "write", "--card", card, "EF06/0A=2", status=1) == message
    assert card.read_bytes() == before


def test_a_key_that_is_refused_is_not_tried_again(cardsim: Runner, tmp_path: Path) -> None:
    """Each run costs the key one try, whatever there is to write, and says what is left."""
    card = make_card_of_another(tmp_path / "other.card", "HRSS/DF01/UK1")
    words = ("write", "--card", card, "DF01/EF05/0E=639900", "DF01/EF16=01", "DF01/EF17=02")
    said = cardsim.refused(*words, status=1)
    assert said.startswith("cardsim: the card does not accept key DF01/UK1: 63C2 (verification failed, 2 tries left)")
    assert key_tries(cardsim, card)["DF01/UK1"] == "2 of 3"
    said = cardsim.refused(*words, status=1)
    assert "63C1 (verification failed, 1 try left); one more refusal blocks it, so do not just repeat this" in said
    said = cardsim.refused(*words, "--lang", "zh", status=1)
    assert said.startswith("cardsim:卡不接受密钥 DF01/UK1:63C0(验证失败,剩余 0 次);现已锁定")
    assert "6983 (PIN or key is blocked)" in cardsim.refused(*words, status=1)
    tries = key_tries(cardsim, card)
    assert tries.pop("DF01/UK1") == "0 of 3"
    assert set(tries.values()) == {"3 of 3"}


def test_a_card_whose_keys_can_not_be_derived(cardsim: Runner, card: Path) -> None:
    write(cardsim, card, "--raw", "EF05/01=" + "FF" * 16)
    said = cardsim.refused("write", "--card", card, "EF06/0A=2", status=1)
    assert said.startswith("cardsim: no keys can be derived for this card: the card identification code starts with FF")
    said = cardsim.refused("write", "--lang", "zh", "--card", card, "EF06/0A=2", status=1)
    assert said.startswith("cardsim:无法为该卡分散密钥:卡识别码以 FF")


def test_layout_1(cardsim: Runner, tmp_path: Path) -> None:
    card = tmp_path / "one.card"
    assert cardsim("new", "--chip", "gen2", "--layout", "1.00", "--out", card).status == 0
    write(cardsim, card, "EF06/09=张三", "DF02/EF08/54=20200101")
    files = contents(cardsim, card)
    assert raw(files, "SSSE/EF06/09") == ZHANG_SAN
    assert raw(files, "DF02/EF08/54") == "20200101"
    assert "layout 1.00 has no file SSSE/EF0D" in cardsim.refused("write", "--card", card, "EF0D/EC=x")
    assert "no key of the zone writes this file" in cardsim.refused("write", "--card", card, "EF0B=00")


def test_values_are_readable_with_other_commands(cardsim: Runner, card: Path) -> None:
    """Written bytes are the card's own: a plain READ RECORD gives them."""
    write(cardsim, card, "EF06/09=张三")
    ran = cardsim("apdu", "--card", card, SELECT_SSSE, "00B2093000")
    assert f"< 091E{ZHANG_SAN} 9000\n" in ran.out

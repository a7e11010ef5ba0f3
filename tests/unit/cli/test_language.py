from __future__ import annotations

import io
import sys
from argparse import PARSER
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu import Language, Text
from cardsim.cli import main
from cardsim.cli.arguments import error_zh, wrap
from cardsim.cli.console import Console, aligned, chosen_language, pad, tolerant, width
from cardsim.cli.parser import build_parser

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.running import Runner

COMMANDS = list(next(action for action in build_parser(Language.EN)._actions if action.nargs == PARSER).choices or ())


# --- which language ---


@pytest.mark.parametrize(
    ("words", "environment", "language"),
    [
        ([], {}, "en"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh"),
        ([], {"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ([], {"LANG": "C", "LC_MESSAGES": "zh_CN.UTF-8"}, "zh"),
        ([], {"LANG": "de_DE.UTF-8"}, "en"),
        ([], {"LANG": ""}, "en"),
        (["--lang", "zh"], {}, "zh"),
        (["--lang=zh"], {}, "zh"),
        (["show", "x", "--lang", "zh"], {}, "zh"),
        (["--lang", "en"], {"LANG": "zh_CN.UTF-8"}, "en"),
        (["--lang"], {"LANG": "zh_CN.UTF-8"}, "zh"),
        (["--lang", "fr"], {}, "en"),
    ],
)
def test_the_language_is_chosen(
    monkeypatch: pytest.MonkeyPatch, words: list[str], environment: dict[str, str], language: str
) -> None:
    for name, value in ({"LANG": "C"} | environment).items():
        monkeypatch.setenv(name, value)
    assert chosen_language(words) is Language(language)


# --- help ---


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_subcommand_has_help_in_both_languages(cardsim: Runner, command: str, language: str) -> None:
    ran = cardsim("--lang", language, command, "--help")
    assert (ran.status, ran.err) == (0, "")
    words = ("usage: ", "options:", "show this help") if language == "en" else ("用法:", "选项:", "显示本帮助")
    assert all(word in ran.out for word in words)
    if language == "zh":
        assert not any(word in ran.out for word in ("usage", "options", "arguments", "show this"))
    else:
        assert ran.out.isascii()


@pytest.mark.parametrize(("language", "heading"), [("en", "commands:"), ("zh", "命令:")])
def test_the_commands_are_listed(cardsim: Runner, language: str, heading: str) -> None:
    out = cardsim("--lang", language, "--help").out
    listed = [line.split()[0] for line in out.partition(heading)[2].splitlines()[1 : len(COMMANDS) + 1]]
    assert listed == COMMANDS
    assert {"new", "show", "serve", "readers", "read", "apdu", "profile"} <= set(listed)
    assert "cardsim new --chip gen2 --out alice.card\n" in out


@pytest.mark.parametrize("command", [(), *((command,) for command in COMMANDS)])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_help_keeps_to_the_terminals_width(
    cardsim: Runner, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], language: str
) -> None:
    monkeypatch.setenv("COLUMNS", "72")
    out = cardsim("--lang", language, *command, "--help").out
    examples = [line for line in out.splitlines() if line.startswith("  cardsim ")]
    assert all(width(line) <= 72 for line in out.splitlines() if line not in examples)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "cardsim:缺少必需的参数:命令\n请参阅 `cardsim --help`\n"),
        (("new",), "cardsim new:缺少必需的参数:--chip, --out\n请参阅 `cardsim new --help`\n"),
        (("show", "x", "y"), "cardsim show:多余的参数:1 个\n请参阅 `cardsim show --help`\n"),
        (("read", "--pni=1"), "cardsim read:无法识别的参数:--pni\n"),
        (("new", "--chip"), "cardsim new:参数 --chip:需要一个值\n"),
        (("read", "--reader", "1", "--card", "x"), "cardsim read:参数 --card:不能与 --reader 同时使用\n"),
        (("read", "--json=1"), "cardsim read:参数 --json:不接受值 '1'\n"),
        (("shwo",), "cardsim:参数 命令:'shwo' 不可选;可选:"),
        (("new", "--chip", "gen9", "--out", "x"), "cardsim new:参数 --chip:'gen9' 不可选;可选:"),
    ],
)
def test_a_wrong_command_line_is_told_in_chinese(cardsim: Runner, words: tuple[str, ...], message: str) -> None:
    ran = cardsim("--lang", "zh", *words)
    assert ran.status == 2
    assert ran.err.startswith(message)


def test_a_message_of_argparse_that_is_not_known_stays() -> None:
    assert error_zh("something new: x") == "something new: x"
    assert error_zh("the following arguments are required: a\nb") == "缺少必需的参数:a\nb"


# --- what commands say ---


def test_commands_speak_chinese(cardsim: Runner, card: Path) -> None:
    show = cardsim("--lang=zh", "show", card).out
    assert "卡面信息:\n" in show
    assert "  社会保障号码  639900199003070019\n" in show
    assert "剩余 6/6 次" in next(line for line in show.splitlines() if "PIN HRSS" in line)
    assert "读:密钥 RK" in show
    read = [" ".join(line.split()) for line in cardsim("read", "--card", card, "--lang", "zh").out.splitlines()]
    assert "社会保障应用,规范版本 2.00,按布局 2.00 读取" in read
    assert "09 姓名 name 测试用户" in read
    assert "0A 性别 sex 1(男)" in read
    assert "4E 姓名扩展 name_extension (空)" in read
    assert any("6982 不满足安全状态:需要密钥 RK" in line for line in read)
    sent = cardsim("--lang=zh", "apdu", "--card", card, "00B2012800").out
    assert "    6A82 未找到文件或应用\n    原因:6A82: " in sent


def test_the_locale_decides_without_an_option(cardsim: Runner, card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert "卡面信息" in cardsim("show", card).out
    assert "用法:" in cardsim("--help").out
    assert "printed on the card" in cardsim("show", card, "--lang", "en").out


# --- columns ---


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", 0),
        ("abc", 3),
        ("姓名", 4),
        ("a姓b", 4),
        ("(空)", 4),
        ("e\u0301", 1),
        ("(全角)", 6),
        ("\u3000", 2),
        ("·", 1),
    ],
)
def test_columns_that_a_text_takes(text: str, columns: int) -> None:
    assert width(text) == columns
    assert width(pad(text, 10)) == 10


def test_a_text_that_is_too_wide_is_not_cut() -> None:
    assert pad("姓名", 3) == "姓名"


def test_rows_stand_in_columns() -> None:
    assert aligned([("01", "卡的识别码", "x"), ("02", "b", "longer"), ("03", "", "")]) == (
        "01  卡的识别码  x",
        "02  b           longer",
        "03",
    )
    assert aligned([]) == ()
    assert aligned([("a",), ("bb", "c")]) == ("a", "bb  c")


cells = st.text(st.characters(codec="gbk", exclude_categories=["Cc"]), max_size=8)


@given(st.lists(st.tuples(cells, cells, cells), max_size=5))
def test_every_column_begins_where_the_others_do(rows: list[tuple[str, str, str]]) -> None:
    lines = aligned((first, second, third + "|") for first, second, third in rows)
    ends = {width(line) - width(row[2]) for line, row in zip(lines, rows, strict=True)}
    assert len(ends) <= 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_tables_of_the_command_stand_in_columns(cardsim: Runner, card: Path, language: str) -> None:
    lines = cardsim("--lang", language, "show", card).out.splitlines()
    word = "read:" if language == "en" else "读:"
    columns = {width(line.partition(word)[0]) for line in lines if line.startswith("    EF")}
    assert len(columns) == 1
    lines = cardsim("--lang", language, "read", "--card", card).out.splitlines()
    values = {"639900199003070019", "测试用户", "T0000001X", "20240101"}
    starts = {
        width(line.removesuffix(line.split()[-1])) for line in lines if line.split() and line.split()[-1] in values
    }
    assert len(starts) == 1


@given(
    st.text(st.characters(codec="gbk", exclude_categories=["Cc", "Zs"]) | st.just(" "), max_size=80), st.integers(8, 40)
)
def test_wrapping_loses_nothing(text: str, columns: int) -> None:
    lines = wrap(text, columns)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_wrapping_breaks_between_words_and_between_characters() -> None:
    assert wrap("vpcd 监听地址(默认 127.0.0.1:35963),或 fd:N 表示继承的套接字", 30) == [
        "vpcd 监听地址(默认",
        "127.0.0.1:35963),或 fd:N 表示",
        "继承的套接字",
    ]
    assert wrap("甲乙丙。丁", 6) == ["甲乙", "丙。丁"]
    assert wrap("a long line of words", 9) == ["a long", "line of", "words"]
    assert wrap("", 9) == [""]


# --- streams ---


def test_what_an_encoding_lacks_is_escaped(monkeypatch: pytest.MonkeyPatch, card: Path) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict")
    monkeypatch.setattr(sys, "stdout", out)
    assert main(["--lang", "zh", "read", "--card", str(card)]) == 0
    out.seek(0)
    assert "\\u6d4b\\u8bd5\\u7528\\u6237" in out.read()


@pytest.mark.parametrize("encoding", ["ascii", "gbk", "latin-1", "utf-8"])
def test_json_is_json_in_every_encoding(encoding: str) -> None:
    plain = {"name": "买买提·吐尔逊 €𠮷"}
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict", newline="")
    Console(Language.ZH, tolerant(out), io.StringIO()).json(plain)
    out.seek(0)
    text = out.read()
    assert text == (
        '{\n  "name": "买买提·吐尔逊 €𠮷"\n}\n'
        if encoding == "utf-8"
        else '{\n  "name": "\\u4e70\\u4e70\\u63d0\\u00b7\\u5410\\u5c14\\u900a \\u20ac\\ud842\\udfb7"\n}\n'
    )


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_closed_stream_is_no_failure(monkeypatch: pytest.MonkeyPatch, card: Path, name: str) -> None:
    monkeypatch.setattr(sys, name, None)
    assert main(["show", str(card)]) == 0
    assert main(["show", "no such card"]) == 2


def test_a_console_picks_and_separates() -> None:
    out, err = io.StringIO(), io.StringIO()
    console = Console(Language.ZH, out, err)
    console.say("en", "中")
    console.note("note", "注")
    console.error(Text("error", "错"))
    assert out.getvalue() == "中\n"
    assert err.getvalue() == "注\ncardsim:错\n"

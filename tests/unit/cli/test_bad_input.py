"""What is wrong with the command line or a file: one clear message, status 2; 1 where the way is blocked."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from apdu import Language
from readers.errors import NoServiceError
from tests.unit.cli.running import SELECT_SSSE, Runner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE_COMMANDS = [
    ("show",),
    ("read", "--card"),
    ("read", "--auth", "hsm", "--pin", "1234", "--card"),
    ("apdu", "00A40000023F00", "--card"),
    ("write", "EF06/0A=2", "--card"),
    ("pin", "verify", "--pin", "1234", "--card"),
    ("identify", "--card"),
    ("pki", "verify-pin", "user", "--pin", "1234", "--card"),
    ("serve",),
]


# --- the command line ---


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "the following arguments are required: COMMAND"),
        (("new",), "the following arguments are required: --chip, --out"),
        (("new", "--chip", "gen4", "--out", "x"), "argument --chip: invalid choice: 'gen4'"),
        (("new", "--chip", "gen2", "--out"), "argument --out: expected one argument"),
        (("new", "--chip", "gen2", "--out", "x", "--layout", "4.00"), "argument --layout: invalid choice: '4.00'"),
        (("shwo", "x"), "invalid choice: 'shwo'"),
        (("show",), "the following arguments are required: FILE"),
        (("show", "x", "y"), "arguments too many: 1\n"),
        (("read", "--reader", "1", "--card", "x"), "not allowed with argument --reader"),
        (("read", "--jso"), "unrecognized arguments: --jso"),
        (("read", "--json=1"), "ignored explicit argument '1'"),
        (("apdu",), "the following arguments are required: APDU"),
        (("--lang", "fr", "readers"), "argument --lang: invalid choice: 'fr'"),
    ],
)
def test_a_wrong_command_line(cardsim: Runner, words: tuple[str, ...], message: str) -> None:
    text = cardsim.refused(*words)
    assert message in text
    assert "try `cardsim" in text
    assert "--help`" in text


@pytest.mark.parametrize(
    ("words", "help_of"),
    [
        (("pin", "verify", "--user-pin", "135790"), "pin"),
        (("pin", "verify", "--user-pin=135790"), "pin"),
        (("pin", "verify", "-p135790"), "pin"),
        (("pin", "verify", "--npin135790"), "pin"),
        (("pin", "verify", "135790"), "pin"),
        (("pki", "verify-pin", "user", "--userpin", "135790"), "pki verify-pin"),
        (("pki", "--user-pin", "verify-pin"), "pki verify-pin"),
        (("pki", "--user-pin", "135790", "verify-pin"), "pki"),
        (("read", "--json=135790"), "read"),
        (("--user-pin=135790", "readers"), ""),
    ],
)
def test_a_value_of_an_option_that_is_unknown_is_not_shown(
    cardsim: Runner, words: tuple[str, ...], help_of: str
) -> None:
    for language in ("en", "zh"):
        said = cardsim.refused(*words, "--lang", language)
        assert "135790" not in said
        assert f"`{f'cardsim {help_of}'.rstrip()} --help`" in said


# --- card files ---


@pytest.mark.parametrize("words", FILE_COMMANDS)
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not a card file; `cardsim new --out FILE` makes one"),
        (b"%PDF-1.7 something else", "is not a card file"),
        (b"CARDSIM", "is not a card file"),
        (b"CARDSIM\x00" + bytes(40), None),
    ],
)
def test_not_a_card_file(
    cardsim: Runner, tmp_path: Path, words: tuple[str, ...], content: bytes, message: str | None
) -> None:
    path = tmp_path / "x.card"
    path.write_bytes(content)
    text = cardsim.refused(*words, path)
    assert str(path) in text
    assert message is None or message in text
    assert path.read_bytes() == content


@pytest.mark.parametrize("words", FILE_COMMANDS)
def test_a_newer_format(cardsim: Runner, card: Path, words: tuple[str, ...]) -> None:
    raw = bytearray(card.read_bytes())
    raw[8:10] = (999).to_bytes(2, "big")
    raw[-4:] = struct.pack(">I", zlib.crc32(raw[:-4]))
    card.write_bytes(raw)
    assert "has card file format 999" in cardsim.refused(*words, card)
    assert card.read_bytes() == raw


@pytest.mark.parametrize("words", FILE_COMMANDS)
def test_a_damaged_file(cardsim: Runner, card: Path, words: tuple[str, ...]) -> None:
    raw = bytearray(card.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    card.write_bytes(raw)
    assert "damaged" in cardsim.refused(*words, card)
    assert card.read_bytes() == raw


@pytest.mark.parametrize("words", FILE_COMMANDS)
@pytest.mark.parametrize(("language", "message"), [("en", "no such file or directory"), ("zh", "文件或目录不存在")])
def test_a_missing_file(cardsim: Runner, tmp_path: Path, words: tuple[str, ...], language: str, message: str) -> None:
    text = cardsim.refused("--lang", language, *words, tmp_path / "missing.card")
    assert "missing.card" in text
    assert message in text
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", FILE_COMMANDS)
def test_a_directory_is_no_card_file(cardsim: Runner, tmp_path: Path, words: tuple[str, ...]) -> None:
    ran = cardsim(*words, tmp_path)
    assert ran.status in (1, 2)
    assert str(tmp_path) in ran.err


@pytest.mark.parametrize("words", FILE_COMMANDS[1:])
def test_a_card_in_another_reader(cardsim: Runner, card: Path, words: tuple[str, ...]) -> None:
    descriptor = os.open(card, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert "in use by another process" in cardsim.refused(*words, card, status=1)
    finally:
        os.close(descriptor)


# --- holders and settings ---


def new(cardsim: Runner, path: Path, *words: str | Path) -> str:
    message = cardsim.refused("new", "--chip", "gen2", "--out", path, *words)
    assert not path.exists()
    return message


@pytest.mark.parametrize(
    ("holder", "layout", "message"),
    [
        ({"social_security_number": "639900199003070018"}, "2.00", "social_security_number: the check character is 8"),
        ({"card_number": "T00000010"}, "2.00", "card_number: "),
        ({"bank_account": "6200000000000000001"}, "2.00", "bank_account: "),
        ({"name": "测" * 16}, "1.00", "name: 32 bytes in GBK; layout 1.00 holds 30"),
        ({"name": "测" * 26}, "2.00", "name: 52 bytes in GBK; layout 2.00 holds 30 and 20"),
        ({"name": "㼆"}, "2.00", "name: '㼆' (U+3F06)"),
        ({"nmae": "张三"}, "2.00", "unknown key 'nmae'; did you mean 'name'?"),
        ({"photo": "missing.jpg"}, "2.00", "photo: "),
        ({"photo": "."}, "2.00", "photo: "),
        ({"photo": "a\x00b"}, "2.00", "is no file name"),
        ({"photo": "\ud800"}, "2.00", "is no file name"),
        ({"elements": {"EF09": {"01": "x"}}}, "2.00", "SSSE/EF09"),
        ([], "2.00", "must be a JSON object"),
    ],
)
def test_a_holder_no_card_can_be_made_of(
    cardsim: Runner, tmp_path: Path, holder: object, layout: str, message: str
) -> None:
    path = tmp_path / "holder.json"
    path.write_text(json.dumps(holder), encoding="utf-8")
    assert message in new(cardsim, tmp_path / "a.card", "--holder", path, "--layout", layout)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not JSON: Expecting value: line 1 column 1"),
        (b'{"name": "x",}', "is not JSON"),
        (b"{'name': 'x'}", "is not JSON"),
        (b'{"name": "a", "name": "b"}', "is not JSON: key 'name' comes twice"),
        ('{"name": "张三"}'.encode("gbk"), "is not text in UTF-8 (byte 10); save it as UTF-8"),
        ('{"name": "张三"}'.encode("utf-16"), "is not text in UTF-8"),
        (b"[" * 200_000, "is not JSON"),
    ],
)
def test_a_holder_file_that_is_no_json(cardsim: Runner, tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "holder.json"
    path.write_bytes(content)
    text = new(cardsim, tmp_path / "a.card", "--holder", path)
    assert str(path) in text
    assert message in text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"pin_limit = ", "is not TOML"),
        (b"pin_limit 3", "is not TOML"),
        (b"pin_limit = 3\npin_limit = 4", "is not TOML"),
        ("# 设置".encode("gbk"), "is not text in UTF-8"),
        (b"pin_limits = 3", "there is no setting 'pin_limits'; did you mean 'pin_limit'?"),
        (b"pin_limit = 16", "setting 'pin_limit' is 16; it must be a number from 1 to 15"),
        (b"key_versions = [7]", "setting 'key_versions' is 7; it must be a number from 0 to 3"),
        (b"[pin_limit]\nx = 1", "setting 'pin_limit'"),
        (b"hrss_fid = 0x3F00", "setting 'hrss_fid'"),
        (b"dir_sfi = 5", "setting 'dir_sfi'"),
        (b"memory_size = 2048", "the chip has 2048"),
        (b"chip = 2024-01-01", "setting 'chip'"),
        (b"x = " + b"[" * 100_000, "is not TOML"),
    ],
)
def test_wrong_settings(cardsim: Runner, tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "p.toml"
    path.write_bytes(content)
    assert message in new(cardsim, tmp_path / "a.card", "--chip-profile", path)


@pytest.mark.parametrize("option", ["--holder", "--chip-profile"])
def test_input_files_that_are_not_there(cardsim: Runner, tmp_path: Path, option: str) -> None:
    out, missing = tmp_path / "a.card", tmp_path / "missing"
    assert new(cardsim, out, option, missing) == f"cardsim: {missing}: No such file or directory\n"
    assert new(cardsim, out, option, missing, "--lang=zh") == f"cardsim:{missing}:文件或目录不存在\n"
    assert new(cardsim, out, option, tmp_path) == f"cardsim: {tmp_path}: Is a directory\n"
    assert new(cardsim, out, option, tmp_path, "--lang=zh") == f"cardsim:{tmp_path}:是目录\n"


@pytest.mark.parametrize("out", ["", ".", "/"])
def test_an_output_that_names_no_file(cardsim: Runner, out: str) -> None:
    assert f"--out {out!r} names no file" in cardsim.refused("new", "--chip", "gen2", "--out", out)


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_an_output_that_can_not_be_written(cardsim: Runner, tmp_path: Path, force: tuple[str, ...]) -> None:
    ran = cardsim("new", "--chip", "gen2", "--out", tmp_path / "nowhere" / "a.card", *force)
    assert ran.status in (1, 2)
    assert "no such file or directory" in ran.err
    ran = cardsim("new", "--chip", "gen2", "--out", tmp_path, *force)
    assert ran.status in (1, 2)
    assert str(tmp_path) in ran.err


def test_a_card_twice(cardsim: Runner, card: Path) -> None:
    said = cardsim.refused("serve", card, card, "--pcsc")
    assert said == f"cardsim: {card} is named twice; a card is in one reader at a time\n"
    assert "重复给出" in cardsim.refused("--lang", "zh", "run", "--card", card, "--card", card, "--", "true")


# --- commands and traces ---


@pytest.mark.parametrize("text", ["xx", "123", "002000000312345", "0020000003 12345g", "", " "])
@pytest.mark.parametrize(("language", "message"), [("en", "command 2 is "), ("zh", "第 2 条命令")])
def test_commands_that_are_no_bytes(cardsim: Runner, card: Path, text: str, language: str, message: str) -> None:
    said = cardsim.refused("--lang", language, "apdu", "--card", card, SELECT_SSSE, text)
    assert message in said
    assert "1234" not in said


@pytest.mark.parametrize("command", FILE_COMMANDS[1:])
def test_a_trace_is_not_written_over_a_card(cardsim: Runner, card: Path, command: tuple[str, ...]) -> None:
    before = card.read_bytes()
    assert "is no trace, and writing one would destroy it" in cardsim.refused(*command, card, "--trace", card)
    assert card.read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [b'{\n "format": "cardsim keystore"\n}\n', b"-----BEGIN", b"\xff", b"# a\nb = 1\n", b"# notes\n# of mine\n"],
)
def test_a_trace_replaces_nothing_but_a_trace(cardsim: Runner, card: Path, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "precious"
    path.write_bytes(content)
    words = ("pin", "verify", "--pin", "123456", "--card", card, "--trace", path)
    assert "is no trace" in cardsim.refused(*words)
    assert "不是跟踪文件" in cardsim.refused(*words, "--lang", "zh")
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "words",
    [
        ("read", "--card", "nosuch.card"),
        ("serve", "nosuch.card"),
        ("perso", "run", "--profile", "gen2", "--holder", "nosuch.json", "--card"),
    ],
)
def test_a_trace_stays_until_there_is_something_to_record(
    cardsim: Runner, card: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    path = tmp_path / "old.tr"
    assert cardsim("read", "--card", card, "--trace", path).status == 0
    before = path.read_bytes()
    cardsim.refused(*words, *((card,) if words[-1] == "--card" else ()), "--trace", path)
    assert path.read_bytes() == before
    assert cardsim("apdu", "--card", card, SELECT_SSSE, "--trace", path).status == 0
    assert path.read_bytes().count(b"\n>") < before.count(b"\n>")


def test_a_trace_that_can_not_be_written(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    text = cardsim.refused("read", "--card", card, "--trace", tmp_path / "nowhere" / "t")
    assert "can not write" in text


# --- readers ---


@pytest.mark.parametrize(
    "words",
    [
        ("readers",),
        ("read",),
        ("read", "--reader", "1"),
        ("apdu", "00A40000023F00"),
        ("write", "EF06/0A=2"),
        ("pin", "unblock"),
    ],
)
@pytest.mark.parametrize("language", Language)
@pytest.mark.pcsc
def test_no_pcscd(tmp_path: Path, words: tuple[str, ...], language: Language) -> None:
    """In a process of its own: the client library remembers for good where it looked first."""
    done = subprocess.run(
        [sys.executable, "-m", "cardsim", "--lang", language.value, *words],
        env={**os.environ, "PCSCLITE_CSOCK_NAME": str(tmp_path / "nowhere"), "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "pcscd" in done.stderr
    assert ("no PC/SC service answers" if language is Language.EN else "没有可用的 PC/SC 服务") in done.stderr


@pytest.mark.parametrize("name", ["²", "１", "lab", "-1"])
def test_a_reader_name_of_strange_digits_is_a_name(cardsim: Runner, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    asked: list[Any] = []

    def connect(reader: str | int | None) -> None:
        asked.append(reader)
        raise NoServiceError("none", "无")

    monkeypatch.setattr("readers.connect.pcsc.connect", connect)
    cardsim.refused("read", f"--reader={name}", status=1)
    cardsim.refused("read", "--reader", "2", status=1)
    assert asked == [name, 2]


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("x", "--vpcd takes HOST:PORT or fd:N, not 'x'"),
        ("", "--vpcd takes"),
        (":35963", "--vpcd takes"),
        ("localhost:", "--vpcd takes"),
        ("localhost:x", "--vpcd takes"),
        ("localhost:²", "--vpcd takes"),
        ("localhost:-1", "--vpcd takes"),
        ("localhost:99999999999999999999", "--vpcd takes"),
        ("localhost:0", "a port is 1 to 65535"),
        ("localhost:65536", "a port is 1 to 65535"),
        ("fd:", "--vpcd takes"),
        ("fd:99999999999999999999", "--vpcd takes"),
        ("fd:999999999", "Bad file descriptor"),
        ("a..b:35963", "'a..b' is no host name"),
    ],
)
def test_wrong_places_of_vpcd(cardsim: Runner, card: Path, where: str, message: str) -> None:
    assert message in cardsim.refused("serve", card, "--vpcd", where)


def test_a_descriptor_that_is_no_socket(cardsim: Runner, card: Path) -> None:
    with card.open("rb") as file:
        assert "non-socket" in cardsim.refused("serve", card, "--vpcd", f"fd:{file.fileno()}")


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Return a port that nobody listens on, and nobody else gets meanwhile."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


@pytest.mark.parametrize(("language", "message"), [("en", "nobody listens at"), ("zh", "无人监听")])
def test_no_vpcd(cardsim: Runner, card: Path, closed_port: int, language: str, message: str) -> None:
    text = cardsim.refused("--lang", language, "serve", card, "--vpcd", f"127.0.0.1:{closed_port}", status=1)
    assert message in text
    assert "vsmartcard-vpcd" in text


def test_a_full_disk_behind_the_output(cardsim: Runner, card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("cardsim.cli.console.Console.flush", full)
    ran = cardsim("show", card)
    assert ran.status == 1
    assert ran.err == "cardsim: can not write the output: No space left on device\n"

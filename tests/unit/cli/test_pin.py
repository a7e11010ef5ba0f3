from __future__ import annotations

import io
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.unit.cli.contents import commands, key_tries, make_card_of_another
from tests.unit.cli.running import clean_environment, tries

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.cli.running import Runner

    Words = tuple[str | Path, ...]

PIN, NEW = "123456", "86428642"
BLOCKED = "the PIN is blocked; `cardsim pin unblock` or `reload` opens it with the card's keys\n"


def pin(cardsim: Runner, card: Path, *words: str) -> str:
    """Do something that works, and return what is said."""
    ran = cardsim("pin", *words, "--card", card)
    assert (ran.status, ran.err) == (0, ""), ran
    return ran.out


def right(cardsim: Runner, card: Path, number: str) -> bool:
    """Return whether ``number`` is the PIN; a wrong one costs a try."""
    return cardsim("pin", "verify", "--card", card, "--pin", number).status == 0


def block(cardsim: Runner, card: Path) -> None:
    for _ in range(6):
        assert not right(cardsim, card, "0000")
    assert tries(cardsim, card) == "0 of 6"


# --- what works ---


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["the PIN is right\n", "the PIN is changed\n", "the PIN has all its tries again\n"]),
        ("zh", ["PIN 正确\n", "PIN 已修改\n", "PIN 的尝试次数已恢复\n"]),
    ],
)
def test_verify_change_unblock(cardsim: Runner, card: Path, language: str, said: list[str]) -> None:
    words = [("verify", "--pin", PIN), ("change", "--pin", PIN, "--new", NEW), ("unblock", "--auth", "hsm")]
    assert [pin(cardsim, card, "--lang", language, *item) for item in words] == said
    assert right(cardsim, card, NEW)
    assert not right(cardsim, card, PIN)


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "the PIN is the new one and has all its tries\n"), ("zh", "PIN 已重装,尝试次数已恢复\n")],
)
def test_reload(cardsim: Runner, card: Path, language: str, said: str) -> None:
    assert pin(cardsim, card, "--lang", language, "reload", "--auth", "hsm", "--new", "4321") == said
    assert right(cardsim, card, "4321")


@pytest.mark.parametrize("number", ["0000", "12345", "123456", "1234567", "123456789012"])
def test_every_length(cardsim: Runner, card: Path, number: str) -> None:
    pin(cardsim, card, "change", "--pin", PIN, "--new", number)
    assert right(cardsim, card, number)
    pin(cardsim, card, "change", "--pin", number, "--new", NEW)
    pin(cardsim, card, "reload", "--new", number)
    assert right(cardsim, card, number)


# --- what the card refuses ---


@pytest.mark.parametrize("action", [("verify",), ("change", "--new", NEW)])
@pytest.mark.parametrize(
    ("language", "message"),
    [
        ("en", "cardsim: the card refuses: 63C5 (verification failed, 5 tries left)\n"),
        ("zh", "cardsim:卡拒绝:63C5(验证失败,剩余 5 次)\n"),
    ],
)
def test_a_wrong_pin_costs_one_try(
    cardsim: Runner, card: Path, action: tuple[str, ...], language: str, message: str
) -> None:
    words: Words = ("pin", *action, "--lang", language, "--card", card, "--pin", "000000")
    assert cardsim.refused(*words, status=1) == message
    assert tries(cardsim, card) == "5 of 6"
    assert right(cardsim, card, PIN)
    assert tries(cardsim, card) == "6 of 6"


@pytest.mark.parametrize("action", [("verify",), ("change", "--new", NEW)])
def test_a_blocked_pin_and_the_way_out(cardsim: Runner, card: Path, action: tuple[str, ...]) -> None:
    words: Words = ("pin", *action, "--card", card, "--pin", "000000")
    said = [cardsim.refused(*words, status=1) for _ in range(7)]
    assert said[4] == "cardsim: the card refuses: 63C1 (verification failed, 1 try left)\n"
    assert said[5] == f"cardsim: the card refuses: 63C0 (verification failed, 0 tries left)\n{BLOCKED}"
    assert said[6] == f"cardsim: the card refuses: 6983 (PIN or key is blocked)\n{BLOCKED}"
    chinese = cardsim.refused("--lang", "zh", *words, status=1)
    assert chinese.splitlines()[1] == "PIN 已锁定;可用密钥执行 `cardsim pin unblock` 或 `reload` 解锁"
    assert not right(cardsim, card, PIN)


def test_unblock_leaves_the_pin_as_it_was(cardsim: Runner, card: Path) -> None:
    block(cardsim, card)
    pin(cardsim, card, "unblock")
    assert tries(cardsim, card) == "6 of 6"
    assert right(cardsim, card, PIN)


def test_reload_sets_another(cardsim: Runner, card: Path) -> None:
    block(cardsim, card)
    pin(cardsim, card, "reload", "--new", NEW)
    assert tries(cardsim, card) == "6 of 6"
    assert right(cardsim, card, NEW)
    assert not right(cardsim, card, PIN)


@pytest.mark.parametrize("action", [("unblock",), ("reload", "--new", NEW)])
def test_a_card_with_other_keys_loses_no_try(cardsim: Runner, tmp_path: Path, action: tuple[str, ...]) -> None:
    card = make_card_of_another(tmp_path / "other.card")
    before = card.read_bytes()
    said = cardsim.refused("pin", *action, "--card", card, status=1)
    assert "the card has other keys than the TEST keys (INTERNAL AUTHENTICATE)" in said
    assert said.endswith("; none was tried on it\n")
    assert card.read_bytes() == before


def test_another_unblocking_key_costs_one_try_a_run(cardsim: Runner, tmp_path: Path) -> None:
    card = make_card_of_another(tmp_path / "other.card", "HRSS/SSSE/PUK")
    said = [cardsim.refused("pin", "reload", "--new", NEW, "--card", card, status=1) for _ in range(3)]
    assert said[0] == "cardsim: the card does not accept key PUK: 63C2 (verification failed, 2 tries left)\n"
    assert said[1].endswith("1 try left); one more refusal blocks it, so do not just repeat this\n")
    assert said[2].endswith("0 tries left); it is blocked now\n")
    assert right(cardsim, card, PIN)


@pytest.mark.parametrize("action", [("unblock",), ("reload", "--new", NEW)])
def test_line_macs_of_another_form(cardsim: Runner, tmp_path: Path, action: tuple[str, ...]) -> None:
    (tmp_path / "p.toml").write_text('line_mac = "challenge-iv"\n')
    card = tmp_path / "own.card"
    words = ("new", "--chip", "gen2", "--chip-profile", tmp_path / "p.toml", "--out", card)
    assert cardsim(*words).status == 0
    said = cardsim.refused("pin", *action, "--card", card, status=1)
    assert said == "cardsim: the card does not unblock the PIN: 6988 (secure-messaging object (MAC) wrong)\n"
    assert key_tries(cardsim, card)["STK"] == "2 of 3"
    pin(cardsim, card, *action, "--line-mac", "challenge-iv")
    assert key_tries(cardsim, card)["STK"] == "3 of 3"


# --- what is wrong with the command line ---


@pytest.mark.parametrize("number", ["123", "1234567890123", "12345a", "１２３４", "-123", "12 34"])
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("verify", "--pin={}"), "cardsim: PIN: a PIN is 4 to 12 digits\n"),
        (("change", "--pin={}", "--new=1234"), "cardsim: PIN: a PIN is 4 to 12 digits\n"),
        (("change", "--pin=123456", "--new={}"), "cardsim: new PIN: a PIN is 4 to 12 digits\n"),
        (("reload", "--new={}", "--lang=zh"), "cardsim:新 PIN:PIN 为 4 至 12 位数字\n"),
    ],
)
def test_a_pin_that_is_none(cardsim: Runner, card: Path, number: str, words: tuple[str, ...], message: str) -> None:
    before = card.read_bytes()
    assert cardsim.refused("pin", *(word.format(number) for word in words), "--card", card) == message
    assert card.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "the following arguments are required: ACTION"),
        (("check",), "argument ACTION: invalid choice: 'check'"),
        (("verify", "--pin", PIN, "--new", NEW), "pin verify has no use for --new"),
        (("verify", "--pin", PIN, "--auth", "hsm"), "pin verify has no use for --auth"),
        (("change", "--line-mac", "session"), "pin change has no use for --line-mac"),
        (("unblock", "--pin", PIN), "pin unblock has no use for --pin"),
        (("unblock", "--new", NEW, "--lang", "zh"), "pin unblock 不使用 --new"),
        (("reload", "--pin", PIN, "--new", NEW), "pin reload has no use for --pin"),
    ],
)
def test_options_that_an_action_has_no_use_for(
    cardsim: Runner, card: Path, words: tuple[str, ...], message: str
) -> None:
    before = card.read_bytes()
    assert message in cardsim.refused("pin", *words, "--card", card)
    assert card.read_bytes() == before


# --- PINs that are asked for ---


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("123456\n", ("verify",)),
        ("123456", ("verify",)),
        ("123456\r\n", ("verify", "--pin", "")),
        ("123456\n8642\n", ("change",)),
        ("8642\n", ("change", "--pin", PIN)),
        ("123456\n", ("change", "--new", "8642")),
        ("8642\n", ("reload",)),
    ],
)
def test_pins_come_from_standard_input(
    cardsim: Runner, card: Path, monkeypatch: pytest.MonkeyPatch, lines: str, words: tuple[str, ...]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    pin(cardsim, card, *words)
    assert right(cardsim, card, PIN if "verify" in words else "8642")


@pytest.mark.parametrize(
    ("stdin", "message"),
    [
        (lambda: io.StringIO(""), "PIN: a PIN is 4 to 12 digits\n"),
        (lambda: io.StringIO("\n123456\n"), "PIN: a PIN is 4 to 12 digits\n"),
        (lambda: io.TextIOWrapper(io.BytesIO(b"\xff\xfe12\n"), encoding="utf-8"), "PIN: a PIN is 4 to 12 digits\n"),
        (lambda: None, "PIN: not given, and standard input is closed\n"),
    ],
)
def test_a_standard_input_without_a_pin(
    cardsim: Runner, card: Path, monkeypatch: pytest.MonkeyPatch, stdin: Callable[[], object], message: str
) -> None:
    monkeypatch.setattr("sys.stdin", stdin())
    assert cardsim.refused("pin", "verify", "--card", card).endswith(message)


class Terminal(io.StringIO):
    """Somebody at the keyboard, who types these lines."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *typed: str) -> None:
        super().__init__()
        self.asked: list[str] = []
        self._typed = list(typed)
        monkeypatch.setattr("sys.stdin", self)
        monkeypatch.setattr("getpass.getpass", self._answer)

    def isatty(self) -> bool:
        return True

    def _answer(self, prompt: str) -> str:
        self.asked.append(prompt)
        if not self._typed:
            raise EOFError
        return self._typed.pop(0)


def test_a_person_types_a_new_pin_twice(cardsim: Runner, card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(monkeypatch, PIN, NEW, NEW)
    pin(cardsim, card, "change")
    assert terminal.asked == ["PIN: ", "new PIN: ", "new PIN, again: "]
    assert right(cardsim, card, NEW)
    terminal = Terminal(monkeypatch, PIN, PIN)
    pin(cardsim, card, "reload", "--lang", "zh")
    assert terminal.asked == ["新 PIN: ", "新 PIN(再次输入): "]


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ((PIN, NEW, "86428643"), "cardsim: new PIN: the two are not the same\n"),
        ((PIN, NEW), "cardsim: new PIN: not given\n"),
        ((), "cardsim: PIN: not given\n"),
    ],
)
def test_a_person_who_mistypes_or_gives_up(
    cardsim: Runner, card: Path, monkeypatch: pytest.MonkeyPatch, typed: tuple[str, ...], message: str
) -> None:
    before = card.read_bytes()
    Terminal(monkeypatch, *typed)
    assert cardsim.refused("pin", "change", "--card", card) == message
    assert card.read_bytes() == before


def test_what_is_typed_does_not_appear(card: Path) -> None:
    """In a process with a terminal of its own: the prompt comes, then the PIN, and the screen shows the first alone."""
    program = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
    words = [sys.executable, "-m", "cardsim", "pin", "verify", "--card", str(card)]
    with subprocess.Popen(
        [sys.executable, "-c", program, *words],
        env=clean_environment(LANG="C.UTF-8"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdin
        assert process.stdout
        screen = b""
        while not screen.endswith(b"PIN: "):
            piece = os.read(process.stdout.fileno(), 1024)
            assert piece, screen
            screen += piece
        process.stdin.write(f"{PIN}\n".encode())
        process.stdin.flush()
        while piece := os.read(process.stdout.fileno(), 1024):
            screen += piece
    assert process.returncode == 0, screen
    assert screen.split() == [b"PIN:", *b"the PIN is right".split()]


# --- secrets ---


def test_no_pin_is_shown_or_traced(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    """Long ones: among random challenges a short one could come up by chance."""
    trace = tmp_path / "t.trace"
    old, new, wrong = "135792468097", "864208642086", "975310975310"
    pin(cardsim, card, "reload", "--new", old)
    for words in (
        ("pin", "verify", "--pin", wrong),
        ("pin", "change", "--pin", wrong, "--new", new),
        ("pin", "verify", "--pin", old),
        ("pin", "change", "--pin", old, "--new", new),
        ("pin", "unblock"),
        ("pin", "reload", "--new", old),
        ("read", "--pin", old, "--auth", "hsm"),
        ("read", "--pin", wrong),
    ):
        ran = cardsim(*words, "--card", card, "--trace", trace)
        text = trace.read_text(encoding="utf-8")
        assert commands(trace)
        for secret in (old, new, wrong):
            assert secret not in text + ran.out + ran.err, words


def test_a_trace_shows_pins_when_told(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    trace = tmp_path / "t.trace"
    words = ("pin", "change", "--pin", PIN, "--new", NEW, "--card", card, "--trace", trace, "--trace-secrets")
    ran = cardsim(*words)
    assert ran.status == 0
    assert ran.err == f"warning: PINs and keys appear in clear on the screen and in {trace}\n"
    assert f"805E010008{PIN}FF{NEW}" in commands(trace)

"""What only a process of its own can show: streams, pipes, signals, and what is imported."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.unit.cli.running import SELECT_SSSE, Runner, clean_environment, process, tries
from tests.unit.readers.frames import frame, read_frame

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEAVY = {"construct", "cryptography", "smartcard", "hypothesis", "json", "cardsim.chip", "cardsim.store"}
Served = tuple[socket.socket, subprocess.Popen[bytes]]
"""Vpcd's end of a connection to a card that is served, and the process that serves it."""


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from cardsim.cli import main\n"
        "status = main(['--help']) or main(['new', '--help']) or main(['shwo'])\n"
        "print(status, *sorted(sys.modules), file=sys.stderr)\n"
    )
    words = [sys.executable, "-c", program]
    done = subprocess.run(words, env=clean_environment(), capture_output=True, text=True, check=True)
    status, *modules = done.stderr.splitlines()[-1].split()
    assert status == "2"
    assert HEAVY.isdisjoint(modules)


def test_help_starts_fast() -> None:
    """In processor time, and beside the interpreter alone, so that a slow or busy machine does not matter."""

    def seconds(*words: str) -> float:
        before = os.times()
        for _ in range(3):
            subprocess.run([sys.executable, *words], env=clean_environment(), stdout=subprocess.DEVNULL, check=True)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    assert seconds("-m", "cardsim", "--help") < 4 * seconds("-c", "import argparse, dataclasses, enum, json, re")


# --- streams ---


@pytest.mark.parametrize(
    "environment",
    [
        {"LANG": "C"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LANG": "C", "PYTHONIOENCODING": "ascii:strict"},
        {"LANG": "zh_CN.GBK", "PYTHONIOENCODING": "gbk"},
    ],
)
def test_no_encoding_stops_the_command(card: Path, environment: dict[str, str]) -> None:
    read = process("--lang", "zh", "read", "--card", card, **environment)
    assert (read.returncode, read.stderr) == (0, b"")
    values = process("read", "--card", card, "--json", **environment)
    encoding = environment.get("PYTHONIOENCODING", "utf-8").partition(":")[0]
    files = json.loads(values.stdout.decode(encoding))["files"]
    assert any(item["value"] == "测试用户" for file in files for item in file.get("elements", ()))


def test_no_encoding_stops_an_error() -> None:
    wrong = process("--lang", "zh", "show", "不存在.card", LANG="C", PYTHONIOENCODING="ascii:strict")
    assert wrong.returncode == 2
    assert b"\\u4e0d\\u5b58\\u5728.card" in wrong.stderr
    assert b"Traceback" not in wrong.stderr


def test_the_locale_chooses_chinese(card: Path) -> None:
    done = process("show", card, LANG="zh_CN.UTF-8", PYTHONUTF8="1")
    assert "卡面信息" in done.stdout.decode()


def test_a_file_name_in_no_encoding_is_shown_escaped(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff\xfe.card"
    words: list[str | bytes] = [sys.executable, "-m", "cardsim", "new", "--chip", "gen2", "--out", name]
    done = subprocess.run(words, env=clean_environment(LANG="C.UTF-8"), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\\udcff\\udcfe.card" in done.stdout


@pytest.mark.parametrize("words", [("show", "CARD"), ("profile",), ("--help",)])
def test_a_reader_that_goes_away_ends_the_command_quietly(card: Path, words: tuple[str, ...]) -> None:
    """As in `cardsim show alice.card | head -1`."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "cardsim", *(str(card) if word == "CARD" else word for word in words)]
    done = subprocess.run(
        command, env=clean_environment(), stdout=writing, stderr=subprocess.PIPE, timeout=60, check=False
    )
    os.close(writing)
    assert done.stderr == b""
    assert done.returncode == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")  # noqa: PTH110  a device
def test_a_full_disk_is_told(card: Path) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123  a device
        done = subprocess.run(
            [sys.executable, "-m", "cardsim", "show", str(card)],
            env=clean_environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == b"cardsim: can not write the output: No space left on device\n"


def test_closed_streams_are_no_failure(card: Path) -> None:
    shell = f'exec "{sys.executable}" -m cardsim show "{card}" >&- 2>&-'
    assert subprocess.run(["sh", "-c", shell], env=clean_environment(), timeout=60, check=False).returncode == 0


# --- serve ---


@pytest.fixture
def served(card: Path, tmp_path: Path) -> Iterator[Served]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(30)
        words = ["serve", str(card), "--vpcd", f"fd:{theirs.fileno()}", "--trace", str(tmp_path / "serve.trace")]
        with subprocess.Popen(
            [sys.executable, "-m", "cardsim", *words],
            env=clean_environment(),
            pass_fds=[theirs.fileno()],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as serving:
            theirs.close()
            try:
                yield ours, serving
            finally:
                serving.kill()


def ask(vpcd: socket.socket, command: str) -> str:
    vpcd.sendall(frame(bytes.fromhex(command)))
    return read_frame(vpcd).hex().upper()


def insert(vpcd: socket.socket) -> None:
    """Power the card as vpcd does: control 01, then 04 asks for the ATR."""
    vpcd.sendall(frame(b"\x01"))
    assert ask(vpcd, "04") == "3B6D00000081544C92868463999F8FF5CD"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_until_a_signal_takes_the_card_out(
    served: Served, cardsim: Runner, card: Path, tmp_path: Path, number: int
) -> None:
    vpcd, serving = served
    insert(vpcd)
    assert ask(vpcd, SELECT_SSSE) == "6118"
    assert ask(vpcd, "0020000003999999") == "63C5"
    assert "in use by another process" in cardsim.refused("read", "--card", card, status=1)
    assert tries(cardsim, card) == "5 of 6"
    serving.send_signal(number)
    out, err = serving.communicate(timeout=30)
    assert (serving.returncode, err) == (0, b"")
    assert out.decode().splitlines()[-1] == f"{card} is out of the reader"
    trace = (tmp_path / "serve.trace").read_text(encoding="utf-8")
    assert "> 0020000003******\n< 63C5\n" in trace
    assert "999999" not in trace
    assert cardsim("read", "--card", card).status == 0


def test_serve_ends_when_vpcd_goes(served: Served, cardsim: Runner, card: Path) -> None:
    vpcd, serving = served
    insert(vpcd)
    vpcd.close()
    _, err = serving.communicate(timeout=30)
    assert (serving.returncode, err) == (0, b"")
    assert cardsim("read", "--card", card).status == 0


def test_serve_ends_at_a_frame_that_is_cut_off(served: Served) -> None:
    vpcd, serving = served
    insert(vpcd)
    vpcd.sendall(b"\x00\x05\x00")
    vpcd.shutdown(socket.SHUT_WR)
    _, err = serving.communicate(timeout=30)
    assert serving.returncode == 1
    assert err.startswith(b"cardsim: vpcd closed the connection inside a frame")

"""Our own PC/SC service with programs that we did not write; what both kinds of reader do is tested elsewhere."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from readers.serve.pcsclite.server import PcscService
from tests.cards import insert, make_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.pcsc

_SECONDS = 60
_CARDSIM = (sys.executable, "-m", "cardsim", "--lang=en")


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """What a program needs to see a card in our reader."""
    with PcscService() as service:
        service.insert(insert(make_image()))
        yield os.environ | service.environment


@pytest.fixture
def cards(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "alice.card", tmp_path / "bob.card"]
    for path in paths:
        subprocess.run([*_CARDSIM, "new", "--chip", "gen2", "--out", str(path)], check=True, capture_output=True)
    return paths


def test_opensc_explorer(environment: dict[str, str]) -> None:
    commands = "apdu 00A404000F7378312E73682EC9E7BBE1B1A3D5CF\napdu 00B2032806\nrandom 8\nquit\n"
    done = subprocess.run(
        ["opensc-explorer", "-r", "0", "-c", "default"],
        input=commands,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "03 04 32 2E 30 30" in done.stdout


def test_pcsc_scan_stress(environment: dict[str, str]) -> None:
    """The stress mode never ends by itself."""
    done = subprocess.run(
        ["timeout", "2", "pcsc_scan", "-s"], env=environment, capture_output=True, timeout=_SECONDS, check=False
    )
    assert done.returncode == 124
    assert b"error" not in done.stderr.lower()


def test_run_gives_a_program_its_cards(cards: list[Path]) -> None:
    words = [word for card in cards for word in ("--card", str(card))]
    done = subprocess.run(
        [*_CARDSIM, "run", *words, "--", "opensc-tool", "-l"],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=True,
    )
    assert "Cardsim 00 00" in done.stdout
    assert "Cardsim 01 00" in done.stdout


def test_run_returns_the_programs_status(cards: list[Path]) -> None:
    def status(*program: str) -> int:
        words = [*_CARDSIM, "run", "--card", str(cards[0]), "--", *program]
        return subprocess.run(words, capture_output=True, timeout=_SECONDS, check=False).returncode

    assert status("sh", "-c", "exit 7") == 7
    assert status("sh", "-c", "kill -9 $$") == 137
    assert status("/nowhere/program") == 127
    assert status(str(cards[0])) == 126


def test_run_passes_signals_on(cards: list[Path]) -> None:
    script = "trap 'echo told; exit 3' TERM; echo ready; while :; do sleep 0.05; done"
    words = [*_CARDSIM, "run", "--card", str(cards[0]), "--", "sh", "-c", script]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "told\n"
        assert process.wait(_SECONDS) == 3


def test_run_keeps_the_card_as_the_program_left_it(cards: list[Path]) -> None:
    card = str(cards[0])
    wrong_pin = ("-s", "00A404000F7378312E73682EC9E7BBE1B1A3D5CF", "-s", "0020000003000000")
    words = [*_CARDSIM, "run", "--card", card, "--", "opensc-tool", "-c", "default", *wrong_pin]
    subprocess.run(words, capture_output=True, timeout=_SECONDS, check=True)
    shown = subprocess.run([*_CARDSIM, "show", card], capture_output=True, text=True, check=True).stdout
    assert "5 of 6 tries left" in shown


def test_run_traces_each_card(cards: list[Path], tmp_path: Path) -> None:
    words = [word for card in cards for word in ("--card", str(card))]
    subprocess.run(
        [*_CARDSIM, "run", *words, "--trace", str(tmp_path / "x.trace"), "--", "opensc-tool", "-r", "1", "-a"],
        capture_output=True,
        timeout=_SECONDS,
        check=True,
    )
    assert (tmp_path / "x.1.trace").read_text().count("# power on") == 1
    assert (tmp_path / "x.2.trace").read_text().count("# power on") >= 1
    assert not (tmp_path / "x.trace").exists()


def test_serve_takes_several_cards_with_pcsc_alone(cards: list[Path]) -> None:
    words = [*_CARDSIM, "serve", *map(str, cards)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=_SECONDS, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "give one card, or --pcsc" in done.stderr


def test_serve_until_a_signal(cards: list[Path], tmp_path: Path) -> None:
    socket = tmp_path / "with space"
    words = [*_CARDSIM, "serve", *map(str, cards), "--socket", str(socket)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(5)]
        assert lines[1] == f"{cards[1]} is in the reader Cardsim 01 00\n"
        assert lines[3] == f"  export PCSCLITE_CSOCK_NAME='{socket}'\n"
        listed = subprocess.run(
            ["sh", "-c", f"{lines[3].strip()}; opensc-tool -l"], capture_output=True, text=True, check=True
        ).stdout
        assert "Cardsim 01 00" in listed
        process.send_signal(signal.SIGINT)
        assert process.wait(_SECONDS) == 0
        assert process.stdout.read() == "the cards are out\n"
    assert not socket.exists()

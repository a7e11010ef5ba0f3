"""The `cardsim` command, in this process and in one of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cardsim.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

SELECT_SSSE = "00A404000F7378312E73682EC9E7BBE1B1A3D5CF"


@dataclass(frozen=True, slots=True)
class Ran:
    status: int
    out: str
    err: str


class Runner:
    """Runs the command in this process. Whatever it is given, it ends with a status and no traceback."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str | Path) -> Ran:
        self._capsys.readouterr()
        status = main([str(word) for word in words])
        captured = self._capsys.readouterr()
        return Ran(status, captured.out, captured.err)

    def refused(self, *words: str | Path, status: int = 2) -> str:
        """Return the message with which the command ends; nothing else is said."""
        ran = self(*words)
        assert (ran.status, ran.out) == (status, ""), ran
        assert ran.err.startswith("cardsim")
        return ran.err


def tries(cardsim: Runner, card: Path) -> str:
    """Return what `show` says about the HRSS PIN: "5 of 6"."""
    line = next(line for line in cardsim("show", card).out.splitlines() if "PIN HRSS" in line)
    found = re.search(r"(\d+ of \d+) tries left", line)
    assert found, line
    return found[1]


def process(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command in a process of its own; ``environment`` replaces the locale's variables."""
    return subprocess.run(
        [sys.executable, "-m", "cardsim", *map(str, words)],
        env=clean_environment(**environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )


def clean_environment(**environment: str) -> dict[str, str]:
    dropped = ("LC_", "LANG", "PYTHONIOENCODING", "PYTHONUTF8", "PCSCLITE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return kept | environment

"""A process with a card in use that is to be killed, and what it was told before.

One process, started once, forks a card user for every order "MODE START FOLD_AT PATH": that is quicker than starting
Python sixty times. A user reports its own pid, "ready" when it has the card, then every status word *after* it came.
When it was killed, "ended" is reported.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self
from unittest import mock

from cardsim.store import cardfile
from tests.unit.store.cards import WRONG, change_pin, opened, sw

if TYPE_CHECKING:
    from cardsim.chip.card import Card


def pin(number: int) -> str:
    """Return the PIN that a card has after so many changes."""
    return f"{number:06}"


class CardUsers:
    """The testing side."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=Path(__file__).parents[3],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self._user = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end_user()
        self._to.close()
        assert not self._process.wait()
        self._from.close()

    @property
    def _to(self) -> IO[bytes]:
        assert self._process.stdin
        return self._process.stdin

    @property
    def _from(self) -> IO[bytes]:
        assert self._process.stdout
        return self._process.stdout

    def start(self, mode: str, start: int, fold_at: int, path: Path) -> None:
        self._end_user()
        self._to.write(f"{mode} {start} {fold_at} {path}\n".encode())
        self._user = int(self.report())

    def go(self) -> None:
        """Let a user in mode `count` send one more command."""
        self._to.write(b"\n")

    def report(self) -> str:
        """Return what the user reports next."""
        line = self._line()
        if line == "ended":
            self._user = 0
            raise AssertionError("the card user has ended by itself")
        return line

    def kill(self) -> list[str]:
        """Kill the user and return what it reported and nobody had read."""
        os.kill(self._user, signal.SIGKILL)
        self._user = 0
        return [line for line in iter(self._line, "ended") if line != "ready"]

    def _line(self) -> str:
        line = self._from.readline().decode()
        assert line, "the process that starts the users has ended"
        return line.rstrip()

    def _end_user(self) -> None:
        """A test that failed may have left one."""
        if self._user:
            self.kill()


def _report(text: object) -> None:
    os.write(1, f"{text}\n".encode())


def _count(card: Card) -> None:
    """Send wrong PINs, one for every byte that comes."""
    while os.read(0, 1):
        _report(sw(card, WRONG))


def _change(card: Card, number: int) -> None:
    """Change the PIN again and again, a wrong one before each."""
    while True:
        _report(sw(card, WRONG))
        assert sw(card, change_pin(pin(number), pin(number + 1))) == "9000"
        number += 1
        _report(number)


def _serve() -> None:
    with os.fdopen(0, "rb", buffering=0, closefd=False) as orders:
        while order := orders.readline():
            if order == b"\n":  # a go that came too late
                continue
            mode, start, fold_at, path = order.decode().rstrip("\n").split(" ", 3)
            user = os.fork()
            if not user:
                _report(os.getpid())
                with mock.patch.object(cardfile, "_COMPACT_AT", int(fold_at)), opened(Path(path)) as card:
                    _report("ready")
                    _count(card) if mode == "count" else _change(card, int(start))
                os._exit(0)
            os.waitpid(user, 0)
            _report("ended")


if __name__ == "__main__":
    _serve()

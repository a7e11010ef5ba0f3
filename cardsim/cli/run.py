"""`cardsim run`: a program with cards in its readers."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from apdu.text import Text
from cardsim.cli.serve import open_seats
from readers.serve.pcsclite.server import PcscService

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from types import FrameType

    from cardsim.cli.console import Console

# As shells have it: a program that can not be run, one that is not found, and one that a signal ended.
_NOT_RUNNABLE: Final = 126
_NOT_FOUND: Final = 127
_SIGNALLED: Final = 128
_FORWARDED: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
_FROM_KEYBOARD: Final = (signal.SIGINT, signal.SIGQUIT)


def run(options: argparse.Namespace, console: Console) -> int:
    """Run the program and return its exit status, 128 + N if signal N ended it; signals sent to us go to it."""
    with contextlib.ExitStack() as stack:
        seats = open_seats(stack, options, console)
        service = stack.enter_context(PcscService(0))
        for seat in seats:
            seat.take(service)
        forwarder = stack.enter_context(_forwarding())
        console.flush()
        try:
            process = subprocess.Popen(options.program, env=os.environ | service.environment)  # noqa: S603  that is it
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            console.error(Text(f"{options.program[0]}: {reason}", f"{options.program[0]}:{reason}"))
            return _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_RUNNABLE
        forwarder.to(process)
        status = process.wait()
    return status if status >= 0 else _SIGNALLED - status


class _Forwarder:
    """Passes signals on; those that come before there is a process wait for it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []

    def to(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        for number in self._early:
            process.send_signal(number)

    def __call__(self, number: int, _: FrameType | None) -> None:
        if self._process is None:
            self._early.append(number)
        elif number not in _FROM_KEYBOARD or not _in_foreground():
            self._process.send_signal(number)


def _in_foreground() -> bool:
    """Return whether the keyboard's signals go to us; then the program, of the same group, has got it already."""
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError, AttributeError):
        return False


@contextlib.contextmanager
def _forwarding() -> Iterator[_Forwarder]:
    forwarder = _Forwarder()
    before = {number: signal.signal(number, forwarder) for number in _FORWARDED}
    try:
        yield forwarder
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

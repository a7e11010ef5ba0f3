"""Cards and connections that do what a test's script says, and remember what was done to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apdu.ports import Interface

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ATR = bytes.fromhex("3B021450")


def echo(command: bytes) -> bytes:
    return command + b"\x90\x00"


def ticks(*times: float) -> Callable[[], float]:
    """A clock that shows ``times`` one after the other."""
    iterator: Iterator[float] = iter(times)
    return lambda: next(iterator)


class FakePort:
    def __init__(self, answer: Callable[[bytes], bytes] = echo, atr: bytes = ATR) -> None:
        self.answer = answer
        self.atr = atr
        self.interface = Interface.CONTACT
        self.events: list[str] = []

    def power_on(self) -> bytes:
        self.events.append("on")
        return self.atr

    def power_off(self) -> None:
        self.events.append("off")

    def reset(self) -> bytes:
        self.events.append("reset")
        return self.atr

    def transmit(self, command: bytes) -> bytes:
        self.events.append(command.hex().upper())
        return self.answer(command)


class FakeConnection:
    """Gives ``answers`` (hexadecimal) in turn, the last one for ever."""

    def __init__(self, *answers: str) -> None:
        self.name = "Fake"
        self.atr = ATR
        self._answers = [bytes.fromhex(answer) for answer in answers]
        self.sent: list[str] = []

    def transmit(self, command: bytes) -> bytes:
        self.sent.append(command.hex().upper())
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def reset(self) -> bytes:
        self.sent.append("reset")
        return self.atr

    def close(self) -> None:
        self.sent.append("close")

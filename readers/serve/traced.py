from __future__ import annotations

import time
from typing import TYPE_CHECKING

from apdu.hexes import format_hex
from readers.trace import record

if TYPE_CHECKING:
    from apdu.ports import CardPort, Interface
    from readers.trace import Clock, TraceSink


class TracedPort:
    """A :class:`CardPort` that tells ``sink`` all that the card sees: commands, power, resets.

    ``label`` begins what is said of power and resets, where two readers with one card share a sink.
    """

    def __init__(self, port: CardPort, sink: TraceSink, clock: Clock = time.perf_counter, *, label: str = "") -> None:
        self._label = f"{label}: " if label else ""
        self._port = port
        self._sink = sink
        self._clock = clock

    @property
    def atr(self) -> bytes:
        """The card's answer to reset."""
        return self._port.atr

    @property
    def interface(self) -> Interface:
        """The card's interface."""
        return self._port.interface

    def power_on(self) -> bytes:
        """Supply power and return the ATR."""
        self._sink.comment(f"{self._label}power on")
        return self._told(self._port.power_on())

    def power_off(self) -> None:
        """Remove power."""
        self._sink.comment(f"{self._label}power off")
        self._port.power_off()

    def reset(self) -> bytes:
        """Reset and return the ATR."""
        self._sink.comment(f"{self._label}reset")
        return self._told(self._port.reset())

    def transmit(self, command: bytes) -> bytes:
        """Return the card's response to ``command``."""
        return record(self._sink, self._clock, self._port.transmit, command)

    def _told(self, atr: bytes) -> bytes:
        self._sink.comment(f"ATR: {format_hex(atr)}")
        return atr

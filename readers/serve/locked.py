"""One card in readers that are served by several threads."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from apdu.ports import CardPort, Interface


class LockedPort:
    """A :class:`apdu.CardPort` that one thread uses at a time; ports of the same card share ``lock``."""

    def __init__(self, port: CardPort, lock: threading.Lock) -> None:
        self._port = port
        self._lock = lock
        self.rested = threading.Event()
        """Set when power has been removed once."""
        self.mute = False
        """Whether the last time that power came or the card was reset, no ATR came back."""
        self.when_off: Callable[[], None] | None = None
        """Called, by the thread that did it, when power has been removed."""

    @property
    def atr(self) -> bytes:
        """The card's answer to reset."""
        with self._lock:
            return self._port.atr

    @property
    def interface(self) -> Interface:
        """The card's interface."""
        return self._port.interface

    def power_on(self) -> bytes:
        """Supply power and return the ATR."""
        with self._lock:
            atr = self._port.power_on()
            self.mute = not atr
            return atr

    def power_off(self) -> None:
        """Remove power."""
        with self._lock:
            self._port.power_off()
        self.rested.set()
        if self.when_off:
            self.when_off()

    def reset(self) -> bytes:
        """Reset and return the ATR."""
        with self._lock:
            atr = self._port.reset()
            self.mute = not atr
            return atr

    def transmit(self, command: bytes) -> bytes:
        """Return the card's response to ``command``."""
        with self._lock:
            return self._port.transmit(command)

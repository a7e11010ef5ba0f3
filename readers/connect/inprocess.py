from __future__ import annotations

from typing import TYPE_CHECKING

from readers.errors import ClosedError

if TYPE_CHECKING:
    from apdu.ports import CardPort


class InProcessConnection:
    """A connection to a card in this process. ``port`` is taken as powered; :func:`connect_inprocess` sees to it."""

    def __init__(self, port: CardPort, name: str) -> None:
        self._port = port
        self._name = name
        self._closed = False

    @property
    def name(self) -> str:
        """What the user calls this connection."""
        return self._name

    @property
    def atr(self) -> bytes:
        """Answer to reset of the card."""
        return self._port.atr

    def transmit(self, command: bytes) -> bytes:
        """Send one command APDU and return the response APDU."""
        if self._closed:
            raise ClosedError(self._name)
        return self._port.transmit(command)

    def reset(self) -> bytes:
        """Reset the card and return the ATR."""
        if self._closed:
            raise ClosedError(self._name)
        return self._port.reset()

    def close(self) -> None:
        """Take the card's power away; a second call does nothing."""
        if not self._closed:
            self._closed = True
            self._port.power_off()


def connect_inprocess(port: CardPort, name: str) -> InProcessConnection:
    """Power the card on and return a connection to it."""
    port.power_on()
    return InProcessConnection(port, name)

from __future__ import annotations

from typing import TYPE_CHECKING

from readers.errors import ClosedError

if TYPE_CHECKING:
    from apdu.ports import CardPort


class InProcessConnection:
    """A connection to a card in this process. ``port`` is taken as powered; :func:`connect_inprocess` sees to it."""

    def __init__(self, port: CardPort, name: str) -> None:
        self._port: CardPort | None = port
        self._name = name

    @property
    def name(self) -> str:
        """What the user calls this connection."""
        return self._name

    @property
    def atr(self) -> bytes:
        """Answer to reset of the card."""
        return self._card.atr

    def transmit(self, command: bytes) -> bytes:
        """Send one command APDU and return the response APDU."""
        return self._card.transmit(command)

    def reset(self) -> bytes:
        """Reset the card and return the ATR."""
        return self._card.reset()

    def close(self) -> None:
        """Take the card's power away; a second call does nothing."""
        port, self._port = self._port, None
        if port is not None:
            port.power_off()

    @property
    def _card(self) -> CardPort:
        if self._port is None:
            raise ClosedError(f"the connection to {self._name} is closed", f"与 {self._name} 的连接已关闭")
        return self._port


def connect_inprocess(port: CardPort, name: str) -> InProcessConnection:
    """Power the card on and return a connection to it."""
    port.power_on()
    return InProcessConnection(port, name)

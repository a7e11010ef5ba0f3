"""One side of a card of two interfaces in a slot of vpcd."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from readers.serve.vpcd import VpcdServer

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from readers.serve.locked import LockedPort


class SharedSlot:
    """Serves ``port`` over ``sock``, and takes a mute card out and puts it in again when the other side lets go.

    pcscd asks a card for its ATR when it comes and never again, so a card that was mute then stays so where it is.
    ``connect`` gives a new socket to the slot; without it, as with an inherited socket, the card stays in. The caller
    owns ``sock``.
    """

    def __init__(
        self, port: LockedPort, sock: socket.socket, connect: Callable[[], socket.socket] | None = None
    ) -> None:
        self._port = port
        self._sock = sock
        self._connect = connect
        self._server = VpcdServer(port, sock)
        self._again = False
        self._stopped = False

    def beside(self, other: SharedSlot) -> None:
        """Name the slot of the card's other side."""
        self._port.when_off = other.wake
        other._port.when_off = self.wake

    def wake(self) -> None:
        """Put the card in anew if it is mute here; for the thread of the other side."""
        if self._port.mute and self._connect:
            self._again = True
            self._server.stop()

    def stop(self) -> None:
        """Let :meth:`run` return within 0.1 s, after the frame in hand; for other threads and signal handlers."""
        self._stopped = True
        self._server.stop()

    def run(self) -> None:
        """Answer until the peer closes or :meth:`stop` is called; raises VpcdError as :meth:`VpcdServer.run` does."""
        with contextlib.ExitStack() as stack:
            while not self._stopped:
                self._server.run()
                if not (self._again and self._connect):
                    break
                self._sock.close()
                self._sock = stack.enter_context(self._connect())
                self._server = VpcdServer(self._port, self._sock)
                self._again = False

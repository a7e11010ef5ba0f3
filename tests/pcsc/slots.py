"""Putting cards into the readers of a private pcscd and taking them out, seen through PC/SC."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from readers.connect.scard import ReaderState, ScardContext
from readers.serve.vpcd import VpcdServer

if TYPE_CHECKING:
    from pathlib import Path

    from apdu import CardPort
    from readers.serve.pcscd import PrivatePcscd

_SECONDS = 20


class Slots:
    """Hands out the next reader for each card. A card is a thread of the test, or a `cardsim serve` of its own."""

    def __init__(self, pcscd: PrivatePcscd) -> None:
        self._pcscd = pcscd
        self._free = list(range(len(pcscd.reader_names)))
        self._undo = contextlib.ExitStack()
        self._used: list[str] = []
        self._sockets: dict[str, socket.socket] = {}

    def insert(self, port: CardPort) -> str:
        """Put a card into a reader and return the reader's name once PC/SC sees it."""
        name, sock = self._connect()
        self._sockets[name] = sock
        server = VpcdServer(port, sock)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        self._undo.callback(sock.close)
        self._undo.callback(thread.join, _SECONDS)
        self._undo.callback(server.stop)
        self.wait(name, present=True)
        return name

    def pull(self, name: str) -> None:
        """Tear a card out of its reader at once, whatever it is doing."""
        self._sockets[name].shutdown(socket.SHUT_RDWR)

    def serve(self, card: Path, *words: str) -> tuple[str, subprocess.Popen[str]]:
        """Put a card file into a reader with `cardsim serve`; return the reader's name and the process."""
        name, sock = self._connect()
        with sock:
            process = subprocess.Popen(
                [sys.executable, "-m", "cardsim", "serve", str(card), "--vpcd", f"fd:{sock.fileno()}", *words],
                pass_fds=(sock.fileno(),),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        self._undo.callback(process.communicate, timeout=_SECONDS)
        self._undo.callback(process.terminate)
        self.wait(name, present=True)
        return name, process

    def wait(self, name: str, *, present: bool) -> None:
        """Wait until PC/SC has seen the card come or go."""
        with contextlib.closing(ScardContext.establish()) as context:
            state = 0
            for _ in range(10):
                state = context.statuses({name: state}, _SECONDS * 1000)[name].state
                if bool(state & ReaderState.PRESENT) is present:
                    return
        raise AssertionError(f"{name}: state {state:08X}, waited for the card to {'come' if present else 'go'}")

    def close(self) -> None:
        """Take all cards out."""
        self._undo.close()
        for name in self._used:
            self.wait(name, present=False)

    def _connect(self) -> tuple[str, socket.socket]:
        slot = self._free.pop(0)
        name = self._pcscd.reader_names[slot]
        self.wait(name, present=False)
        self._used.append(name)
        return name, self._pcscd.connect(slot)

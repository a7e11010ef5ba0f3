"""Putting cards into virtual readers and taking them out, seen through PC/SC: the same for both kinds of reader."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from readers.connect.scard import ReaderState, ScardContext
from readers.errors import NoServiceError
from readers.serve.locked import LockedPort
from readers.serve.pcsclite.server import PcscService
from readers.serve.vpcd import VpcdServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from apdu import CardPort, Interface
    from readers.serve.pcscd import PrivatePcscd

_SECONDS = 20


class Link:
    """The path at which this process's PC/SC library looks for its service, and where that leads now.

    The library takes the path from the environment once, at the process's first call; so it has to stay.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def lead(self, socket_path: Path) -> None:
        fresh = self.path.with_suffix(".new")
        fresh.symlink_to(socket_path)
        fresh.replace(self.path)


class PulledOut:
    """A card that is torn out of its reader by ``pull`` while it answers a command that ``when`` says."""

    def __init__(self, port: CardPort, when: Callable[[bytes], bool]) -> None:
        self._port = port
        self._when = when
        self.pull: Callable[[], None] = lambda: None

    @property
    def atr(self) -> bytes:
        return self._port.atr

    @property
    def interface(self) -> Interface:
        return self._port.interface

    def power_on(self) -> bytes:
        return self._port.power_on()

    def power_off(self) -> None:
        self._port.power_off()

    def reset(self) -> bytes:
        return self._port.reset()

    def transmit(self, command: bytes) -> bytes:
        if self._when(command):
            self.pull()
        return self._port.transmit(command)


class Slots(ABC):
    """Hands out the next reader for each card. A card is a thread of the test, or a `cardsim serve` of its own."""

    removed = ""
    """What a command says of a reader whose card's process has died."""

    def __init__(self) -> None:
        self._undo = contextlib.ExitStack()

    @abstractmethod
    def insert(self, port: CardPort) -> str:
        """Put a card into a reader and return the reader's name once PC/SC sees it."""

    @abstractmethod
    def insert_both(self, contact: CardPort, contactless: CardPort) -> tuple[str, str]:
        """Put both sides of a card into readers and return their names."""

    @abstractmethod
    def pull(self, name: str) -> None:
        """Tear a card out of its reader at once, whatever it is doing."""

    @abstractmethod
    def serve(self, card: Path, *words: str) -> tuple[str, subprocess.Popen[str]]:
        """Put a card file into a reader with `cardsim serve`; return the reader's name and the process."""

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

    def _start(self, card: Path, *words: str, descriptors: tuple[int, ...] = ()) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "cardsim", "--lang=en", "serve", str(card), *words],
            pass_fds=descriptors,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._undo.callback(process.communicate, timeout=_SECONDS)
        self._undo.callback(process.terminate)
        return process


class VpcdSlots(Slots):
    """The readers of a private pcscd with vpcd."""

    removed = "no card"

    def __init__(self, pcscd: PrivatePcscd) -> None:
        super().__init__()
        self._pcscd = pcscd
        self._free = list(range(len(pcscd.reader_names)))
        self._used: list[str] = []
        self._sockets: dict[str, socket.socket] = {}

    def insert(self, port: CardPort) -> str:
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

    def insert_both(self, contact: CardPort, contactless: CardPort) -> tuple[str, str]:
        lock = threading.Lock()
        first = LockedPort(contact, lock)
        name = self.insert(first)
        first.rested.wait(_SECONDS)
        return name, self.insert(LockedPort(contactless, lock))

    def pull(self, name: str) -> None:
        self._sockets[name].shutdown(socket.SHUT_RDWR)

    def serve(self, card: Path, *words: str) -> tuple[str, subprocess.Popen[str]]:
        name, sock = self._connect()
        with sock:
            process = self._start(card, "--vpcd", f"fd:{sock.fileno()}", *words, descriptors=(sock.fileno(),))
        self.wait(name, present=True)
        return name, process

    def close(self) -> None:
        super().close()
        for name in self._used:
            self.wait(name, present=False)

    def _connect(self) -> tuple[str, socket.socket]:
        slot = self._free.pop(0)
        name = self._pcscd.reader_names[slot]
        self.wait(name, present=False)
        self._used.append(name)
        return name, self._pcscd.connect(slot)


class ServiceSlots(Slots):
    """The readers of our own PC/SC service; a card that is served has a service of its own."""

    removed = "no PC/SC service answers"

    def __init__(self, link: Link, directory: Path) -> None:
        super().__init__()
        self._link = link
        self._directory = directory
        self._service: PcscService | None = None
        self._process: subprocess.Popen[str] | None = None

    def insert(self, port: CardPort) -> str:
        return self._started().insert(port)

    def insert_both(self, contact: CardPort, contactless: CardPort) -> tuple[str, str]:
        service = self._started()
        first = service.insert(contact, label="Contact", shared=True)
        return first, service.insert(contactless, label="Contactless", shared=True)

    def _started(self) -> PcscService:
        if self._service is None:
            self._service = self._undo.enter_context(PcscService())
            self._link.lead(self._service.path)
        return self._service

    def pull(self, name: str) -> None:
        assert self._service
        self._service.remove(name)

    def serve(self, card: Path, *words: str) -> tuple[str, subprocess.Popen[str]]:
        path = self._directory / f"served-{card.stem}"
        process = self._process = self._start(card, "--pcsc", "--socket", str(path), *words)
        assert process.stdout
        said = process.stdout.readline()
        for _ in range(3):
            process.stdout.readline()
        self._link.lead(path)
        name = said.strip().rpartition(" is in the reader ")[2]
        self.wait(name, present=True)
        return name, process

    def wait(self, name: str, *, present: bool) -> None:
        if self._process and not present:
            self._process.wait(_SECONDS)  # the service goes with its card
            with contextlib.suppress(NoServiceError):
                super().wait(name, present=False)
        else:
            super().wait(name, present=present)

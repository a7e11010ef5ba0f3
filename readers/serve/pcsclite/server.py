"""The PC/SC service as its users have it: start it, put cards in and take them out, stop it. Linux only."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import socket
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from readers.errors import PcscServiceError
from readers.serve.pcsclite.loop import Loop
from readers.serve.pcsclite.service import Service

if TYPE_CHECKING:
    from apdu.ports import CardPort

SOCKET_VARIABLE: Final = "PCSCLITE_CSOCK_NAME"
"""The environment variable by which pcsc-lite's client library finds its service."""
_LONGEST_PATH: Final = 107
_SHORT_DIRECTORY: Final = "/tmp"  # noqa: S108  a new directory in it, of our own
_QUEUE: Final = 64


class PcscService:
    """A PC/SC service with ``readers`` empty readers, more of which come as cards need them; a context manager.

    ``name`` begins every reader's name. ``path`` is the socket's path, by default one in a new private directory; what
    is there already is refused. Programs started with :attr:`environment` see the readers. Cards are served by one
    thread of the service: a card that takes its time keeps everybody waiting.

    A card that raises an exception is taken out of its reader; leaving the context raises the first such exception.
    """

    def __init__(self, readers: int = 1, *, name: str = "Cardsim", path: Path | None = None) -> None:
        self._service = Service()
        self._name = name
        self._labels: dict[str, str] = {}
        self._wanted = path
        self._directory: Path | None = None
        self._path: Path | None = None
        self._loop: Loop | None = None
        for _ in range(readers):
            self._add_reader()

    @property
    def reader_names(self) -> tuple[str, ...]:
        """The readers as PC/SC clients see them."""
        return tuple(self._service.readers)

    @property
    def path(self) -> Path:
        """The socket's path."""
        if self._path is None:
            raise _not_running()
        return self._path

    @property
    def environment(self) -> dict[str, str]:
        """What makes a PC/SC program talk to this service, if set before the program makes its first PC/SC call."""
        return {SOCKET_VARIABLE: str(self.path)}

    @property
    def failures(self) -> tuple[Exception, ...]:
        """What cards have raised so far."""
        return tuple(self._service.failures)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.stop()
        if kind is None and self._service.failures:
            raise self._service.failures[0]

    def start(self) -> None:
        """Begin to serve; clients can connect when this returns. Nothing if it runs.

        Raises :class:`PcscServiceError` when the socket can not be made.
        """
        if self._loop:
            return
        with contextlib.ExitStack() as undo:
            path = self._wanted
            if path is None:
                self._directory = _make_directory()
                undo.callback(self._remove_directory)
                path = self._directory / "pcscd.comm"
            listener = undo.enter_context(_listen(path))
            undo.callback(path.unlink, missing_ok=True)
            self._loop = Loop(self._service, listener)
            undo.pop_all()
        self._path = path
        self._loop.start()

    def stop(self) -> None:
        """Take all cards out, end all connections and remove the socket; nothing if it does not run."""
        loop, self._loop = self._loop, None
        if not loop:
            return
        loop.stop()
        self.path.unlink(missing_ok=True)
        self._path = None
        self._remove_directory()

    def insert(self, port: CardPort, reader: str | None = None, *, label: str = "", shared: bool = False) -> str:
        """Put a card into ``reader``, or the first empty reader of that ``label``, and return the reader's name.

        The label stands in the names of the readers made for it: ``Cardsim Contactless 01 00``. ``shared``: the card is
        in another reader too, so that this one takes its power away as soon as nobody uses it.

        Raises :class:`PcscServiceError` when that reader is not there or not empty, or 16 readers have cards.
        """
        return self._running.call(lambda: self._insert(port, reader, label, shared=shared))

    def remove(self, reader: str) -> None:
        """Take the card out of ``reader``; nothing if it is empty.

        A command in hand is finished first, unless the card itself calls this: then its answer is lost, as when a card
        is torn out. Raises :class:`PcscServiceError` when there is no such reader.
        """
        self._running.call(lambda: self._service.remove(reader))

    def stop_soon(self) -> None:
        """Let :meth:`wait` return; for signal handlers, which must not wait themselves."""
        if self._loop:
            self._loop.stop_soon()

    def wait(self) -> None:
        """Return when a card has failed, or :meth:`stop_soon` or :meth:`stop` was called."""
        self._running.failed.wait()

    def _insert(self, port: CardPort, name: str | None, label: str, *, shared: bool) -> str:
        if name is None:
            readers = self._service.readers.values()
            empty = (r.name for r in readers if r.port is None and self._labels.get(r.name, "") == label)
            name = next(empty, None) or self._add_reader(label)
        self._service.insert(name, port, shared=shared)
        return name

    def _add_reader(self, label: str = "") -> str:
        name = " ".join(part for part in (self._name, label, f"{len(self._service.readers):02X} 00") if part)
        self._service.add_reader(name)
        self._labels[name] = label
        return name

    def _remove_directory(self) -> None:
        if self._directory:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None

    @property
    def _running(self) -> Loop:
        if not self._loop:
            raise _not_running()
        return self._loop


def _make_directory() -> Path:
    """Make a directory for the socket; names of sockets are short, and those of temporary directories may not be."""
    directory = Path(tempfile.mkdtemp(prefix="cardsim-"))
    if len(os.fsencode(directory / "pcscd.comm")) > _LONGEST_PATH:
        directory.rmdir()
        directory = Path(tempfile.mkdtemp(prefix="cardsim-", dir=_SHORT_DIRECTORY))
    return directory


def _listen(path: Path) -> socket.socket:
    """Return a socket that listens at ``path`` for its owner alone; one that nobody listens at any more is replaced."""
    if len(os.fsencode(path)) > _LONGEST_PATH:
        raise PcscServiceError(
            f"{path} is too long for a socket: at most {_LONGEST_PATH} bytes; choose a shorter path",
            f"{path} 作为套接字路径过长:最多 {_LONGEST_PATH} 字节;请改用较短的路径",
        )
    with contextlib.ExitStack() as undo:
        sock = undo.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        try:
            if _is_abandoned(path):
                path.unlink()
            sock.bind(str(path))
            # Nobody can connect before listen().
            path.chmod(0o600)
            sock.listen(_QUEUE)
        except OSError as error:
            in_use = error.errno == errno.EADDRINUSE
            reason = "something is there already" if in_use else error.strerror
            reason_zh = "该路径已存在" if in_use else error.strerror
            raise PcscServiceError(
                f"can not serve at {path}: {reason}; choose another path",
                f"无法在 {path} 提供服务:{reason_zh};请改用其他路径",
            ) from error
        undo.pop_all()
    return sock


def _is_abandoned(path: Path) -> bool:
    """Return whether ``path`` is a socket at which nobody listens: what a service that was killed leaves."""
    if not path.exists() or not stat.S_ISSOCK(path.stat().st_mode):
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        return sock.connect_ex(str(path)) == errno.ECONNREFUSED


def _not_running() -> PcscServiceError:
    return PcscServiceError("the PC/SC service is not running; start it first", "PC/SC 服务未运行,请先启动")

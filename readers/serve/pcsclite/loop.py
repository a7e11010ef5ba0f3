"""The thread of the PC/SC service: all its sockets, and every call that touches the service or a card."""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final, TypeVar, cast

from readers.errors import PcscServiceError, WrongRequestError
from readers.serve.pcsclite.service import Client, Service

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

MAX_CLIENTS: Final = 200
"""Connections at a time, as with pcscd; one more is closed at once."""
TICK_SECONDS: Final = 0.4
"""How long a tick of :meth:`Service.tick` is; pcscd's interval."""
_CHUNK: Final = 4096
_READ: Final = select.EPOLLIN
_WRITE: Final = select.EPOLLOUT
_NEITHER: Final = 0
_GONE: Final = select.EPOLLHUP | select.EPOLLERR
_T = TypeVar("_T")


class _Connection:
    """A client and its socket; ``unsent`` are answers that did not go out yet: until they have, it is not read from."""

    __slots__ = ("client", "interest", "sock", "unsent")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.client = Client()
        self.unsent = b""
        self.interest = _READ


class Loop:
    """Serves the clients that come to ``listener``, which it owns from :meth:`start` on."""

    def __init__(self, service: Service, listener: socket.socket) -> None:
        self._service = service
        self._listener = listener
        self._connections: dict[int, _Connection] = {}
        self._by_client: dict[Client, _Connection] = {}
        self._calls: deque[tuple[Callable[[], object], Future[object]]] = deque()
        self._lock = threading.Lock()
        self._ended = False
        self._stopping = False
        self._due = 0.0
        self._thread = threading.Thread(target=self._run, name="pcsc-service", daemon=True)
        self.failed = threading.Event()
        """Set when a card has failed, and when the loop has ended."""

    def start(self) -> None:
        """Start the thread."""
        self._listener.setblocking(False)
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._spare = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        self._epoll = select.epoll()
        self._epoll.register(self._listener, _READ)
        self._epoll.register(self._wake, _READ)
        self._thread.start()

    def stop(self) -> None:
        """Take all cards out, close all sockets, end the thread; a call in hand is finished first."""
        self.stop_soon()
        if threading.current_thread() is not self._thread:
            self._thread.join()
            wake, self._wake = self._wake, -1
            os.close(wake)

    def stop_soon(self) -> None:
        """Have the thread end, without waiting for it; takes no lock, so signal handlers may call it."""
        self._stopping = True
        with contextlib.suppress(OSError):  # after stop() there is nothing to wake
            os.eventfd_write(self._wake, 1)

    def call(self, function: Callable[[], _T]) -> _T:
        """Call ``function`` in the loop's thread, and return or raise what it does; at once when that is this thread.

        Raises :class:`PcscServiceError` when the loop has ended.
        """
        if threading.current_thread() is self._thread:
            return function()
        future: Future[object] = Future()
        with self._lock:
            if self._ended:
                raise PcscServiceError("the PC/SC service has ended", "PC/SC 服务已结束")
            self._calls.append((function, future))
            os.eventfd_write(self._wake, 1)
        return cast("_T", future.result())

    def _run(self) -> None:
        try:
            self._serve_all()
        except Exception as error:  # noqa: BLE001  whoever waits has to hear of it
            self._service.failures.append(error)
        finally:
            self._end()

    def _serve_all(self) -> None:
        poll = self._epoll.poll
        connections = self._connections
        service = self._service
        serve = self._serve
        while not self._stopping:
            timeout = self._until_tick() if service.idle else None
            for descriptor, event in poll(timeout):
                connection = connections.get(descriptor)
                if connection is not None:
                    serve(connection, event)
                elif descriptor == self._wake:
                    self._take_calls()
                else:
                    self._accept()
            if service.deferred:
                self._send_deferred()
            if service.failures:
                self.failed.set()

    def _until_tick(self) -> float:
        """Return the seconds until the next tick, after the one that is due; the first comes a whole tick from now."""
        now = time.monotonic()
        late = now - self._due
        if late >= 0:
            if late < TICK_SECONDS:
                self._service.tick()
            self._due = now + TICK_SECONDS
        return self._due - now

    def _end(self) -> None:
        for name, reader in self._service.readers.items():
            if reader.port is not None:
                self._service.remove(name)
        for connection in tuple(self._connections.values()):
            self._drop(connection)
        with self._lock:
            self._ended = True
            self._take_calls()
        self._listener.close()
        self._epoll.close()
        os.close(self._spare)
        self.failed.set()

    def _take_calls(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._wake)
        while self._calls:
            function, future = self._calls.popleft()
            try:
                future.set_result(function())
            except Exception as error:  # noqa: BLE001  it is the caller's
                future.set_exception(error)

    # --- Sockets

    def _accept(self) -> None:
        try:
            sock, _ = self._listener.accept()
        except BlockingIOError:
            return
        except OSError:
            # No descriptors left: with the spare one the client is told, instead of being announced again and again.
            os.close(self._spare)
            with contextlib.suppress(OSError):
                self._listener.accept()[0].close()
            self._spare = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
            return
        if len(self._connections) >= MAX_CLIENTS:
            sock.close()
            return
        sock.setblocking(False)
        connection = _Connection(sock)
        self._connections[sock.fileno()] = connection
        self._by_client[connection.client] = connection
        self._epoll.register(sock, _READ)

    def _serve(self, connection: _Connection, event: int) -> None:
        if connection.interest == _READ:
            missing = connection.client.missing
            try:
                chunk = connection.sock.recv(max(_CHUNK, missing))
            except BlockingIOError:
                return
            except OSError:
                chunk = b""
            if chunk:
                self._take(connection, chunk)
            else:
                self._drop(connection)
        elif event & _GONE:
            self._drop(connection)
        elif self._send(connection, b""):
            self._take(connection, b"")

    def _take(self, connection: _Connection, chunk: bytes) -> None:
        """Have requests answered, as far as the client takes the answers."""
        client = connection.client
        while not connection.unsent:
            try:
                replies = self._service.receive(client, chunk)
            except WrongRequestError:
                self._drop(connection)
                return
            if replies and not self._send(connection, replies):
                return
            if client.missing or client.blocked or not client.pending:
                break
            chunk = b""
        interest = _WRITE if connection.unsent else _NEITHER if client.blocked else _READ
        if interest != connection.interest:
            connection.interest = interest
            self._epoll.modify(connection.sock, interest)

    def _send(self, connection: _Connection, answers: bytes) -> bool:
        """Send as much as the client takes; ``False`` when it is gone."""
        if connection.unsent:
            answers = connection.unsent + answers
        try:
            sent = connection.sock.send(answers)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._drop(connection)
            return False
        connection.unsent = answers[sent:]
        return True

    def _send_deferred(self) -> None:
        while self._service.deferred:
            for client, answer in self._service.take_deferred():
                connection = self._by_client.get(client)
                if connection is not None and self._send(connection, answer):
                    self._take(connection, b"")

    def _drop(self, connection: _Connection) -> None:
        self._epoll.unregister(connection.sock)
        del self._connections[connection.sock.fileno()]
        del self._by_client[connection.client]
        connection.sock.close()
        self._service.disconnect(connection.client)

"""The PC/SC service without sockets and clocks: bytes from clients and events in readers go in, answers come out.

Rules: nobody waits, a request that has to wait (for a lock, for a change) is put aside and answered through
:meth:`Service.take_deferred`; and whatever a client sends, the others do not notice. Semantics are those of pcsc-lite
1.9 (facts pcsc 9); docs/virtual-readers.md lists where we differ. What each request does is in contexts, handles and
exchange.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from readers.errors import PcscServiceError, WrongRequestError
from readers.serve.pcsclite import contexts, exchange, handles, messages
from readers.serve.pcsclite.messages import MAX_ATTRIBUTE, MAX_PAYLOAD, MAX_READERS, Code, Disposition, Request
from readers.serve.pcsclite.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Callable
    from struct import Struct

    from apdu.ports import CardPort
    from readers.serve.pcsclite.reader import Handle, Waiter

_ENOUGH_REPLIES: Final = 0x10000
_CHANGED: Final = messages.WAITED.pack(0, Code.SUCCESS)
_unpack_header = messages.HEADER.unpack_from

Fields = tuple[Any, ...]
"""The fields of a request's body in the order of its layout, and its payload if it has one."""


class Client:
    """One connection of a client: one context, its handles, and bytes that are no whole request yet."""

    __slots__ = ("blocked", "context", "handles", "missing", "pending")

    def __init__(self) -> None:
        self.context = contexts.NO_CONTEXT
        self.handles: dict[int, Handle] = {}
        self.pending = b""
        self.missing = 0
        """Bytes that the request begun still needs, 0 between requests."""
        self.blocked = False
        """Whether a request waits for a lock; what comes meanwhile stays pending."""


class _Request(NamedTuple):
    """How a request is read: its body's layout, the field that announces a payload (-1: none), and who answers it."""

    body: Struct | None
    payload: int
    handler: Callable[[Service, Client, Fields], bytes]


class Service:
    """All readers and clients. ``failures`` collects what cards raised: such a card is taken out of its reader."""

    def __init__(self) -> None:
        self.readers: dict[str, Reader] = {}
        self.idle: set[Reader] = set()
        """Readers for whose sake :meth:`tick` is to be called: their card is powered and nobody uses it."""
        self.failures: list[Exception] = []
        self.contexts: dict[int, Client] = {}
        self.watching: dict[Client, None] = {}
        self.deferred: list[tuple[Client, bytes]] = []
        self._numbers = itertools.count(0x0100_0001)
        self._table: bytes | None = None

    # --- Readers and cards

    def add_reader(self, name: str) -> None:
        """Plug in an empty reader.

        Raises :class:`PcscServiceError` when there are 16, or the name is taken or not 1 to 127 characters of ASCII.
        """
        if len(self.readers) >= MAX_READERS:
            raise PcscServiceError(
                f"there are {MAX_READERS} readers already, as many as PC/SC programs can see; take a card out",
                f"已有 {MAX_READERS} 个读卡器,达到 PC/SC 程序可见的上限;请先取出一张卡",
            )
        if not (name.isascii() and name.isprintable() and 0 < len(name) < messages.MAX_NAME) or name in self.readers:
            raise PcscServiceError(
                f"no reader can be called {name!r}: printable ASCII, 1 to 127 characters, and each name once",
                f"读卡器不能命名为 {name!r}:应为 1 至 127 个可打印 ASCII 字符,且不重复",
            )
        self.readers[name] = Reader(name, len(self.readers), self.idle, self._card_failed)
        self.changed()

    def insert(self, name: str, port: CardPort, *, shared: bool = False) -> None:
        """Put a card into the reader ``name``; ``shared``: it is in another one too.

        Raises :class:`PcscServiceError` when there is no such reader or a card is in it.
        """
        reader = self._reader(name)
        if reader.port is not None:
            raise PcscServiceError(f"a card is in {name}; take it out first", f"{name} 中已有卡,请先取出")
        reader.insert(port, shared=shared)
        self.changed()

    def remove(self, name: str) -> None:
        """Take the card out of the reader ``name``, whatever it is doing; nothing if there is none.

        Raises :class:`PcscServiceError` when there is no such reader.
        """
        reader = self._reader(name)
        if reader.port is not None:
            reader.remove()
            self.changed()
            self._answer_the_disturbed(reader)

    def tick(self) -> None:
        """Let some 0.4 s pass: cards that nobody has used for one to two ticks lose their power."""
        for reader in tuple(self.idle):
            reader.tick()
        self._table = None

    def _reader(self, name: str) -> Reader:
        reader = self.readers.get(name)
        if reader is None:
            listed = ", ".join(self.readers) or "-"
            raise PcscServiceError(
                f"there is no reader {name!r}; there are: {listed}", f"没有读卡器 {name!r};现有:{listed}"
            )
        return reader

    def _card_failed(self, reader: Reader, error: Exception) -> None:
        self.failures.append(error)
        self.remove(reader.name)

    # --- Clients

    def disconnect(self, client: Client) -> None:
        """Clean up after a client that is gone, whatever it was doing; a lock it held ends with a reset of the card."""
        self.watching.pop(client, None)
        self.release(client)
        client.pending = b""

    def take_deferred(self) -> list[tuple[Client, bytes]]:
        """Return answers that became ready since the last call, for clients that wait; in order.

        A client that was blocked may have requests pending: call :meth:`receive` for it with no bytes.
        """
        deferred, self.deferred = self.deferred, []
        return deferred

    def receive(self, client: Client, chunk: bytes) -> bytes:
        """Take what ``client`` sent and return the answers to the requests that completes.

        Some 64 KiB of answers are made at a time: when ``pending`` has more and ``missing`` is 0, another call with no
        bytes goes on. A blocked client is not to be read from; what it has sent before is kept.

        Raises :class:`WrongRequestError` for what is no request; the client is then to be disconnected.
        """
        data = client.pending + chunk if client.pending else chunk
        size = len(data)
        start = missing = 0
        replies = b""
        while not (client.blocked or len(replies) > _ENOUGH_REPLIES):
            body = start + 8
            if size < body:
                missing = body - size if size > start else 0
                break
            length, command = _unpack_header(data, start)
            layout, payload, handler = _REQUESTS.get(command) or _unknown(command)
            end = body + length
            fields: Fields = ()
            if layout is None:
                if length:
                    raise _wrong_length(command, length)
            else:
                if length != layout.size:
                    layout = _other_layout(command, length)
                if size < end:
                    missing = end - size
                    break
                fields = layout.unpack_from(data, body)
                if payload >= 0:
                    announced = fields[payload]
                    if announced > MAX_PAYLOAD:
                        raise _wrong_length(command, announced)
                    end += announced
                    if size < end:
                        missing = end - size
                        break
                    fields = (*fields, data[end - announced : end])
            reply = handler(self, client, fields)
            replies = replies + reply if replies else reply
            start = end
        client.missing = missing
        client.pending = data[start:]
        return replies

    # --- For those who answer requests

    def next_number(self) -> int:
        """Return a number for a context or a handle; no other has it."""
        return next(self._numbers) & 0x7FFF_FFFF

    def table(self) -> bytes:
        """Return the records of all readers, with empty ones up to 16."""
        if self._table is None:
            records = b"".join(reader.record for reader in self.readers.values())
            self._table = records.ljust(MAX_READERS * messages.RECORD.size, b"\0")
        return self._table

    def changed(self) -> None:
        """Signal every client that waits for a change in the table."""
        self._table = None
        if self.watching:
            self.deferred += [(client, _CHANGED) for client in self.watching]
            self.watching.clear()

    def defer(self, client: Client, reply: bytes) -> None:
        """Have an answer sent to a client whose turn it is not."""
        self.deferred.append((client, reply))

    def reset(self, reader: Reader, *, cold: bool) -> None:
        """Reset the card in ``reader``, if there is one; every handle has to hear of it."""
        if reader.port is not None:
            reader.reset(cold=cold)
            self._table = None
            self._answer_the_disturbed(reader)

    def release(self, client: Client) -> None:
        """End the client's context and its handles; its locks end with a reset, unless one came in between."""
        self.contexts.pop(client.context, None)
        client.context = contexts.NO_CONTEXT
        if client.blocked:
            client.blocked = False
            for reader in self.readers.values():
                reader.forget_waiters_of(client)
        for handle in list(client.handles.values()):
            mend = handle.reader.holder is handle and not handle.event
            handles.let_go(self, handle, Disposition.RESET if mend else Disposition.LEAVE)

    def wait(self, reader: Reader, waiter: Waiter) -> bool:
        """Put a request aside until the reader's lock is free.

        ``False`` when its own client holds the lock: it would wait for ever.
        """
        if reader.holder is not None and reader.holder.client is waiter.client:
            return False
        reader.waiters.append(waiter)
        waiter.client.blocked = True
        return True

    def unlocked(self, reader: Reader) -> None:
        """Let those in who wait for the lock, in the order they came, until one of them takes it."""
        while reader.waiters and reader.holder is None:
            self._answer(reader.waiters.popleft())

    def _answer_the_disturbed(self, reader: Reader) -> None:
        """Answer those who wait for the lock with a handle that has to hear of an event first."""
        for waiter in [waiter for waiter in reader.waiters if waiter.handle is not None and waiter.handle.event]:
            reader.waiters.remove(waiter)
            self._answer(waiter)

    def _answer(self, waiter: Waiter) -> None:
        client = waiter.client
        client.blocked = False
        reply = waiter.handler(self, client, waiter.fields)
        if not client.blocked:
            self.deferred.append((client, reply))


def _unknown(command: int) -> _Request:
    raise WrongRequestError(f"unknown request {command:#x}", f"未知请求 {command:#x}")


def _wrong_length(command: int, length: int) -> WrongRequestError:
    return WrongRequestError(f"request {command:#x} with {length} bytes", f"请求 {command:#x} 长度有误({length} 字节)")


def _other_layout(command: int, length: int) -> Struct:
    """Return the layout of a request whose body may have several lengths."""
    room = length - 16
    if command not in (Request.GET_ATTRIB, Request.SET_ATTRIB) or not 0 <= room <= MAX_PAYLOAD:
        raise _wrong_length(command, length)
    return exchange.attribute_layout(room)


_REQUESTS: Final[dict[int, _Request]] = {
    Request.TRANSMIT: _Request(messages.TRANSMIT, 3, exchange.transmit),
    Request.CONTROL: _Request(messages.CONTROL, 2, exchange.control),
    Request.STATUS: _Request(messages.STATUS, -1, exchange.status),
    Request.GET_ATTRIB: _Request(exchange.attribute_layout(MAX_ATTRIBUTE), -1, exchange.get_attribute),
    Request.SET_ATTRIB: _Request(exchange.attribute_layout(MAX_ATTRIBUTE), -1, exchange.set_attribute),
    Request.CONNECT: _Request(messages.CONNECT, -1, handles.connect),
    Request.RECONNECT: _Request(messages.RECONNECT, -1, handles.reconnect),
    Request.DISCONNECT: _Request(messages.DISCONNECT, -1, handles.disconnect),
    Request.BEGIN_TRANSACTION: _Request(messages.BEGIN, -1, handles.begin),
    Request.END_TRANSACTION: _Request(messages.END, -1, handles.end),
    Request.VERSION: _Request(messages.VERSION, -1, contexts.version),
    Request.ESTABLISH_CONTEXT: _Request(messages.ESTABLISH, -1, contexts.establish),
    Request.RELEASE_CONTEXT: _Request(messages.RELEASE, -1, contexts.release),
    Request.CANCEL: _Request(messages.CANCEL, -1, contexts.cancel),
    Request.READERS_STATE: _Request(None, -1, contexts.states),
    Request.WAIT_STATE_CHANGE: _Request(None, -1, contexts.watch),
    Request.STOP_WAITING: _Request(None, -1, contexts.stop_watching),
    Request.READER_EVENTS: _Request(None, -1, contexts.reader_events),
    Request.READERS_COUNT: _Request(None, -1, contexts.count),
    Request.READERS_ARRAY: _Request(None, -1, contexts.array),
}

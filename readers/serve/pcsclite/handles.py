"""Requests that make, change and end handles, and the locks that handles take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from readers.serve.pcsclite import messages
from readers.serve.pcsclite.contexts import NO_CONTEXT
from readers.serve.pcsclite.messages import CardState, Code, Disposition, Protocol, Share
from readers.serve.pcsclite.reader import Handle, Waiter

if TYPE_CHECKING:
    from readers.serve.pcsclite.reader import Reader
    from readers.serve.pcsclite.service import Client, Fields, Service

MAX_HANDLES: Final = 200
"""Handles that one client may have, as with pcscd."""
_SHARES: Final = tuple(Share)
_DISPOSITIONS: Final = tuple(Disposition)
_INITIALIZATIONS: Final = (Disposition.LEAVE, Disposition.RESET, Disposition.UNPOWER)
_RESETTING: Final = (Disposition.RESET, Disposition.UNPOWER)
_SOME_PROTOCOL: Final = Protocol.T0 | Protocol.T1 | Protocol.RAW | Protocol.ANY_OLD


def connect(service: Service, client: Client, fields: Fields) -> bytes:
    """Make a handle; while another client holds the reader's lock, that waits."""
    context, raw_name, share, wished, _, _, _ = fields
    code, reader = _may_connect(service, client, fields)
    number, active = 0, Protocol.UNSET
    if reader and reader.holder:
        if service.wait(reader, Waiter(client, None, connect, fields)):
            return b""
        code = Code.SHARING_VIOLATION
    elif reader:
        # Before anything is done to the card: a client that is refused must leave no trace in it.
        refused = share == Share.EXCLUSIVE and reader.handles
        code = Code.SHARING_VIOLATION if refused else _prepare(reader, share, wished)
        if not code:
            handle = Handle(service.next_number(), client, reader)
            client.handles[handle.number] = handle
            reader.add(handle, exclusive=share == Share.EXCLUSIVE)
            number, active = handle.number, reader.protocol
        reader.rest()
        service.changed()
    return messages.CONNECT.pack(context, raw_name, share, wished, number, active, code)


def _may_connect(service: Service, client: Client, fields: Fields) -> tuple[Code, Reader | None]:
    """Return the reader that is meant, or why not."""
    context, raw_name, share, wished, _, _, _ = fields
    if context == NO_CONTEXT or context != client.context:
        return Code.INVALID_HANDLE, None
    if share not in _SHARES:
        return Code.INVALID_VALUE, None
    if share != Share.DIRECT and not wished & _SOME_PROTOCOL:
        return Code.PROTO_MISMATCH, None
    reader = service.readers.get(raw_name.partition(b"\0")[0].decode("ascii", "replace"))
    if reader is None:
        return Code.UNKNOWN_READER, None
    if reader.exclusive:
        return Code.SHARING_VIOLATION, None
    if len(client.handles) >= MAX_HANDLES:
        return Code.NO_MEMORY, None
    return Code.SUCCESS, reader


def _prepare(reader: Reader, share: int, wished: int) -> Code:
    """Power the card for a new user and settle on a protocol; direct access needs neither."""
    if share == Share.DIRECT:
        return _settle(reader, wished, others=bool(reader.handles)) if wished & Protocol.RAW else Code.SUCCESS
    if reader.port is not None:
        reader.power_on()
    if reader.port is None:
        return Code.NO_SMARTCARD
    if not reader.state & CardState.POWERED:
        return Code.UNPOWERED_CARD
    return _settle(reader, wished, others=bool(reader.handles))


def _settle(reader: Reader, wished: int, *, others: bool) -> Code:
    """Settle on a protocol; RAW, which needs no consent, takes away none that others use."""
    if wished & Protocol.RAW and others and reader.protocol:
        return Code.SUCCESS
    return reader.choose_protocol(wished)


def reconnect(service: Service, client: Client, fields: Fields) -> bytes:
    """Connect a handle anew, after a reset if so wished; also the way on after another client's reset."""
    number, share, wished, initialization, _, _ = fields
    handle = client.handles.get(number)
    active = Protocol.UNSET
    if handle is None:
        code = Code.INVALID_HANDLE
    elif share not in _SHARES or initialization not in _INITIALIZATIONS:
        code = Code.INVALID_VALUE
    elif share != Share.DIRECT and not wished & _SOME_PROTOCOL:
        code = Code.PROTO_MISMATCH
    elif handle.reader.locked_against(handle):
        code = Code.SHARING_VIOLATION
    else:
        code = _reconnect(service, handle, share, wished, initialization)
        active = handle.reader.protocol
        service.changed()
    return messages.RECONNECT.pack(number, share, wished, initialization, active, code)


def _reconnect(service: Service, handle: Handle, share: int, wished: int, initialization: int) -> Code:
    reader = handle.reader
    if initialization in _RESETTING:
        service.reset(reader, cold=initialization == Disposition.UNPOWER)
    if reader.port is None:
        return Code.NO_SMARTCARD
    if share != Share.DIRECT:
        reader.power_on()
    if reader.state & CardState.SWALLOWED:
        return Code.UNRESPONSIVE_CARD
    others = len(reader.handles) > 1
    if share == Share.EXCLUSIVE and not reader.exclusive and others:
        return Code.SHARING_VIOLATION
    if share != Share.DIRECT or wished & Protocol.RAW:
        code = _settle(reader, wished, others=others)
        if code:
            return code
    if share != Share.EXCLUSIVE:
        reader.share_again(handle)
        service.unlocked(reader)
    elif not reader.exclusive:
        reader.share_exclusively(handle)
    handle.event = Code.SUCCESS
    return Code.SUCCESS


def disconnect(service: Service, client: Client, fields: Fields) -> bytes:
    """End a handle; what would reset the card waits while another client holds the lock."""
    number, disposition, _ = fields
    handle = client.handles.get(number)
    code = Code.SUCCESS
    if handle is None:
        code = Code.INVALID_HANDLE
    elif disposition not in _DISPOSITIONS:
        code = Code.INVALID_VALUE
    elif disposition in _RESETTING and handle.reader.locked_against(handle):
        if service.wait(handle.reader, Waiter(client, None, disconnect, fields)):
            return b""
        code = Code.SHARING_VIOLATION
    else:
        let_go(service, handle, disposition)
    return messages.DISCONNECT.pack(number, disposition, code)


def let_go(service: Service, handle: Handle, disposition: int) -> None:
    """End a handle. EJECT leaves the card where it is: like most real readers, ours have no motor."""
    reader = handle.reader
    handle.client.handles.pop(handle.number, None)
    if disposition == Disposition.RESET:
        service.reset(reader, cold=False)
    elif disposition == Disposition.UNPOWER:
        reader.tell(Code.RESET_CARD)
        reader.power_off()
    reader.drop(handle)
    service.changed()
    service.unlocked(reader)


def begin(service: Service, client: Client, fields: Fields) -> bytes:
    """Take the reader's lock, or wait for it.

    A client with several handles is told to come again instead, as it may need another handle meanwhile; its library
    does that by itself.
    """
    number, _ = fields
    handle = client.handles.get(number)
    if handle is None:
        code = Code.INVALID_HANDLE
    elif handle.event:
        code = handle.event
    elif not handle.reader.locked_against(handle):
        handle.reader.lock(handle)
        code = Code.SUCCESS
    elif len(client.handles) == 1 and service.wait(handle.reader, Waiter(client, handle, begin, fields)):
        return b""
    else:
        code = Code.SHARING_VIOLATION
    return messages.BEGIN.pack(number, code)


def end(service: Service, client: Client, fields: Fields) -> bytes:
    """Give the lock back, and reset the card if so wished."""
    number, disposition, _ = fields
    handle = client.handles.get(number)
    if handle is None:
        code = Code.INVALID_HANDLE
    elif disposition not in _DISPOSITIONS:
        code = Code.INVALID_VALUE
    elif handle.reader.locked_against(handle):
        code = Code.SHARING_VIOLATION
    else:
        code = _end(service, handle, disposition)
    return messages.END.pack(number, disposition, code)


def _end(service: Service, handle: Handle, disposition: int) -> Code:
    reader, event = handle.reader, handle.event
    if not reader.unlock(handle):
        return event or Code.NOT_TRANSACTED
    if not event and disposition in _RESETTING:
        service.reset(reader, cold=disposition == Disposition.UNPOWER)
    service.unlocked(reader)
    return event

"""Requests to the card and the reader behind a handle."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final

from readers.serve.pcsclite import messages
from readers.serve.pcsclite.attributes import attribute
from readers.serve.pcsclite.messages import MAX_PAYLOAD, Code, Control, Protocol
from readers.serve.pcsclite.reader import Power

if TYPE_CHECKING:
    from readers.serve.pcsclite.reader import Handle, Reader
    from readers.serve.pcsclite.service import Client, Fields, Service

_UNEXPECTED: Final = b"\x6f\x00"
_ANSWERS: Final = {Control.GET_FEATURES: messages.FEATURES, Control.GET_TLV_PROPERTIES: messages.TLV_PROPERTIES}
_PACK_TRANSMIT = messages.TRANSMIT.pack


def status(_service: Service, client: Client, fields: Fields) -> bytes:
    """Return what a handle has to hear of; the state itself is in the reader's record."""
    number, _ = fields
    return messages.STATUS.pack(number, _check(client.handles.get(number)))


def _check(handle: Handle | None) -> Code:
    """Return what stands between a handle and its reader: another's lock, or an event to hear of."""
    if handle is None:
        return Code.INVALID_HANDLE
    holder = handle.reader.holder
    if holder is not None and holder is not handle:
        return Code.SHARING_VIOLATION
    return handle.event


def transmit(_service: Service, client: Client, fields: Fields) -> bytes:
    """Send a command APDU to the card. One below two bytes is none, and no card ever sees it."""
    number, protocol, pci_length, send_length, _, recv_pci_length, space, _, command = fields
    handle = client.handles.get(number)
    code = _check(handle)
    response = b""
    if not code and handle is not None:
        reader = handle.reader
        if send_length < 2:
            code = Code.INVALID_PARAMETER
        elif space < 2:
            code = Code.INSUFFICIENT_BUFFER
        else:
            code = _refuses(reader, protocol)
        if not code:
            response = reader.transmit(command)
            if not response:
                # The card was taken out while it worked on the command.
                code = handle.event or Code.REMOVED_CARD
            elif not 2 <= len(response) <= MAX_PAYLOAD:
                response = _UNEXPECTED
    size = len(response)
    if size > space:
        code, response = Code.INSUFFICIENT_BUFFER, b""
    return _PACK_TRANSMIT(number, protocol, pci_length, send_length, protocol, recv_pci_length, size, code) + response


def _refuses(reader: Reader, protocol: int) -> Code:
    """Return why no APDU under ``protocol`` can go to the card now."""
    if reader.port is None:
        return Code.NO_SMARTCARD
    if protocol != reader.protocol and protocol not in (Protocol.RAW, Protocol.ANY_OLD):
        return Code.PROTO_MISMATCH
    return Code.UNPOWERED_CARD if reader.power is Power.OFF else Code.SUCCESS


def control(_service: Service, client: Client, fields: Fields) -> bytes:
    """Answer a control code of PC/SC part 10."""
    number, which, sent, space, _, _, _ = fields
    handle = client.handles.get(number)
    answer = b""
    if handle is None:
        code = Code.INVALID_HANDLE
    elif handle.reader.locked_against(handle):
        code = Code.SHARING_VIOLATION
    elif which in _ANSWERS:
        code, answer = Code.SUCCESS, _ANSWERS[which]
    else:
        code = Code.UNSUPPORTED_FEATURE
    size = len(answer)
    if size > space:
        code, answer = Code.INSUFFICIENT_BUFFER, b""
    return messages.CONTROL.pack(number, which, sent, space, size, code) + answer


def get_attribute(_service: Service, client: Client, fields: Fields) -> bytes:
    """Return an attribute of the reader or its card."""
    number, which, room, space, _ = fields
    handle = client.handles.get(number)
    code = _check(handle)
    value, size = b"", space
    if not code and handle is not None:
        found = attribute(handle.reader, which)
        if found is None:
            code = Code.UNSUPPORTED_FEATURE
        else:
            size = len(found)
            if size > min(space, len(room)):
                code = Code.INSUFFICIENT_BUFFER
            else:
                value = found
    return attribute_layout(len(room)).pack(number, which, value, size, code)


def set_attribute(_service: Service, client: Client, fields: Fields) -> bytes:
    """Refuse: nothing here can be set."""
    number, which, room, space, _ = fields
    code = _check(client.handles.get(number)) or Code.UNSUPPORTED_FEATURE
    return attribute_layout(len(room)).pack(number, which, room, space, code)


def attribute_layout(room: int) -> Struct:
    """Return the layout of attribute requests with ``room`` bytes for the value, which builds of pcsc-lite choose."""
    return Struct(f"=iI{room}sII")

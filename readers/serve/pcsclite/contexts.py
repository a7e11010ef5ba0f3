"""Requests about the connection itself, the client's context, and the state of all readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from readers.serve.pcsclite import messages
from readers.serve.pcsclite.messages import Code

if TYPE_CHECKING:
    from readers.serve.pcsclite.service import Client, Fields, Service

NO_CONTEXT = 0
_LAST_SCOPE = 3


def version(_service: Service, _client: Client, fields: Fields) -> bytes:
    """Agree on a version, or name the nearest one that is spoken here."""
    major, minor, _ = fields
    if major == messages.MAJOR and minor in messages.MINORS:
        return messages.VERSION.pack(major, minor, Code.SUCCESS)
    newest, oldest = max(messages.MINORS), min(messages.MINORS)
    nearest = newest if (major, minor) > (messages.MAJOR, newest) else oldest
    return messages.VERSION.pack(messages.MAJOR, nearest, Code.SERVICE_STOPPED)


def establish(service: Service, client: Client, fields: Fields) -> bytes:
    """Give the client its context, one per connection."""
    scope, _, _ = fields
    if client.context != NO_CONTEXT or scope > _LAST_SCOPE:
        return messages.ESTABLISH.pack(scope, NO_CONTEXT, Code.INVALID_VALUE)
    client.context = service.next_number()
    service.contexts[client.context] = client
    return messages.ESTABLISH.pack(scope, client.context, Code.SUCCESS)


def release(service: Service, client: Client, fields: Fields) -> bytes:
    """End the client's context and its handles."""
    context, _ = fields
    if context == NO_CONTEXT or context != client.context:
        return messages.RELEASE.pack(context, Code.INVALID_HANDLE)
    service.release(client)
    return messages.RELEASE.pack(context, Code.SUCCESS)


def cancel(service: Service, _client: Client, fields: Fields) -> bytes:
    """End the wait of another connection's context, if it waits for a change."""
    context, _ = fields
    target = service.contexts.get(context)
    if target is None or target not in service.watching:
        return messages.CANCEL.pack(context, Code.INVALID_HANDLE)
    del service.watching[target]
    service.defer(target, messages.WAITED.pack(0, Code.CANCELLED))
    return messages.CANCEL.pack(context, Code.SUCCESS)


def states(service: Service, _client: Client, _fields: Fields) -> bytes:
    """Return the records of all readers, with empty ones up to 16."""
    return service.table()


def watch(service: Service, client: Client, _fields: Fields) -> bytes:
    """Return the records, and another answer when one of them changes."""
    service.watching[client] = None
    return service.table()


def stop_watching(service: Service, client: Client, _fields: Fields) -> bytes:
    """Answer only a client that still waits: one that was signalled has its answer under way."""
    if client not in service.watching:
        return b""
    del service.watching[client]
    return messages.WAITED.pack(0, Code.SUCCESS)


def reader_events(service: Service, _client: Client, _fields: Fields) -> bytes:
    """Return how many readers have come."""
    return messages.READER_EVENTS.pack(len(service.readers), Code.SUCCESS)


def count(service: Service, _client: Client, _fields: Fields) -> bytes:
    """Return the number of readers."""
    return messages.COUNT.pack(len(service.readers))


def array(service: Service, _client: Client, _fields: Fields) -> bytes:
    """Return the records of all readers and no more."""
    return service.table()[: len(service.readers) * messages.RECORD.size]

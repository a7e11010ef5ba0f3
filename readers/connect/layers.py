"""Layers that wrap a `Connection` and are one: what a terminal does for every command, one concern each.

:func:`with_layers` stacks them in the one order that is right, from the card outwards:

1. :class:`Traced` next to the card, so that a trace has what really crosses, also the commands of the layers above it;
2. :class:`RepeatWithLe`, since a GET RESPONSE may be answered 6Cxx too;
3. :class:`FetchResponse`. What comes above (secure messaging, terminals) then sees whole answers only.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from apdu.command import Command
from apdu.errors import CommandError
from apdu.hexes import format_hex
from readers.errors import CardProtocolError
from readers.trace import record

if TYPE_CHECKING:
    from apdu.ports import Connection
    from readers.trace import Clock, TraceSink

_GET_RESPONSE = 0xC0
_MAX_FETCHES = 1024
_MAX_DATA = 65_536


class _Layer:
    """What a layer passes on: everything but ``transmit``, which is its own."""

    def __init__(self, inner: Connection) -> None:
        self._inner = inner

    @property
    def name(self) -> str:
        """What the user calls this connection."""
        return self._inner.name

    @property
    def atr(self) -> bytes:
        """Answer to reset of the connected card."""
        return self._inner.atr

    def reset(self) -> bytes:
        """Reset the card and return the ATR."""
        return self._inner.reset()

    def close(self) -> None:
        """Let go of the card."""
        self._inner.close()


class FetchResponse(_Layer):
    """Answer 61xx by GET RESPONSE with Le = xx, as often as the card says so, and put the pieces together.

    Source: ISO/IEC 7816-4, 7.6.1 (GET RESPONSE) and 7816-3, 12.2 (T=0).
    """

    def transmit(self, command: bytes) -> bytes:
        """Send one command and return the whole answer with the last status word.

        Raises :class:`CardProtocolError` after 1,024 pieces or 65,536 bytes of data, the most an APDU can carry.
        """
        response = self._inner.transmit(command)
        if response[-2:-1] != b"\x61":
            return response
        data = bytearray(response[:-2])
        for _ in range(_MAX_FETCHES):
            response = self._inner.transmit(bytes((_channel(command), _GET_RESPONSE, 0, 0, response[-1])))
            data += response[:-2]
            if len(data) > _MAX_DATA:
                break
            if response[-2:-1] != b"\x61":
                return bytes(data) + response[-2:]
        raise CardProtocolError(
            f"the card still announces more data (61xx) after {len(data)} bytes; gave up",
            f"卡在返回 {len(data)} 字节后仍声称有更多数据(61xx),已放弃",
        )


def _channel(command: bytes) -> int:
    """Return the class byte that names the command's logical channel and nothing else (ISO/IEC 7816-4, 5.4.1)."""
    cla = command[0] if command else 0
    if cla < 0x20:
        return cla & 0x03
    return cla & 0x4F if 0x40 <= cla < 0x80 else 0


class RepeatWithLe(_Layer):
    """Answer 6Cxx by the same command with Le = xx, once: a missing Le is appended, a wrong one replaced.

    Source: ISO/IEC 7816-4, 5.6 (6Cxx: the command was not processed).
    """

    def transmit(self, command: bytes) -> bytes:
        """Send one command, twice when the card names another Le."""
        response = self._inner.transmit(command)
        if len(response) != 2 or response[0] != 0x6C:
            return response
        try:
            parsed = Command.parse(command)
        except CommandError:
            return response
        # 6C00 means 256, which only the short form spells 00.
        le = (response[1] or 256) if parsed.extended else response[1]
        return self._inner.transmit(replace(parsed, le=le).encode())


class Traced(_Layer):
    """Tell ``sink`` the reader and ATR when something is first done, then commands, responses and resets."""

    def __init__(self, inner: Connection, sink: TraceSink, clock: Clock = time.perf_counter) -> None:
        super().__init__(inner)
        self._sink = sink
        self._clock = clock
        self._introduced = False

    def transmit(self, command: bytes) -> bytes:
        """Send one command APDU and return the response APDU."""
        self._introduce()
        return record(self._sink, self._clock, self._inner.transmit, command)

    def reset(self) -> bytes:
        """Reset the card and return the ATR."""
        self._introduce()
        self._sink.comment("reset")
        atr = self._inner.reset()
        self._sink.comment(f"ATR: {format_hex(atr)}")
        return atr

    def _introduce(self) -> None:
        if not self._introduced:
            self._introduced = True
            self._sink.comment(f"reader: {self.name}")
            self._sink.comment(f"ATR: {format_hex(self.atr)}")


def with_layers(
    connection: Connection,
    *,
    fetch_response: bool = True,
    repeat_with_le: bool = True,
    trace: TraceSink | None = None,
) -> Connection:
    """Return ``connection`` in the layers asked for, in the order the module's head gives."""
    if trace is not None:
        connection = Traced(connection, trace)
    if repeat_with_le:
        connection = RepeatWithLe(connection)
    if fetch_response:
        connection = FetchResponse(connection)
    return connection

"""vpcd frames, spelt and read independently of the code under test."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable


def frame(body: bytes) -> bytes:
    return struct.pack(">H", len(body)) + body


def read_frame(sock: socket.socket) -> bytes:
    with sock.makefile("rb", buffering=0) as stream:
        size = read_exactly(stream.read, 2)
        return read_exactly(stream.read, int.from_bytes(size, "big"))


def read_exactly(read: Callable[[int], bytes], size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = read(size - len(data))
        assert chunk, f"the server closed after {data.hex()}"
        data += chunk
    return data

"""From the memory of a card that was built directly to native commands that make the same one; comparing the two."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cardsim.chip.layout import HEADER_SIZE, FileType, Header

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE = 200


def children(memory: bytes, start: int, end: int) -> Iterator[tuple[Header, bytes, bytes]]:
    """Yield header, name and body of what stands there."""
    while start + HEADER_SIZE <= end and memory[start + 2]:
        header = Header.parse(memory[start : start + HEADER_SIZE])
        body = start + HEADER_SIZE + header.name_size
        yield header, memory[start + HEADER_SIZE : body], memory[body : body + header.size]
        start = body + header.size


def tree(memory: bytes) -> list[tuple[int, Header, bytes]]:
    """Everything below the MF, in order, each behind the FID of its directory; without what only says who made it."""
    mf = Header.parse(memory[:HEADER_SIZE])
    return list(_below(0x3F00, memory[HEADER_SIZE + mf.name_size :]))


def _below(parent: int, space: bytes) -> Iterator[tuple[int, Header, bytes]]:
    for header, name, body in children(space, 0, len(space)):
        if header.type is FileType.DIRECTORY:
            yield parent, replace(header, native=False), name
            yield from _below(header.fid, body)
        else:
            yield parent, header, body


def commands(memory: bytes) -> Iterator[str]:
    """Yield the extended dialect's commands that make the card again."""
    yield "80E03F000D38FFFFF0F0FF" + "FF" * 7
    mf = Header.parse(memory[:HEADER_SIZE])
    start = HEADER_SIZE + mf.name_size
    for header, name, body in children(memory, start, len(memory)):
        yield from _directory(header, name, body)
        yield "00A40000023F00"


def _directory(header: Header, name: bytes, space: bytes) -> Iterator[str]:
    extra = header.extra
    yield _apdu(
        f"80E0{header.fid:04X}", bytes((0x38, *header.size.to_bytes(2, "big"), 0xF0, 0xF0, extra, 255, 255)) + name
    )
    yield f"00A4000002{header.fid:04X}"
    for child, child_name, body in children(space, 0, len(space)):
        if child.type is FileType.DIRECTORY:
            yield from _directory(child, child_name, body)
            yield _apdu("00A40400", name)
        else:
            yield from _file(child, body)
    yield _apdu("80E08000", b"" if header.right2 == 0xEF else bytes((header.right2,)))


def _file(header: Header, body: bytes) -> Iterator[str]:
    kind = header.type
    size, last = header.size.to_bytes(2, "big"), header.extra
    if kind is FileType.CYCLIC:
        size, last = bytes((header.size // (header.extra + 1), header.extra)), 0xFF
    data = bytes((kind | header.protection, *size, header.right1, header.right2, last, 0xFF))
    create = f"80E0{header.fid:04X}"
    if kind in (FileType.RULES, FileType.APPLICATION):
        first, *rest = _pieces(body) or [b""]
        yield _apdu(create, data + first)
        yield from (_apdu("80E20000", piece) for piece in rest)
        return
    yield _apdu(create, data)
    if kind is FileType.KEYS:
        yield from (_apdu("80D40000", record) for record in _cut(body, 8, 7))
        return
    yield f"00A4000002{header.fid:04X}"
    if kind is FileType.CYCLIC:
        step = header.extra + 1
        yield from (_apdu("00E20000", body[place + 1 : place + step]) for place in range(0, len(body), step))
    elif kind is FileType.VARIABLE:
        yield from (_apdu("00E20000", record) for record in _cut(body[2:], 2, 1))
    else:
        for number, piece in enumerate(_pieces(body)):
            yield _apdu(f"00D6{number * PIECE:04X}", piece)


def _pieces(body: bytes) -> list[bytes]:
    return [body[place : place + PIECE] for place in range(0, len(body), PIECE)]


def _cut(body: bytes, head: int, length_at: int) -> Iterator[bytes]:
    """Yield records, whose length stands in them."""
    while body:
        size = head + body[length_at]
        yield body[:size]
        body = body[size:]


def _apdu(header: str, data: bytes) -> str:
    return header + (f"{len(data):02X}{data.hex()}" if data else "")

"""An image taken apart: headers, names and bodies as they stand in the memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cardsim.chip.layout import HEADER_SIZE, REST_OF_MEMORY, FileType, Header

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Node:
    """A file or a directory. ``body``: bytes of a file; ``children``: what is in a directory, in order."""

    header: Header
    name: bytes = b""
    body: bytes = b""
    children: tuple[Node, ...] = ()

    @property
    def directory(self) -> bool:
        """Whether it is one."""
        return self.header.type is FileType.DIRECTORY

    @property
    def label(self) -> str:
        """What people call it: its FID."""
        return f"{self.header.fid:04X}"


def master_file(memory: bytes) -> Node:
    """Return the MF of ``memory`` and everything in it. Raises ValueError when it is damaged."""
    return _node(memory, 0, len(memory))


def used(memory: bytes) -> int:
    """Return the bytes that the MF and all in it take."""
    mf = master_file(memory)
    return HEADER_SIZE + len(mf.name) + sum(_size(child) for child in mf.children)


def same_contents(memory: bytes, other: bytes) -> bool:
    """Return whether two cards have the same applications, whether built directly or made by commands."""
    first, second = master_file(memory), master_file(other)
    return [*map(_unmarked, first.children)] == [*map(_unmarked, second.children)]


def _size(node: Node) -> int:
    return HEADER_SIZE + node.header.name_size + node.header.size


def _unmarked(node: Node) -> Node:
    """Return ``node`` without the mark of CREATE FILE."""
    return replace(
        node, header=replace(node.header, native=False), children=tuple(_unmarked(child) for child in node.children)
    )


def _node(memory: bytes, offset: int, limit: int) -> Node:
    header = Header.parse(memory[offset : offset + HEADER_SIZE])
    start = offset + HEADER_SIZE + header.name_size
    end = limit if header.size == REST_OF_MEMORY and not offset else start + header.size
    if end > limit:
        raise ValueError(f"{header.fid:04X} goes on behind the end of what it is in")
    if header.type is not FileType.DIRECTORY:
        return Node(header, body=memory[start:end])
    name = memory[offset + HEADER_SIZE : start]
    return Node(header, name, children=tuple(_children(memory, start, end)))


def _children(memory: bytes, start: int, end: int) -> Iterator[Node]:
    while start + HEADER_SIZE <= end and memory[start + 2] != FileType.ERASED:
        node = _node(memory, start, end)
        yield node
        start += HEADER_SIZE + len(node.name) + node.header.size

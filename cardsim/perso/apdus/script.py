"""The commands that make an image on a blank card, directory by directory (cardsim.chip.native has their forms).

A directory's files, keys and the room of the directories inside it are made while it is free; then it is sealed. What
is inside comes first, so that a sealed directory is a finished one. Sources: facts native-card-os 1.2, 1.4, 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, unique
from typing import TYPE_CHECKING, Final

from apdu import Command, Text
from cardsim.chip.layout import KEY_HEADER_SIZE, FileType, KeyRecord
from cardsim.chip.purse.body import SMALLEST_BODY
from cardsim.errors import CardsimError
from cardsim.perso.apdus.nodes import Node, master_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_CREATE, _WRITE_KEY, _APPEND, _UPDATE_BINARY, _SELECT = 0xE0, 0xD4, 0xE2, 0xD6, 0xA4
_CHUNK: Final = 0x70
_FREE: Final = 0xF0
_NEVER: Final = 0xEF
_NONE: Final = 0xFF
_PURSE_PARAMETERS: Final = b"\x02\x08"
_INTERNAL: Final = (FileType.RULES, FileType.APPLICATION)


MASTER_FILE: Final = "3F00"
"""The place of the step that makes the MF."""


class ScriptError(CardsimError):
    """An image that can not be made by commands."""


@unique
class StepKind(Enum):
    """What a command does, as far as resuming depends on it."""

    CREATE = Text("create", "创建")
    MORE = Text("go on with", "继续写入")
    SELECT = Text("select", "选择")
    KEY = Text("key", "密钥")
    RECORD = Text("record", "记录")
    ENTRY = Text("entry", "循环记录")
    BINARY = Text("bytes", "数据")
    SEAL = Text("seal", "封闭")


@dataclass(frozen=True, slots=True)
class Step:
    """One command. ``number``: of a record or an entry the number in the order of writing, from 1.

    ``secret``: its data are a key, or half of one, and nobody's business.
    """

    kind: StepKind
    place: str
    command: Command
    detail: str = ""
    number: int = 0
    secret: bool = False

    @property
    def text(self) -> Text:
        """What it does, in words; nothing secret."""
        tail = f" {self.detail}" if self.detail else ""
        return Text(f"{self.kind.value.en} {self.place}{tail}", f"{self.kind.value.zh} {self.place}{tail}")


@dataclass(frozen=True, slots=True)
class Section:
    """What is done in one directory. ``path``: FIDs from the MF down; empty for the MF itself.

    ``everywhere``: whether the finished directory is there on every interface.
    """

    path: tuple[int, ...]
    steps: tuple[Step, ...]
    everywhere: bool = True

    @property
    def label(self) -> str:
        """What people call the directory."""
        return "/".join(f"{fid:04X}" for fid in self.path) or MASTER_FILE

    @property
    def entering(self) -> Iterator[Command]:
        """Yield the commands that make the directory current."""
        for fid in (0x3F00, *self.path):
            yield select(fid)


def script_of(memory: bytes, transport_code: bytes, *, erasable: bool = False) -> tuple[Section, ...]:
    """Return the script that makes the image ``memory``; ``transport_code``: 8 bytes that a factory-fresh card wants.

    Applications can always be added to the MF that it makes; ``erasable``: and anybody can wipe it, for a card that is
    to be blank again. Raises :class:`ScriptError` for what no command can make.
    """
    mf = master_file(memory)
    head = bytes((FileType.DIRECTORY, 0xFF, 0xFF, _FREE, _FREE if erasable else _NEVER))
    create = Command(0x80, _CREATE, 0x3F, 0x00, head + transport_code)
    step = Step(StepKind.CREATE, MASTER_FILE, create, secret=transport_code.strip(b"\xff") != b"")
    sections = [Section((), (step, *_steps(mf, "")))]
    for child in mf.children:
        if child.directory:
            sections.extend(_sections(child, ()))
    return tuple(sections)


def without_master_file(sections: Sequence[Section]) -> tuple[Section, ...]:
    """Return the script for a card that has its MF already."""
    first, *others = sections
    steps = tuple(step for step in first.steps if step.place != MASTER_FILE)
    return (Section((), steps), *others)


def script_of_application(memory: bytes, name: bytes) -> tuple[Section, ...]:
    """Return the script that makes one application of the image ``memory``, the one called ``name``, in an MF.

    Raises :class:`ScriptError` for what no command can make.
    """
    node = next(child for child in master_file(memory).children if child.name == name)
    return (Section((), (_creation(node, node.label),)), *_sections(node, ()))


def select(fid: int) -> Command:
    """Return SELECT by file identifier."""
    return Command(0x00, _SELECT, 0x00, 0x00, fid.to_bytes(2, "big"))


def _sections(node: Node, above: tuple[int, ...], *, everywhere: bool = True) -> Iterator[Section]:
    files = (child.header for child in node.children if child.header.type is FileType.APPLICATION)
    everywhere = everywhere and all(header.right1 == _FREE for header in files)
    path = (*above, node.header.fid)
    label = "/".join(f"{fid:04X}" for fid in path)
    right = node.header.right2
    erase = b"" if right == _NEVER else bytes((right,))
    seal = Step(StepKind.SEAL, label, Command(0x80, _CREATE, 0x80, 0x00, erase))
    inside = [child for child in node.children if child.directory]
    yield Section(path, tuple(_steps(node, f"{label}/")) + (() if inside else (seal,)), everywhere)
    for child in inside:
        yield from _sections(child, path, everywhere=everywhere)
    if inside:
        yield Section(path, (seal,), everywhere)


def _steps(parent: Node, prefix: str) -> Iterator[Step]:
    for node in parent.children:
        place = prefix + node.label
        yield _creation(node, place)
        yield from _contents(node, place)


def _creation(node: Node, place: str) -> Step:
    header = node.header
    parameters = header.size.to_bytes(2, "big")
    right1, right2, extra, last = header.right1, header.right2, header.extra, header.byte7
    tail = b""
    match header.type:
        case FileType.DIRECTORY:
            right1 = right2 = _FREE  # until it is sealed
            last, tail = _NONE, bytes((_NONE,)) + node.name
        case FileType.CYCLIC | FileType.FIXED:
            parameters = bytes((header.size // (header.extra + 1), header.extra))
            extra = _NONE
        case FileType.PURSE:
            if header.size == SMALLEST_BODY:
                parameters = _PURSE_PARAMETERS
            last, extra = header.extra, _NONE
        case FileType.KEYS:
            right1, right2, extra, last = _FREE, _NEVER, _NONE, _NONE
        case FileType.RULES | FileType.APPLICATION:
            tail = node.body[:_CHUNK]
        case _:
            pass
    data = bytes((header.type | header.protection, *parameters, right1, right2, extra, last)) + tail
    return Step(StepKind.CREATE, place, Command(0x80, _CREATE, header.fid >> 8, header.fid & 0xFF, data))


def _contents(node: Node, place: str) -> Iterator[Step]:
    """Yield what fills a file; nothing for one that is erased."""
    body = node.body
    match node.header.type:
        case FileType.DIRECTORY:
            return
        case FileType.RULES | FileType.APPLICATION:
            for start in range(_CHUNK, len(body), _CHUNK):
                yield Step(StepKind.MORE, place, Command(0x80, _APPEND, 0, 0, body[start : start + _CHUNK]))
        case FileType.KEYS:
            yield from _keys(body, place)
        case FileType.VARIABLE:
            yield Step(StepKind.SELECT, place, select(node.header.fid))
            yield from _records(body, place)
        case FileType.CYCLIC | FileType.FIXED:
            yield Step(StepKind.SELECT, place, select(node.header.fid))
            yield from _entries(node, place)
        case FileType.PURSE:
            if body.strip(b"\x00"):
                raise ScriptError(
                    f"{place}: a purse that is not empty is filled by loading it, not by personalisation",
                    f"{place}:非空钱包只能通过圈存写入,不能由个人化写入",
                )
        case _:
            yield from _binary(node, place)


def _keys(body: bytes, place: str) -> Iterator[Step]:
    offset = 0
    while offset < len(body) and body[offset]:
        size = KEY_HEADER_SIZE + body[offset + KEY_HEADER_SIZE - 1]
        record = KeyRecord.parse(body[offset : offset + size])
        detail = f"{record.type.name} {record.id:02X} version {record.version:02X}"
        yield Step(
            StepKind.KEY, place, Command(0x80, _WRITE_KEY, 0, 0, body[offset : offset + size]), detail, secret=True
        )
        offset += size


def _records(body: bytes, place: str) -> Iterator[Step]:
    offset, end = 2, 2 + int.from_bytes(body[:2], "big")
    number = 1
    while offset < end:
        record = body[offset : offset + 2 + body[offset + 1]]
        yield Step(StepKind.RECORD, place, Command(0x00, _APPEND, 0, 0, record), f"{record[0]:02X}", number)
        offset += len(record)
        number += 1


def _entries(node: Node, place: str) -> Iterator[Step]:
    kind = StepKind.ENTRY if node.header.type is FileType.CYCLIC else StepKind.RECORD  # read back as it was written
    step = node.header.extra + 1
    slots = [node.body[start : start + step] for start in range(0, node.header.size, step)]
    records = [slot[1:] for slot in slots if slot[0]]  # the first byte is 00 where there is none
    for number, record in enumerate(records, 1):
        yield Step(kind, place, Command(0x00, _APPEND, 0, 0, record), f"{number}/{len(records)}", number)


def _binary(node: Node, place: str) -> Iterator[Step]:
    """Yield the pieces that are not all 00: those of a new file are."""
    pieces = [
        (start, node.body[start : start + _CHUNK])
        for start in range(0, len(node.body), _CHUNK)
        if node.body[start : start + _CHUNK].strip(b"\x00")
    ]
    if pieces:
        yield Step(StepKind.SELECT, place, select(node.header.fid))
    secret = node.header.type is FileType.PRIVATE_KEY
    for start, piece in pieces:
        command = Command(0x00, _UPDATE_BINARY, start >> 8, start & 0xFF, piece)
        yield Step(StepKind.BINARY, place, command, secret=secret)

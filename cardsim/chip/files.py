"""The file system as it stands in memory, loaded once into nodes that commands walk without parsing again.

A node caches what never changes between commands: FCI, compiled rules, where records begin. Contents stay in memory.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from apdu import Interface, encode_ber, format_hex
from cardsim.chip.errors import MemoryDamagedError
from cardsim.chip.layout import (
    HEADER_SIZE,
    NO_FCI_BYTE,
    FileType,
    Header,
    KeyRecord,
    KeyType,
    LifeCycle,
)
from cardsim.chip.rules import Masks, Rule, compile_access, reference_name
from cardsim.zones.access import NEVER, Access, Key, On, Pin
from cardsim.zones.model import CommandSet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cardsim.chip.memory import Memory

LOCAL_REFERENCE: Final = 0x80
"""Bit 8 of a PIN or key reference: of the current directory, not above (facts hrss-card 4.1)."""
INTERFACE_BITS: Final = {Interface.CONTACT: 1, Interface.CONTACTLESS: 2}
EVERY_INTERFACE: Final = sum(INTERFACE_BITS.values())


@dataclass(frozen=True, slots=True)
class Credential:
    """A PIN or key on the card: where its record is, and the bit that stands for "verified".

    ``unblocked_by``: of a PIN, the reference of the key without which it is not unblocked.
    """

    type: KeyType
    reference: int
    version: int
    bit: int
    record: int
    value: int
    value_size: int
    unblocked_by: int
    algorithm: int

    @property
    def term(self) -> Pin | Key:
        """How rules on the chip name it."""
        name = reference_name(self.reference)
        return Pin(name) if self.type is KeyType.PIN else Key(name)

    @property
    def tries_offset(self) -> int:
        """Where the counter byte stands."""
        return self.record + KeyRecord.TRIES_OFFSET


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a variable file: tag and place, both counting from the tag byte, and who may read it."""

    tag: int
    offset: int
    size: int
    read: Masks
    update: Masks


class ElementaryFile:
    """A transparent, variable or cyclic file."""

    __slots__ = (
        "_memory",
        "_records",
        "_tags",
        "body",
        "directory",
        "fid",
        "header",
        "offset",
        "read",
        "rules",
        "size",
        "update",
    )

    def __init__(self, memory: Memory, header: Header, offset: int, directory: Directory) -> None:
        self._memory = memory
        self._records: tuple[Record, ...] | None = None
        self._tags: dict[int, Record] = {}
        self.header = header
        self.fid = header.fid
        self.offset = offset
        self.body = offset + HEADER_SIZE
        self.size = header.size
        self.directory = directory
        self.rules: tuple[Rule, Rule] = (Rule(NEVER), Rule(NEVER))
        self.read: Masks = ()
        self.update: Masks = ()

    @property
    def cyclic(self) -> bool:
        """True when the newest record is number 1 and a write makes a new one."""
        return self.header.type is FileType.CYCLIC

    @property
    def record_size(self) -> int:
        """Length of a cyclic file's records."""
        return self.header.extra

    @property
    def used(self) -> int:
        """Bytes that a variable file's records take."""
        return int.from_bytes(self._memory.view[self.body : self.body + 2], "big")

    def changed(self) -> None:
        """Forget where records begin: a command has added one."""
        self._records = None

    def next_place(self) -> tuple[int, int]:
        """Return where a cyclic file's next record goes, its number byte first, and that number: 1 to 255, then 1."""
        newest = self.records[0].offset - 1
        step = self.record_size + 1
        place = newest + step
        return place if place < self.body + self.size else self.body, self._memory.view[newest] % 255 + 1

    @property
    def transparent(self) -> bool:
        """True when the body is plain bytes."""
        return self.header.type is FileType.TRANSPARENT

    @property
    def records(self) -> tuple[Record, ...]:
        """The records in the order they stand; numbers count from 1."""
        if self._records is None:
            self._records = tuple(self._scan_cyclic() if self.cyclic else self._scan())
            # The first occurrence answers for a tag that several records share (facts hrss-card 2).
            self._tags = {record.tag: record for record in reversed(self._records)}
        return self._records

    @property
    def by_tag(self) -> dict[int, Record]:
        """The first record of every tag."""
        if self._records is None:
            _ = self.records
        return self._tags

    def _scan(self) -> Iterator[Record]:
        view = self._memory.view[: self.body + self.size]
        used = self.used
        offset, end = self.body + 2, self.body + 2 + used
        if end > len(view):
            raise MemoryDamagedError(
                f"file {self.fid:04X} says {used} bytes of records in a body of {self.size}",
                f"文件 {self.fid:04X} 记录长度 {used} 超出文件体 {self.size} 字节",
            )
        read, update = self.rules
        bit_of = self.directory.bit_of
        while offset < end:
            behind = offset + 2
            if behind <= end:
                behind += view[offset + 1]
            if behind > end:
                raise MemoryDamagedError(
                    f"a record of file {self.fid:04X} goes on behind the last one",
                    f"文件 {self.fid:04X} 的记录超出记录区",
                )
            tag = view[offset]
            read_masks, update_masks = (compile_access(rule.of(tag), bit_of) for rule in (read, update))
            yield Record(tag, offset, behind - offset, read_masks, update_masks)
            offset = behind

    def _scan_cyclic(self) -> Iterator[Record]:
        """Yield the newest first: the one whose successor does not count on."""
        view, step = self._memory.view, self.record_size + 1
        places = range(self.body, self.body + self.size - step + 1, step)
        numbers = [view[place] for place in places]
        count = len(numbers)
        newest = next((i for i in range(count) if numbers[(i + 1) % count] != numbers[i] % 255 + 1), count - 1)
        for back in range(count):
            yield Record(0, places[(newest - back) % count] + 1, self.record_size, self.read, self.update)


class Directory:
    """The MF or a DF, with what SELECT answers for it."""

    __slots__ = (
        "by_fid",
        "by_sfi",
        "children",
        "commands",
        "dir_sfi",
        "fci",
        "fid",
        "files",
        "header",
        "interfaces",
        "keys",
        "name",
        "offset",
        "parent",
        "rules",
        "scope",
        "states",
        "used",
    )

    def __init__(self, header: Header, name: bytes, offset: int, parent: Directory | None) -> None:
        self.header = header
        self.fid = header.fid
        self.name = name
        self.offset = offset
        self.parent = parent
        # Places of the state bytes, from here up: SELECT looks at them all.
        self.states: tuple[int, ...] = (offset + Header.STATE_OFFSET, *(parent.states if parent else ()))
        self.files: list[ElementaryFile] = []
        self.children: list[Directory] = []
        self.by_fid: dict[int, ElementaryFile | Directory] = {}
        self.by_sfi: dict[int, ElementaryFile] = {}
        self.keys: dict[tuple[KeyType, int], dict[int, Credential]] = {}
        self.rules: tuple[Rule, ...] = parent.rules if parent else ()
        self.scope = 0
        self.used = 0
        self.dir_sfi = None if header.extra == NO_FCI_BYTE else header.extra
        self.fci = _fci(name, b"" if self.dir_sfi is None else _proprietary(self.dir_sfi))
        self.commands: CommandSet = parent.commands if parent else CommandSet.HRSS
        self.interfaces: int = parent.interfaces if parent else EVERY_INTERFACE

    @property
    def label(self) -> str:
        """A name for messages: the FID, and the name when it is readable text."""
        try:
            text = self.name.decode("gbk")
        except UnicodeDecodeError:
            text = format_hex(self.name)
        return f"{self.fid:04X} {text}" if text.isprintable() and text else f"{self.fid:04X}"

    @property
    def application(self) -> Directory:
        """The application this directory is part of: the one below the MF, or the MF itself."""
        node = self
        while node.parent is not None and node.parent.parent is not None:
            node = node.parent
        return node

    def describe(self, commands: CommandSet, interfaces: int, fci: bytes) -> None:
        """Take in what the directory's application file says; ``fci`` is what stands behind the name, if anything."""
        self.commands = commands
        self.interfaces &= interfaces
        if fci:
            self.fci = _fci(self.name, fci)

    def upwards(self) -> Iterator[Directory]:
        """Yield this directory, its parent, and so on to the MF."""
        node: Directory | None = self
        while node is not None:
            yield node
            node = node.parent

    def state(self, memory: Memory) -> LifeCycle:
        """Return whether this directory is blocked."""
        return LifeCycle(memory.view[self.states[0]])

    def set_state(self, memory: Memory, state: LifeCycle) -> None:
        """Block or unblock this directory, as part of the command."""
        header = replace(self.header, state=state)
        memory.write(self.offset, header.encode())

    def key(self, kind: KeyType, reference: int, version: int | None = None) -> Credential | None:
        """Return the PIN or key that ``reference`` means from here: local ones here, others here or above.

        No ``version`` is the lowest that there is.
        """
        for directory in self.upwards():
            versions = directory.keys.get((kind, reference))
            if versions is not None:
                return versions[min(versions)] if version is None else versions.get(version)
            if reference & LOCAL_REFERENCE:
                break
        return None

    def first_key(self, kind: KeyType) -> Credential | None:
        """Return the nearest key of a kind of which a directory has one."""
        for directory in self.upwards():
            for (found, _), versions in directory.keys.items():
                if found is kind:
                    return versions[min(versions)]
        return None

    def bit_of(self, term: Access) -> int | None:
        """Return the granted bit of a PIN, key or interface term of a rule that applies here."""
        if isinstance(term, On):
            return INTERFACE_BITS[term.interface]
        if isinstance(term, Pin | Key):
            kind = KeyType.PIN if isinstance(term, Pin) else KeyType.EXTERNAL
            credential = self.key(kind, int(term.name, 16))
            return credential.bit if credential else None
        return None

    def find(self, fid: int) -> ElementaryFile | Directory | None:
        """Return what SELECT by FID reaches from here.

        Its children first, then itself, its parent and its siblings (ISO/IEC 7816-4, 7.1.1; facts native-card-os 4),
        and the MF always.
        """
        found = self.by_fid.get(fid)
        if found is not None:
            return found
        root: Directory = self
        while root.parent is not None:
            root = root.parent
        candidates = [self]
        if self.parent is not None:
            candidates += [self.parent, *self.parent.children]
        return next((directory for directory in (*candidates, root) if directory.fid == fid), None)


def _fci(name: bytes, rest: bytes) -> bytes:
    """6F { 84 name, the rest } (facts hrss-card 1)."""
    return encode_ber(0x6F, (encode_ber(0x84, name) if name else b"") + rest)


def _proprietary(dir_sfi: int) -> bytes:
    """A5 { 88 SFI of DIR }: only where the directory has a DIR (facts hrss-card 1)."""
    return encode_ber(0xA5, encode_ber(0x88, bytes((dir_sfi,))))

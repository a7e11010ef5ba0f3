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
    RIGHT_NEVER,
    FileType,
    Header,
    KeyType,
    LifeCycle,
)
from cardsim.chip.records import cyclic_places, fixed_places, native_places
from cardsim.chip.rules import Masks, Rule, compile_access
from cardsim.zones.access import NEVER, Access, Key, On, Pin
from cardsim.zones.model import CommandSet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cardsim.chip.credentials import Credential
    from cardsim.chip.memory import Memory

LOCAL_REFERENCE: Final = 0x80
"""Bit 8 of a PIN or key reference: of the current directory, not above (facts hrss-card 4.1)."""
INTERFACE_BITS: Final = {Interface.CONTACT: 1, Interface.CONTACTLESS: 2}
EVERY_INTERFACE: Final = sum(INTERFACE_BITS.values())


@dataclass(frozen=True, slots=True)
class Record:
    """One record: place and size, and who may read and update it; of a variable file the tag, which it begins with."""

    tag: int
    offset: int
    size: int
    read: Masks
    update: Masks


class ElementaryFile:
    """A transparent, fixed, variable or cyclic file."""

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
        "record_room",
        "rules",
        "size",
        "transparent",
        "update",
        "use",
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
        self.record_room = header.size
        """Bytes of the body that records can take: of a native fixed or cyclic file not always all."""
        self.directory = directory
        self.rules: tuple[Rule, Rule] = (Rule(NEVER), Rule(NEVER))
        self.read: Masks = ()
        self.update: Masks = ()
        self.use: tuple[Rule, Masks] = (Rule(NEVER), ())
        """Of a private key: who may have the card compute with it."""
        self.transparent = header.type.binary
        """True when the body is plain bytes."""

    @property
    def cyclic(self) -> bool:
        """True when the newest record is number 1 and a write makes a new one."""
        return self.header.type is FileType.CYCLIC

    @property
    def fixed(self) -> bool:
        """True when all records have one length, and a byte before each says whether it is there."""
        return self.header.type is FileType.FIXED

    @property
    def record_size(self) -> int:
        """Length of the records of a cyclic or fixed file."""
        return self.header.extra

    @property
    def used(self) -> int:
        """Bytes that a variable file's records take; a native one keeps no number, its records end at a 00."""
        if self.directory.native:
            records = self.records
            return records[-1].offset + records[-1].size - self.body if records else 0
        return int.from_bytes(self._memory.view[self.body : self.body + 2], "big")

    def changed(self) -> None:
        """Forget where records begin: a command has added one."""
        self._records = None

    def next_place(self) -> tuple[int, int]:
        """Return where a cyclic file's next record goes, its number byte first, and that number: 1 to 255, then 1."""
        if not self.records:
            return self.body, 1
        newest = self.records[0].offset - 1
        step = self.record_size + 1
        place = newest + step
        return place if place < self.body + self.record_room else self.body, self._memory.view[newest] % 255 + 1

    @property
    def records(self) -> tuple[Record, ...]:
        """The records in the order they stand; numbers count from 1."""
        if self._records is None:
            self._records = tuple(self._scan_any())
            # The first occurrence answers for a tag that several records share (facts hrss-card 2).
            self._tags = {record.tag: record for record in reversed(self._records)}
        return self._records

    @property
    def by_tag(self) -> dict[int, Record]:
        """The first record of every tag."""
        if self._records is None:
            _ = self.records
        return self._tags

    def _scan_any(self) -> Iterator[Record]:
        view, end = self._memory.view, self.body + self.record_room
        numbers = range(self.body, end, self.record_size + 1)
        match self.header.type:
            case FileType.CYCLIC:
                return (self._record(place, self.record_size) for place in cyclic_places(view, numbers))
            case FileType.FIXED:
                return (self._record(place, self.record_size) for place in fixed_places(view, numbers))
            case FileType.VARIABLE if self.directory.native:
                return (self._record(*found, view[found[0]]) for found in native_places(view, self.body, end))
            case _:
                return self._scan()

    def _record(self, place: int, size: int, tag: int = 0) -> Record:
        return Record(tag, place, size, self.read, self.update)

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


class Directory:
    """The MF or a DF, with what SELECT answers for it."""

    __slots__ = (
        "by_fid",
        "by_sfi",
        "children",
        "commands",
        "dir_sfi",
        "end",
        "fci",
        "fid",
        "fids",
        "files",
        "header",
        "interfaces",
        "key_file",
        "keys",
        "name",
        "native",
        "offset",
        "parent",
        "rules",
        "scope",
        "start",
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
        self.start = self.end = 0
        """Where the space for what is inside begins and ends."""
        self.used = 0
        self.fids: frozenset[int] = frozenset()
        """FIDs of all that is inside, internal files too."""
        self.key_file: tuple[int, Header] | None = None
        """Where its key file is."""
        self.native: bool = header.native and (parent is None or parent.native)
        """True where right bytes are intervals of the state, and key records native ones."""
        self.dir_sfi = None if header.extra == NO_FCI_BYTE else header.extra
        self.fci = _fci(name, b"" if self.dir_sfi is None else _proprietary(self.dir_sfi))
        self.commands = CommandSet.HRSS
        if self.native:
            self.commands = CommandSet.NATIVE
        elif parent and parent.commands is not CommandSet.NATIVE:
            self.commands = parent.commands
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

    def become(self, *, ruled: bool) -> None:
        """Take in whether there is a rules or an application file; with one, a native directory is none any more."""
        if ruled and self.native:
            self.native, self.commands = False, CommandSet.HRSS

    @property
    def unsealed(self) -> bool:
        """True for a ruled directory that native commands have made and not finished."""
        return self.header.native and not self.native and self.header.right1 != RIGHT_NEVER

    def describe(self, commands: CommandSet, interfaces: int, fci: bytes) -> None:
        """Take in what the directory's application file says; ``fci`` is what stands behind the name, if anything."""
        self.commands = commands
        if not self.unsealed:  # whoever makes it may do so on every interface
            self.interfaces &= interfaces
        if fci:
            self.fci = _fci(self.name, fci)

    def upwards(self) -> Iterator[Directory]:
        """Yield this directory, its parent, and so on to the MF."""
        node: Directory | None = self
        while node is not None:
            yield node
            node = node.parent

    def regime(self) -> Iterator[Directory]:
        """Yield this directory and those above it whose PINs and keys its rules can mean.

        What a native directory's open are states of a register; no rule of a ruled one inside it means them.
        """
        for directory in self.upwards():
            if directory.native and not self.native:
                return
            yield directory

    def state(self, memory: Memory) -> LifeCycle:
        """Return whether this directory is blocked."""
        return LifeCycle(memory.view[self.states[0]])

    def set_state(self, memory: Memory, state: LifeCycle) -> None:
        """Block or unblock this directory, as part of the command."""
        memory.write(self.offset, replace(self.stored(memory), state=state).encode())

    def stored(self, memory: Memory) -> Header:
        """Return the header as it stands in memory; the node's own is that of when it was loaded."""
        return Header.parse(memory.read(self.offset, HEADER_SIZE))

    def key(self, kind: KeyType, reference: int, version: int | None = None) -> Credential | None:
        """Return the PIN or key that ``reference`` means from here: local ones here, others here or above.

        No ``version`` is the lowest that there is.
        """
        for directory in self.regime():
            versions = directory.keys.get((kind, reference))
            if versions is not None:
                return versions[min(versions)] if version is None else versions.get(version)
            if reference & LOCAL_REFERENCE:
                break
        return None

    def first_key(self, kind: KeyType) -> Credential | None:
        """Return the nearest key of a kind of which a directory has one."""
        for directory in self.regime():
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

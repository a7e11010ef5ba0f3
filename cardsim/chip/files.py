"""The file system as it stands in memory, loaded once into nodes that commands walk without parsing again.

A node caches what never changes between commands: FCI, compiled rules, where records begin. Contents stay in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from construct import ConstructError

from apdu import Interface, encode_ber, format_hex
from cardsim.chip.errors import MemoryDamagedError
from cardsim.chip.layout import (
    HEADER_SIZE,
    MF_FID,
    NO_FCI_BYTE,
    REST_OF_MEMORY,
    RIGHT_FREE,
    RIGHT_NEVER,
    FileType,
    Header,
    KeyRecord,
    KeyType,
)
from cardsim.chip.rules import Masks, Rule, compile_access, parse_rules, reference_name
from cardsim.zones.access import FREE, NEVER, Access, Key, On, Pin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cardsim.chip.memory import Memory

LOCAL_REFERENCE: Final = 0x80
"""Bit 8 of a PIN or key reference: of the current directory, not above (facts hrss-card 4.1)."""
INTERFACE_BITS: Final = {Interface.CONTACT: 1, Interface.CONTACTLESS: 2}
_FIRST_CREDENTIAL_BIT: Final = 2


@dataclass(frozen=True, slots=True)
class Credential:
    """A PIN or key on the card: where its record is, and the bit that stands for "verified"."""

    kind: type[Pin | Key]
    reference: int
    bit: int
    record: int
    value: int
    value_size: int

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


class ElementaryFile:
    """A transparent or variable record file."""

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

    @property
    def transparent(self) -> bool:
        """True when the body is plain bytes."""
        return self.header.type is FileType.TRANSPARENT

    @property
    def records(self) -> tuple[Record, ...]:
        """The records in the order they stand; numbers count from 1."""
        if self._records is None:
            self._records = tuple(self._scan())
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
        view = self._memory.view
        used = int.from_bytes(view[self.body : self.body + 2], "big")
        offset, end = self.body + 2, self.body + 2 + used
        if end > self.body + self.size:
            raise MemoryDamagedError(
                f"file {self.fid:04X} says {used} bytes of records in a body of {self.size}",
                f"文件 {self.fid:04X} 记录长度 {used} 超出文件体 {self.size} 字节",
            )
        read, _ = self.rules
        bit_of = self.directory.bit_of
        while offset < end:
            size = 2 + view[offset + 1]
            yield Record(view[offset], offset, size, compile_access(read.of(view[offset]), bit_of))
            offset += size


class Directory:
    """The MF or a DF, with what SELECT answers for it."""

    __slots__ = (
        "by_fid",
        "by_sfi",
        "children",
        "credentials",
        "dir_sfi",
        "fci",
        "fid",
        "files",
        "header",
        "name",
        "offset",
        "parent",
        "rules",
        "scope",
        "used",
    )

    def __init__(self, header: Header, name: bytes, offset: int, parent: Directory | None) -> None:
        self.header = header
        self.fid = header.fid
        self.name = name
        self.offset = offset
        self.parent = parent
        self.files: list[ElementaryFile] = []
        self.children: list[Directory] = []
        self.by_fid: dict[int, ElementaryFile | Directory] = {}
        self.by_sfi: dict[int, ElementaryFile] = {}
        self.credentials: dict[tuple[type[Pin | Key], int], Credential] = {}
        self.rules: tuple[Rule, ...] = parent.rules if parent else ()
        self.scope = 0
        self.used = 0
        self.dir_sfi = None if header.extra == NO_FCI_BYTE else header.extra
        self.fci = _fci(name, self.dir_sfi)

    @property
    def label(self) -> str:
        """A name for messages: the FID, and the name when it is readable text."""
        try:
            text = self.name.decode("gbk")
        except UnicodeDecodeError:
            text = format_hex(self.name)
        return f"{self.fid:04X} {text}" if text.isprintable() and text else f"{self.fid:04X}"

    def credential(self, kind: type[Pin | Key], reference: int) -> Credential | None:
        """Return the PIN or key that ``reference`` means from here: local ones here, others here or above."""
        directory: Directory | None = self
        while directory is not None:
            found = directory.credentials.get((kind, reference))
            if found is not None or reference & LOCAL_REFERENCE:
                return found
            directory = directory.parent
        return None

    def bit_of(self, term: Access) -> int | None:
        """Return the granted bit of a PIN, key or interface term of a rule that applies here."""
        if isinstance(term, On):
            return INTERFACE_BITS[term.interface]
        if isinstance(term, Pin | Key):
            credential = self.credential(type(term), int(term.name, 16))
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


def _fci(name: bytes, dir_sfi: int | None) -> bytes:
    """6F { 84 name, A5 { 88 SFI of DIR } }; A5 only where the directory has a DIR (facts hrss-card 1)."""
    inner = encode_ber(0x84, name) if name else b""
    if dir_sfi is not None:
        inner += encode_ber(0xA5, encode_ber(0x88, bytes((dir_sfi,))))
    return encode_ber(0x6F, inner)


class FileSystem:
    """All files of a card, and the names by which directories are selected."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._next_bit = 1 << _FIRST_CREDENTIAL_BIT
        try:
            self.mf = self._load_directory(0, None, len(memory))
        except (ValueError, ConstructError) as error:
            raise MemoryDamagedError(f"the card's memory is damaged: {error}", f"卡存储器内容损坏:{error}") from error
        self.directories = tuple(self._walk(self.mf))
        self.by_name = {directory.name: directory for directory in reversed(self.directories) if directory.name}

    def _walk(self, directory: Directory) -> Iterator[Directory]:
        yield directory
        for child in directory.children:
            yield from self._walk(child)

    def _load_directory(self, offset: int, parent: Directory | None, limit: int) -> Directory:
        header = Header.parse(self._memory.read(offset, HEADER_SIZE))
        if header.type is not FileType.DIRECTORY or (parent is None) != (header.fid == MF_FID):
            raise ValueError(f"no directory at {offset}")
        start = offset + HEADER_SIZE + header.name_size
        end = limit if header.size == REST_OF_MEMORY else start + header.size
        if end > limit:
            raise ValueError(f"directory {header.fid:04X} is larger than the space it is in")
        directory = Directory(header, self._memory.read(offset + HEADER_SIZE, header.name_size), offset, parent)
        child_offset = start
        children = []
        while child_offset + HEADER_SIZE <= end and self._memory.view[child_offset + 2] != FileType.ERASED:
            child = Header.parse(self._memory.read(child_offset, HEADER_SIZE))
            children.append((child_offset, child))
            child_offset += HEADER_SIZE + child.name_size + child.size
            if child_offset > end:
                raise ValueError(f"file {child.fid:04X} is larger than the directory it is in")
        directory.used = child_offset - start
        self._fill(directory, children, end)
        return directory

    def _fill(self, directory: Directory, children: list[tuple[int, Header]], end: int) -> None:
        """Load internal files first, since the rules of the others refer to them."""
        for offset, header in children:
            body = self._memory.read(offset + HEADER_SIZE, header.size)
            if header.type is FileType.RULES:
                directory.rules = parse_rules(body)
            elif header.type is FileType.KEYS:
                self._load_keys(directory, offset + HEADER_SIZE, body)
        own = 0
        for credential in directory.credentials.values():
            own |= credential.bit
        directory.scope = own | (directory.parent.scope if directory.parent else sum(INTERFACE_BITS.values()))
        for offset, header in children:
            if header.type is FileType.DIRECTORY:
                child = self._load_directory(offset, directory, end)
                directory.children.append(child)
                directory.by_fid.setdefault(child.fid, child)
            elif not header.type.internal:
                self._load_file(directory, offset, header)

    def _load_file(self, directory: Directory, offset: int, header: Header) -> None:
        file = ElementaryFile(self._memory, header, offset, directory)
        file.rules = (_rule(directory, header.right1), _rule(directory, header.right2))
        file.read = compile_access(file.rules[0].default, directory.bit_of)
        directory.files.append(file)
        directory.by_fid.setdefault(file.fid, file)
        if header.sfi:
            directory.by_sfi.setdefault(header.sfi, file)

    def _load_keys(self, directory: Directory, start: int, body: bytes) -> None:
        offset = 0
        while offset < len(body) and body[offset]:
            record = KeyRecord.parse(body[offset:])
            kind: type[Pin | Key] = Pin if record.type is KeyType.PIN else Key
            place = start + offset
            directory.credentials[kind, record.id] = Credential(
                kind, record.id, self._next_bit, place, place + record.size - len(record.value), len(record.value)
            )
            self._next_bit <<= 1
            offset += record.size


def _rule(directory: Directory, right: int) -> Rule:
    if right == RIGHT_FREE:
        return Rule(FREE)
    if right == RIGHT_NEVER:
        return Rule(NEVER)
    if not 1 <= right <= len(directory.rules):
        raise ValueError(f"right {right:02X} names no rule")
    return directory.rules[right - 1]


def credential_term(credential: Credential) -> Access:
    """Return the term by which rules on the chip name ``credential``."""
    return credential.kind(reference_name(credential.reference))

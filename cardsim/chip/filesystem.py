"""Loading the file system: from the bytes of a memory to nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cardsim.chip.credentials import Credential
from cardsim.chip.errors import MemoryDamagedError
from cardsim.chip.files import EVERY_INTERFACE, Directory, ElementaryFile
from cardsim.chip.layout import (
    HEADER_SIZE,
    KEY_HEADER_SIZE,
    MF_FID,
    REST_OF_MEMORY,
    RIGHT_COMPOUND,
    RIGHT_FREE,
    RIGHT_NEVER,
    Algorithm,
    FileType,
    Header,
    KeyRecord,
)
from cardsim.chip.native import keys as native_keys
from cardsim.chip.native.rights import CURRENT_REGISTER, FIRST_FREE_BIT, MF_REGISTER, Right
from cardsim.chip.purse.file import PurseFile, load_right
from cardsim.chip.rules import Rule, compile_access, parse_rules
from cardsim.profiles.native import NativeSettings
from cardsim.zones.access import FREE, NEVER
from cardsim.zones.model import CommandSet, KeyAlgorithm, PairUse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cardsim.chip.memory import Memory

_FIRST_CREDENTIAL_BIT: Final = 2
_MAX_LEVELS: Final = 8
_NATIVE_MF_NAME: Final = b"1PAY.SYS.DDF01"
"""Of an MF that was created without a name (facts native-card-os 1.2)."""
_MAX_CYCLIC: Final = 254
"""Records of a cyclic file: with as many as there are number bytes (1 to 255) none would look like the newest."""


class FileSystem:
    """All files of a card, and the names by which directories are selected."""

    def __init__(self, memory: Memory, settings: NativeSettings | None = None) -> None:
        self._memory = memory
        self._settings = settings = settings or NativeSettings()
        self._next_bit = 1 << _FIRST_CREDENTIAL_BIT
        self.formatted = not (settings.blank and not any(memory.view[:HEADER_SIZE]))
        """False on a blank card without an MF: :attr:`mf` is a stand-in then, without room for anything."""
        if not self.formatted:
            self.mf = Directory(Header(MF_FID, FileType.DIRECTORY, 0, native=True), b"", 0, None)
            self.directories: tuple[Directory, ...] = (self.mf,)
            self.by_name: dict[bytes, Directory] = {}
            return
        try:
            self.mf = self._load_directory(0, None, len(memory), 1)
        except ValueError as error:
            raise MemoryDamagedError(f"the card's memory is damaged: {error}", f"卡存储器内容损坏:{error}") from error
        self.directories = tuple(self._walk(self.mf))
        self.by_name = {directory.name: directory for directory in reversed(self.directories) if directory.name}

    def credentials(self) -> Iterator[Credential]:
        """Yield every PIN and key of the card."""
        for directory in self.directories:
            for versions in directory.keys.values():
                yield from versions.values()

    def _walk(self, directory: Directory) -> Iterator[Directory]:
        yield directory
        for child in directory.children:
            yield from self._walk(child)

    def _load_directory(self, offset: int, parent: Directory | None, limit: int, level: int) -> Directory:
        header = Header.parse(self._memory.read(offset, HEADER_SIZE))
        if header.type is not FileType.DIRECTORY or (parent is None) != (header.fid == MF_FID):
            raise ValueError(f"no directory at {offset}")
        if level > _MAX_LEVELS:
            raise ValueError(f"directory {header.fid:04X} is at level {level}, the deepest is {_MAX_LEVELS}")
        start = offset + HEADER_SIZE + header.name_size
        end = limit if parent is None and header.size == REST_OF_MEMORY else start + header.size
        if not start <= end <= limit:
            raise ValueError(f"directory {header.fid:04X} is larger than the space it is in")
        name = self._memory.read(offset + HEADER_SIZE, header.name_size)
        directory = Directory(
            header, name or (_NATIVE_MF_NAME if parent is None and header.native else b""), offset, parent
        )
        directory.start, directory.end = start, end
        child_offset = start
        children = []
        while child_offset + HEADER_SIZE <= end and self._memory.view[child_offset + 2] != FileType.ERASED:
            child = Header.parse(self._memory.read(child_offset, HEADER_SIZE))
            children.append((child_offset, child))
            child_offset += HEADER_SIZE + child.name_size + child.size
            if child_offset > end:
                raise ValueError(f"file {child.fid:04X} is larger than the directory it is in")
        directory.used = child_offset - start
        self._fill(directory, children, end, level)
        return directory

    def _fill(self, directory: Directory, children: list[tuple[int, Header]], end: int, level: int) -> None:
        """Load internal files first, since the rules of the others refer to them."""
        directory.fids = frozenset(header.fid for _, header in children)
        directory.become(ruled=any(header.rules_its_directory for _, header in children))
        if directory.parent is None and directory.header.native:
            self._next_bit = 1 << FIRST_FREE_BIT
        for offset, header in children:
            if header.type.internal:
                self._load_internal(directory, offset, header)
        own = CURRENT_REGISTER | MF_REGISTER if directory.parent is None and directory.header.native else 0
        for versions in directory.keys.values():
            own |= next(iter(versions.values())).bit
        directory.scope = own | (directory.parent.scope if directory.parent else EVERY_INTERFACE)
        for offset, header in children:
            if header.type is FileType.DIRECTORY:
                child = self._load_directory(offset, directory, end, level + 1)
                directory.children.append(child)
                directory.by_fid.setdefault(child.fid, child)
            elif not header.type.internal:
                self._load_file(directory, offset, header)

    def _load_internal(self, directory: Directory, offset: int, header: Header) -> None:
        body = self._memory.read(offset + HEADER_SIZE, header.size)
        if header.type is FileType.RULES:
            directory.rules = parse_rules(body)
        elif header.type is FileType.APPLICATION:
            interfaces = EVERY_INTERFACE if header.right1 == RIGHT_FREE else header.right1
            directory.describe(CommandSet(header.extra), interfaces, body)
        else:
            directory.key_file = offset, header
            load_keys = self._load_native_keys if directory.native else self._load_keys
            load_keys(directory, offset + HEADER_SIZE, body)

    def _load_file(self, directory: Directory, offset: int, header: Header) -> None:
        overhead = 0
        if header.type in (FileType.CYCLIC, FileType.FIXED):
            overhead = self._settings.native_record_overhead if directory.native else 0
            count, rest = divmod(header.size - overhead, header.extra + 1)
            if rest or not 1 <= count <= _MAX_CYCLIC:
                raise ValueError(f"cyclic file {header.fid:04X}: {header.size} bytes are no 1 to {_MAX_CYCLIC} records")
        kind = PurseFile if header.type is FileType.PURSE else ElementaryFile
        file = kind(self._memory, header, offset, directory)
        file.record_room -= overhead
        if directory.native:
            rights = self.right(header.right1), self.right(header.right2)
            file.rules = Rule(rights[0]), Rule(rights[1])
            file.read, file.update = rights[0].masks, rights[1].masks
        else:
            file.rules = (rule_of(directory, header.right1), rule_of(directory, header.right2))
            file.read, file.update = (compile_access(rule.default, directory.bit_of) for rule in file.rules)
        if header.type in (FileType.PUBLIC_KEY, FileType.PRIVATE_KEY):
            PairUse(header.extra)  # raises ValueError
        if header.type is FileType.PRIVATE_KEY:
            file.use = file.rules[0], file.read
            file.rules, file.read = (Rule(NEVER), file.rules[1]), ()
        if isinstance(file, PurseFile):
            file.use, file.load = zip(file.rules, (file.read, file.update), strict=True)
            if directory.native:  # right2 says nothing
                right = load_right(directory)
                file.load = Rule(right), right.masks
            file.rules, file.read, file.update = (Rule(NEVER), Rule(NEVER)), (), ()
        directory.files.append(file)
        directory.by_fid.setdefault(file.fid, file)
        if header.sfi:
            directory.by_sfi.setdefault(header.sfi, file)

    def _load_keys(self, directory: Directory, start: int, body: bytes) -> None:
        offset = 0
        while offset < len(body) and body[offset]:
            record = KeyRecord.parse(body[offset:])
            versions = directory.keys.setdefault((record.type, record.id), {})
            # Every version of a key opens the same doors.
            bit = next(iter(versions.values())).bit if versions else self._new_bit()
            place = start + offset
            versions[record.version] = Credential(
                record.type,
                record.id,
                record.version,
                bit,
                place,
                place + KEY_HEADER_SIZE,
                len(record.value),
                record.file,
                record.algorithm,
                record.level,
            )
            offset += record.size

    def _load_native_keys(self, directory: Directory, start: int, body: bytes) -> None:
        default = Algorithm.SM4 if self._settings.native_algorithm is KeyAlgorithm.SM4 else Algorithm.TRIPLE_DES
        for offset, key in native_keys.records(body):
            versions = directory.keys.setdefault((key.type, key.id), {})
            place = start + offset
            versions[key.version] = Credential(
                key.type,
                key.id,
                key.version,
                0,  # what it opens is a state
                place,
                place + KEY_HEADER_SIZE,
                len(key.value),
                0xFF,
                key.algorithm(default),
                native=key,
                use=self.right(key.use).masks,
            )

    def right(self, byte: int) -> Right:
        """Return what a right byte asks for on this card."""
        return Right(byte, self._settings.native_mf_right)

    def _new_bit(self) -> int:
        bit = self._next_bit
        self._next_bit <<= 1
        return bit


def rule_of(directory: Directory, right: int) -> Rule:
    """Return the rule that a right of a ruled directory names; raises ValueError when it has none of this number."""
    if right == RIGHT_FREE:
        return Rule(FREE)
    if right in (RIGHT_NEVER, RIGHT_COMPOUND):
        return Rule(NEVER)
    if not 1 <= right <= len(directory.rules):
        raise ValueError(f"right {right:02X} names no rule")
    return directory.rules[right - 1]

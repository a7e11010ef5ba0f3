"""Reading everything that a card gives, whatever card it is.

:func:`dump_card` asks every application that it can find for every short file identifier; no PIN and no key is tried
unless the caller's ``unlock`` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from apdu import Command, StatusWord, Sw, TlvError, parse_ber
from cardsim.zones.authorities import AUTHORITIES
from cardsim.zones.model import Directory
from cardsim.zones.psam import PSAM_DIRECTORIES
from cardsim.zones.registry import ZONES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from apdu import Response
    from cardsim.zones.model import Df
    from readers.terminal.script import Script

    Unlock = Callable[[Df], Script[None]]

_MF: Final = 0x3F00
_SFIS: Final = range(1, 31)
_MAX_RECORDS: Final = 254
_CHUNK: Final = 0x80
_MAX_FILE: Final = 0x8000
_BY_NUMBER: Final = 4
_REFUSALS: Final = 16
"""Refused records in a row after which a file is left: some cards never say that there are no more."""
_PURSES: Final = (0x0001, 0x0002)
_NO_PURSE: Final = frozenset((0x6A81, 0x6A82, 0x6A86, 0x6A88, 0x6B00, 0x6D00, 0x6E00))
_NO_FILE: Final = frozenset((0x6A82, 0x6A87, 0x6A88))
_ABSENT: Final = _NO_FILE | {0x6D00, 0x6E00}
_NO_MORE: Final = frozenset((0x6A83, 0x6A82, 0x6A86, 0x6B00))
_NOT_RECORDS: Final = frozenset((0x6981, 0x6A81, 0x6D00, 0x6E00))
"""Of a PSAM and of the PKI application, which have no records: their INS is not supported."""
_ENVIRONMENTS: Final = (b"1PAY.SYS.DDF01", b"2PAY.SYS.DDF01")


class DumpedRecord(NamedTuple):
    """A record as the card gave it, or the status word with which it refused it."""

    number: int
    status: StatusWord
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class DumpedFile:
    """A file with a short identifier: records, or plain bytes; ``status``: how the reading went.

    ``fid``: as declared, or by which it can be selected; EF and the short identifier where neither tells.
    """

    fid: int
    status: StatusWord
    records: tuple[DumpedRecord, ...] = ()
    content: bytes | None = None

    @property
    def sfi(self) -> int:
        """The short identifier: the last five bits of the FID (facts hrss-card 1)."""
        return self.fid & 0x1F


class DumpedPurse(NamedTuple):
    """What GET BALANCE says of a purse: 0001 the passbook, 0002 the wallet; in fen."""

    fid: int
    status: StatusWord
    balance: int = 0


@dataclass(frozen=True, slots=True)
class DumpedDirectory:
    """An application or a directory: how it was found, what SELECT answered, and its files.

    ``name``: by which it was selected, or which its FCI has; ``fid``: by which it was selected where that was the way.
    """

    name: bytes
    fid: int | None
    declaration: Df | None
    status: StatusWord
    fci: bytes = b""
    files: tuple[DumpedFile, ...] = ()
    purses: tuple[DumpedPurse, ...] = ()


def dump_card(unlock: Unlock | None = None) -> Script[tuple[DumpedDirectory, ...]]:
    """Read the MF, every application that zones declare or directories name, and what is declared below them.

    ``unlock`` is played in every declared directory once it is selected. What is not there is left out; what is
    refused is there with its status word.
    """
    dumper = _Dumper(unlock)
    response = yield from _select_fid(_MF)
    yield from dumper.add(response, b"", _MF, None)
    for df in (*(zone.application for zone in ZONES.values()), *PSAM_DIRECTORIES.values()):
        yield from dumper.application(df)
    for name in dict.fromkeys((*_ENVIRONMENTS, *(authority.aid for authority in AUTHORITIES))):
        yield from dumper.named(name)
    looked_at = 0
    while looked_at < len(dumper.found):  # a directory may name applications that have directories
        directory = dumper.found[looked_at]
        looked_at += 1
        for name in _named_in(directory):
            yield from dumper.named(name)
    return tuple(dumper.found)


class _Dumper:
    """Collects directories, each once."""

    def __init__(self, unlock: Unlock | None) -> None:
        self.found: list[DumpedDirectory] = []
        self._unlock = unlock
        self._names: set[bytes] = set()

    def add(self, response: Response, name: bytes, fid: int | None, df: Df | None) -> Script[bool]:
        """Take in a directory that was just selected, or refused; return whether it is there to be read."""
        own = _name_in(response.data) or name
        if int(response.sw) in _ABSENT or (own and own in self._names):
            return False
        self._names |= {name, own} - {b""}
        files: tuple[DumpedFile, ...] = ()
        purses: tuple[DumpedPurse, ...] = ()
        if response.ok:
            if df and self._unlock:
                yield from self._unlock(df)
            files = yield from _read_files(df)
            if df.purses if df else fid != _MF:
                purses = yield from _read_purses()
                names = {purse.fid for purse in purses}
                files = tuple(file for file in files if file.status.ok or file.sfi not in names)
        self.found.append(DumpedDirectory(own, fid, df, response.sw, response.data, files, purses))
        return response.ok

    def named(self, name: bytes) -> Script[None]:
        """Look for an application by its name."""
        if name not in self._names:
            response = yield _by_name(name)
            yield from self.add(response, name, None, None)

    def application(self, df: Df) -> Script[None]:
        """Read a declared application, and below it what its zone declares there."""
        response = yield _by_name(df.aid)
        there = yield from self.add(response, df.aid, None, df)
        if there:
            yield from self._below(df, df.aid)

    def _below(self, df: Df, application: bytes) -> Script[None]:
        for child in df.children:
            # From the application itself every card leads to its directories by FID; not from one to the next.
            yield _by_name(application)
            response = yield from _select_fid(child.fid)
            if not response.ok:
                response = yield _by_name(child.aid)
            there = yield from self.add(response, child.aid, child.fid, child)
            if there:
                yield from self._below(child, application)


def _by_name(name: bytes) -> Command:
    return Command(0x00, 0xA4, 0x04, 0x00, name)


def _select_fid(fid: int) -> Script[Response]:
    response: Response = yield Command(0x00, 0xA4, 0x00, 0x00, fid.to_bytes(2, "big"))
    return response


def _name_in(fci: bytes) -> bytes:
    """Return the name in 6F / 84, empty where there is none."""
    try:
        found = next((item.find(0x84) for item in parse_ber(fci) if item.tag == 0x6F), None)
    except TlvError:
        return b""
    return found.value if found else b""


def _named_in(directory: DumpedDirectory) -> Iterator[bytes]:
    """Yield the names of applications in records of the form 61 { 4F name }, or with 70 around it."""
    for file in directory.files:
        for record in file.records:
            try:
                entries = parse_ber(record.data)
            except TlvError:
                continue
            inside = [child for entry in entries if entry.tag == 0x70 for child in entry.children]
            for entry in (*entries, *inside):
                name = entry.find(0x4F) if entry.tag == 0x61 else None
                if name and 5 <= len(name.value) <= 16:
                    yield name.value


def _read_files(df: Df | None) -> Script[tuple[DumpedFile, ...]]:
    declared = [file.fid for file in df.files if not isinstance(file, Directory)] if df else []
    files = []
    for sfi in _SFIS:
        fids = [fid for fid in declared if fid & 0x1F == sfi] or [0xEF00 | sfi, sfi]
        file = yield from _read_file(sfi, fids)
        if file is not None:
            files.append(file)
    return tuple(files)


def _read_file(sfi: int, fids: Sequence[int]) -> Script[DumpedFile | None]:
    """Read records until there are no more; a file that has none is read as bytes. ``fids``: that it may have."""
    first = yield _record(sfi, 1)
    status = int(first.sw)
    if status in _NO_FILE:
        return None
    if status in _NOT_RECORDS:
        return (yield from _read_bytes(sfi, fids))
    records = []
    refused, response = 0, first
    for number in range(1, _MAX_RECORDS + 1):
        if number > 1:
            response = yield _record(sfi, number)
        if int(response.sw) in _NO_MORE:
            break
        refused = 0 if response.ok else refused + 1
        records.append(DumpedRecord(number, response.sw, response.data))
        if refused == _REFUSALS:
            break
    while records and not records[-1].status.ok and refused == _REFUSALS:
        records.pop()
    read = any(record.status.ok for record in records)
    return DumpedFile((yield from _selected(fids)), StatusWord(Sw.OK) if read else first.sw, tuple(records))


def _read_purses() -> Script[tuple[DumpedPurse, ...]]:
    """Ask for the balances; a purse that wants a PIN for it is there with its refusal."""
    purses = []
    for fid in _PURSES:
        response = yield Command(0x80, 0x5C, 0x00, fid, le=4)
        if response.ok and len(response.data) == 4:
            purses.append(DumpedPurse(fid, response.sw, int.from_bytes(response.data, "big")))
        elif not response.ok and int(response.sw) not in _NO_PURSE:
            purses.append(DumpedPurse(fid, response.sw))
    return tuple(purses)


def _record(sfi: int, number: int) -> Command:
    return Command(0x00, 0xB2, number, sfi << 3 | _BY_NUMBER, le=0)


def _read_bytes(sfi: int, fids: Sequence[int]) -> Script[DumpedFile | None]:
    """Read a transparent file to its end, which shows as a short answer or 6B00."""
    response = yield Command(0x00, 0xB0, 0x80 | sfi, 0x00, le=_CHUNK)
    if int(response.sw) in _ABSENT:
        return None
    if not _gives(response):
        return DumpedFile((yield from _selected(fids)), response.sw)
    status, content = response.sw, response.data
    # Not every card makes a file current that is read by its short identifier.
    fid = yield from _selected(fids)
    while len(response.data) == _CHUNK and len(content) < _MAX_FILE:
        response = yield Command(0x00, 0xB0, len(content) >> 8, len(content) & 0xFF, le=_CHUNK)
        if not _gives(response):
            break
        content += response.data
    return DumpedFile(fid, status, content=content)


def _selected(fids: Sequence[int]) -> Script[int]:
    """Select the file that has one of ``fids`` and return that, the first where none can be selected."""
    for fid in fids:
        response = yield from _select_fid(fid)
        if response.ok:
            return fid
    return fids[0]


def _gives(response: Response) -> bool:
    """Return whether it has what was asked for: 6281 says so of a file that was never written."""
    return response.ok or (int(response.sw) == Sw.DATA_MAY_BE_CORRUPT and bool(response.data))

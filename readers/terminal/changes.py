"""Bringing a card of the HRSS zone to given contents: what differs, and the writes that make it equal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from apdu import Sw, Text
from cardsim.zones.access import FREE, NEVER
from cardsim.zones.addresses import file_name
from cardsim.zones.hrss import EF05, SSSE
from cardsim.zones.model import Cyclic, Directory, Transparent, VariableTlv
from readers.terminal.writing import BY_TAG, Write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from apdu import StatusWord
    from cardsim.zones.access import Access
    from cardsim.zones.model import Df
    from readers.terminal.hrss import HrssReport, ReadFile


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file should hold: its records, tag and length included (of a cyclic file the newest first), or its bytes.

    ``None`` stands for a record that is not known.
    """

    records: tuple[bytes | None, ...] = ()
    content: bytes | None = None

    @property
    def known(self) -> bool:
        """Whether anything of it is known."""
        return self.content is not None or any(record is not None for record in self.records)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A place whose contents differ, or may differ, and that no write of ours makes equal, and why."""

    place: str
    reason: Text
    needed: Access = FREE
    """What reading it asks for, where the card says that this is missing."""


_NO_KEY: Final = Text("no key of the zone writes this file", "没有可写此文件的密钥")
_NOT_THERE: Final = Text("the card has no such record", "卡上没有该记录")
_NO_FILE: Final = Text("no such file was found on the card, so it was not compared", "卡上未找到该文件,未作比较")
_STAYS: Final = Text(
    "differs and stays: keys or layout of the card depend on it", "不同,但不改写:卡的密钥或布局取决于它"
)
_STAYING: Final = (0x01, 0x03)
"""Tags of SSSE/EF05 that are never written: card identification code and spec version."""


def changes(report: HrssReport, wanted: Mapping[str, Contents]) -> tuple[list[Write], list[Obstacle]]:
    """Return what to write so that the card that was read holds what is ``wanted``, by the files' names.

    Only what differs is written. Files of the HRSS zone that ``wanted`` does not name, or of which it knows nothing,
    stay as they are.
    """
    writes: list[Write] = []
    obstacles: list[Obstacle] = []
    wanted = {name: contents for name, contents in wanted.items() if contents.known}
    seen: set[str] = set()
    places = [(SSSE, file) for file in report.files]
    places += [(directory.declaration, file) for directory in report.directories for file in directory.files]
    for df, file in places:
        if isinstance(file.declaration, Directory):
            name = f"{'SSSE' if df is SSSE else f'{df.fid:04X}'}/EF{file.fid & 0xFF:02X}"
        else:
            name = file_name(df, file.declaration)
        if name not in wanted:
            continue
        seen.add(name)
        found, blocked = _differences(name, df, file, wanted[name], report)
        if found and file.declaration.update == NEVER:
            blocked = [*blocked, *(Obstacle(write.name, _NO_KEY) for write in found)]
            found = []
        writes += found
        obstacles += blocked
    return writes, [*obstacles, *(Obstacle(name, _NO_FILE) for name in wanted if name not in seen)]


def _differences(
    name: str, df: Df, file: ReadFile, wanted: Contents, report: HrssReport
) -> tuple[list[Write], list[Obstacle]]:
    declaration = file.declaration
    match declaration:
        case VariableTlv():
            return _in_records(name, df, file, wanted, report)
        case Directory():
            same = tuple(wanted.records) == file.records
            unread = _not_read(name, file.status, declaration.read)
            return [], [] if same else [Obstacle(name, _NO_KEY) if file.status.ok else unread]
        case _ if not file.status.ok:
            return [], [_not_read(name, file.status, declaration.read)]
        case Transparent():
            if wanted.content is None:
                return [], []
            data = wanted.content.ljust(len(file.content), b"\x00")
            if len(data) != len(file.content):
                return [], [Obstacle(name, _size(len(file.content), len(data)))]
            return ([] if data == file.content else [Write(name, df, declaration, data)]), []
        case Cyclic():
            entries = tuple(record for record in wanted.records if record is not None)
            new = _appended(entries, file.records)
            return [Write(f"{name}/:01", df, declaration, record) for record in new], []


def _appended(wanted: Sequence[bytes], there: Sequence[bytes]) -> list[bytes]:
    """Return what a cyclic file has to get, in this order, so that its newest records are those ``wanted``."""
    missing = next(
        count for count in range(len(wanted) + 1) if tuple(wanted[count:]) == tuple(there[: len(wanted) - count])
    )
    return list(reversed(wanted[:missing]))


def _in_records(
    name: str, df: Df, file: ReadFile, wanted: Contents, report: HrssReport
) -> tuple[list[Write], list[Obstacle]]:
    declaration = file.declaration
    assert isinstance(declaration, VariableTlv)  # noqa: S101  the caller has looked
    writes: list[Write] = []
    obstacles: list[Obstacle] = []
    if not file.elements and not file.status.ok:
        return [], [_not_read(name, file.status, file.needed(report.layout))]
    positions = {(element.tag, nth): at for at, (element, nth) in enumerate(declaration.numbered(report.layout), 1)}
    there = {(item.element.tag, item.number): item for item in file.elements}
    seen: dict[int, int] = {}
    for record in wanted.records:
        if record is None or len(record) < 2:
            continue
        tag, value = record[0], record[2:]
        seen[tag] = seen.get(tag, 0) + 1
        item = there.get((tag, seen[tag]))
        place = f"{name}/{tag:02X}" + (f":{seen[tag]:02}" if item and item.element.count > 1 else "")
        if item is None or int(item.status) == Sw.RECORD_NOT_FOUND:
            obstacles.append(Obstacle(place, _NOT_THERE))
        elif not item.status.ok:
            obstacles.append(_not_read(place, item.status, item.element.read_in(report.layout, declaration.read)))
        elif item.raw != value:
            if declaration is EF05 and tag in _STAYING:
                obstacles.append(Obstacle(place, _STAYS))
                continue
            if len(item.raw) != len(value):
                obstacles.append(Obstacle(place, _size(len(item.raw), len(value))))
                continue
            number = positions[tag, seen[tag]] if item.element.count > 1 else BY_TAG
            writes.append(Write(place, df, declaration, value, tag, number))
    return writes, obstacles


def _not_read(place: str, status: StatusWord, needed: Access) -> Obstacle:
    reason = Text("can not be read, so it was not compared", "不可读,未作比较")
    if int(status) != Sw.SECURITY_STATUS_NOT_SATISFIED or needed == FREE:
        return Obstacle(place, reason)
    asked = needed.text
    return Obstacle(place, Text(f"{reason.en}: needs {asked.en}", f"{reason.zh}:需要{asked.zh}"), needed)


def _size(there: int, wanted: int) -> Text:
    return Text(f"holds {there} bytes, these are {wanted}", f"可存 {there} 字节,此处 {wanted} 字节")

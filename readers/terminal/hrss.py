"""Reading the HRSS zone: everything that is readable without a secret, decoded by the zone's declaration."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from apdu import BerTlv, BilingualError, Command, StatusWord, Sw, TlvError, parse_ber, parse_simple
from cardsim.errors import ElementError
from cardsim.zones.factors import ALGORITHM_IDS
from cardsim.zones.fields import value_text
from cardsim.zones.hrss import EF05, SSSE, SSSE_NAME
from cardsim.zones.layouts import Layout
from cardsim.zones.model import Certainty, Cyclic, Directory, KeyAlgorithm, Transparent, VariableTlv
from readers.errors import CardRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from apdu import Response, Text
    from cardsim.zones.access import Access
    from cardsim.zones.model import Df, Element, FileDeclaration
    from readers.terminal.script import Script

    Unlock = Callable[[Df, Layout], Script[None]]

_MAX_RECORDS: Final = 254
_CHUNK: Final = 0x80
_MAX_FILE: Final = 0x8000
"""Bytes that an offset reaches."""
_MAX_SFI: Final = 30
VERSION_TAG: Final = 0x03
_BY_NUMBER: Final = 4
_ALGORITHM: Final = b"\x86\x01"
_SSF33: Final = 0x02


@dataclass(frozen=True, slots=True)
class ReadElement:
    """One element as the card gave it; ``text`` is the value, ``None`` when it was refused or makes no sense.

    ``number``: which of the records with this tag it is, from 1.
    """

    element: Element
    status: StatusWord
    raw: bytes = b""
    text: str | None = None
    number: int = 1

    @property
    def place(self) -> str:
        """Where it stands in its file: the tag, and behind it the number where several records share it (40:02)."""
        tag = f"{self.element.tag:02X}"
        return tag if self.element.count == 1 else f"{tag}:{self.number:02}"

    @property
    def meaning(self) -> Text | None:
        """What a code stands for, where the declaration knows it."""
        if not self.text or self.element.meaning is None:
            return None
        try:
            return self.element.meaning(self.text)
        except BilingualError:
            return None


@dataclass(frozen=True, slots=True)
class ReadFile:
    """One file as the card gave it: elements, or plain content, or the records of a DIR or a cyclic file.

    A file that is refused as a whole has its status and nothing else.
    """

    fid: int
    declaration: FileDeclaration
    status: StatusWord
    elements: tuple[ReadElement, ...] = ()
    content: bytes = b""
    records: tuple[bytes, ...] = ()

    def needed(self, layout: Layout) -> Access:
        """Return what reading it needs: of a variable file, what its first record does."""
        declaration = self.declaration
        if isinstance(declaration, VariableTlv):
            return declaration.elements(layout)[0].read_in(layout, declaration.read)
        return declaration.read


@dataclass(frozen=True, slots=True)
class ReadDirectory:
    """One directory below SSSE as the card gave it; ``status`` is the answer to its SELECT."""

    declaration: Df
    status: StatusWord
    files: tuple[ReadFile, ...] = ()

    @property
    def refused(self) -> StatusWord | None:
        """The one status word with which the card refuses the directory, or every file of it; else ``None``."""
        if not self.status.ok:
            return self.status
        statuses = {file.status for file in self.files}
        return next(iter(statuses)) if len(statuses) == 1 and not any(status.ok for status in statuses) else None


@dataclass(frozen=True, slots=True)
class HrssReport:
    """What could be read of the zone; ``layout`` follows from the spec version, 2.00 when the card says nothing."""

    fci: bytes
    dir_sfi: int | None
    version: str
    layout: Layout
    files: tuple[ReadFile, ...]
    directories: tuple[ReadDirectory, ...] = ()

    @property
    def all_files(self) -> Iterator[ReadFile]:
        """Every file: those of SSSE, then directory by directory."""
        yield from self.files
        for directory in self.directories:
            yield from directory.files

    def value(self, name: str) -> str | None:
        """Return the text of the element with this name, if it was read."""
        return next((item.text for file in self.all_files for item in file.elements if item.element.name == name), None)


def _by_name() -> Command:
    return Command(0x00, 0xA4, 0x04, 0x00, SSSE_NAME)


def select_hrss() -> Script[bytes]:
    """Select SSSE by name and return its FCI, empty when the card gives none.

    A card that wants 3F00 selected first gets it (facts hrss-card 3, Hengbao). Raises CardRefusedError.
    """
    response = yield _by_name()
    if not response.ok:
        yield from select_mf()
        response = yield _by_name()
    if not response.ok:
        meaning = response.sw.meaning
        raise CardRefusedError(
            f"the HRSS application can not be selected: {response.sw} ({meaning.en})",
            f"无法选择社会保障应用:{response.sw}({meaning.zh})",
            response.sw,
        )
    return response.data


def select_mf() -> Script[None]:
    """Select the MF. Raises CardRefusedError where there is none: a blank card, or one that CARD BLOCK has ended."""
    response = yield Command(0x00, 0xA4, 0x00, 0x00, b"\x3f\x00")
    if int(response.sw) == Sw.FUNCTION_NOT_SUPPORTED:
        raise CardRefusedError(
            "the card is blank, or blocked for ever: it has no MF to select",
            "该卡为空白卡或已永久锁定:没有可选择的 MF",
            response.sw,
        )


def read_hrss(unlock: Unlock | None = None) -> Script[HrssReport]:
    """Read every file of the zone; what is refused is reported as refused.

    No PIN and no key is used, unless ``unlock`` does: it is played in each directory once it is selected.
    """
    fci = yield from select_hrss()
    dir_sfi = dir_sfi_of(fci)
    version = yield from read_version()
    layout = layout_of(version)
    if unlock:
        yield from unlock(SSSE, layout)
    files = yield from _read_files(SSSE, layout, dir_sfi)
    directories = []
    for df in SSSE.children:
        if layout in df.layouts:
            directory = yield from _read_directory(df, layout, unlock)
            directories.append(directory)
    return HrssReport(fci, dir_sfi, version, layout, files, tuple(directories))


def _read_directory(df: Df, layout: Layout, unlock: Unlock | None) -> Script[ReadDirectory]:
    response = yield from select_df(df)
    if not response.ok:
        return ReadDirectory(df, response.sw)
    if unlock:
        yield from unlock(df, layout)
    files = yield from _read_files(df, layout, None)
    return ReadDirectory(df, response.sw, files)


def read_version() -> Script[str]:
    """Return the spec version of the card whose SSSE is selected, empty when it gives none."""
    item = yield from _read_element(EF05.fid & 0x1F, _element(EF05, VERSION_TAG))
    return item.text or ""


def select_df(df: Df) -> Script[Response]:
    """Select a directory of SSSE, whichever directory of SSSE is the current one, and return the answer.

    Cards differ in whether one leads to the next by FID; from SSSE it does on all.
    """
    by_fid = Command(0x00, 0xA4, 0x00, 0x00, df.fid.to_bytes(2, "big"))
    response = yield by_fid
    if not response.ok:
        yield _by_name()
        response = yield by_fid
    return response


def _read_files(df: Df, layout: Layout, dir_sfi: int | None) -> Script[tuple[ReadFile, ...]]:
    files = []
    for declaration in df.files:
        if layout in declaration.layouts:
            file = yield from _read_file(declaration, layout, dir_sfi)
            if file is not None:
                files.append(file)
    return tuple(files)


def layout_of(version: str) -> Layout:
    """Return the layout of a card with this spec version: its first character decides (facts hrss-card 7)."""
    return {"1": Layout.V1_00, "3": Layout.V3_00}.get(version[:1], Layout.V2_00)


def _element(file: VariableTlv, tag: int) -> Element:
    element = file.element(tag)
    if element is None:
        raise KeyError(tag)
    return element


def dir_sfi_of(fci: bytes) -> int | None:
    """Return the SFI in 6F / A5 / 88, if the FCI has one that a command can carry."""
    try:
        template = next((item for item in parse_ber(fci) if item.tag == 0x6F), None)
        found: BerTlv | None = template.find(0xA5, 0x88) if template else None
    except TlvError:
        return None
    if found is None or len(found.value) != 1:
        return None
    return found.value[0] if 1 <= found.value[0] <= _MAX_SFI else None


def algorithm_of(fci: bytes) -> KeyAlgorithm:
    """Return what the keys of the card are for, as 6F / A5 / 9F0C says (86 01 and the number): without it DES.

    Raises CardRefusedError for SSF33 and for numbers that no source knows (facts terminal-interface 2.1, 2.5).
    """
    try:
        template = next((item for item in parse_ber(fci) if item.tag == 0x6F), None)
        found: BerTlv | None = template.find(0xA5, 0x9F0C) if template else None
    except TlvError:
        found = None
    if found is None or len(found.value) != 3 or found.value[:2] != _ALGORITHM:
        return KeyAlgorithm.DES
    number = found.value[2]
    for algorithm, known in ALGORITHM_IDS.items():
        if number == known:
            return algorithm
    name = "SSF33 (02)" if number == _SSF33 else f"{number:02X}"
    raise CardRefusedError(
        f"the card's keys are for algorithm {name}, which is not supported; DES (01) and SM4 (03) are",
        f"该卡密钥的算法为 {name},不受支持;支持 DES(01)与 SM4(03)",
    )


def _read_file(declaration: FileDeclaration, layout: Layout, dir_sfi: int | None) -> Script[ReadFile | None]:
    match declaration:
        case VariableTlv():
            return (yield from _read_variable(declaration, layout))
        case Transparent():
            return (yield from _read_transparent(declaration))
        case Cyclic():
            return (yield from _read_records(declaration, declaration.fid))
        case Directory():
            return None if dir_sfi is None else (yield from _read_records(declaration, 0xEF00 | dir_sfi))


def _read_variable(declaration: VariableTlv, layout: Layout) -> Script[ReadFile]:
    """Read record by record; where all have one condition, the first refusal speaks for the file."""
    sfi = declaration.fid & 0x1F
    records = declaration.numbered(layout)
    alike = len({element.read_in(layout, declaration.read) for element, _ in records}) == 1
    items: list[ReadElement] = []
    for position, (element, number) in enumerate(records, 1):
        # A tag always gives the first of several records (facts hrss-card 3).
        shared = None if element.count == 1 else position
        item = yield from _read_element(sfi, element, shared)
        if not (items or item.status.ok) and alike and int(item.status) != Sw.RECORD_NOT_FOUND:
            return ReadFile(declaration.fid, declaration, item.status)
        if element.optional and int(item.status) == Sw.RECORD_NOT_FOUND:
            continue
        items.append(replace(item, number=number))
    status = next((item.status for item in items if item.status.ok), items[0].status)
    return ReadFile(declaration.fid, declaration, status, tuple(items))


def _read_element(sfi: int, element: Element, position: int | None = None) -> Script[ReadElement]:
    """Read a record by SFI and tag, or by SFI and number, Le 00: a T=0 card then names the length itself."""
    p1, mode = (element.tag, 0) if position is None else (position, _BY_NUMBER)
    response = yield Command(0x00, 0xB2, p1, sfi << 3 | mode, le=0)
    if not response.ok:
        return ReadElement(element, response.sw)
    return decode_element(element, response.data, response.sw)


def decode_element(element: Element, record: bytes, status: StatusWord) -> ReadElement:
    """Return ``record`` (tag, length, value) decoded as ``element``; a value that makes no sense is kept raw."""
    try:
        (parsed,) = parse_simple(record)
    except (TlvError, ValueError):
        return ReadElement(element, status, record)
    if parsed.tag != element.tag:
        return ReadElement(element, status, record)
    try:
        return ReadElement(element, status, parsed.value, value_text(element.type.decode(parsed.value)))
    except ElementError:
        return ReadElement(element, status, parsed.value)


def decode_entry(declaration: Cyclic, record: bytes) -> str | None:
    """Return a cyclic file's record as text, empty when nothing was written, ``None`` when it makes no sense."""
    try:
        return value_text(declaration.record.decode(record))
    except ElementError:
        return None


def _read_transparent(declaration: Transparent) -> Script[ReadFile]:
    """Read a transparent file in chunks; its end shows as a short chunk (9000 or 6282) or 6B00."""
    selected = yield Command(0x00, 0xA4, 0x00, 0x00, declaration.fid.to_bytes(2, "big"))
    if not selected.ok:
        return ReadFile(declaration.fid, declaration, selected.sw)
    content = b""
    status = StatusWord(Sw.OK)
    end = _MAX_FILE if declaration.sure is Certainty.LENGTH_UNKNOWN else max(declaration.sizes.values())
    while len(content) < end:
        response = yield Command(0x00, 0xB0, len(content) >> 8, len(content) & 0xFF, le=_CHUNK)
        content += response.data
        if not response.ok and not content:
            status = response.sw
        if not response.ok or len(response.data) < _CHUNK:
            break
    return ReadFile(declaration.fid, declaration, status, content=content)


def _read_records(declaration: Directory | Cyclic, fid: int) -> Script[ReadFile]:
    """Read records by number until the card refuses one."""
    records: list[bytes] = []
    status = StatusWord(Sw.OK)
    while len(records) < _MAX_RECORDS:
        response = yield Command(0x00, 0xB2, len(records) + 1, (fid & 0x1F) << 3 | _BY_NUMBER, le=0)
        if not response.ok:
            status = response.sw if not records else status
            break
        records.append(response.data)
    return ReadFile(fid, declaration, status, records=tuple(records))

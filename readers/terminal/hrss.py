"""Reading the HRSS zone: everything that is readable without a secret, decoded by the zone's declaration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from apdu import BerTlv, Command, StatusWord, Sw, TlvError, parse_ber, parse_simple
from cardsim.errors import ElementError
from cardsim.zones.fields import value_text
from cardsim.zones.hrss import EF05, SSSE, SSSE_NAME
from cardsim.zones.layouts import Layout
from cardsim.zones.model import Directory, Transparent, VariableTlv
from readers.errors import CardRefusedError

if TYPE_CHECKING:
    from cardsim.zones.model import Element, FileDeclaration
    from readers.terminal.script import Script

_MAX_RECORDS: Final = 254
_CHUNK: Final = 0x80
_VERSION_TAG: Final = 0x03


@dataclass(frozen=True, slots=True)
class ReadElement:
    """One element as the card gave it; ``text`` is the value, ``None`` when it was refused or makes no sense."""

    element: Element
    status: StatusWord
    raw: bytes = b""
    text: str | None = None


@dataclass(frozen=True, slots=True)
class ReadFile:
    """One file as the card gave it: elements, or plain content, or the records of a DIR."""

    fid: int
    declaration: FileDeclaration
    status: StatusWord
    elements: tuple[ReadElement, ...] = ()
    content: bytes = b""
    records: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class HrssReport:
    """What could be read of the zone; ``layout`` follows from the spec version, 2.00 when the card says nothing."""

    fci: bytes
    dir_sfi: int | None
    version: str
    layout: Layout
    files: tuple[ReadFile, ...]

    def value(self, name: str) -> str | None:
        """Return the text of the element with this name, if it was read."""
        return next((item.text for file in self.files for item in file.elements if item.element.name == name), None)


def select_hrss() -> Script[bytes]:
    """Select SSSE by name and return its FCI, empty when the card gives none.

    A card that wants 3F00 selected first gets it (facts hrss-card 3, Hengbao). Raises CardRefusedError.
    """
    by_name = Command(0x00, 0xA4, 0x04, 0x00, SSSE_NAME)
    response = yield by_name
    if not response.ok:
        yield Command(0x00, 0xA4, 0x00, 0x00, b"\x3f\x00")
        response = yield by_name
    if not response.ok:
        meaning = response.sw.meaning
        raise CardRefusedError(
            f"the card has no HRSS application: SELECT answers {response.sw} ({meaning.en})",
            f"卡上没有社会保障应用:SELECT 返回 {response.sw}({meaning.zh})",
        )
    return response.data


def read_hrss() -> Script[HrssReport]:
    """Read every file of the zone; what is refused is reported as refused. No PIN and no key is used."""
    fci = yield from select_hrss()
    dir_sfi = _dir_sfi(fci)
    version = yield from _read_element(EF05.fid & 0x1F, _element(EF05, _VERSION_TAG))
    layout = layout_of(version.text or "")
    files = []
    for declaration in SSSE.files:
        if layout in declaration.layouts:
            file = yield from _read_file(declaration, layout, dir_sfi)
            if file is not None:
                files.append(file)
    return HrssReport(fci, dir_sfi, version.text or "", layout, tuple(files))


def layout_of(version: str) -> Layout:
    """Return the layout of a card with this spec version: its first character decides (facts hrss-card 7)."""
    return {"1": Layout.V1_00, "3": Layout.V3_00}.get(version[:1], Layout.V2_00)


def _element(file: VariableTlv, tag: int) -> Element:
    element = file.element(tag)
    if element is None:
        raise KeyError(tag)
    return element


def _dir_sfi(fci: bytes) -> int | None:
    """Return the SFI in 6F / A5 / 88, if the FCI has one and makes sense."""
    try:
        template = next((item for item in parse_ber(fci) if item.tag == 0x6F), None)
        found: BerTlv | None = template.find(0xA5, 0x88) if template else None
    except TlvError:
        return None
    return found.value[0] if found and len(found.value) == 1 else None


def _read_file(declaration: FileDeclaration, layout: Layout, dir_sfi: int | None) -> Script[ReadFile | None]:
    match declaration:
        case VariableTlv():
            elements = []
            for element in declaration.elements(layout):
                item = yield from _read_element(declaration.fid & 0x1F, element)
                elements.append(item)
            status = next((item.status for item in elements if item.status.ok), elements[0].status)
            return ReadFile(declaration.fid, declaration, status, tuple(elements))
        case Transparent():
            return (yield from _read_transparent(declaration))
        case Directory():
            return None if dir_sfi is None else (yield from _read_dir(declaration, dir_sfi))


def _read_element(sfi: int, element: Element) -> Script[ReadElement]:
    """Read a record by SFI and tag, Le 00: a T=0 card then names the length itself."""
    response = yield Command(0x00, 0xB2, element.tag, sfi << 3, le=0)
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


def _read_transparent(declaration: Transparent) -> Script[ReadFile]:
    """Read a transparent file in chunks; its end shows as a short chunk or 6B00."""
    selected = yield Command(0x00, 0xA4, 0x00, 0x00, declaration.fid.to_bytes(2, "big"))
    if not selected.ok:
        return ReadFile(declaration.fid, declaration, selected.sw)
    content = b""
    status = StatusWord(Sw.OK)
    while len(content) < max(declaration.sizes.values()):
        response = yield Command(0x00, 0xB0, len(content) >> 8, len(content) & 0xFF, le=_CHUNK)
        if not response.ok:
            status = response.sw if not content else status
            break
        content += response.data
        if len(response.data) < _CHUNK:
            break
    return ReadFile(declaration.fid, declaration, status, content=content)


def _read_dir(declaration: Directory, sfi: int) -> Script[ReadFile]:
    records: list[bytes] = []
    status = StatusWord(Sw.OK)
    while len(records) < _MAX_RECORDS:
        response = yield Command(0x00, 0xB2, len(records) + 1, sfi << 3 | 4, le=0)
        if not response.ok:
            status = response.sw if not records else status
            break
        records.append(response.data)
    return ReadFile(0xEF00 | sfi, declaration, status, records=tuple(records))

"""The directories below SSSE against the sheet (hrss-card 1, 2.3-2.9, 4.1, 6)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from apdu import parse_simple
from cardsim.perso.holder import TEXT_KEYS
from cardsim.zones.access import AllOf, AnyOf, Key, Pin
from cardsim.zones.fields import An, Cn, CnDate, Number, Octets, Padding, Template, value_text
from cardsim.zones.hrss import EF0D, SSSE
from cardsim.zones.layouts import L1, L2, L3, Layout
from cardsim.zones.model import Certainty, Cyclic, KeyUse, Transparent, VariableTlv
from tests.unit.zones.hrss_sheet import LAYOUT_1, LAYOUT_2, Field, Row, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cardsim.zones.access import Access
    from cardsim.zones.fields import FieldType
    from cardsim.zones.model import Df, Element, FileDeclaration, KeyDeclaration


def area_files(layout: Layout) -> Iterator[tuple[str, FileDeclaration]]:
    if layout in EF0D.layouts:
        yield "SSSE EF0D", EF0D
    for df in SSSE.children:
        for file in df.files:
            if layout in df.layouts & file.layouts:
                assert isinstance(file, VariableTlv | Cyclic | Transparent)
                yield f"{df.fid:04X} {file.fid:04X}", file


def area_file(name: str) -> FileDeclaration:
    return dict(area_files(L2))[name]


def declared(layout: Layout) -> list[Row]:
    return [row for name, file in area_files(layout) for row in rows_of(name, file, layout)]


def rows_of(name: str, file: FileDeclaration, layout: Layout) -> Iterator[Row]:
    match file:
        case VariableTlv():
            for element in file.elements(layout):
                yield row_of(name, element)
        case Cyclic():
            fields = tuple(Field("", *spelled(part.type)) for part in file.record.parts)
            yield Row(name, "", "rec", file.record.size, file.counts[layout], fields)
        case Transparent():
            yield Row(name, "", "transparent", file.sizes[layout])
        case _:
            raise AssertionError(name)


def row_of(name: str, element: Element) -> Row:
    tag, kind = f"{element.tag:02X}", element.type
    if element.sure is Certainty.LENGTH_UNKNOWN:
        return Row(name, tag, "?", 0, element.count)
    if isinstance(kind, Template):
        fields = tuple(Field(f"{part.tag:02X}", *spelled(part.type)) for part in kind.parts)
        return Row(name, tag, "T", kind.size, element.count, fields)
    return Row(name, tag, *spelled(kind), element.count)


def spelled(kind: FieldType) -> tuple[str, int]:
    """The sheet calls numbers dec in variable files and hex in cyclic ones."""
    match kind:
        case An():
            return "an", kind.size
        case Cn() | CnDate():
            return "cn", kind.size
        case Octets():
            return "b", kind.size
        case Number():
            return "number", kind.size
        case _:
            raise AssertionError(f"{kind!r} is nothing the sheet has")


def in_sheet(table: str) -> list[Row]:
    def plain(kind: str) -> str:
        return "number" if kind in ("dec", "hex") else kind

    return [
        row._replace(kind=plain(row.kind), fields=tuple(field._replace(kind=plain(field.kind)) for field in row.fields))
        for row in parse(table)
    ]


@pytest.mark.parametrize(("layout", "table"), [(L1, LAYOUT_1), (L2, LAYOUT_2), (L3, LAYOUT_2)])
def test_files_and_records_are_those_of_the_sheet_in_its_order(layout: Layout, table: str) -> None:
    assert declared(layout) == in_sheet(table)


def test_the_notation_is_read_as_it_is_meant() -> None:
    assert parse("DF02 EF05: 42 an 3,\n           43 T 6Ch x2 {5A an 7, 5D cn 4}\nDF05 EF05: A3 ? x3\n") == [
        Row("DF02 EF05", "42", "an", 3),
        Row("DF02 EF05", "43", "T", 108, 2, (Field("5A", "an", 7), Field("5D", "cn", 4))),
        Row("DF05 EF05", "A3", "?", 0, 3),
    ]


def test_every_four_digit_bytes_field_is_a_date() -> None:
    dates = [element for _, element in elements(L1 | L2) if isinstance(element.type, CnDate)]
    plain = [element for _, element in elements(L1 | L2) if isinstance(element.type, Cn) and element.type.size == 4]
    assert dates
    assert plain == []


def test_records_of_one_tag_are_numbered_where_they_stand() -> None:
    file = area_file("DF02 EF05")
    assert isinstance(file, VariableTlv)
    numbered = [(f"{element.tag:02X}", number) for element, number in file.numbered(L2)]
    assert numbered == [("42", 1), ("41", 1), ("43", 1), ("43", 2), ("44", 1), ("44", 2)]


# --- directories ---


def test_directories_are_those_of_the_tree() -> None:
    assert [(df.fid, df.aid.hex().upper(), df.layouts) for df in SSSE.children] == [
        (0xDF01, "D15600000500", L1 | L2 | L3),
        (0xDF02, "D15600000501", L1 | L2 | L3),
        (0xDF03, "D15600000502", L1 | L2 | L3),
        (0xDF04, "D15600000503", L1 | L2 | L3),
        (0xDF05, "D15600000505", L2 | L3),
        (0xDF06, "D15600000506", L2 | L3),
        (0xDF07, "D15600000504", L2 | L3),
    ]
    for df in SSSE.children:
        assert df.label.encode("gbk")


@pytest.mark.parametrize("layout", [L1, L2, L3])
def test_two_files_list_tag_60_and_a_setting_chooses(layout: Layout) -> None:
    """Nothing else is optional (hrss-card 2.5, 2.6, 11)."""
    optional = [(name, element.tag) for name, element in elements(layout) if element.optional]
    assert optional == [("DF02 EF06", 0x60), ("DF03 EF05", 0x60)]
    assert [name for name, element in elements(layout) if element.tag == 0x60] == [name for name, _ in optional]


def elements(layouts: Layout) -> list[tuple[str, Element]]:
    return [
        (name, element)
        for layout in layouts
        for name, file in area_files(layout)
        if isinstance(file, VariableTlv)
        for element in file.elements(layout)
    ]


@pytest.mark.parametrize("layout", [L1, L2, L3])
def test_no_name_is_taken_for_one_of_the_holders_own(layout: Layout) -> None:
    """The image builder fills elements by name: an element elsewhere must not catch the holder's values."""
    names = {element.name for _, element in elements(layout)}
    basic = {"spec_version", *TEXT_KEYS, *(e.name for f in SSSE.files[1:3] for e in getattr(f, "records", ()))}
    assert names & basic == set()


def test_names_are_snake_case_and_one_of_a_kind_in_their_file() -> None:
    for layout in (L1, L2, L3):
        for name, file in area_files(layout):
            texts = [element.name for element in file.elements(layout)] if isinstance(file, VariableTlv) else []
            assert len(texts) == len(set(texts)), name
            assert all(re.fullmatch(r"[a-z][a-z0-9_]*", text) for text in texts)


def test_only_what_the_sheet_calls_unknown_has_no_length() -> None:
    unknown = {name for name, element in elements(L2) if element.sure is Certainty.LENGTH_UNKNOWN}
    assert unknown == {"SSSE EF0D", "DF05 EF05", "DF06 EF05", "DF06 EF06"}


# --- published sample TLVs, hrss-card 2.9: file, bytes, value as text ---

SAMPLES = [
    ("DF02 EF06", "4C0420130630", "20130630"),
    ("DF02 EF06", "4B053132333435", "12345"),
    ("DF02 EF06", "4D03010203", "010203"),
    ("DF02 EF06", "4F06303030313032", "000102"),
    ("DF02 EF06", "5003123123", "123123"),
    ("DF02 EF09", "9703000077", "000077"),
    ("DF01 EF15", "2A0111", "11"),
    ("DF02 EF05", "4203303031", "001"),
    ("DF01 EF15", "40345703313233580311223359 28 D4BAD0A3" + "00" * 36, "123^112233^院校"),
]


@pytest.mark.parametrize(("name", "sample", "text"), SAMPLES)
def test_published_samples(name: str, sample: str, text: str) -> None:
    (record,) = parse_simple(bytes.fromhex(sample))
    file = area_file(name)
    assert isinstance(file, VariableTlv)
    element = since_2(file, record.tag)
    assert value_text(element.type.decode(record.value)) == text
    assert element.type.encode(text, Padding()) == record.value


def since_2(file: VariableTlv, tag: int) -> Element:
    return next(element for element in file.elements(L2) if element.tag == tag)


@pytest.mark.parametrize(
    ("tag", "size", "inner"),
    [(0x43, 0x6C, "5A07 5B01 5C46 5D04 5E10"), (0x44, 0x65, "3303 3446 3504 3610")],
)
def test_published_headers_of_long_samples(tag: int, size: int, inner: str) -> None:
    file = area_file("DF02 EF05")
    assert isinstance(file, VariableTlv)
    raw = since_2(file, tag).type.encode("", Padding())
    assert len(raw) == size
    assert [f"{part.tag:02X}{len(part.value):02X}" for part in parse_simple(raw)] == inner.split()


# --- conditions, hrss-card 6: class, and the card ids of 4.1 that read and write ---

ACCESS = """
SSSE EF0D  or    0A  0D
DF01 EF05  or    88  83
DF01 EF06  or    88  86
DF01 EF07  or    88  84
DF01 EF08  or    88  85
DF01 EF09  or    88  84
DF01 EF0A  or    88  87
DF01 EF15  or    88  89
DF01 EF16  free  --  83
DF01 EF17  free  --  83
DF01 EF18  free  --  83
DF01 EF19  free  --  83
DF01 EF1A  free  --  83
DF02 EF05  or    88  83
DF02 EF06  or    88  84
DF02 EF07  or    88  85
DF02 EF09  or    88  86
DF02 EF15  or    88  87
DF02 EF16  or    88  89
DF03 EF05  or    85  86
DF03 EF06  or    84  87
DF03 EF07  or    84  88
DF03 EF15  or    84  89
DF03 EF16  or    84  8A
DF03 EF17  or    84  8B
DF03 EF18  or    84  8C
DF03 EF19  or    84  8D
DF04 EF05  or    84  85
DF04 EF06  and   84  86
DF04 EF08  or    84  --
DF04 EF15  or    84  86
DF05 EF05  or    0A  --
DF06 EF05  or    0A  --
DF06 EF06  or    0A  --
DF07 EF05  key   84  --
DF07 EF06  key   85  --
DF07 EF07  key   86  --
"""


@pytest.mark.parametrize("layout", [L2, L3])
def test_conditions_are_those_of_the_sheet(layout: Layout) -> None:
    lines = [
        f"{name}  {read_class(file.read):<4}  {key_id(name, file.read)}  {key_id(name, file.update)}"
        for name, file in area_files(layout)
    ]
    assert lines == ACCESS.strip().splitlines()


def test_conditions_of_layout_1_are_those_of_layout_2() -> None:
    later = {line[:9]: line[11:] for line in ACCESS.strip().splitlines()}
    later["DF02 EF08"] = "or    88  86"
    for name, file in area_files(L1):
        assert f"{read_class(file.read):<4}  {key_id(name, file.read)}  {key_id(name, file.update)}" == later[name]


def read_class(access: Access) -> str:
    match access:
        case AnyOf((Pin("HRSS"), Key())):
            return "or"
        case AllOf((Pin("HRSS"), Key())):
            return "and"
        case Key():
            return "key"
        case _:
            return access.text.en


def key_id(name: str, access: Access) -> str:
    parts = access.parts if isinstance(access, AllOf | AnyOf) else (access,)
    keys = [part.name for part in parts if isinstance(part, Key)]
    return f"{key_of(name[:4], keys[0]).reference:02X}" if keys else "--"


def key_of(directory: str, name: str) -> KeyDeclaration:
    """The key of the directory, else that of SSSE."""
    local = next((df.keys for df in SSSE.children if f"{df.fid:04X}" == directory), ())
    return next(key for key in (*local, *SSSE.keys) if key.name == name)


# --- keys, hrss-card 4.1: name, card id, levels, PSAM usage and id (-- unknown) ---

KEYS = """
SSSE IRK   00  3  67 08
SSSE UK    04  2  48 12
SSSE PUK   06  2  48 10
SSSE STK   09  2  48 09
SSSE RK    0A  3  67 0A
SSSE LK    0B  2  -- --
SSSE BK    0E  2  -- --
SSSE RK0C  0C  3  -- --
SSSE UK0D  0D  2  48 13
DF01 RK1   88  3  67 2E
DF01 UK1   83  2  48 42
DF01 UK2   84  2  48 43
DF01 UK3   85  2  47 24
DF01 UK4   86  2  47 25
DF01 UK5   87  2  48 44
DF01 UK6   89  2  47 2F
DF02 RK1   88  3  67 35
DF02 UK1   83  2  -- --
DF02 UK2   84  2  48 45
DF02 UK3   85  2  48 46
DF02 UK4   86  2  47 27
DF02 UK5   87  2  47 28
DF02 UK6   89  2  47 36
DF03 RK1   84  3  67 2B
DF03 RK2   85  3  67 2C
DF03 UK1   86  2  48 47
DF03 UK2   87  2  47 29
DF03 UK3   88  2  48 48
DF03 UK4   89  2  47 37
DF03 UK5   8A  2  47 38
DF03 UK6   8B  2  47 39
DF03 UK7   8C  2  47 3A
DF03 UK8   8D  2  47 3B
DF04 RK1   84  3  67 2D
DF04 UK1   85  2  48 49
DF04 UK2   86  2  47 2A
DF07 RK1   84  3  67 3D
DF07 RK2   85  3  67 3F
DF07 RK3   86  3  67 B1
"""


def test_keys_are_those_of_the_sheet() -> None:
    lines = [
        f"{name} {key.name:<4}  {key.reference:02X}  {key.levels}  {psam_text(key)}"
        for name, df in (("SSSE", SSSE), *((f"{child.fid:04X}", child) for child in SSSE.children))
        for key in df.keys
    ]
    assert lines == KEYS.strip().splitlines()


def psam_text(key: KeyDeclaration) -> str:
    return "-- --" if key.psam is None else f"{key.psam[0]:02X} {key.psam[1]:02X}"


def test_psam_usage_says_how_often_a_key_is_diversified() -> None:
    """Bits 8-6 of the usage byte (hrss-card 4.1)."""
    for df in SSSE.walk():
        for key in df.keys:
            assert key.psam is None or key.psam[0] >> 5 == key.levels


def test_uses_of_keys() -> None:
    uses = {key.name: key.use for key in SSSE.keys if key.use is not KeyUse.EXTERNAL}
    assert uses == {
        "IRK": KeyUse.INTERNAL,
        "STK": KeyUse.PROTECTION,
        "LK": KeyUse.APPLICATION_LOCK,
        "BK": KeyUse.CARD_LOCK,
    }
    assert {key.use for df in SSSE.children for key in df.keys} == {KeyUse.EXTERNAL}


def test_references_are_local_below_ssse_and_unique_in_a_directory() -> None:
    def references(df: Df) -> list[int]:
        return [key.reference for key in df.keys]

    assert all(reference < 0x80 for reference in references(SSSE))
    for df in SSSE.children:
        assert all(reference >= 0x80 for reference in references(df))
    for df in SSSE.walk():
        assert len(set(references(df))) == len(references(df))

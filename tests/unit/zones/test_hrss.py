"""The HRSS declarations against the sheet (hrss-card 1, 2, 4.1, 5, 6), and every declared element by itself."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apdu import BilingualError
from cardsim.perso.holder import TEXT_KEYS
from cardsim.zones.access import FREE, Key
from cardsim.zones.fields import Padding, value_text
from cardsim.zones.hrss import EF05, EF06, EF07, EF08, HRSS, SSSE
from cardsim.zones.layouts import L1, L2, L3, Layout
from cardsim.zones.model import Cyclic, Directory, Element, Transparent, VariableTlv
from tests.unit.zones.field_values import values_of

if TYPE_CHECKING:
    from cardsim.zones.fields import FieldType
    from cardsim.zones.model import Df


def declared_types() -> dict[FieldType, str]:
    """Return every type that some element or cyclic record has, with the first place that has it."""
    found: dict[FieldType, str] = {}
    for df in HRSS.application.walk():
        for file in df.files:
            if isinstance(file, VariableTlv):
                for item in file.records:
                    found.setdefault(item.type, f"{df.fid:04X}-{file.fid:04X}-{item.tag:02X}")
            elif isinstance(file, Cyclic):
                found.setdefault(file.record, f"{df.fid:04X}-{file.fid:04X}")
    return found


TYPES = declared_types()
LAYOUTS = [L1, L2, L3]
PADDINGS = [Padding(), Padding(an=0x20)]


@pytest.mark.parametrize("kind", TYPES, ids=TYPES.get)
@settings(max_examples=15)
@given(data=st.data(), padding=st.sampled_from(PADDINGS))
def test_every_declared_element_comes_back(kind: FieldType, data: st.DataObject, padding: Padding) -> None:
    text, back = data.draw(values_of(kind))
    raw = kind.encode(text, padding)
    assert len(raw) == kind.size
    assert value_text(kind.decode(raw)) == back


@pytest.mark.parametrize("kind", TYPES, ids=TYPES.get)
def test_every_declared_element_can_be_empty(kind: FieldType) -> None:
    raw = kind.encode("", Padding())
    assert len(raw) == kind.size
    assert value_text(kind.decode(raw)) in ("", "0")


# Tag, name, type, length in hexadecimal, in the order of the records: hrss-card 2.1 and 2.2.
ISSUER = [
    (0x01, "卡的识别码", 0x10),
    (0x02, "卡的类别", 0x01),
    (0x03, "规范版本", 0x04),
    (0x04, "初始化机构编号", 0x0C),
    (0x05, "发卡日期", 0x04),
    (0x06, "卡有效期", 0x04),
    (0x07, "卡号", 0x09),
]
HOLDER_V1 = [
    (0x08, "社会保障号码", 0x12),
    (0x09, "姓名", 0x1E),
    (0x0A, "性别", 0x01),
    (0x0B, "民族", 0x01),
    (0x0C, "出生地", 0x03),
    (0x0D, "出生日期", 0x04),
]
HOLDER_V2 = [*HOLDER_V1[:2], (0x4E, "姓名扩展", 0x14), *HOLDER_V1[2:]]


@pytest.mark.parametrize(
    ("file", "layout", "sheet"),
    [
        (EF05, L1, ISSUER),
        (EF05, L2, ISSUER),
        (EF05, L3, ISSUER),
        (EF06, L1, HOLDER_V1),
        (EF06, L2, HOLDER_V2),
        (EF06, L3, HOLDER_V2),
    ],
)
def test_records_are_those_of_the_sheet(file: VariableTlv, layout: Layout, sheet: list[tuple[int, str, int]]) -> None:
    assert [(e.tag, e.name_zh, e.type.size) for e in file.elements(layout)] == sheet


def test_types_are_those_of_the_sheet() -> None:
    types = {element.tag: element.type.name for file in (EF05, EF06) for element in file.records}
    assert types == {
        0x01: "b16",  # as 04: called cn, with hexadecimal digits on real cards
        0x02: "an1",
        0x03: "an4",
        0x04: "b12",
        0x05: "cn4 date",
        0x06: "cn4 date",
        0x07: "an9",
        0x08: "an18",
        0x09: "an30",
        0x4E: "an20",
        0x0A: "an1",
        0x0B: "cn1",
        0x0C: "cn3",
        0x0D: "cn4 date",
    }


def test_transparent_files_have_the_sizes_of_the_sheet() -> None:
    assert EF07.sizes == {L1: 0x300, L2: 0x400, L3: 0x400}
    assert EF08.sizes == {L2: 0x1000, L3: 0x1000}
    assert EF07.layouts == L1 | L2 | L3
    assert EF08.layouts == L2 | L3


def test_the_application_is_that_of_the_recorded_sessions() -> None:
    name = bytes.fromhex("7378312E73682EC9E7BBE1B1A3D5CF")
    assert HRSS.application is SSSE
    assert (SSSE.fid, SSSE.aid, SSSE.label) == (0xDDF1, name, "社会保障")
    fids = [file.fid for file in SSSE.files if not isinstance(file, Directory)]
    assert fids[:4] == [0xEF05, 0xEF06, 0xEF07, 0xEF08]
    assert [(pin.name, pin.reference) for pin in SSSE.pins] == [("HRSS", 0x00)]
    keys = {key.name: key.reference for key in SSSE.keys}
    assert (keys["UK"], keys["RK"]) == (0x04, 0x0A)


@pytest.mark.parametrize("layout", [L1, L2])
def test_basic_data_is_free_on_the_first_two_generations(layout: Layout) -> None:
    for file in (EF05, EF06):
        assert {element.read_in(layout, file.read) for element in file.elements(layout)} == {FREE}


def test_only_code_and_issuer_data_are_free_on_the_third_generation() -> None:
    free = {e.tag for file in (EF05, EF06) for e in file.elements(L3) if e.read_in(L3, file.read) == FREE}
    assert free == {0x01, 0x02, 0x03, 0x04, 0x05, 0x06}


def test_keys_open_the_other_files() -> None:
    for file in (EF05, EF06, EF07, EF08):
        assert file.update == Key("UK")
    for file in (EF07, EF08):
        assert file.read == Key("RK")


# --- what holds for every declaration, now and later ---


def files() -> list[tuple[Df, VariableTlv | Cyclic | Transparent | Directory]]:
    return [(df, file) for df in HRSS.application.walk() for file in df.files]


def elements(layout: Layout) -> list[Element]:
    return [e for _, file in files() if isinstance(file, VariableTlv) for e in file.elements(layout)]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_name_means_one_element_in_its_directory(layout: Layout) -> None:
    for df in HRSS.application.walk():
        tables = [file.elements(layout) for file in df.files if isinstance(file, VariableTlv)]
        names = Counter(element.name for table in tables for element in table)
        assert [name for name, count in names.items() if count > 1] == [], f"{df.fid:04X}"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_a_holder_has_a_key_for_is_one_element_of_the_zone(layout: Layout) -> None:
    names = Counter(element.name for element in elements(layout) if element.name in TEXT_KEYS)
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_tag_comes_once_in_a_file(layout: Layout) -> None:
    for df, file in files():
        if isinstance(file, VariableTlv):
            tags = [element.tag for element in file.elements(layout)]
            assert len(tags) == len(set(tags)), f"{df.fid:04X}/{file.fid:04X}"
            assert all(1 <= tag <= 0xFE for tag in tags)


def test_names_are_identifiers_with_a_chinese_name_beside_them() -> None:
    for layout in LAYOUTS:
        for element in elements(layout):
            assert element.name.isidentifier()
            assert element.name == element.name.lower()
            assert any("\u4e00" <= character <= "\u9fff" for character in element.name_zh)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_file_comes_once_in_a_directory(layout: Layout) -> None:
    for df in HRSS.application.walk():
        present = [file for file in df.files if layout in file.layouts]
        fids = [file.fid for file in present if not isinstance(file, Directory)]
        assert len(fids) == len(set(fids))
        sfis = [fid & 0x1F for fid in fids]
        assert len(sfis) == len(set(sfis)), f"short identifiers in {df.fid:04X}"


def test_everything_says_where_it_comes_from() -> None:
    for df in HRSS.application.walk():
        assert df.source
        assert all(item.source for item in (*df.files, *df.pins, *df.keys))


def test_conditions_name_declared_keys() -> None:
    def terms(access: object) -> set[str]:
        parts = getattr(access, "parts", None)
        if parts is not None:
            return {term for part in parts for term in terms(part)}
        return {access.name} if isinstance(access, Key) else set()

    def check(df: Df, known: set[str]) -> None:
        known = known | {key.name for key in df.keys}
        for file in df.files:
            conditions: list[object] = [file.read, file.update]
            if isinstance(file, VariableTlv):
                conditions += [access for element in file.records for access in (element.read or {}).values()]
            for condition in conditions:
                assert terms(condition) <= known, f"{df.fid:04X}"
        for child in df.children:
            check(child, known)

    check(HRSS.application, set())


# --- checks and meanings ---


def element(name: str) -> Element:
    return next(element for element in elements(L2) if element.name == name)


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("card_identification", "330100D1560000050114F199D286DF7E", "330100D1560000060114F199D286DF7E"),
        ("card_identification", "639900D15600000500BF7C7A48FB4966", "xx"),
        ("institution", "9156000002430200430100D5", "9156000002430200430100"),
        ("institution", "9156000002 330800 3301 009E", "91560000023308003301009G"),
        ("card_number", "X00000019", "X00000018"),
        ("card_number", "3C3S1234X", "3C3S12340"),
        ("social_security_number", "HKG012345678", "HKG112345678"),
        ("sex", "9", "3"),
        ("nation", "56", "57"),
        ("nation", "99", "00"),
    ],
)
def test_checks_know_what_a_value_is(name: str, right: str, wrong: str) -> None:
    check = element(name).check
    assert check is not None
    check(right)
    with pytest.raises(BilingualError):
        check(wrong)


@pytest.mark.parametrize(
    ("name", "code", "en", "zh"),
    [("sex", "2", "female", "女"), ("sex", "9", "not stated", "未说明"), ("nation", "04", "Tibetan", "藏族")],
)
def test_codes_have_a_meaning_in_words(name: str, code: str, en: str, zh: str) -> None:
    meaning = element(name).meaning
    assert meaning is not None
    assert meaning(code) == (en, zh)

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardsim.errors import ElementError
from cardsim.zones.fields import (
    An,
    Bcd,
    Cn,
    CnDate,
    FieldType,
    Number,
    Octets,
    Padding,
    Part,
    Sequence,
    Template,
    Value,
    date_text,
    encode_gbk,
    parse_date,
    value_text,
)
from tests.unit.zones.field_values import GBK, values_of

PLAIN = Padding()
ZERO = Padding(cn=0)
BLANKS = Padding(an=0x20)
SCHOOLING = Template(
    (Part(An(3), "57", "", 0x57), Part(Bcd(3), "58", "", 0x58), Part(An(0x28), "school", "院校", 0x59))
)
JOB = Sequence(
    (
        Part(An(7), "job", "工种"),
        Part(CnDate(), "from", "起"),
        Part(CnDate(), "to", "止"),
        Part(An(70), "employer", "单位"),
    )
)
TYPES: list[FieldType] = [
    An(1),
    An(2),
    An(9),
    An(30),
    Cn(1),
    Cn(3),
    Cn(10),
    CnDate(),
    Bcd(1),
    Bcd(3),
    Octets(1),
    Octets(12),
    Octets(16),
    Number(1),
    Number(4),
    SCHOOLING,
    JOB,
]


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)
@settings(max_examples=40)
@given(data=st.data())
def test_what_is_encoded_is_decoded(kind: FieldType, data: st.DataObject) -> None:
    text, back = data.draw(values_of(kind))
    for padding in (PLAIN, BLANKS):
        raw = kind.encode(text, padding)
        assert len(raw) == kind.size
        assert value_text(kind.decode(raw)) == back
        assert kind.encode(back, padding) == kind.encode(value_text(kind.decode(raw)), padding)


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)
@settings(max_examples=40)
@given(data=st.data())
def test_any_bytes_are_a_value_or_an_element_error(kind: FieldType, data: st.DataObject) -> None:
    raw = data.draw(st.binary(max_size=kind.size + 1))
    try:
        value = kind.decode(raw)
    except ElementError:
        return
    assert all(character.isprintable() or character == "\u3000" for character in value_text(value))


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)
@settings(max_examples=40)
@given(text=st.text() | st.text("0123456789^AF.", max_size=40))
def test_any_text_is_encoded_whole_or_refused(kind: FieldType, text: str) -> None:
    try:
        raw = kind.encode(text, PLAIN)
    except ElementError:
        return
    assert len(raw) == kind.size


# The sheet's published samples: hrss-card 2.9, G1 and G2 (section 9), 2.1.
SAMPLES: list[tuple[FieldType, str, str, Value]] = [
    (CnDate(), "20130630", "20130630", date(2013, 6, 30)),
    (An(5), "12345", "3132333435", "12345"),
    (Bcd(3), "010203", "010203", "010203"),
    (An(6), "000102", "303030313032", "000102"),
    (Bcd(3), "123123", "123123", "123123"),
    (Cn(3), "000077", "000077", "000077"),
    (Bcd(1), "11", "11", "11"),
    (An(3), "001", "303031", "001"),
    (An(4), "1.00", "312E3030", "1.00"),
    (An(4), "2.0", "322E3000", "2.0"),
    (An(9), "B00000171", "423030303030313731", "B00000171"),
    (Octets(12), "9156000002430200430100D5", "9156000002430200430100D5", bytes.fromhex("9156000002430200430100D5")),
    (An(8), "社会保障", "C9E7BBE1B1A3D5CF", "社会保障"),
    (Number(4), "200", "000000C8", "200"),
]


@pytest.mark.parametrize(("kind", "text", "raw", "value"), SAMPLES)
def test_published_samples(kind: FieldType, text: str, raw: str, value: Value) -> None:
    assert kind.encode(text, PLAIN) == bytes.fromhex(raw)
    assert kind.decode(bytes.fromhex(raw)) == value
    assert value_text(value) == text


def test_a_published_template_sample() -> None:
    value = bytes.fromhex("5703313233 5803112233 5928 B4F3D1A7") + bytes(36)
    assert SCHOOLING.size == 0x34
    assert SCHOOLING.encode("123^112233^大学", PLAIN) == value
    assert SCHOOLING.decode(value) == "123^112233^大学"


@pytest.mark.parametrize(
    ("template", "size"),
    [
        (Template(tuple(Part(An(n), "", "", 0x5A + i) for i, n in enumerate((7, 1, 0x46, 4, 0x10)))), 0x6C),
        (Template(tuple(Part(An(n), "", "", 0x33 + i) for i, n in enumerate((3, 0x46, 4, 0x10)))), 0x65),
    ],
)
def test_templates_have_the_lengths_of_the_sheet(template: Template, size: int) -> None:
    assert template.size == size


# --- text ---


def test_text_is_padded_on_the_right_with_the_profiles_byte() -> None:
    assert An(6).encode("张三", PLAIN) == bytes.fromhex("D5C5C8FD0000")
    assert An(6).encode("张三", BLANKS) == bytes.fromhex("D5C5C8FD2020")
    assert An(6).encode("", PLAIN) == bytes(6)


@pytest.mark.parametrize("raw", ["D5C5C8FD0000", "D5C5C8FD2020", "D5C5C8FD2000", "D5C5C8FD0020", "D5C5C8FD"])
def test_both_paddings_are_trimmed(raw: str) -> None:
    assert An(6).decode(bytes.fromhex(raw)) == "张三"


@pytest.mark.parametrize("raw", ["", "0000", "2020", "0020"])
def test_padding_alone_is_empty(raw: str) -> None:
    assert An(2).decode(bytes.fromhex(raw)) is None


@pytest.mark.parametrize(("text", "size"), [("张", 1), ("张三", 3), ("a张", 2), ("测" * 16, 30), ("测" * 15 + "a", 30)])
def test_a_pair_is_never_split_to_make_text_fit(text: str, size: int) -> None:
    with pytest.raises(ElementError, match=f"takes {len(text.encode('gbk'))} bytes in GBK; there is room for {size}"):
        An(size).encode(text, PLAIN)


def test_text_that_fills_the_field_exactly() -> None:
    assert An(30).encode("测" * 15, PLAIN) == b"\xb2\xe2" * 15
    assert An(3).decode(b"a\xd5\xc5") == "a张"


@given(st.text(GBK, max_size=40), st.integers(1, 40))
def test_text_comes_back_whole_or_is_refused(text: str, size: int) -> None:
    fits = len(text.encode("gbk")) <= size
    try:
        raw = An(size).encode(text, PLAIN)
    except ElementError:
        assert not fits
    else:
        assert fits
        assert value_text(An(size).decode(raw)) == text.rstrip(" ")


@pytest.mark.parametrize(
    ("character", "code_point"),
    [("㼆", "U+3F06"), ("𠮷", "U+20BB7"), ("😀", "U+1F600"), ("䶮", "U+4DAE"), ("€", "U+20AC"), ("\ud800", "U+D800")],
)
def test_a_character_outside_gbk_is_named_with_its_code_point(character: str, code_point: str) -> None:
    with pytest.raises(ElementError) as caught:
        encode_gbk(f"张{character}三")
    for message in caught.value.text:
        assert repr(character) in message
        assert code_point in message


@pytest.mark.parametrize("character", ["\x00", "\n", "\x1b", "\x7f"])
def test_control_characters_are_refused(character: str) -> None:
    with pytest.raises(ElementError, match=rf"character 2 of .* is a control character \(U\+{ord(character):04X}\)"):
        encode_gbk(f"a{character}b")
    with pytest.raises(ElementError, match="has control characters"):
        An(3).decode(b"a" + character.encode() + b"b")


def test_names_with_the_separator_dot_and_wide_blank_are_in_gbk() -> None:
    assert encode_gbk("买买提·吐尔逊") == bytes.fromhex("C2F2C2F2CCE1A1A4CDC2B6FBD1B7")
    assert An(6).decode(bytes.fromhex("D5C5A1A1C8FD")) == "张\u3000三"


@pytest.mark.parametrize("raw", ["D5", "FFFF", "61D5", "8020"])
def test_bytes_that_are_no_gbk_are_refused(raw: str) -> None:
    with pytest.raises(ElementError, match=f"^{raw} is not GBK text$"):
        An(2).decode(bytes.fromhex(raw))


def test_a_message_quotes_a_flood_of_text_in_part() -> None:
    with pytest.raises(ElementError) as caught:
        An(30).encode("测" * 100_000, PLAIN)
    assert len(str(caught.value)) < 120


# --- digits ---


def test_digits_are_padded_with_the_profiles_nibble() -> None:
    assert Cn(3).encode("12345", PLAIN) == bytes.fromhex("12345F")
    assert Cn(3).encode("12345", ZERO) == bytes.fromhex("123450")
    assert Cn(3).encode("", PLAIN) == b"\xff\xff\xff"
    assert Cn(3).encode("", ZERO) == bytes(3)


@pytest.mark.parametrize("raw", ["00000000", "FFFFFFFF"])
@pytest.mark.parametrize("kind", [Cn(4), CnDate(), Bcd(4)], ids=lambda kind: kind.name)
def test_values_of_a_blank_card_are_empty(kind: FieldType, raw: str) -> None:
    assert kind.decode(bytes.fromhex(raw)) is None
    assert value_text(None) == ""


@pytest.mark.parametrize("raw", ["12A4", "1FF4", "F123", "A000"])
def test_bytes_that_are_no_digits_are_refused(raw: str) -> None:
    with pytest.raises(ElementError, match=f"{raw} is not a row of digits"):
        Cn(2).decode(bytes.fromhex(raw))


@pytest.mark.parametrize("text", ["1234567", "12A", "-1", "1 2", "１２", "²"])
@pytest.mark.parametrize("kind", [Cn(3), Bcd(3)], ids=lambda kind: type(kind).__name__)
def test_texts_that_are_no_digits_are_refused(kind: FieldType, text: str) -> None:
    with pytest.raises(ElementError, match=r"must be .*6 digits"):
        kind.encode(text, PLAIN)


def test_a_code_has_all_its_digits_or_none() -> None:
    assert Bcd(3).encode("", PLAIN) == b"\xff\xff\xff"
    with pytest.raises(ElementError, match=r"'63990' must be 6 digits"):
        Bcd(3).encode("63990", PLAIN)
    with pytest.raises(ElementError, match=r"^63990F must be 6 digits"):
        Bcd(3).decode(bytes.fromhex("63990F"))


@pytest.mark.parametrize("text", ["256", "99999999999999999999", "1" * 5000, "-1", "1.0", "x"])
def test_a_number_that_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(ElementError, match="must be a whole number below 256"):
        Number(1).encode(text, PLAIN)
    assert Number(1).encode("255", PLAIN) == b"\xff"
    assert Number(1).encode("", PLAIN) == b"\x00"


# --- dates ---


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("20240229", date(2024, 2, 29)),
        ("20000229", date(2000, 2, 29)),
        ("19491001", date(1949, 10, 1)),
        ("00010101", date(1, 1, 1)),
        ("99991231", date(9999, 12, 31)),
    ],
)
def test_dates(text: str, day: date) -> None:
    assert parse_date(text) == day
    assert date_text(day) == text
    assert CnDate().decode(bytes.fromhex(text)) == day


@pytest.mark.parametrize(
    "text",
    [
        "20230229",
        "19000229",
        "20240230",
        "20241301",
        "20240100",
        "00000101",
        "2024229",
        "202402290",
        "2024-2-9",
        "２０２４０１０１",
    ],
)
def test_days_that_do_not_exist_are_refused(text: str) -> None:
    with pytest.raises(ElementError, match="is no date YYYYMMDD"):
        CnDate().encode(text, PLAIN)


@pytest.mark.parametrize("raw", ["32303132", "32303232", "2024010F", "20240000", "202402", "2024022901"])
def test_bytes_that_are_no_date_are_refused(raw: str) -> None:
    """G2's test card has its two dates in ASCII."""
    with pytest.raises(ElementError, match="is no date YYYYMMDD"):
        CnDate().decode(bytes.fromhex(raw))


# --- bytes ---


def test_octets_are_filled_with_zeros() -> None:
    assert Octets(4).encode("01 02", PLAIN) == bytes.fromhex("01020000")
    assert Octets(4).encode("", PLAIN) == bytes(4)
    assert Octets(4).decode(bytes(4)) is None
    assert Octets(4).decode(b"\xff" * 4) == b"\xff" * 4


@pytest.mark.parametrize(
    ("text", "reason"), [("0102030405", "is 5 bytes; there is room for 4"), ("1", "even"), ("xx", "'x'")]
)
def test_octets_that_do_not_fit_are_refused(text: str, reason: str) -> None:
    with pytest.raises(ElementError, match=reason):
        Octets(4).encode(text, PLAIN)


# --- composites ---


def test_a_record_of_nothing_but_padding_is_empty() -> None:
    for raw in (JOB.encode("", PLAIN), bytes(JOB.size), b"\xff" * JOB.size, b" " * JOB.size):
        assert JOB.decode(raw) is None
    assert SCHOOLING.decode(SCHOOLING.encode("", PLAIN)) is None
    assert Sequence((Part(Number(2), "n", "序号"), Part(An(1), "t", "类型"))).decode(bytes(3)) is None


def test_a_composite_value_of_another_shape_is_refused() -> None:
    with pytest.raises(ElementError, match=r"has 2 fields, 4 are needed: job\^from\^to\^employer") as caught:
        JOB.encode("a^b", PLAIN)
    assert "工种^起^止^单位" in caught.value.text.zh
    with pytest.raises(ElementError, match="is 84 bytes; the record has 85"):
        JOB.decode(bytes(84))
    with pytest.raises(ElementError, match="has other tags inside"):
        SCHOOLING.decode(bytes.fromhex("5703313233"))
    with pytest.raises(ElementError):
        SCHOOLING.decode(bytes.fromhex("5799313233"))


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)
def test_every_type_has_a_name_with_its_size(kind: FieldType) -> None:
    assert kind.name
    assert kind.size > 0

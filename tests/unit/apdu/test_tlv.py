from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu import BerTlv, SimpleTlv, TlvError, encode_ber, parse_ber, parse_simple

# facts hrss-card 9, G1: what SELECT of the social-security application answers.
FCI = bytes.fromhex("6F16840F7378312E73682EC9E7BBE1B1A3D5CFA50388010B")
SSSE = bytes.fromhex("7378312E73682EC9E7BBE1B1A3D5CF")


@st.composite
def tags(draw: st.DrawFn, *, constructed: bool) -> int:
    first = draw(st.integers(0, 0xFF).filter(lambda value: bool(value & 0x20) is constructed))
    if first & 0x1F != 0x1F:
        return first
    further = draw(st.lists(st.integers(0x80, 0xFF), max_size=2))
    return int.from_bytes(bytes((first, *further, draw(st.integers(0, 0x7F)))), "big")


LEAVES = st.builds(BerTlv, tags(constructed=False), st.binary(max_size=300))
OBJECTS = st.recursive(
    LEAVES,
    lambda below: st.builds(
        lambda tag, children: BerTlv(tag, b"".join(child.encode() for child in children)),
        tags(constructed=True),
        st.lists(below, max_size=3),
    ),
    max_leaves=8,
)


@given(st.lists(OBJECTS, max_size=4))
def test_ber_round_trip(objects: list[BerTlv]) -> None:
    assert parse_ber(b"".join(item.encode() for item in objects)) == tuple(objects)


@given(st.lists(st.builds(SimpleTlv, st.integers(1, 0xFE), st.binary(max_size=600)), max_size=6))
def test_simple_round_trip(records: list[SimpleTlv]) -> None:
    assert parse_simple(b"".join(record.encode() for record in records)) == tuple(records)


def test_published_fci() -> None:
    (fci,) = parse_ber(FCI)
    assert fci.tag == 0x6F
    assert fci.children == (BerTlv(0x84, SSSE), BerTlv(0xA5, bytes.fromhex("88010B")))
    assert fci.find(0x84) == BerTlv(0x84, SSSE)
    assert fci.find(0xA5, 0x88) == BerTlv(0x88, b"\x0b")
    assert fci.find(0xA5, 0x84) is None
    assert fci.find(0x88, 0x84) is None
    assert fci.encode() == FCI
    assert encode_ber(0x6F, encode_ber(0x84, SSSE) + encode_ber(0xA5, encode_ber(0x88, b"\x0b"))) == FCI


def test_primitive_objects_have_no_children() -> None:
    item = BerTlv(0x84, bytes.fromhex("88010B"))
    assert not item.constructed
    assert item.children == ()
    assert item.find(0x88) is None


@pytest.mark.parametrize(
    ("tag", "constructed"),
    [(0x84, False), (0x9F0C, False), (0x5F24, False), (0xA5, True), (0xBF0C, True), (0x7F21, True)],
)
def test_constructed_is_bit_6_of_the_first_tag_byte(tag: int, *, constructed: bool) -> None:
    assert BerTlv(tag, b"").constructed is constructed


@pytest.mark.parametrize(
    ("size", "length"),
    [(0, "00"), (127, "7F"), (128, "8180"), (255, "81FF"), (256, "820100"), (65_535, "82FFFF"), (65_536, "83010000")],
)
def test_ber_lengths_are_the_shortest(size: int, length: str) -> None:
    wire = b"\x9f\x46" + bytes.fromhex(length) + bytes(size)
    assert encode_ber(0x9F46, bytes(size)) == wire
    assert parse_ber(wire) == (BerTlv(0x9F46, bytes(size)),)


def test_longer_lengths_than_needed_are_read() -> None:
    assert parse_ber(bytes.fromhex("8482000101")) == (BerTlv(0x84, b"\x01"),)


@pytest.mark.parametrize("tag", [-1, 0x1F, 0x9F, 0x9F80, 0x1F7F00, 0x8400, 0x6F84])
def test_numbers_that_are_no_ber_tag_are_refused(tag: int) -> None:
    with pytest.raises(TlvError):
        encode_ber(tag, b"")


@pytest.mark.parametrize(
    ("wire", "message"),
    [
        ("84", "no length at offset 1"),
        ("9F", "tag at offset 0 is cut off"),
        ("84010B9F8C", "tag at offset 3 is cut off"),
        ("8402AA", "tag 84 says 2 bytes, 1 are left"),
        ("8481", "bad length field 81 at offset 1"),
        ("84800000", "bad length field 80 at offset 1"),
        ("84850000000001AA", "bad length field 85 at offset 1"),
        ("6F03840201", "tag 84 says 2 bytes, 1 are left"),
    ],
)
def test_broken_ber_is_refused_with_the_place(wire: str, message: str) -> None:
    with pytest.raises(TlvError, match=message):
        parse_ber(bytes.fromhex(wire))


def _nested(levels: int, value: bytes = b"") -> bytes:
    for _ in range(levels):
        value = encode_ber(0x6F, value)
    return value


def test_sixteen_levels_are_read_and_seventeen_refused() -> None:
    assert parse_ber(_nested(16))
    assert parse_ber(_nested(15, encode_ber(0x84, b"\x01")))
    for too_deep in (_nested(17), _nested(16, encode_ber(0x84, b"\x01")), _nested(3_000)):
        with pytest.raises(TlvError, match="deeper than 16 levels"):
            parse_ber(too_deep)


def test_published_records() -> None:
    # facts hrss-card 9, G2: EF05 of a test card, all records in one answer.
    wire = bytes.fromhex(
        "0110430299D156000005000000133A05F2E30201330304322E3030040C9156000002430200430100D5"
        "0504323031320604323032320709423030303030313331"
    )
    assert parse_simple(wire) == (
        SimpleTlv(1, bytes.fromhex("430299D156000005000000133A05F2E3")),
        SimpleTlv(2, b"3"),
        SimpleTlv(3, b"2.00"),
        SimpleTlv(4, bytes.fromhex("9156000002430200430100D5")),
        SimpleTlv(5, b"2012"),
        SimpleTlv(6, b"2022"),
        SimpleTlv(7, b"B00000131"),
    )


@pytest.mark.parametrize(
    ("wire", "tag", "value"),
    [  # facts hrss-card 2.9
        ("4C0420130630", 0x4C, "20130630"),
        ("4B053132333435", 0x4B, "3132333435"),
        ("4F06303030313032", 0x4F, "303030313032"),
        ("9703000077", 0x97, "000077"),
        ("2A0111", 0x2A, "11"),
    ],
)
def test_published_record_samples(wire: str, tag: int, value: str) -> None:
    assert parse_simple(bytes.fromhex(wire)) == (SimpleTlv(tag, bytes.fromhex(value)),)
    assert SimpleTlv(tag, bytes.fromhex(value)).encode() == bytes.fromhex(wire)


@pytest.mark.parametrize(("size", "length"), [(254, "FE"), (255, "FF00FF"), (65_535, "FFFFFF")])
def test_records_of_255_bytes_and_more_have_three_length_bytes(size: int, length: str) -> None:
    wire = b"\x01" + bytes.fromhex(length) + bytes(size)
    assert SimpleTlv(1, bytes(size)).encode() == wire
    assert parse_simple(wire) == (SimpleTlv(1, bytes(size)),)


@pytest.mark.parametrize(
    ("wire", "message"),
    [
        ("00", "00 at offset 0 is no record tag"),
        ("0100FF00", "FF at offset 2 is no record tag"),
        ("01", "no length at offset 1"),
        ("0102AA", "tag 01 says 2 bytes, 1 are left"),
        ("01FF00", "length at offset 1 is cut off"),
        ("01FF0001", "tag 01 says 1 bytes, 0 are left"),
    ],
)
def test_broken_records_are_refused_with_the_place(wire: str, message: str) -> None:
    with pytest.raises(TlvError, match=message):
        parse_simple(bytes.fromhex(wire))


@pytest.mark.parametrize("record", [SimpleTlv(0, b""), SimpleTlv(0xFF, b""), SimpleTlv(1, bytes(65_536))])
def test_records_that_can_not_be_spelt_are_refused(record: SimpleTlv) -> None:
    with pytest.raises(TlvError):
        record.encode()

"""Headers and key records, byte by byte: cards on disk carry them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsim.chip.layout import FileType, Header, KeyRecord, KeyType, LifeCycle, Protection, tries_byte

BYTE = st.integers(0, 0xFF)
FIELDS = {
    "fid": st.integers(0, 0xFFFF),
    "size": st.integers(0, 0xFFFF),
    "right1": BYTE,
    "right2": BYTE,
    "extra": BYTE,
    "state": st.sampled_from(LifeCycle),
    "protection": st.sampled_from(Protection),
}
FILES = [kind for kind in FileType if kind not in (FileType.ERASED, FileType.DIRECTORY)]
HEADERS = st.one_of(
    st.builds(Header, type=st.just(FileType.DIRECTORY), name_size=st.integers(0, 16), native=st.booleans(), **FIELDS),
    st.builds(Header, type=st.sampled_from(FILES), byte7=BYTE, **FIELDS),
)
KEY_RECORDS = st.builds(
    KeyRecord,
    type=st.sampled_from(KeyType),
    id=BYTE,
    value=st.binary(max_size=32),
    tries=BYTE,
    version=BYTE,
    file=BYTE,
    algorithm=BYTE,
    level=BYTE,
)


@given(HEADERS)
def test_header_round_trip(header: Header) -> None:
    raw = header.encode()
    assert len(raw) == 11
    assert Header.parse(raw) == header
    assert Header.parse(raw + b"body") == header


@given(KEY_RECORDS, st.binary(max_size=10))
def test_key_record_round_trip(record: KeyRecord, behind: bytes) -> None:
    raw = record.encode()
    assert len(raw) == record.size == 8 + len(record.value)
    assert KeyRecord.parse(raw + behind) == record


@pytest.mark.parametrize(
    ("header", "raw"),
    [
        (Header(0xEF05, FileType.VARIABLE, 66, right2=0x01), "EF052C0042F001FF0000F7"),
        (Header(0xEF07, FileType.TRANSPARENT, 0x400, 0x02, 0x01), "EF07280400 0201FF000081"),
        (Header(0x3F00, FileType.DIRECTORY, 0xFFFF, 0xF0, 0xF0, name_size=14), "3F0038FFFFF0F0FF0E00C7"),
        (Header(0x3F01, FileType.DIRECTORY, 0x36F, 0xF0, 0xF0, 0x95, 9, native=True), "3F0138036FF0F09589004D"),
        (
            Header(0x0015, FileType.TRANSPARENT, 0x1E, 0xF0, 0xF0, protection=Protection.MAC, byte7=0xFE),
            "0015A8001EF0F0FF01001E",
        ),
    ],
)
def test_the_header_itself(header: Header, raw: str) -> None:
    assert header.encode() == bytes.fromhex(raw)


def test_the_key_record_itself() -> None:
    """Type, id, version, EF, tries, algorithm, level, length (facts hrss-card 4.1); types: native-card-os 2.1."""
    pin = KeyRecord(KeyType.PIN, 0x00, bytes.fromhex("123456FFFFFFFFFF"), tries_byte(6))
    assert pin.encode().hex().upper() == "3A0000FF66000008123456FFFFFFFFFF"
    key = KeyRecord(KeyType(0x39), 0x0A, bytes(16), 0x33, version=1, file=5, algorithm=0, level=2)
    assert key.encode().hex().upper() == "390A010533000210" + 16 * "00"


@given(HEADERS, st.integers(0, 87))
def test_no_flipped_bit_of_a_header_goes_unnoticed(header: Header, bit: int) -> None:
    raw = bytearray(header.encode())
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ValueError, match="checksum"):
        Header.parse(bytes(raw))


@pytest.mark.parametrize("raw", ["00" * 11, "FF" * 11, "EF052C0042F001FF000000"])
def test_erased_and_wrong_headers_are_refused(raw: str) -> None:
    with pytest.raises(ValueError, match="checksum"):
        Header.parse(bytes.fromhex(raw))


@pytest.mark.parametrize("raw", ["EF05990042F001FF00001A", "EF056C0042F001FF000037", "EF052C0042F001FF00776C"])
def test_an_unknown_type_or_state_is_refused_even_with_a_right_checksum(raw: str) -> None:
    with pytest.raises(ValueError, match="not a valid"):
        Header.parse(bytes.fromhex(raw))


@pytest.mark.parametrize(
    ("fid", "sfi"),
    [
        (0xEF01, 1),
        (0xEF05, 5),
        (0xEF0B, 0x0B),
        (0xEF0D, 0x0D),
        (0xEF15, 0x15),
        (0xEF19, 0x19),
        (0xEF1E, 0x1E),
        (0x0003, 3),
        (0x0015, 0x15),
        (0xEF00, 0),
        (0xEF1F, 0),
        (0xEF20, 0),
        (0xEF25, 0),
        (0xEF80, 0),
        (0xEFFF, 0),
    ],
)
def test_the_sfi_is_the_low_byte_of_the_fid_where_that_is_1_to_30(fid: int, sfi: int) -> None:
    """Facts hrss-card 1: EF05 is 5, EF15 is 15h, EF19 is 19h."""
    assert Header(fid, FileType.TRANSPARENT, 0).sfi == sfi


@pytest.mark.parametrize(("limit", "byte"), [(1, 0x11), (3, 0x33), (6, 0x66), (15, 0xFF)])
def test_tries_stand_in_both_nibbles(limit: int, byte: int) -> None:
    """Facts native-card-os 2.1."""
    assert tries_byte(limit) == byte


@pytest.mark.parametrize("limit", [-1, 0, 16])
def test_a_limit_that_no_nibble_holds(limit: int) -> None:
    with pytest.raises(ValueError, match="1 to 15"):
        tries_byte(limit)

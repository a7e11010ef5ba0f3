from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu import (
    Atr,
    AtrError,
    Ats,
    StorageCard,
    build_ats,
    explain_pseudo_atr,
    is_pseudo_atr,
    pseudo_atr_of_ats,
    pseudo_atr_of_storage_card,
    pseudo_atr_of_type_b,
)

MIFARE_1K = "3B8F8001804F0CA000000306030001000000006A"
ATQB = bytes.fromhex("50 00112233 11223344 008171")

# facts terminal-interface 7.1 and transit-campus-health-zones 6: historical bytes and what readers made of them.
CHECKED = (
    ("", "3B80800101"),
    ("80", "3B8180018080"),
    ("0081544C9686843716008F3D97", "3B8D80010081544C9686843716008F3D9705"),
    ("00904A3001866033110000048A", "3B8D800100904A3001866033110000048AAD"),
    ("0081008843866533010114F199", "3B8D80010081008843866533010114F199EA"),
    ("4D540005002086640001", "3B8A80014D540005002086640001D4"),
    ("4D54000500308693695B", "3B8A80014D54000500308693695B00"),
    ("4D5400020100FFFF01140134220711", "3B8F80014D5400020100FFFF0114013422071100"),
    ("FD01102020103000", "3B888001FD01102020103000C5"),
    ("2085008B030FE09AA0E040", "3B8B80012085008B030FE09AA0E04052"),
    ("86384D574F4850CF1E4D2B12112910", "3B8F800186384D574F4850CF1E4D2B1211291070"),
    ("868602563390314F8BB98F", "3B8B8001868602563390314F8BB98F3E"),
    ("8688", "3B82800186880D"),
    ("20900000000000B0AC2842", "3B8B800120900000000000B0AC2842CC"),
    ("2090000000000015C0477A", "3B8B80012090000000000015C0477A52"),
)


@pytest.mark.parametrize(("historical", "expected"), CHECKED)
def test_type_a(historical: str, expected: str) -> None:
    ats = build_ats(bytes.fromhex(historical), ta1=0x80, tb1=0x90, tc1=0x02)
    atr = pseudo_atr_of_ats(ats)
    assert atr.hex().upper() == expected
    assert is_pseudo_atr(bytes.fromhex(expected))
    assert Atr.parse(bytes.fromhex(expected)).historical_bytes == ats.historical_bytes
    assert atr.protocols == (0, 1)


def test_type_a_without_t0_has_no_historical_bytes() -> None:
    assert pseudo_atr_of_ats(Ats(b"\x01")).hex() == "3b80800101"


def test_more_than_fifteen_historical_bytes_do_not_fit() -> None:
    with pytest.raises(AtrError, match="16 historical bytes"):
        pseudo_atr_of_ats(build_ats(bytes(16)))


@given(st.binary(max_size=15))
def test_type_a_round_trip(historical: bytes) -> None:
    atr = pseudo_atr_of_ats(build_ats(historical))
    assert is_pseudo_atr(bytes(atr))
    assert Atr.parse(bytes(atr)).historical_bytes == historical


@pytest.mark.parametrize(
    ("attrib", "low_nibble", "expected"),
    [
        ("00", 0, "3B8880011122334400817100BD"),
        ("A1", 0, "3B88800111223344008171A01D"),
        ("A1AABB", 0, "3B88800111223344008171A01D"),
        ("A1", 10, "3B88800111223344008171AA17"),
    ],
)
def test_type_b(attrib: str, low_nibble: int, expected: str) -> None:
    # 11 ^ 22 ^ 33 ^ 44 = 44, 00 ^ 81 ^ 71 = F0, 88 ^ 80 ^ 01 = 09: TCK = BD ^ the last byte.
    atr = pseudo_atr_of_type_b(ATQB, bytes.fromhex(attrib), low_nibble=low_nibble)
    assert atr.hex().upper() == expected
    assert is_pseudo_atr(atr)


def test_type_b_leaves_the_low_nibble_0_and_the_pupi_out_by_default() -> None:
    atr = pseudo_atr_of_type_b(ATQB, b"\x5f")
    assert atr.historical_bytes == bytes.fromhex("1122334400817150")
    assert pseudo_atr_of_type_b(b"\x50\xff\xff\xff\xff" + ATQB[5:], b"\x5f") == atr


def test_type_b_leaves_extended_protocol_information_out() -> None:
    assert pseudo_atr_of_type_b(ATQB + b"\xff", b"\x00") == pseudo_atr_of_type_b(ATQB, b"\x00")


@pytest.mark.parametrize(
    ("atqb", "attrib", "low_nibble", "message"),
    [
        (b"", b"\x00", 0, "these are none"),
        (ATQB[1:], b"\x00", 0, "an ATQB is 50"),
        (ATQB + bytes(2), b"\x00", 0, "an ATQB is 50"),
        (b"\x51" + ATQB[1:], b"\x00", 0, "an ATQB is 50"),
        (ATQB, b"", 0, "ATTRIB is empty"),
        (ATQB, b"\x00", 16, "low_nibble is 16"),
        (ATQB, b"\x00", -1, "low_nibble is -1"),
    ],
)
def test_type_b_refuses_other_answers(atqb: bytes, attrib: bytes, low_nibble: int, message: str) -> None:
    with pytest.raises(AtrError, match=message):
        pseudo_atr_of_type_b(atqb, attrib, low_nibble=low_nibble)


@pytest.mark.parametrize(
    ("standard", "name", "expected", "product"),
    [
        (0x03, 0x0001, MIFARE_1K, "MIFARE Classic 1K"),
        (0x03, 0x0002, "3B8F8001804F0CA0000003060300020000000069", "MIFARE Classic 4K"),
        (0x11, 0x003B, "3B8F8001804F0CA00000030611003B0000000042", "FeliCa"),
        (0x03, 0x7777, "3B8F8001804F0CA000000306037777000000006B", "unknown"),
    ],
)
def test_storage_cards(standard: int, name: int, expected: str, product: str) -> None:
    card = StorageCard(standard, name)
    atr = pseudo_atr_of_storage_card(card)
    assert atr.hex().upper() == expected
    assert StorageCard.from_atr(Atr.parse(bytes.fromhex(expected))) == card
    assert card.name_text.en == product


@given(st.builds(StorageCard, st.integers(0, 0xFF), st.integers(0, 0xFFFF)))
def test_storage_card_round_trip(card: StorageCard) -> None:
    atr = pseudo_atr_of_storage_card(card)
    assert is_pseudo_atr(atr)
    assert StorageCard.from_atr(Atr.parse(bytes(atr))) == card
    assert card.standard_text.zh


@pytest.mark.parametrize("card", [StorageCard(256, 1), StorageCard(-1, 1), StorageCard(3, 65_536), StorageCard(3, -1)])
def test_storage_card_values_that_do_not_fit_are_refused(card: StorageCard) -> None:
    with pytest.raises(AtrError, match="the standard is one byte"):
        pseudo_atr_of_storage_card(card)


@pytest.mark.parametrize(
    "text",
    [
        "3B8D80010081544C9686843716008F3D9705",  # no storage card
        "3B8F8001804F0CA000000306030001000000016B",  # reserved bytes not 00
        "3B8F8001804F0CA000000306030001000000006B",  # TCK wrong
    ],
)
def test_what_is_no_storage_card(text: str) -> None:
    assert StorageCard.from_atr(Atr.parse(bytes.fromhex(text))) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3B",
        "3B6D00000081008843866533010114F199",  # a contact card
        "3BF81300008131FE454A434F5076323431B7",  # T=1 contact card
        "3B80800102",  # TCK wrong
        "3B80800101FF",  # a byte behind the end
        "3B808001",  # TCK missing
        "3F80800101",  # inverse convention
        "3B9011800110",  # TA1 present
    ],
)
def test_what_is_no_pseudo_atr(text: str) -> None:
    raw = bytes.fromhex(text)
    assert not is_pseudo_atr(raw)
    if len(raw) > 1:
        with pytest.raises(AtrError, match="no pseudo-ATR"):
            explain_pseudo_atr(Atr.parse(raw))


def test_whole_ats_of_old_acr122_firmware_still_is_one() -> None:
    # facts terminal-interface 7.1: deviation, historical bytes are the whole ATS.
    atr = Atr.parse(bytes.fromhex("3B86800106757781028000"))
    assert is_pseudo_atr(atr)
    assert Ats.parse(atr.historical_bytes).historical_bytes == b"\x80"


def test_explanation_of_a_storage_card() -> None:
    explained = explain_pseudo_atr(Atr.parse(bytes.fromhex(MIFARE_1K)))
    assert [line.en for line in explained] == [
        "made up by the reader for a contactless card (PC/SC part 3)",
        "storage card, the RID is that of the PC/SC workgroup",
        "standard 03: ISO/IEC 14443 A, part 3",
        "card name 0001: MIFARE Classic 1K",
        "TCK=6A: right",
    ]
    assert [line.zh for line in explained][2:] == [
        "标准 03: ISO/IEC 14443 A 第 3 部分",
        "卡名 0001: MIFARE Classic 1K",
        "TCK=6A: 正确",
    ]


def test_explanation_of_a_processor_card() -> None:
    explained = [line.en for line in explain_pseudo_atr(pseudo_atr_of_type_b(ATQB, b"\xa1"))]
    assert explained == [
        "made up by the reader for a contactless card (PC/SC part 3)",
        "historical bytes: 11 22 33 44 00 81 71 A0",
        "category indicator 11: not COMPACT-TLV, the issuer's own format",
        "if of type B: application data 11223344, protocol information 008171, MBLI 10",
        "TCK=1D: right",
    ]

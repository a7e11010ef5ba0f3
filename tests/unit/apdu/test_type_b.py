from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu import (
    Atqb,
    AtrError,
    AttribAnswer,
    TypeA,
    TypeB,
    build_atqb,
    build_ats,
    build_attrib_answer,
    explain_type_b,
    parse_hex,
)

ATQB = bytes.fromhex("50AABBCCDD11223344008171")


def test_parts_of_an_atqb() -> None:
    atqb = Atqb(ATQB)
    assert atqb.pupi.hex() == "aabbccdd"
    assert atqb.application_data.hex() == "11223344"
    assert atqb.protocol_info.hex() == "008171"
    assert Atqb(ATQB + b"\x10").protocol_info.hex() == "00817110"


def test_parts_of_an_answer_to_attrib() -> None:
    answer = AttribAnswer(parse_hex("A1C0DE"))
    assert (answer.mbli, answer.cid, answer.higher_layer.hex()) == (10, 1, "c0de")


@given(st.binary(min_size=4, max_size=4), st.binary(min_size=4, max_size=4), st.binary(min_size=3, max_size=4))
def test_atqb_round_trip(pupi: bytes, data: bytes, info: bytes) -> None:
    atqb = build_atqb(pupi, data, info)
    assert Atqb(bytes(atqb)) == atqb
    assert (atqb.pupi, atqb.application_data, atqb.protocol_info) == (pupi, data, info)


@given(st.integers(0, 15), st.integers(0, 15), st.binary(max_size=20))
def test_attrib_round_trip(mbli: int, cid: int, rest: bytes) -> None:
    answer = AttribAnswer(bytes(build_attrib_answer(mbli, cid, rest)))
    assert (answer.mbli, answer.cid, answer.higher_layer) == (mbli, cid, rest)


@pytest.mark.parametrize("raw", [b"", ATQB[1:], ATQB + bytes(2), b"\x51" + ATQB[1:]])
def test_other_bytes_are_no_atqb(raw: bytes) -> None:
    with pytest.raises(AtrError, match="an ATQB is 50"):
        Atqb(raw)


def test_wrong_parts() -> None:
    with pytest.raises(AtrError, match="PUPI of an ATQB has 4 bytes; these are 3"):
        build_atqb(bytes(3), bytes(4), bytes(3))
    with pytest.raises(AtrError, match="application data"):
        build_atqb(bytes(4), bytes(5), bytes(3))
    with pytest.raises(AtrError, match="3 or 4 bytes"):
        build_atqb(bytes(4), bytes(4), bytes(5))
    with pytest.raises(AtrError, match="MBLI is 16"):
        build_attrib_answer(16)
    with pytest.raises(AtrError, match="CID is -1"):
        build_attrib_answer(0, -1)
    with pytest.raises(AtrError, match="empty"):
        AttribAnswer(b"")


def test_explanation() -> None:
    lines = explain_type_b(Atqb(ATQB), AttribAnswer(b"\xa1"))
    assert [line.en for line in lines] == [
        "PUPI: AA BB CC DD",
        "application data: 11 22 33 44",
        "protocol information: 00 81 71",
        "MBLI 10, CID 1",
    ]
    assert explain_type_b(Atqb(ATQB), AttribAnswer(b"\xa1\xc0"))[-1].zh == "高层应答: C0"


def test_what_a_reader_gives_of_type_a() -> None:
    """Facts terminal-interface 7.1: the first of the checked examples."""
    ats = build_ats(parse_hex("0081544C9686843716008F3D97"), ta1=0x80, tb1=0x90, tc1=0x02)
    card = TypeA(parse_hex("04AABBCC"), parse_hex("0008"), 0x20, ats)
    assert card.identifier.hex() == "04aabbcc"
    assert card.higher_layer.hex() == "0081544c9686843716008f3d97"
    assert card.pseudo_atr.hex() == "3b8d80010081544c9686843716008f3d9705"


def test_what_a_reader_gives_of_type_b() -> None:
    card = TypeB(Atqb(ATQB), AttribAnswer(b"\xa1"))
    assert card.identifier.hex() == "aabbccdd"
    assert card.higher_layer.hex() == "a1"
    assert card.pseudo_atr.hex() == "3b88800111223344008171a01d"

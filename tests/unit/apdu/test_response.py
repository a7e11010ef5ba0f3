from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu import Response, ResponseError, StatusWord


@given(st.binary(max_size=300), st.integers(0, 0xFFFF))
def test_round_trip(data: bytes, sw: int) -> None:
    response = Response(data, StatusWord(sw))
    assert Response.parse(response.encode()) == response


def test_the_last_two_bytes_are_the_status_word() -> None:
    response = Response.parse(bytes.fromhex("0304312E30309000"))  # facts hrss-card 9, G1: specification version
    assert response.data == b"\x03\x04" + b"1.00"
    assert response.sw == 0x9000
    assert type(response.sw) is StatusWord
    assert response.ok


@pytest.mark.parametrize(
    ("wire", "ok"), [("9000", True), ("6118", True), ("6A82", False), ("63C2", False), ("6C14", False)]
)
def test_ok_is_9000_and_61xx(wire: str, *, ok: bool) -> None:
    assert Response.parse(bytes.fromhex(wire)).ok is ok


@pytest.mark.parametrize("wire", [b"", b"\x90"])
def test_no_room_for_a_status_word_is_refused(wire: bytes) -> None:
    with pytest.raises(ResponseError, match=f"{len(wire)} bytes came"):
        Response.parse(wire)

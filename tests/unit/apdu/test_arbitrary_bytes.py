"""Whatever a card, a reader or a user sends: a parser returns a value or raises this package's error, nothing else."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu import (
    ApduError,
    Atr,
    AtrError,
    Ats,
    Command,
    Response,
    StorageCard,
    compact_objects,
    explain_atr,
    explain_ats,
    explain_historical,
    explain_pseudo_atr,
    is_pseudo_atr,
    parse_ber,
    parse_hex,
    parse_simple,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PARSERS = (Command.parse, Response.parse, parse_ber, parse_simple, Atr.parse, Ats.parse)
# Bytes that look like an ATR or ATS get further than arbitrary ones.
PLAUSIBLE_ATR = st.builds(lambda ts, rest: ts + rest, st.sampled_from([b"\x3b", b"\x3f"]), st.binary(max_size=32))
PLAUSIBLE_ATS = st.binary(max_size=40).map(lambda rest: bytes((len(rest) + 1,)) + rest)


@pytest.mark.parametrize("parse", PARSERS)
@given(raw=st.binary(max_size=300) | PLAUSIBLE_ATR | PLAUSIBLE_ATS)
def test_parsers_raise_only_their_own_errors(parse: Callable[[bytes], object], raw: bytes) -> None:
    with suppress(ApduError):
        parse(raw)


@given(st.text())
def test_hexadecimal_text_raises_only_its_own_error(text: str) -> None:
    with suppress(ApduError):
        parse_hex(text)


@given(PLAUSIBLE_ATR)
def test_whatever_is_an_atr_can_be_explained(raw: bytes) -> None:
    try:
        atr = Atr.parse(raw)
    except AtrError:
        return
    lines = explain_atr(atr)
    assert atr == raw
    assert sum(line.en.startswith("wrong: ") for line in lines) == len(atr.problems)
    assert all(line.en and line.zh and line.en != line.zh for line in lines)
    assert (StorageCard.from_atr(atr) is None) or is_pseudo_atr(atr)


@given(PLAUSIBLE_ATS)
def test_whatever_is_an_ats_can_be_explained(raw: bytes) -> None:
    try:
        ats = Ats.parse(raw)
    except AtrError:
        return
    assert ats == raw
    assert len(explain_ats(ats)) >= 6


@given(st.binary(max_size=60))
def test_any_bytes_can_be_asked_whether_they_are_a_pseudo_atr(raw: bytes) -> None:
    if is_pseudo_atr(raw):
        assert explain_pseudo_atr(Atr.parse(raw))


@given(
    st.binary(max_size=20)
    | st.builds(lambda head, rest: bytes((head,)) + rest, st.sampled_from([0, 0x10, 0x80]), st.binary())
)
def test_any_historical_bytes_can_be_explained(historical: bytes) -> None:
    objects = compact_objects(historical)
    lines = explain_historical(historical)
    assert len(lines) >= 1 + len(objects or ())
    assert all(line.en and line.zh for line in lines)

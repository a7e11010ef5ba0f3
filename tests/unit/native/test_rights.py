"""The right byte and the two registers, against the sheet's rule (native-card-os 3), and how states come and go."""

from __future__ import annotations

from itertools import product

import pytest

from cardsim.chip.native.rights import BOTH_ZERO, moved
from tests.unit.native.cards import DF, DF_KEYS, INTO_DF, INTO_MF, KEYS, MF, MF_KEYS, Native

STATES = tuple(product(range(16), repeat=2))


def holds(byte: int, mf: int, current: int, reading: str) -> bool:
    """The sheet: XY with X > Y is Y <= state <= X, X = Y that state, X < Y never; 0Y (or FY) is MF >= Y."""
    x, y = byte >> 4, byte & 15
    if reading == "0Y" and x == 0:
        return mf >= y
    if reading == "FY" and x == 15:
        return mf >= y
    if x == y:
        return current == x
    if x > y:
        return y <= current <= x
    return False


@pytest.mark.parametrize("reading", ["0Y", "FY"])
@pytest.mark.parametrize("high", range(16))
def test_every_right_byte_in_every_state(high: int, reading: str) -> None:
    card = Native(native_mf_right=reading)
    card.run(MF, DF, INTO_DF)
    for low in range(16):
        byte = high << 4 | low
        assert card.send(f"80E000{low + 1:02X}07280001{byte:02X}{byte:02X}FFFF") == "9000"
    card.run(INTO_MF, INTO_DF)
    context = card.card.context
    for low, (mf, current) in product(range(16), STATES):
        context.granted = moved(moved(context.granted, mf, mf=True), current, mf=False)
        allowed = holds(high << 4 | low, mf, current, reading)
        read = card.send(f"00B0{0x81 + low:02X}0001")
        assert read == ("00" + "6281" if allowed else "6982"), (high, low, mf, current)
    for low in range(16):
        context.granted = moved(moved(context.granted, 5, mf=True), 3, mf=False)
        written = card.send(f"00D6{0x81 + low:02X}0001AA")
        assert written == ("9000" if holds(high << 4 | low, 5, 3, reading) else "6982")


@pytest.mark.parametrize(
    ("byte", "text"),
    [("F0", "free (F0)"), ("EF", "never (EF)"), ("53", "directory state 3-5 (53)"), ("05", "MF state 5-F (05)")],
)
def test_a_right_says_what_it_asks_for(byte: str, text: str) -> None:
    card = Native()
    card.run(MF, f"80E0000107280001{byte}{byte}FFFF")
    assert card.card.context.directory.files[0].rules[0].default.text.en == text


# --- how states come and go ---


def state(card: Native) -> tuple[int, int]:
    """MF's and current register, by asking which single states open a file: AA-like bytes, one for each state."""
    granted = card.card.context.granted
    (mf,) = (s for s in range(16) if granted & moved(0, s, mf=True) & ~moved(0, s, mf=False))
    (current,) = (s for s in range(16) if granted & moved(0, s, mf=False))
    return mf, current


def levels(**settings: object) -> Native:
    """MF with master key (state A) and PIN (state 5), DF with master key (state 4) and PIN (state 1)."""
    card = Native(**settings)
    k1 = KEYS["K1"]
    card.run(
        *(MF, MF_KEYS, f"80D401001539F0F0AA33{k1}", "80D40100083AF0EF0533123456"),
        *(DF, INTO_DF, DF_KEYS, f"80D401001539F0F04433{k1}", "80D40100083AF0EF0133123456"),
        "80D401010D39110F0233" + KEYS["K8"],
        INTO_MF,
    )
    return card


PIN = "0020000003123456"


def test_at_power_on_both_are_0() -> None:
    assert state(levels()) == (0, 0)
    assert levels().card.context.granted & BOTH_ZERO == BOTH_ZERO


def test_in_the_mf_both_are_set_in_a_directory_its_own() -> None:
    card = levels()
    assert card.send(PIN) == "9000"
    assert state(card) == (5, 5)
    assert card.auth("K1") == "9000"
    assert state(card) == (10, 10)
    card.run(INTO_DF)
    assert state(card) == (10, 0)
    assert card.auth("K1") == "9000"
    assert state(card) == (10, 4)
    card.run(INTO_DF)
    assert state(card) == (10, 0)
    card.send(PIN)
    assert state(card) == (10, 1)
    card.run(INTO_MF)
    assert state(card) == (10, 10)
    card.card.reset()
    assert state(card) == (0, 0)


def test_the_setting_of_ruled_applications_takes_no_state_away() -> None:
    card = levels(state_survives_reselect=False)
    card.run(PIN, INTO_DF)
    assert state(card) == (5, 0)
    card.run(INTO_MF)
    assert state(card) == (5, 5)


def test_returning_to_the_mf_may_be_0() -> None:
    card = levels(native_mf_keeps_state=False)
    card.run(PIN, INTO_DF, INTO_MF)
    assert state(card) == (5, 0)


def test_states_are_replaced_and_a_key_needs_its_use_right() -> None:
    """PIN first (state 1), then the key with use right 11 (state 2): native-card-os 3."""
    card = levels()
    card.run(INTO_DF)
    assert card.auth("K8", 1) == "6982"
    card.send(PIN)
    assert card.auth("K8", 1) == "9000"
    assert state(card) == (0, 2)
    assert card.auth("K8", 1) == "6982"


def test_a_failure_changes_no_state() -> None:
    card = levels()
    card.run(PIN)
    assert card.send("0020000003999999") == "63C2"
    assert card.auth("K2") == "63C2"
    assert state(card) == (5, 5)


def test_internal_authenticate_changes_no_state() -> None:
    card = levels()
    card.run(PIN, INTO_DF)
    assert card.send("00880000080102030405060708") == "6A88"
    assert state(card) == (5, 0)

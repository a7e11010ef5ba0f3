"""The T=0 port: 61xx and GET RESPONSE, 6Cxx, and the settings for how real cards differ (facts hrss-card 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu import Interface
from cardsim.chip.t0 import T0Port
from cardsim.profiles import GEN2
from tests.unit.chip.bench import SSSE, Bench, bench

if TYPE_CHECKING:
    from cardsim.chip.card import Card

FCI = "6F16840F7378312E73682EC9E7BBE1B1A3D5CFA50388011E"
RECORD = "0304322E3030"  # EF05 tag 03: 6 bytes


class ScriptedCard:
    """Answers a case-4 command (INS A4) and a case-2 command (INS B0) with as much as a test wants."""

    incoming = frozenset((0xA4,))
    either: frozenset[int] = frozenset()
    atr = b""
    interface = Interface.CONTACT

    def __init__(self, size: int, sw: str = "9000") -> None:
        self.data = bytes(number % 251 for number in range(size))
        self.sw = bytes.fromhex(sw)
        self.sent: list[bytes] = []

    def transmit(self, command: bytes) -> bytes:
        self.sent.append(command)
        return self.data + self.sw


def port(card: ScriptedCard, **settings: object) -> T0Port:
    return T0Port(cast("Card", card), GEN2.override(settings))


def send(t0: T0Port, command: str) -> str:
    return t0.transmit(bytes.fromhex(command)).hex().upper()


# --- 61xx and GET RESPONSE ---


def test_fetching_in_one_piece(gen2: Bench) -> None:
    assert gen2.t0(SSSE) == "6118"
    assert gen2.t0("00C0000018") == FCI + "9000"
    assert gen2.t0("00C0000018") == "6985"


def test_fetching_in_pieces(gen2: Bench) -> None:
    assert gen2.t0(SSSE) == "6118"
    assert gen2.t0("00C0000001") == FCI[:2] + "6117"
    assert gen2.t0("00C0000010") == FCI[2:34] + "6107"
    assert gen2.t0("00C0000007") == FCI[34:] + "9000"
    assert gen2.t0("00C0000001") == "6985"


@pytest.mark.parametrize("wrong", ["00C0000000", "00C00000", "00C0000019", "00C00000FF"])
def test_a_wrong_le_is_told_the_right_one_and_takes_nothing_away(gen2: Bench, wrong: str) -> None:
    gen2.t0(SSSE)
    assert gen2.t0(wrong) == "6C18"
    assert gen2.t0("00C0000014") == FCI[:40] + "6104"
    assert gen2.t0(wrong) == "6C04"
    assert gen2.t0("00C0000004") == FCI[40:] + "9000"


@pytest.mark.parametrize("wrong", ["00C0010018", "00C0000118", "00C0000018AA", "00C0", "00C000"])
def test_a_malformed_fetch_takes_nothing_away(gen2: Bench, wrong: str) -> None:
    gen2.t0(SSSE)
    assert gen2.t0(wrong) in ("6A86", "6700")
    assert gen2.t0("00C0000018") == FCI + "9000"


@pytest.mark.parametrize("between", ["0084000008", "00A4000002EF55", "00B2010400", "FF00000000", "00", ""])
def test_any_other_command_drops_what_waits(gen2: Bench, between: str) -> None:
    gen2.t0(SSSE)
    gen2.t0(between)
    assert gen2.t0("00C0000018") == "6985"


@pytest.mark.parametrize("event", ["reset", "power_on", "power_off"])
def test_a_reset_drops_what_waits(gen2: Bench, event: str) -> None:
    gen2.t0(SSSE)
    getattr(gen2.port, event)()
    assert gen2.t0("00C0000018") == "6985"


def test_a_new_answer_replaces_the_one_that_waits(gen2: Bench) -> None:
    gen2.t0(SSSE)
    assert gen2.t0("00A40000023F00") == "6112"
    assert gen2.t0("00C0000012") == "6F10840E315041592E5359532E44444630319000"


def test_get_response_itself_never_reaches_the_card() -> None:
    card = ScriptedCard(5)
    t0 = port(card)
    send(t0, "00C0000005")
    send(t0, "00A4040000")
    send(t0, "00C0000005")
    assert [command.hex().upper() for command in card.sent] == ["00A4040000"]


@pytest.mark.parametrize(
    ("size", "announced"),
    [(1, "6101"), (0xFE, "61FE"), (0xFF, "61FF"), (0x100, "6100"), (0x101, "6100"), (600, "6100")],
)
def test_6100_announces_256_or_more(size: int, announced: str) -> None:
    assert send(port(ScriptedCard(size)), "00A4040000") == announced


def test_a_long_answer_is_fetched_256_bytes_at_a_time() -> None:
    card = ScriptedCard(600)
    t0 = port(card)
    assert send(t0, "00A4040000") == "6100"
    assert t0.transmit(bytes.fromhex("00C0000000")) == card.data[:256] + b"\x61\x00"
    assert t0.transmit(bytes.fromhex("00C0000000")) == card.data[256:512] + b"\x61\x58"
    assert send(t0, "00C0000000") == "6C58"
    assert t0.transmit(bytes.fromhex("00C0000058")) == card.data[512:] + b"\x90\x00"


@given(st.integers(1, 700), st.lists(st.integers(0, 255), max_size=30))
def test_however_it_is_fetched_nothing_is_lost_or_repeated(size: int, lengths: list[int]) -> None:
    card = ScriptedCard(size)
    t0 = port(card)
    fetched, answer = b"", t0.transmit(bytes.fromhex("00A4040000"))
    for le in (*lengths, 0, 0, 0, 0, 0):
        if answer[-2] not in (0x61, 0x6C):
            break
        announced = answer[-1]
        answer = t0.transmit(bytes((0, 0xC0, 0, 0, le or announced)))
        fetched += answer[:-2]
    assert answer[-2:] == b"\x90\x00"
    assert fetched == card.data


def test_a_refusal_and_an_empty_answer_pass_as_they_are() -> None:
    for sw in ("6A82", "9000", "63C5"):
        assert send(port(ScriptedCard(0, sw)), "00A4040000") == sw
        assert send(port(ScriptedCard(0, sw)), "00B0000000") == sw


# --- 6Cxx ---


@pytest.mark.parametrize(
    ("tail", "answer"),
    [
        ("06", RECORD + "9000"),
        ("05", "6C06"),
        ("04", "6C06"),
        ("01", "6C06"),
        ("07", "6C06"),
        ("FF", "6C06"),
        ("00", "6C06"),
        ("", "6C06"),
    ],
)
def test_le_of_a_record(gen2: Bench, tail: str, answer: str) -> None:
    """The TLV length, the value length, too long, 00 and absent are all met in the field (facts hrss-card 3)."""
    gen2.t0(SSSE)
    assert gen2.t0("00B2032C" + tail) == answer
    assert gen2.t0("00B2032C06") == RECORD + "9000"


@pytest.mark.parametrize(
    ("setting", "zero", "larger"),
    [
        ({}, "6C06", "6C06"),
        ({"le_zero": "data"}, RECORD + "9000", "6C06"),
        ({"le_larger": "data"}, "6C06", RECORD + "9000"),
        ({"le_zero": "data", "le_larger": "data"}, RECORD + "9000", RECORD + "9000"),
    ],
)
def test_le_settings(setting: dict[str, object], zero: str, larger: str) -> None:
    card = bench("gen2", **setting)
    card.t0(SSSE)
    assert card.t0("00B2032C00") == zero
    assert card.t0("00B2032C") == zero
    assert card.t0("00B2032C07") == larger
    assert card.t0("00B2032CFF") == larger
    assert card.t0("00B2032C05") == "6C06"
    assert card.t0("00B2032C06") == RECORD + "9000"


@pytest.mark.parametrize(
    ("setting", "zero", "larger"),
    [({}, "6C18", "6C18"), ({"le_zero": "data"}, FCI + "9000", "6C18"), ({"le_larger": "data"}, "6C18", FCI + "9000")],
)
def test_le_settings_hold_for_get_response_too(setting: dict[str, object], zero: str, larger: str) -> None:
    card = bench("gen2", **setting)
    card.t0(SSSE)
    assert card.t0("00C0000000") == zero
    card.t0(SSSE)
    assert card.t0("00C0000020") == larger


@pytest.mark.parametrize(
    ("size", "le", "answer_size", "sw"),
    [
        (255, "FF", 255, "9000"),
        (255, "00", 0, "6CFF"),
        (256, "00", 256, "9000"),
        (256, "", 256, "9000"),
        (256, "FF", 0, "6C00"),
        (256, "01", 0, "6C00"),
        (300, "00", 256, "9000"),
        (300, "10", 0, "6C00"),
    ],
)
def test_le_00_is_256(size: int, le: str, answer_size: int, sw: str) -> None:
    """A card gives no more bytes than P3 says (ISO/IEC 7816-3, 10.3.2)."""
    card = ScriptedCard(size)
    assert send(port(card), "00B00000" + le) == (card.data[:answer_size] + bytes.fromhex(sw)).hex().upper()


# --- how an answer to data leaves the card ---


@pytest.mark.parametrize(
    ("setting", "answer", "waits"), [("61xx", "6118", True), ("9000", "9000", False), ("data", FCI + "9000", False)]
)
def test_case_4_answers(setting: str, answer: str, waits: bool) -> None:
    card = bench("gen2", case4_answer=setting)
    assert card.t0(SSSE) == answer
    assert card.t0("00C0000018") == (FCI + "9000" if waits else "6985")
    assert card.t0("00A4000002EF05") == "9000"
    assert card.t0("00A4000002EF55") == "6A82"


def test_a_warning_comes_first_and_its_data_wait() -> None:
    t0 = port(ScriptedCard(5, "6283"))
    assert send(t0, "00A4040000") == "6283"
    assert send(t0, "00C0000005") == "0001020304" + "9000"
    assert send(t0, "00C0000005") == "6985"

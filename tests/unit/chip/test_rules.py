"""Access conditions: encoded, parsed, compiled to masks, and at work on cards."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apdu import Interface, Text
from cardsim.chip.rules import Rule, compile_access, encode_rules, parse_rules
from cardsim.zones.access import FREE, NEVER, Access, AllOf, AnyOf, Free, Key, Never, On, Pin, rename
from tests.unit.chip.bench import Bench
from tests.unit.chip.images import card, directory, file, key, keys, pin, records, rules

if TYPE_CHECKING:
    from collections.abc import Mapping

# Names as zones write them, and the numbers of the chip; one number is a PIN's and a key's.
NUMBERS: Mapping[Access, int] = {
    Pin("HRSS"): 0x00,
    Pin("LOCAL"): 0x81,
    Pin("TENTH"): 0x0A,
    Key("UK"): 0x04,
    Key("RK"): 0x0A,
    Key("RK1"): 0x88,
}
ON_THE_CHIP: Mapping[Access, Access] = {
    term: (Pin if isinstance(term, Pin) else Key)(f"{number:02X}") for term, number in NUMBERS.items()
}
TERMS = (*NUMBERS, On(Interface.CONTACT), On(Interface.CONTACTLESS))
LEAVES = st.sampled_from([FREE, NEVER, *TERMS])


def trees(depth: int) -> st.SearchStrategy[Access]:
    if not depth:
        return LEAVES
    below = trees(depth - 1)
    groups = st.lists(below, min_size=1, max_size=3).map(tuple)
    combined = st.tuples(below, below)
    return st.one_of(
        LEAVES,
        st.builds(AllOf, groups),
        st.builds(AnyOf, groups),
        combined.map(lambda sides: sides[0] & sides[1]),
        combined.map(lambda sides: sides[0] | sides[1]),
    )


ACCESS = trees(3)
RULES = st.builds(Rule, ACCESS, st.dictionaries(st.integers(1, 0xFE), ACCESS, max_size=4))


def holds(access: Access, granted: frozenset[Access]) -> bool:
    """The meaning of a condition, said in the plainest way."""
    match access:
        case Free():
            return True
        case Never():
            return False
        case AllOf(parts):
            return all(holds(part, granted) for part in parts)
        case AnyOf(parts):
            return any(holds(part, granted) for part in parts)
        case _:
            return access in granted


# --- the encoding ---


@given(RULES)
def test_round_trip_up_to_names(rule: Rule) -> None:
    parsed = Rule.parse(rule.encode(NUMBERS))
    assert parsed.default == rename(rule.default, ON_THE_CHIP)
    assert parsed.by_tag == {tag: rename(access, ON_THE_CHIP) for tag, access in rule.by_tag.items()}


@given(st.lists(RULES.map(lambda rule: rule.encode(NUMBERS)).filter(lambda code: len(code) < 256), max_size=3))
def test_a_rules_file_keeps_its_rules_in_order(encoded: list[bytes]) -> None:
    assert parse_rules(encode_rules(encoded)) == tuple(Rule.parse(code) for code in encoded)


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("F0", Rule(FREE)),
        ("EF", Rule(NEVER)),
        ("0100", Rule(Pin("00"))),
        ("020A", Rule(Key("0A"))),
        ("0301", Rule(On(Interface.CONTACT))),
        ("0302", Rule(On(Interface.CONTACTLESS))),
        ("10020100020A", Rule(Pin("00") & Key("0A"))),
        ("11020100020A", Rule(Pin("00") | Key("0A"))),
        ("110201001002020A0301", Rule(Pin("00") | (Key("0A") & On(Interface.CONTACT)))),
        ("2002F007020A080100", Rule(FREE, {7: Key("0A"), 8: Pin("00")})),
    ],
)
def test_the_code_itself(code: str, rule: Rule) -> None:
    """Cards on disk carry these bytes: they must stay what they are."""
    numbers = {Pin("00"): 0x00, Key("0A"): 0x0A}
    assert rule.encode(numbers).hex().upper() == code
    assert Rule.parse(bytes.fromhex(code)) == rule


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        "00",
        "FF",
        "01",
        "02",
        "03",
        "0300",
        "0303",
        "10",
        "1000",
        "1100",
        "1002F0",
        "F0F0",
        "0100EF",
        "20",
        "2001F0",
        "2001F007",
        "100120" + "00F0",
        "1001" * 9 + "F0",
    ],
)
def test_damaged_code_is_a_value_error(damaged: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Rule.parse(bytes.fromhex(damaged))


def test_eight_levels_of_groups_are_not_too_deep() -> None:
    assert Rule.parse(bytes.fromhex("1001" * 8 + "F0")).default == AllOf(
        (AllOf((AllOf((AllOf((AllOf((AllOf((AllOf((AllOf((FREE,)),)),)),)),)),)),)),)
    )


def _parses_or_value_error(raw: bytes) -> None:
    for parse in (Rule.parse, parse_rules):
        with contextlib.suppress(ValueError):
            parse(raw)


@given(st.binary(max_size=60) | st.lists(st.sampled_from(b"\x01\x02\x03\x10\x11\x20\xef\xf0"), max_size=40).map(bytes))
def test_arbitrary_code_is_parsed_or_a_value_error(raw: bytes) -> None:
    _parses_or_value_error(raw)


@given(RULES, st.data())
def test_altered_code_is_parsed_or_a_value_error(rule: Rule, data: st.DataObject) -> None:
    code = bytearray(rule.encode(NUMBERS))
    place = data.draw(st.integers(0, len(code) - 1))
    code[place] ^= data.draw(st.integers(1, 0xFF))
    _parses_or_value_error(bytes(code))
    _parses_or_value_error(bytes(code[:place]))


# --- the compiled form ---

BITS = {term: 1 << place for place, term in enumerate(TERMS)}


@given(ACCESS, st.sets(st.sampled_from(TERMS)), st.sets(st.sampled_from(TERMS)))
def test_masks_mean_what_the_condition_says(access: Access, satisfied: set[Access], absent: set[Access]) -> None:
    """``absent`` PINs and keys are not on the card: nothing satisfies them."""
    masks = compile_access(access, lambda term: None if term in absent else BITS[term])
    granted = sum(BITS[term] for term in satisfied)
    by_masks = any(granted & mask == mask for mask in masks)
    assert by_masks == holds(access, frozenset(satisfied - absent))


@given(ACCESS)
def test_masks_are_as_few_as_possible(access: Access) -> None:
    masks = compile_access(access, BITS.__getitem__)
    assert list(masks) == sorted(set(masks))
    assert not any(mask & other == other for mask in masks for other in masks if other != mask)


def test_free_never_and_absent() -> None:
    assert compile_access(FREE, BITS.get) == (0,)
    assert compile_access(NEVER, BITS.get) == ()
    assert compile_access(Pin("NOT THERE"), BITS.get) == ()
    assert compile_access(Pin("HRSS") | FREE, BITS.get) == (0,)
    assert compile_access(Pin("HRSS") & NEVER, BITS.get) == ()


@settings(deadline=2000)
@given(st.integers(20, 31))
def test_a_long_condition_compiles_in_no_time(parts: int) -> None:
    """All of many either-ors: the product of all choices has 3 to the power of ``parts`` entries."""
    choice = AnyOf((Pin("HRSS"), Key("UK"), Key("RK")))
    assert compile_access(AllOf((choice,) * parts), BITS.get) == tuple(sorted(BITS[term] for term in choice.parts))


# --- on a card ---

PIN_OK = "00200000021234"
_FILES = {
    0x01: Pin("00"),
    0x02: Key("0A"),
    0x03: Pin("00") | Key("0A"),
    0x04: Pin("00") & Key("0A"),
    0x05: On(Interface.CONTACT),
    0x06: On(Interface.CONTACTLESS),
    0x07: Pin("00") & On(Interface.CONTACT) | Key("0A"),
    0x08: Key("99"),
}


def _card(interface: Interface = Interface.CONTACT) -> Bench:
    files = [file(0xEF00 | sfi, bytes((sfi,)), right=number) for number, sfi in enumerate(_FILES, 1)]
    by_record = Rule(Pin("00"), {0x11: FREE, 0x12: Pin("00") & Key("0A"), 0x13: NEVER})
    content = records(0xEF0A, "1001AA", "1101BB", "1201CC", "1301DD", right=len(_FILES) + 1)
    key_file = keys(pin(0x00, "1234"), key(0x0A))
    app = directory(0xA001, b"CONDITIONS", key_file, rules(*_FILES.values(), by_record), *files, content)
    bench = Bench(card(app), interface=interface)
    bench.run("00A4000002A001")
    return bench


def _readable(bench: Bench) -> set[int]:
    answers = {sfi: bench.send(f"00B08{sfi:X}0001") for sfi in _FILES}
    assert set(answers.values()) <= {f"{sfi:02X}9000" for sfi in _FILES} | {"6982"}
    return {sfi for sfi, answer in answers.items() if answer != "6982"}


@pytest.mark.parametrize(
    ("interface", "pin_given", "key_given", "readable"),
    [
        (Interface.CONTACT, False, False, {5}),
        (Interface.CONTACT, True, False, {1, 3, 5, 7}),
        (Interface.CONTACT, False, True, {2, 3, 5, 7}),
        (Interface.CONTACT, True, True, {1, 2, 3, 4, 5, 7}),
        (Interface.CONTACTLESS, False, False, {6}),
        (Interface.CONTACTLESS, True, False, {1, 3, 6}),
        (Interface.CONTACTLESS, False, True, {2, 3, 6, 7}),
        (Interface.CONTACTLESS, True, True, {1, 2, 3, 4, 6, 7}),
    ],
)
def test_files_open_as_their_condition_says(
    interface: Interface, pin_given: bool, key_given: bool, readable: set[int]
) -> None:
    """PIN or key: either suffices; PIN and key: both are needed (facts hrss-card 6)."""
    bench = _card(interface)
    if pin_given:
        bench.run(PIN_OK)
    if key_given:
        bench.grant(Key("0A"))
    assert _readable(bench) == readable
    bench.port.reset()
    bench.run("00A4000002A001")
    assert _readable(bench) == {5 if interface is Interface.CONTACT else 6}


def test_records_open_as_their_own_condition_says() -> None:
    bench = _card()

    def readable() -> set[str]:
        return {tag for tag in ("10", "11", "12", "13") if bench.send(f"00B2{tag}5000") != "6982"}

    assert readable() == {"11"}
    bench.run(PIN_OK)
    assert readable() == {"10", "11"}
    bench.grant(Key("0A"))
    assert readable() == {"10", "11", "12"}
    assert bench.send("00B2015500") == "6982"


def test_a_refusal_says_what_is_missing() -> None:
    """With the names of the zone where the caller has them, else with the chip's numbers."""
    bench = _card()
    assert bench.send("00B0840001") == "6982"
    refusal = bench.card.last_refusal
    assert refusal is not None
    assert str(refusal) == "6982: EF04 needs PIN 00 and key 0A, not satisfied since SELECT"
    named = refusal.describe({Pin("00"): Pin("HRSS"), Key("0A"): Key("RK")})
    assert named.en == "6982: EF04 needs PIN HRSS and key RK, not satisfied since SELECT"
    assert bench.send("00B2125000") == "6982"
    refusal = bench.card.last_refusal
    assert refusal is not None
    assert str(refusal) == "6982: EF0A/12 needs PIN 00 and key 0A, not satisfied since SELECT"


def test_a_refusal_says_where_nobody_may() -> None:
    closed_card = directory(0xA001, b"CLOSED", rules(NEVER), file(0xEF01, b"A", right=1))
    bench = Bench(card(closed_card))
    bench.run("00A4000002A001")
    for closed, command, en, zh in (
        (bench, "00B0810001", "nobody may read EF01", "EF01 不允许读取"),
        (bench, "00D6810001AA", "nobody may write EF01", "EF01 不允许写入"),
        (_card(), "00B2135000", "nobody may read EF0A/13", "EF0A/13 不允许读取"),
        (_card(), "00DC105003100100", "nobody may write EF0A", "EF0A 不允许写入"),
    ):
        assert closed.send(command) == "6982"
        refusal = closed.card.last_refusal
        assert refusal is not None
        assert refusal.describe({}) == Text(f"6982: {en}", f"6982: {zh}")

"""The JSON of a card with something wrong in it: one clear error, whatever it is."""

from __future__ import annotations

import contextlib
import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apdu import BilingualError, Interface
from cardsim.chip.rules import Rule
from cardsim.perso.plain import PlainError, import_card
from cardsim.perso.plain.rights import access_text, parse_access, parse_rule, rule_plain
from cardsim.zones.access import FREE, NEVER, AllOf, AnyOf, Key, On, Pin
from keys.keyring import TestKeyring
from tests.unit.perso.plain_cards import exported, golden_image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cardsim.zones.access import Access

Path = tuple[str | int, ...]
PLAIN = exported(golden_image())


def paths(plain: Any, start: Path = ()) -> Iterator[Path]:
    """Yield the place of every value."""
    if start:
        yield start
    if isinstance(plain, dict):
        for key, value in plain.items():
            yield from paths(value, (*start, key))
    elif isinstance(plain, list):
        for number, value in enumerate(plain):
            yield from paths(value, (*start, number))


def changed(path: Path, value: Any) -> Any:
    plain = copy.deepcopy(PLAIN)
    inside = plain
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    return plain


PLACES = list(paths(PLAIN))


@pytest.mark.parametrize("path", PLACES, ids=lambda path: "-".join(map(str, path)))
def test_every_value_of_another_kind_is_refused(path: Path) -> None:
    for value in (None, {"wrong": 1}, 1.5, True, [None]):
        with pytest.raises(BilingualError) as caught:
            import_card(changed(path, value))
        assert "\n" not in str(caught.value)
        assert str(caught.value) != caught.value.text.zh


@pytest.mark.parametrize(
    "path", [path for path in PLACES if isinstance(path[-1], str)], ids=lambda path: "-".join(map(str, path))
)
def test_every_misspelt_key_is_refused(path: Path) -> None:
    plain = copy.deepcopy(PLAIN)
    inside = plain
    for step in path[:-1]:
        inside = inside[step]
    inside[f"{path[-1]}x"] = inside.pop(path[-1])
    if path[0] == "printed" and len(path) == 2:  # what is printed on a card is anybody's choice
        assert import_card(plain).printed[f"{path[-1]}x"] == PLAIN["printed"][path[-1]]
        return
    with pytest.raises(BilingualError):
        import_card(plain)


def at(*path: str | int) -> Path:
    """Return a place below the HRSS application."""
    return ("card", "contents", 0, "contents", *path)


NUMBERS = {child["file"]: number for number, child in enumerate(PLAIN["card"]["contents"][0]["contents"])}
EF05, EF80, EF81 = NUMBERS["EF05"], NUMBERS["EF80"], NUMBERS["EF81"]


@pytest.mark.parametrize("value", [None, 1.5, True, {"wrong": 1}, [None], [{"tag": "01", "hex": "zz"}]])
def test_a_damaged_identification_is_refused_where_keys_are_diversified_by_it(value: Any) -> None:
    with pytest.raises(BilingualError):
        import_card(changed(at(EF05, "records"), value), TestKeyring())


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("format",), "cardsim card 2", "card file/format: this is no 'cardsim card 1'"),
        (("layout",), "4.00", "card file/layout: '4.00' is none of 1.00, 2.00, 3.00"),
        (("profile", "pin_limit"), 16, "card file/profile: setting 'pin_limit' is 16; it must be a number"),
        (("profile", "pin_limits"), 3, "there is no setting 'pin_limits'; did you mean 'pin_limit'?"),
        (("memory",), 0, "card file/memory is 0; it must be a number from 1 to"),
        (("card", "directory"), "3F01", "3F00/directory: the card is 3F00"),
        (("card", "aid"), "0", "3F00/aid: '0' has 1 hexadecimal digits"),
        (("card", "aid"), "00" * 17, "3F00/aid: 17 bytes; at most 16"),
        (("card", "contents", 0, "directory"), "3F00", "3F00/3F00/directory: the card is 3F00, and nothing else is"),
        (("card", "contents", 0, "extra"), "1", "/extra"),
        (("card", "contents", 0, "state"), "ASLEEP", "/state: 'ASLEEP' is none of IN_USE, BLOCKED"),
        (("card", "contents", 0, "free"), -1, "/free is -1; it must be a number from 0 to"),
        (at(EF05, "type"), "PLAIN", "EF05/type: 'PLAIN' is none of"),
        (at(EF05, "file"), "EF5", "/file: 'EF5' has 3 hexadecimal digits"),
        (at(EF05, "size"), 3, "EF05/size: 3, the contents take"),
        (at(EF05, "read"), "rk", "EF05/read: 'rk' is no access expression"),
        (at(EF05, "read"), "key(0A) &", "EF05/read: 'key(0A) &' is no access expression: something is missing"),
        (at(EF05, "read"), "free | never & free", "mixes & and |"),
        (at(EF05, "read"), {"07": "free"}, "EF05/read: "),
        (at(EF05, "read"), {"*": "free", "7": "free"}, "'7' is no tag"),
        (at(EF05, "update"), "byte 1", "EF05/update: 'byte 1' is no byte"),
        (at(EF05, "records", 0, "tag"), "1", "EF05/record 1/tag"),
        (at(EF05, "records", 0, "hex"), "xx", "EF05/record 1/hex: 'x' is not a hexadecimal digit"),
        (at(EF05, "records", 0, "hex"), "00" * 256, "EF05/record 1"),
        (at(EF05, "records", 4, "value"), "20240230", "EF05/record 5/value"),
        (at(EF80, "keys", 0, "tries_left"), 16, "EF80/key 1/tries_left is 16; it must be a number from 0 to 15"),
        (at(EF80, "keys", 0, "type"), "PINN", "EF80/key 1/type: 'PINN' is none of INTERNAL"),
        (at(EF80, "keys", 0, "reference"), "", "EF80/key 1/reference is ''; it must be 2 hexadecimal digits"),
        (at(EF81, "rules", 0), "key(0)", "EF81/rules/rule 1: 'key(0)' is no access expression"),
        (at(EF81, "rules"), [" & ".join(["key(00)"] * 200)], "EF81/rules/rule 1: takes 402 bytes; at most 255"),
        (("card", "contents", 0, "rest"), "AA", "/rest: 1 bytes where 0 are free"),
    ],
)
def test_the_message_says_where_and_what(path: Path, value: Any, message: str) -> None:
    with pytest.raises(PlainError) as caught:
        import_card(changed(path, value))
    assert message in str(caught.value)


@pytest.mark.parametrize("plain", [None, 1, "x", [], {}, {"format": "other"}])
def test_what_is_no_card_at_all(plain: Any) -> None:
    with pytest.raises(PlainError, match="card file"):
        import_card(plain)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["free", "EF05", "00", "KEYS"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(PLACES), _json)
@settings(max_examples=300)
def test_anything_anywhere_is_a_card_or_one_error(path: Path, value: Any) -> None:
    with contextlib.suppress(BilingualError):
        import_card(changed(path, value))


# --- access expressions ---

_names = st.integers(0, 255).map("{:02X}".format)
_leaves = st.sampled_from([FREE, NEVER, On(Interface.CONTACT), On(Interface.CONTACTLESS)]) | (
    st.builds(Pin, _names) | st.builds(Key, _names)
)
_accesses = st.recursive(
    _leaves,
    lambda inner: st.builds(
        lambda kind, parts: kind(tuple(parts)),
        st.sampled_from([AllOf, AnyOf]),
        st.lists(inner, min_size=2, max_size=3),
    ),
    max_leaves=6,
)


@given(_accesses)
def test_an_access_expression_comes_back(access: Access) -> None:
    assert parse_access(access_text(access)) == access


@given(_accesses, st.dictionaries(st.integers(0, 255), _accesses, max_size=3))
def test_a_rule_comes_back(default: Access, by_tag: dict[int, Access]) -> None:
    rule = Rule(default, by_tag)
    assert parse_rule(json.loads(json.dumps(rule_plain(rule)))) == rule


@pytest.mark.parametrize(
    ("text", "access"),
    [
        ("free", FREE),
        (" never ", NEVER),
        ("key(0a)&pin(00)", AllOf((Key("0A"), Pin("00")))),
        ("(contact | key(01)) & pin(02)", AllOf((AnyOf((On(Interface.CONTACT), Key("01"))), Pin("02")))),
    ],
)
def test_access_expressions(text: str, access: Access) -> None:
    assert parse_access(text) == access


@given(st.text("free(key)&|0A pin", max_size=20))
def test_no_text_breaks_the_parser(text: str) -> None:
    with contextlib.suppress(ValueError):
        parse_access(text)

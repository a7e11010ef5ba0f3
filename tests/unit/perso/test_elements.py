"""Values under `elements`: any other element, by file and tag; with --raw-elements, any bytes."""

from __future__ import annotations

import pytest

from cardsim.zones.layouts import L1
from tests.cards import make_image
from tests.unit.perso.reading import record, refusal

EF05, EF06 = 0xEF05, 0xEF06


@pytest.mark.parametrize(
    ("elements", "words"),
    [
        ([], ["elements: must be { file: { tag: value } }"]),
        ("EF05", ["elements: must be"]),
        ({"EF05": "01"}, ["elements: EF05 must be { tag: value }"]),
        ({"EF05": {"1": "x"}}, ["elements: EF05", "'1'"]),
        ({"EF05": {"zz": "x"}}, ["elements: EF05", "'z'"]),
        ({"EF05": {"0102": "x"}}, ["elements: EF05", "'0102'"]),
        ({"EF05": {"02": 3}}, ["elements: EF05/02", "text in quotes"]),
        ({"EF05": {"08": "x"}}, ["elements:", "SSSE/EF05/08", "01 02 03 04 05 06 07"]),
        ({"EF09": {"01": "x"}}, ["elements:", "SSSE/EF09"]),
        ({"EF09": {}}, ["elements:", "SSSE/EF09"]),
        ({"garbage": {"01": "x"}}, ["elements:", "GARBAGE"]),
        ({"EF06": {"0D": "19900231"}}, ["elements:", "EF06/0D", "is no date"]),
        ({"EF06": {"09": "㼆"}}, ["elements:", "EF06/09", "U+3F06"]),
        ({"EF06": {"08": "639900199003070018"}}, ["elements:", "EF06/08", "expected 9"]),
        ({"EF06": {"0D": "19900101", "0d": "19900102"}}, ["elements:", "EF06/0D is given twice"]),
        ({"EF06": {"0D": "19900101"}, "SSSE/EF06": {"0D": "19900102"}}, ["elements:", "EF06/0D is given twice"]),
    ],
)
def test_wrong_elements_are_refused(elements: object, words: list[str]) -> None:
    message = str(refusal({"elements": elements}))
    for word in words:
        assert word in message


def test_the_first_layout_has_no_name_extension() -> None:
    message = str(refusal({"elements": {"EF06": {"4E": "丰"}}}, L1))
    assert "1.00" in message
    assert "SSSE/EF06/4E" in message


def test_raw_elements_are_stored_as_they_are() -> None:
    """Unchecked, unpadded, of any length: G2's dates in ASCII, a wrong check digit, an empty record."""
    elements = {"EF05": {"05": "32303132", "07": "FF"}, "EF06": {"08": "", "09": "DEADBEEF"}}
    image = make_image({"elements": elements}, raw_elements=True)
    assert record(image, EF05, 0x05) == bytes.fromhex("050432303132")
    assert record(image, EF05, 0x07) == bytes.fromhex("0701FF")
    assert record(image, EF06, 0x08) == bytes.fromhex("0800")
    assert record(image, EF06, 0x09) == bytes.fromhex("0904DEADBEEF")
    # What is not under elements is coded as ever.
    assert record(image, EF06, 0x0A) == bytes.fromhex("0A0131")


@pytest.mark.parametrize(("value", "reason"), [("张三", "hexadecimal"), ("123", "even"), ("00" * 255, "255")])
def test_wrong_raw_elements_are_refused(value: str, reason: str) -> None:
    message = str(refusal({"elements": {"EF06": {"09": value}}}, raw=True))
    assert message.startswith("elements: SSSE/EF06/09: ")
    assert reason in message

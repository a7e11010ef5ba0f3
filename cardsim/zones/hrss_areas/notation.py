"""What the directories' tables are written with: recurring types, rights and nameless elements."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cardsim.zones.access import Pin
from cardsim.zones.card_identification import RID
from cardsim.zones.fields import An, Bcd, CnDate, Number, Part, Template
from cardsim.zones.layouts import EVERY, L2, L3, Layout
from cardsim.zones.model import Certainty, Element

if TYPE_CHECKING:
    from cardsim.zones.fields import FieldType

PIN: Final = Pin("HRSS")
DATE: Final = CnDate()
REGION: Final = Bcd(3)
"""cn3: six digits wherever a sample shows one, mostly regions (facts hrss-card 2.9)."""
AMOUNT: Final = Number(4)
"""dec4: no source states its coding."""
SINCE_2: Final = L2 | L3
AGREED, INFERRED, SEEN_ONCE = Certainty.AGREED, Certainty.INFERRED, Certainty.SEEN_ONCE

_UNKNOWN_LENGTH: Final = An(20)


def aid(number: int) -> bytes:
    """Return the AID of a directory: D156000005 and one byte (facts hrss-card 1)."""
    return RID + bytes((number,))


def only(layouts: Layout, *elements: Element) -> tuple[Element, ...]:
    """Return ``elements`` as they are in ``layouts``."""
    return tuple(replace(element, layouts=layouts) for element in elements)


def nameless(tag: int, kind: FieldType, *, layouts: Layout = EVERY) -> Element:
    """Return an element whose length is known and whose name no source gives."""
    name, name_zh = _neutral(tag, kind)
    return Element(tag, kind, name, name_zh, layouts=layouts, sure=INFERRED)


def unknown(tag: int, *, count: int = 1) -> Element:
    """Return an element of which only the tag is known."""
    name, name_zh = _neutral(tag, _UNKNOWN_LENGTH)
    return Element(tag, _UNKNOWN_LENGTH, name, name_zh, sure=Certainty.LENGTH_UNKNOWN, count=count)


def part(tag: int, kind: FieldType, name: str = "", name_zh: str = "") -> Part:
    """Return a field of a B-TLV; without a name it gets a neutral one."""
    neutral, neutral_zh = _neutral(tag, kind)
    return Part(kind, name or neutral, name_zh or neutral_zh, tag)


def _neutral(tag: int, kind: FieldType) -> tuple[str, str]:
    if kind == DATE:
        return f"date_{tag:02x}", f"日期 {tag:02X}"
    if kind == AMOUNT:
        return f"amount_{tag:02x}", f"金额 {tag:02X}"
    return f"element_{tag:02x}", f"数据元 {tag:02X}"


SCHOOLING: Final = Template((part(0x57, An(3)), part(0x58, REGION), part(0x59, An(0x28), "school", "院校")))
"""In DF02 with layout 1.00, in DF01 since."""

DATE_60: Final = replace(nameless(0x60, DATE), optional=True)
"""Listed for DF02 EF06 and for DF03 EF05; the profile setting tag_60_file says which has it (facts hrss-card 11)."""

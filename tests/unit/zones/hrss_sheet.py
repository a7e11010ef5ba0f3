"""The sheet's tables (hrss-card 2.3-2.8), in its own notation and order, and a reader for that notation.

``tag type length``: length in bytes, hexadecimal with an h. ``xN``: N records with that tag. ``T`` a B-TLV of that
length and its fields; ``?`` a length that nobody knows. ``rec``: a cyclic file's record, its length, its fields.
"""

from __future__ import annotations

import re
from typing import NamedTuple

LAYOUT_2 = """
SSSE EF0D: EA an 0Ch, EB cn 3, EC ?, ED ?

DF01 EF05: 20 an 2, 21 an 50h, 0E cn 3
DF01 EF06: 23 an 50h, 24 cn 3, 28 an 0Fh, 2C an 32h, 2D an 0Fh
DF01 EF07: 29 an 1
DF01 EF08: 2B an 1
DF01 EF09: 2E an 46h, 30 an 9, 32 an 2
DF01 EF0A: 37 an 3, 38 an 2, 39 cn 4
DF01 EF15: 2A cn 1, 40 T 34h x3 {57 an 3, 58 cn 3, 59 an 28h}
DF01 EF16: transparent 128h
DF01 EF17: transparent 128h
DF01 EF18: transparent 128h
DF01 EF19: transparent 128h
DF01 EF1A: transparent 128h

DF02 EF05: 42 an 3, 41 an 3, 43 T 6Ch x2 {5A an 7, 5B an 1, 5C an 46h, 5D cn 4, 5E an 10h},
           44 T 65h x2 {33 an 3, 34 an 46h, 35 cn 4, 36 an 10h}
DF02 EF06: 4C cn 4, 4B an 5, 4D cn 3, 60 cn 4, 4F an 6, 50 cn 3, 3A an 7
DF02 EF07: rec 55h x4 {an 7, cn 4, cn 4, an 46h}
DF02 EF09: 55 an 10h, 56 an 46h, 96 cn 4, 97 cn 3
DF02 EF15: 99 T 10h x4 {10 an 3, 11 cn 4, 12 cn 3}, 0F cn 4, 1F cn 3
DF02 EF16: rec 12h x4 {an 3, cn 4, cn 4, cn 4, cn 3}

DF03 EF05: 61 cn 3, 60 cn 4, 98 cn 4, 62 cn 4, 63 an 3, 64 an 3, 65 an 3, 66 an 3
DF03 EF06: 45 an 14h, 46 an 2, 47 an 2, 48 an 1, 49 an 1, 67 cn 4, 6B an 3Ch,
           4A T 61h x3 {13 an 2, 14 an 1, 15 an 14h, 16 cn 4, 17 an 3Ch}
DF03 EF07: 70 an 3, 71 cn 3, 6E cn 4, 6C cn 4, 6F cn 4, 73 cn 4
DF03 EF15: 7A cn 3, 7B cn 4, 7C cn 4
DF03 EF16: 51 cn 3, 5F an 1
DF03 EF17: 3B an 14h, 3C an 46h, 3D an 1, 3E cn 4, 3F an 3Ch
DF03 EF18: 74 an 3, 75 cn 3, 76 cn 1, 77 cn 4, 78 cn 4
DF03 EF19: 79 T 27h x4 {18 an 3, 19 cn 3, 1A cn 4, 1B cn 4, 1C dec 4, 1D an 3, 1E cn 4}

DF04 EF05: 81 an 8, 84 cn 3, 87 an 11h, 8C cn 1, 80 cn 4, 8B an 1Dh, 8A an 0Fh, 83 an 9, 86 an 9, 89 an 9, 7D an 9,
           7E an 9, 7F an 9, 8D an 9, 8E an 9, 8F an 1
DF04 EF06: 90 an 1, 92 dec 4, 93 an 2
DF04 EF08: rec 1Ch x30 {b 2, an 1, cn 6, cn 7, hex 4, hex 4, hex 4}
DF04 EF15: rec 03h x8 {b 2, an 1}

DF05 EF05: A0 ?, A1 ?, B9 ?, A2 ?, A9 ?, A3 ? x3, BA ?

DF06 EF05: C0 ?, C2 ?, C3 ?, C4 ?, C5 ?
DF06 EF06: C6 ?, C8 ?, C9 ?, CA ?, CB ?, CC ?, CD ?, CE ?, CF ?, D0 ?, D1 ?, D2 ?, D3 ?, D4 ?, D5 ?, D6 ?, D7 ?,
           D8 ?, D9 ?, DA ?, DB ?, DC ?, DD ?, DE ?, DF ?, E0 ?, E1 ?, E2 ?

DF07 EF05: F0 an 2, F1 an 1, F2 cn 4, F3 an 3, F4 cn 4
DF07 EF06: F5 an 3, F6 cn 4, F7 an 46h
DF07 EF07: F8 cn 4, F9 an 1
"""

LAYOUT_1 = """
DF01 EF05: 20 an 1, 21 an 3Eh, 22 an 12h
DF01 EF06: 25 an 3Eh, 26 an 12h, 27 cn 3, 28 an 0Fh
DF01 EF07: 29 an 1
DF01 EF08: 2B an 1
DF01 EF09: 2E an 3Eh, 2F an 8, 30 an 9, 31 an 1, 32 an 3
DF01 EF0A: 37 dec 4, 38 dec 4, 39 cn 4

DF02 EF05: 40 T 34h {57 an 3, 58 cn 3, 59 an 28h}, 41 T 34h {57 an 3, 58 cn 3, 59 an 28h}, 42 cn 3,
           43 T 1Dh {5A cn 7, 5B cn 1, 5C an 9, 5D cn 4}, 44 T 1Dh {5A cn 7, 5B cn 1, 5C an 9, 5D cn 4}
DF02 EF06: 4B cn 4, 4C cn 4, 60 cn 4, 4D cn 4, 4F cn 4, 50 cn 4, 3A an 7
DF02 EF07: rec 55h x4 {an 7, cn 4, cn 4, an 46h}
DF02 EF08: 52 cn 0Ah, 53 an 3Eh, 94 an 8, 54 cn 4
DF02 EF09: 55 cn 0Ah, 56 an 3Eh, 95 an 8, 96 cn 4, 97 cn 4

DF03 EF05: 60 cn 4, 98 cn 4, 61 dec 4, 62 cn 4, 63 an 3, 64 an 3, 65 dec 3, 66 dec 3
DF03 EF06: 67 cn 4, 68 an 3Eh, 69 an 3Eh, 6A an 10h, 6B an 3Ch
DF03 EF07: 6C cn 4, 6D dec 4, 6E cn 4, 6F cn 4, 70 an 3, 71 dec 4, 72 dec 4, 73 cn 4

DF04 EF05: 80 cn 4, 81 an 3Eh, 82 an 8, 83 an 9, 84 an 3Eh, 85 an 8, 86 an 9, 87 an 3Eh, 88 an 8, 89 an 9, 8A an 0Fh,
           8B an 0Ah, 8C an 1, 8F an 1
DF04 EF06: 90 dec 4, 92 dec 4, 93 dec 4
DF04 EF08: rec 1Ch x10 {b 2, an 1, cn 6, cn 7, hex 4, hex 4, hex 4}
"""


class Field(NamedTuple):
    """Tag (none in a cyclic record), kind and length."""

    tag: str
    kind: str
    size: int


class Row(NamedTuple):
    """One record of a file, or one cyclic or transparent file; ``size`` is 0 where nobody knows it."""

    file: str
    tag: str
    kind: str
    size: int
    times: int = 1
    fields: tuple[Field, ...] = ()


_FILE = re.compile(r"(\w+ EF\w\w): ((?:[^\n]|\n +)+)")
_RECORD = re.compile(
    r"(?:(?P<tag>[0-9A-F]{2}) )?(?P<kind>an|cn|dec|b|hex|T|rec|transparent|\?)"
    r"(?: (?P<size>[0-9A-F]+h?))?(?: x(?P<count>\d+))?(?: \{(?P<fields>[^}]+)\})?(?:,\s*|$)"
)


def parse(table: str) -> list[Row]:
    """Return a table's rows in order."""
    return [Row(file, *record) for file, text in _FILE.findall(table) for record in _records(text)]


def _records(text: str) -> list[tuple[str, str, int, int, tuple[Field, ...]]]:
    records = []
    position = 0
    while position < len(text):
        match = _RECORD.match(text, position)
        assert match is not None, f"not the notation: {text[position:]!r}"
        position = match.end()
        fields = tuple(Field(*inner[:3]) for inner in _records(match["fields"] or ""))
        records.append((match["tag"] or "", match["kind"], _size(match["size"]), int(match["count"] or 1), fields))
    return records


def _size(text: str | None) -> int:
    return int(text[:-1], 16) if text and text.endswith("h") else int(text or 0)

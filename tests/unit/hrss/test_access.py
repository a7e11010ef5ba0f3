"""Who may read and write every file: the card against the sheet's table, for every subset of two credentials.

The table (sheet.py) is the classes of hrss-card 6 and the keys of 4.1; a naive evaluator says what they mean.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import pytest

from cardsim.zones.hrss import HRSS
from cardsim.zones.layouts import L1, L2, L3, Layout
from cardsim.zones.model import Directory
from tests.unit.hrss.desk import VERIFY, Desk, content, writing
from tests.unit.hrss.sheet import (
    FILES,
    LAYOUTS,
    FileRow,
    KeyRow,
    directories_of,
    each_layout,
    external_keys,
    file,
    files_of,
    key,
    of_record,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

PLACES = [(layout, directory) for layout in LAYOUTS for directory in directories_of(layout)]
each_place = pytest.mark.parametrize(
    ("layout", "directory"), PLACES, ids=[f"{layout.text} {name}" for layout, name in PLACES]
)
Proved = tuple[KeyRow | None, ...]
"""What somebody has proved; ``None`` is the PIN."""


def subsets(directory: str, layout: Layout) -> Iterator[Proved]:
    """Nothing, the PIN, every key that EXTERNAL AUTHENTICATE takes here, and all pairs of these."""
    credentials = (None, *external_keys(directory, layout))
    for size in range(3):
        yield from combinations(credentials, size)


def prove(desk: Desk, directory: str, proved: Proved) -> None:
    """Power on, enter, and prove these and nothing else."""
    desk.power_cycle()
    desk.enter(directory)
    for credential in proved:
        if credential is None:
            desk.do(VERIFY)
        else:
            assert desk.prove(credential) == "9000"


def keys_in(proved: Proved) -> frozenset[int]:
    return frozenset(row.reference for row in proved if row is not None)


@each_layout
def test_the_table_has_every_file(layout: Layout) -> None:
    declared = []
    for df in HRSS.application.walk():
        name = "SSSE" if df is HRSS.application else f"{df.fid:04X}"
        for entry in df.files:
            if layout in df.layouts & entry.layouts:
                sfi = {L1: 0x0B, L2: 0x1E, L3: 0x1E}[layout] if isinstance(entry, Directory) else entry.fid & 0x1F
                declared.append(f"{name} EF{sfi:02X}")
    assert sorted(declared) == sorted(row.name for row in FILES if layout in row.layouts)


@each_place
def test_reading(layout: Layout, directory: str) -> None:
    desk = Desk(layout)
    for proved in subsets(directory, layout):
        prove(desk, directory, proved)
        for row in files_of(directory, layout):
            may = row.readable(keys_in(proved), pin=None in proved)
            assert desk.read(row)[-4:] == ("9000" if may else "6982"), (row.name, proved)


@each_place
def test_writing(layout: Layout, directory: str) -> None:
    """Under NEVER nobody writes, whatever he has proved."""
    desk = Desk(layout)
    for proved in subsets(directory, layout):
        prove(desk, directory, proved)
        for row in files_of(directory, layout):
            before = desk.contents
            answer = desk.write(row, content(row, layout))
            assert answer == ("9000" if row.writable(keys_in(proved)) else "6982"), (row.name, proved)
            assert desk.contents == before or (row.cyclic and answer == "9000")


def _records(desk: Desk, row: FileRow) -> list[str]:
    """Commands for every record that is there, by number and by tag."""
    by_number = [f"00B2{number:02X}{row.sfi << 3 | 4:02X}00" for number in range(1, 255)]
    by_tag = [f"00B2{tag:02X}{row.sfi << 3:02X}00" for tag in range(256)]
    numbered, tagged = ([command for command in way if desk.sw(command) != "6A83"] for way in (by_number, by_tag))
    assert numbered
    assert tagged
    return numbered + tagged


@each_place
def test_what_holds_for_the_first_record_holds_for_all(layout: Layout, directory: str) -> None:
    """By number, by tag and all at once; where a record has a condition of its own see below."""
    desk = Desk(layout)
    prove(desk, directory, ())
    rows = [
        row
        for row in files_of(directory, layout)
        if not row.transparent and not (layout is L3 and row.name == "SSSE EF05")
    ]
    there = {row: _records(desk, row) for row in rows}
    for proved in ((), (None,), *((row,) for row in external_keys(directory, layout))):
        prove(desk, directory, proved)
        for row in rows:
            expected = "9000" if row.readable(keys_in(proved), pin=None in proved) else "6982"
            assert {desk.sw(command) for command in there[row]} == {expected}
            desk.do(f"00A4000002EF{row.sfi:02X}")
            assert desk.sw("00B2010500") == expected


@each_place
def test_a_write_key_never_grants_reading(layout: Layout, directory: str) -> None:
    """Not one, and not all of them together."""
    files = files_of(directory, layout)
    read_keys = {row.read_key for row in files}
    write_keys = tuple(row for row in external_keys(directory, layout) if row.reference not in read_keys)
    assert {row.write_key for row in files} - {None} <= {row.reference for row in write_keys}
    desk = Desk(layout)
    prove(desk, directory, write_keys)
    for row in files:
        assert desk.read(row)[-4:] == ("9000" if row.read == "free" else "6982"), row.name


@each_place
def test_a_read_key_never_grants_writing(layout: Layout, directory: str) -> None:
    files = files_of(directory, layout)
    write_keys = {row.write_key for row in files}
    others = tuple(row for row in external_keys(directory, layout) if row.reference not in write_keys)
    desk = Desk(layout)
    prove(desk, directory, (None, *others))
    before = desk.contents
    for row in files:
        assert desk.write(row, content(row, layout)) == "6982", row.name
        assert desk.sw(f"{writing(row)}01AA") == "6982", row.name
    assert desk.contents == before


@pytest.mark.parametrize("free", [False, True])
def test_issuer_data_of_layout_3_record_by_record(free: bool) -> None:
    """01 to 06 are free, 07 is under RK, unless the profile frees it (hrss-card 6, 8; terminal-interface 4.2)."""
    desk = Desk(L3, card_number_free=free)
    issuer = file("SSSE EF05")
    for proved in subsets("SSSE", L3):
        prove(desk, "SSSE", proved)
        for tag in range(1, 8):
            row = issuer if free else of_record(issuer, tag, L3)
            expected = "9000" if row.readable(keys_in(proved), pin=None in proved) else "6982"
            assert desk.sw(f"00B2{tag:02X}2C00") == desk.sw(f"00B2{tag:02X}2800") == expected, (tag, proved)
            desk.do("00A4000002EF05")
            # All from this one on: the last one decides.
            last = issuer if free else of_record(issuer, 0x07, L3)
            readable = last.readable(keys_in(proved), pin=None in proved)
            assert desk.sw(f"00B2{tag:02X}0500") == ("9000" if readable else "6982")


def test_records_of_layout_3_are_written_one_by_one() -> None:
    """UK 04 writes each record of EF05 and EF06, those under RK too, and grants reading none of them."""
    desk = Desk(L3)
    desk.unlock("SSSE")
    was = {(sfi, tag): desk.do(f"00B2{tag:02X}{sfi << 3:02X}00") for sfi, tags in TAGS.items() for tag in tags}
    for (sfi, tag), record in was.items():
        prove(desk, "SSSE", ())
        command = f"00DC{tag:02X}{sfi << 3:02X}{len(record) // 2:02X}{record}"
        assert desk.sw(command) == "6982"
        prove(desk, "SSSE", (key("SSSE/UK"),))
        assert desk.sw(command) == "9000"
        closed = sfi == 6 or tag == 0x07
        assert desk.sw(f"00B2{tag:02X}{sfi << 3:02X}00") == ("6982" if closed else "9000")


TAGS = {5: range(1, 8), 6: (0x08, 0x09, 0x4E, 0x0A, 0x0B, 0x0C, 0x0D)}

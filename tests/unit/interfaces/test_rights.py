"""Files and records in a field: the rights of every file as through contacts, by the sheet's table (hrss-card 6)."""

from __future__ import annotations

import pytest

from apdu import Interface
from cardsim.zones.layouts import L3
from tests.unit.hrss.desk import Desk, content, records
from tests.unit.hrss.sheet import directories_of, file, files_of, of_record
from tests.unit.hrss.test_access import keys_in, prove, subsets

each_interface = pytest.mark.parametrize("interface", list(Interface), ids=[each.value for each in Interface])
each_directory = pytest.mark.parametrize("directory", directories_of(L3))


def at(interface: Interface, **settings: object) -> Desk:
    desk = Desk(L3, None, **settings)
    desk.card.take(interface)
    return desk


@each_interface
@each_directory
def test_reading_and_writing(interface: Interface, directory: str) -> None:
    """For nothing, the PIN, every key, and every pair of these."""
    desk = at(interface)
    for proved in subsets(directory, L3):
        prove(desk, directory, proved)
        for row in files_of(directory, L3):
            may = row.readable(keys_in(proved), pin=None in proved)
            assert desk.read(row)[-4:] == ("9000" if may else "6982"), (row.name, proved)
            expected = "9000" if row.writable(keys_in(proved)) else "6982"
            assert desk.write(row, content(row, L3)) == expected, (row.name, proved)


@each_interface
def test_records_with_a_condition_of_their_own(interface: Interface) -> None:
    desk = at(interface)
    for proved in subsets("SSSE", L3):
        prove(desk, "SSSE", proved)
        for tag in range(1, 8):
            may = of_record(file("SSSE EF05"), tag, L3).readable(keys_in(proved), pin=None in proved)
            assert desk.sw(f"00B2{tag:02X}2800") == ("9000" if may else "6982")


@each_directory
def test_every_record_has_the_same_content(directory: str) -> None:
    found = []
    for interface in Interface:
        desk = at(interface)
        desk.unlock(directory)
        found.append([desk.read(row) if row.transparent else records(desk, row) for row in files_of(directory, L3)])
    assert found[0] == found[1]


@each_interface
def test_line_protection(interface: Interface) -> None:
    desk = at(interface, write_protection="cipher")
    desk.unlock("SSSE")
    assert desk.sw(desk.protected("04DC0A30", "0A0132", seal=True)) == "9000"
    assert desk.do("00B20A3000") == "0A0132"
    assert desk.sw("00DC0A30030A0131") == "6987"

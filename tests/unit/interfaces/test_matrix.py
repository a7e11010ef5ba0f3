"""Zone x command x interface, from the declarations: contacts and field alike, unless a declaration says otherwise.

Every directory is selected and every command of its table sent in many forms, on two cards alike but for the interface.
"""

from __future__ import annotations

from itertools import product

import pytest

from apdu import Interface
from cardsim.chip.contactless import ContactlessPort
from cardsim.profiles import GEN3
from tests.cards import counting_entropy
from tests.unit.interfaces.lab import INTERFACES, Cell, Place, card, cells, places, select, send

CONTACT, CONTACTLESS = Interface.CONTACT, Interface.CONTACTLESS
PLACES, CELLS = tuple(places()), tuple(cells())
each_place = pytest.mark.parametrize("place", PLACES, ids=str)
each_cell = pytest.mark.parametrize("cell", CELLS, ids=str)

_HRSS = ("0000", "0100", "0001", "0104", "012C", "0134", "0700", "8700", "8E00", "0103")
_PKI = ("0181", "8200", "8280", "4000", "C001", "0210", "9E9A", "8086")
P1P2 = _HRSS + _PKI
DATA = ("", "AA", "AA" * 32, "123456", "AA" * 4, "AA" * 8, "AA" * 16, "123456FF654321", "0018")
LE = ("", "00", "08")
NOT_THERE = ("6D00", "6E00", "6881", "6882", "6884", "6900")


def forms(cell: Cell) -> list[str]:
    """The command with all these parameters."""
    header = f"{cell.spec.cla:02X}{cell.spec.ins:02X}"
    return [
        header + p1p2 + (f"{len(data) // 2:02X}{data}" if data else "") + le
        for p1p2, data, le in product(P1P2, DATA, LE)
    ]


def test_the_matrix_has_every_zone_and_both_interfaces() -> None:
    assert {place.zone for place in PLACES} == set(GEN3.zones) >= {"HRSS", "PKI"}
    assert set(GEN3.interfaces.all) == set(INTERFACES)
    assert {cell.place.zone for cell in CELLS} == set(GEN3.zones)
    assert len({str(cell) for cell in CELLS}) == len(CELLS)


@each_place
@pytest.mark.parametrize("interface", INTERFACES, ids=[each.value for each in INTERFACES])
def test_a_directory_is_reached_where_it_is_declared(place: Place, interface: Interface) -> None:
    answer = send(card(interface), select(place.df))
    if interface in place.interfaces:
        assert answer.startswith("6F")
        assert answer.endswith("9000")
        assert place.df.aid.hex().upper() in answer
    else:
        assert answer == "6A82"


@each_place
@pytest.mark.parametrize("interface", INTERFACES, ids=[each.value for each in INTERFACES])
def test_a_zone_that_is_kept_from_the_field(place: Place, interface: Interface) -> None:
    """The setting contact_only_zones hides this zone and no other, from the field alone."""
    hidden = card(interface, contact_only_zones=(place.zone,))
    for other in PLACES:
        may = interface in other.interfaces and (interface is CONTACT or other.zone != place.zone)
        assert send(hidden, select(other.df))[-4:] == ("9000" if may else "6A82")


@each_cell
def test_a_command_says_the_same_on_both_interfaces(cell: Cell) -> None:
    """Answer and memory; and each answers as a command that is there."""
    cards = [card(interface) for interface in INTERFACES if interface in cell.place.interfaces]
    seen = set()
    for command in forms(cell):
        answers = set()
        for each in cards:
            each.reset()
            send(each, select(cell.place.df))
            send(each, "0084000008")
            answers.add(send(each, command))
        assert len(answers) == 1, command
        seen |= answers
    assert len({bytes(each.memory.view) for each in cards}) == 1
    assert seen - {"6700", "6A86"}
    assert not seen & set(NOT_THERE)


@pytest.mark.parametrize("place", [place for place in PLACES if place.df.children or place.df.keys], ids=str)
def test_commands_that_belong_to_another_set_are_unknown_on_both(place: Place) -> None:
    own = {(cell.spec.cla, cell.spec.ins) for cell in CELLS if cell.place.commands is place.commands}
    foreign = {(cell.spec.cla, cell.spec.ins) for cell in CELLS} - own
    for interface in place.interfaces:
        where = card(interface)
        send(where, select(place.df))
        for cla, ins in sorted(foreign):
            assert send(where, f"{cla:02X}{ins:02X}000000") in NOT_THERE


@pytest.mark.parametrize("place", [place for place in PLACES if place.df.keys], ids=str)
def test_a_command_that_the_profile_keeps_from_the_field(place: Place) -> None:
    """The setting contactless_refused: each command of the zone by itself."""
    for cell in (cell for cell in CELLS if cell.place == place and cell.spec.name != "SELECT"):
        code = f"{cell.spec.cla:02X}{cell.spec.ins:02X}"
        profile = GEN3.override({"contactless_refused": [code]})
        field = ContactlessPort(card(CONTACTLESS), profile, counting_entropy)
        field.power_on()
        assert field.transmit(bytes.fromhex(select(place.df)))[-2:] == b"\x90\x00"
        for form in forms(cell):
            assert field.transmit(bytes.fromhex(form)) == profile.contactless_refusal

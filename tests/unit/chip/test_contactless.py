"""A card in a field: activation, and whole answers (ISO/IEC 14443-4; facts terminal-interface 7, transit 6)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apdu import FieldPort, Interface, TypeA, TypeB
from cardsim.chip.contactless import ContactlessPort, MutePort
from cardsim.chip.dual import port_for
from cardsim.zones.access import FREE, On, Pin
from readers.connect.inprocess import InProcessConnection
from readers.connect.layers import with_layers
from tests.cards import counting_entropy, make_image
from tests.unit.chip.fields import card_with, in_field, on_contact, profile_with, send
from tests.unit.chip.images import MF, ONE, TREE, VERIFY_ONE, card, directory, file, keys, pin, records, rules
from tests.unit.chip.test_arbitrary_commands import COMMAND

FCI_SIZE = 0x18
FCI = "6F16840F4150504C49434154494F4E204F4E45A50388011E"
EF05 = "00A4000002EF05"
RECORD = "2202AAAA"


# --- Activation


def test_type_a_as_the_sheets_have_it() -> None:
    port = in_field()
    activation = port.activation
    assert isinstance(activation, TypeA)
    assert activation.ats.hex().upper() == "127880900200" + "81544C9686843716008F3D97"
    assert (activation.atqa.hex(), activation.sak) == ("0008", 0x20)
    assert activation.uid.hex() == "008f3d97"
    assert port.atr.hex() == port.power_on().hex() == port.reset().hex() == "3b8d80010081544c9686843716008f3d9705"
    assert port.interface is Interface.CONTACTLESS
    assert isinstance(port, FieldPort)


@pytest.mark.parametrize(
    ("serial", "uid"), [("088F3D97", "008F3D97"), ("888F3D97", "808F3D97"), ("0114F199", "0114F199")]
)
def test_a_uid_made_of_the_serial_is_no_random_one_and_no_cascade_tag(serial: str, uid: str) -> None:
    activation = in_field(historical_bytes="0081544C9686843716" + serial).activation
    assert activation.identifier.hex().upper() == uid


@pytest.mark.parametrize(
    ("uid", "atqa"),
    [("01020304", "0008"), ("04010203040506", "0048"), ("04010203040506070809", "0088")],
)
def test_a_uid_that_is_set(uid: str, atqa: str) -> None:
    activation = in_field(uid=uid).activation
    assert isinstance(activation, TypeA)
    assert (activation.uid.hex(), activation.atqa.hex()) == (uid, atqa)


def test_a_random_uid_is_a_new_one_each_time() -> None:
    drawn = iter(range(1, 99))
    chip, profile = card_with(TREE, uid_kind="random")
    port = ContactlessPort(chip, profile, lambda size: bytes((next(drawn),)) * size)
    seen = [port.activation.identifier.hex()]
    for activate in (port.power_on, port.reset, port.power_on):
        activate()
        seen.append(port.activation.identifier.hex())
    assert seen == ["08010101", "08020202", "08030303", "08040404"]


def test_interface_bytes_that_are_set() -> None:
    activation = in_field(ats_ta1="", ats_tb1="A0", ats_tc1="", ats_fsci=5, ats_historical_bytes="4D54").activation
    assert isinstance(activation, TypeA)
    assert activation.ats.hex().upper() == "0525A04D54"
    assert activation.pseudo_atr.hex().upper() == "3B8280014D541A"


def test_type_b() -> None:
    port = in_field(radio_type="B", atqb_application_data="11223344", atqb_protocol_info="008171", attrib_mbli=10)
    activation = port.activation
    assert isinstance(activation, TypeB)
    assert activation.atqb.hex() == "50008f3d9711223344008171"
    assert activation.attrib.hex() == "a0"
    assert port.atr.hex() == "3b88800111223344008171a01d"
    assert in_field(radio_type="B", pupi="AABBCCDD").activation.identifier.hex() == "aabbccdd"
    assert in_field(radio_type="B", uid_kind="random").activation.identifier.hex() == "01020304"


def test_a_chip_without_the_interface_is_mute() -> None:
    chip, profile = card_with(TREE, interfaces="contact")
    port = port_for(chip, profile, counting_entropy, Interface.CONTACTLESS)
    assert isinstance(port, MutePort)
    assert port.interface is Interface.CONTACTLESS
    assert port.power_on() == port.atr == port.reset() == b""
    port.power_off()
    assert send(port, ONE) == "6F00"
    assert not isinstance(port, FieldPort)


# --- Answers


def test_a_case_4_answer_comes_at_once() -> None:
    port = in_field()
    assert send(port, ONE) == FCI + "9000"
    assert send(port, ONE + "00") == FCI + "9000"
    assert send(port, "00C0000018") == "6D00"


@pytest.mark.parametrize(
    ("le", "answer"),
    [
        ("", RECORD + "9000"),
        ("00", RECORD + "9000"),
        ("04", RECORD + "9000"),
        ("05", RECORD + "9000"),
        ("FF", RECORD + "9000"),
        ("03", "6C04"),
        ("01", "6C04"),
    ],
)
def test_le_of_a_case_2_command(le: str, answer: str) -> None:
    port = in_field()
    send(port, ONE)
    send(port, EF05)
    assert send(port, "00B20104" + le) == answer


def test_le_of_a_case_4_command() -> None:
    """It has been carried out, so it is not asked for again: a payment would be made twice."""
    port = in_field()
    assert send(port, ONE + "18") == FCI + "9000"
    assert send(port, ONE + "17") == FCI[:-2] + "9000"
    assert send(port, ONE + "01") == FCI[:2] + "9000"
    assert send(port, ONE + "FF") == FCI + "9000"


def test_no_le_means_no_data_if_so_set() -> None:
    port = in_field(contactless_no_le="status")
    assert send(port, ONE) == "9000"
    assert send(port, ONE + "00") == FCI + "9000"
    assert send(port, "00B2012C") == "9000"
    assert send(port, "00B2012C00") == RECORD + "9000"


def test_more_than_256_bytes() -> None:
    longest, more = "01FE" + "AB" * 254, "0280" + "CD" * 128
    big = card(directory(0xA001, b"BIG APPLICATION", records(0xEF05, longest, more)))
    port = in_field(big)
    select, read = "00A4000002A001", "00B20105"
    send(port, select)
    send(port, EF05)
    assert send(port, read + "00") == longest + "9000"
    assert send(port, read + "10") == "6C00"
    assert send(port, read + "000000") == "6700"
    port = in_field(big, extended_length=True)
    send(port, select)
    send(port, EF05)
    assert send(port, read + "000000") == longest + more + "9000"
    assert send(port, read + "000010") == "6C00"


def test_extended_length_is_a_setting() -> None:
    select = "00A4040000000F4150504C49434154494F4E204F4E450000"
    assert send(in_field(), select) == "6700"
    assert send(on_contact(), select) == "6700"
    assert send(in_field(extended_length=True), select) == FCI + "9000"


# --- What only one interface may do


def test_commands_refused_in_a_field() -> None:
    chip, profile = card_with(TREE, contactless_refused=["0020", "80ca"], contactless_refusal="6982")
    port = ContactlessPort(chip, profile, counting_entropy)
    port.power_on()
    send(port, ONE)
    assert send(port, VERIFY_ONE) == "6982"
    assert chip.last_refusal is not None
    assert "refuses 00 20" in str(chip.last_refusal)
    assert send(port, "0084000008") == "01020304050607089000"
    assert send(port_for(chip, profile, counting_entropy, Interface.CONTACT), VERIFY_ONE) == "9000"


def test_nothing_is_refused_by_default() -> None:
    port = in_field()
    send(port, ONE)
    assert send(port, VERIFY_ONE) == "9000"


def test_a_zone_that_is_for_contact_only() -> None:
    select = "00A404000F7378312E73682EC9E7BBE1B1A3D5CF"
    hidden = make_image(settings={"contact_only_zones": ["HRSS"]}).memory
    assert send(in_field(hidden), select) == "6A82"
    assert send(on_contact(hidden), select) == "6118"
    assert send(in_field(make_image().memory), select)[-4:] == "9000"


def test_access_rules_see_the_interface() -> None:
    image = card(
        directory(
            0xA001,
            b"APPLICATION ONE",
            keys(pin(0, "123456")),
            rules(On(Interface.CONTACT), On(Interface.CONTACTLESS), On(Interface.CONTACT) | Pin("00"), FREE),
            *(file(0xEF05 + number, bytes((number,)) * 2, right=number) for number in (1, 2, 3)),
        )
    )
    contact, contactless = on_contact(image), in_field(image)
    for port, words in ((contact, ("9000", "6982", "9000")), (contactless, ("6982", "9000", "6982"))):
        send(port, ONE)
        assert tuple(send(port, f"00B08{number}0002")[-4:] for number in (6, 7, 8)) == words
    assert send(contactless, VERIFY_ONE) == "9000"
    assert send(contactless, "00B0880002") == "03039000"


# --- State


@pytest.mark.parametrize("event", ["power_on", "reset", "power_off"])
def test_leaving_the_field_forgets_everything(event: str) -> None:
    chip, profile = card_with()
    port = ContactlessPort(chip, profile, counting_entropy)
    port.power_on()
    context = chip.context
    fresh = (context.directory, context.file, context.granted, context.challenge, context.mf_selected)
    for command in (MF, ONE, VERIFY_ONE, EF05, "0084000008"):
        send(port, command)
    assert context.granted != fresh[2]
    getattr(port, event)()
    assert (context.directory, context.file, context.granted, context.challenge, context.mf_selected) == fresh


@settings(deadline=None, max_examples=150)
@given(commands=st.lists(COMMAND, min_size=1, max_size=12))
def test_the_same_answers_as_through_contacts_and_a_reader_that_fetches(commands: list[bytes]) -> None:
    """With what T=0 makes of Le out of the way, both interfaces say the same to any commands."""
    contact = with_layers(InProcessConnection(on_contact(), "contact"))
    contactless = with_layers(InProcessConnection(in_field(), "contactless"))
    for command in commands:
        if command[1:2] != b"\xc0":  # GET RESPONSE is T=0's own
            assert contact.transmit(command) == contactless.transmit(command)


def test_the_defaults_of_the_profile_are_the_sheets() -> None:
    """native-card-os 10: FM1208 answers 10 78 80 90 02 and historical bytes."""
    profile = profile_with()
    assert (profile.ats_fsci, profile.ats_ta1, profile.ats_tb1, profile.ats_tc1) == (8, b"\x80", b"\x90", b"\x02")
    assert not profile.extended_length

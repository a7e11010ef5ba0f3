"""One card in two readers: the first that gives it power has it, and no state goes from one to the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from apdu import FieldPort, Interface
from tests.unit.chip.fields import HISTORICAL, dual, send
from tests.unit.chip.images import MF, ONE, VERIFY_ONE

if TYPE_CHECKING:
    from cardsim.chip.dual import Side

CONTACT_ATR = bytes.fromhex("3B6D0000" + HISTORICAL)
PSEUDO_ATR = bytes.fromhex("3B8D8001" + HISTORICAL + "05")
READ_PROTECTED = "00B0880004"  # EF08 of the tree needs the PIN
VALUE = "000000019000"


def test_both_atrs_are_known_before_power_comes() -> None:
    card = dual()
    assert (card.contact.atr, card.contactless.atr, card.working) == (CONTACT_ATR, PSEUDO_ATR, None)
    assert isinstance(card.contactless, FieldPort)
    assert not isinstance(card.contact, FieldPort)
    assert (card.contact.interface, card.contactless.interface) == (Interface.CONTACT, Interface.CONTACTLESS)


@pytest.mark.parametrize("first", ["contact", "contactless"])
def test_the_first_that_gives_power_has_the_card(first: str) -> None:
    card = dual()
    one, other = (card.contact, card.contactless) if first == "contact" else (card.contactless, card.contact)
    assert one.power_on()
    assert other.power_on() == other.atr == other.reset() == b""
    assert send(other, ONE) == "6F00"
    assert send(one, ONE)[:2] in ("61", "6F")
    other.power_off()
    assert other.atr != b""  # nobody has asked it yet
    assert send(one, VERIFY_ONE) == "9000"
    one.power_off()
    assert other.power_on() == other.atr != b""
    assert one.power_on() == b""


@pytest.mark.parametrize("there", ["contact", "contactless"])
def test_nothing_goes_along(there: str) -> None:
    card = dual()
    one, other = (card.contact, card.contactless) if there == "contact" else (card.contactless, card.contact)
    one.power_on()
    for command in (ONE, VERIFY_ONE, "0084000008"):
        send(one, command)
    one.power_off()
    other.power_on()
    assert send(other, READ_PROTECTED) == "6A82"  # the MF is current
    send(other, ONE)
    assert send(other, READ_PROTECTED) == "6982"
    assert send(other, "0082000A10" + bytes(16).hex()) == "6984"  # no challenge


def test_a_waiting_answer_is_gone_with_the_power() -> None:
    card = dual()
    card.contact.power_on()
    assert send(card.contact, ONE) == "6118"
    card.contact.power_off()
    card.contactless.power_on()
    card.contactless.power_off()
    card.contact.power_on()
    assert send(card.contact, "00C0000018") == "6985"


def test_a_chip_without_a_field_is_mute_in_one() -> None:
    card = dual(interfaces="contact")
    assert card.contactless.power_on() == b""
    assert card.contact.power_on() == CONTACT_ATR
    assert card.contactless.atr == b""


class TwoReaders(RuleBasedStateMachine):
    """Against a model of a few lines: who works, and whether the PIN is verified."""

    def __init__(self) -> None:
        super().__init__()
        self.card = dual()
        self.working: Interface | None = None
        self.verified = False
        self.selected = False

    def side(self, interface: Interface) -> Side:
        return self.card.contact if interface is Interface.CONTACT else self.card.contactless

    sides = st.sampled_from(list(Interface))

    @rule(interface=sides, warm=st.booleans())
    def power_or_reset(self, interface: Interface, warm: bool) -> None:
        side = self.side(interface)
        atr = side.reset() if warm else side.power_on()
        if self.working in (None, interface):
            self.working = interface
            self.verified = self.selected = False
            assert atr == (CONTACT_ATR if interface is Interface.CONTACT else PSEUDO_ATR)
        else:
            assert atr == side.atr == b""

    @rule(interface=sides)
    def power_off(self, interface: Interface) -> None:
        self.side(interface).power_off()
        if self.working is interface:
            self.working, self.verified, self.selected = None, False, False

    @precondition(lambda self: self.working)
    @rule(command=st.sampled_from([ONE, VERIFY_ONE, MF, "0084000008", "00C0000018"]))
    def work(self, command: str) -> None:
        assert self.working
        answer = send(self.side(self.working), command)
        if command == ONE:
            assert answer[:2] in ("61", "6F")
            self.selected, self.verified = True, self.verified and self.selected
        elif command == MF:
            self.selected = self.verified = False
        elif command == VERIFY_ONE:
            assert answer == ("9000" if self.selected else "6A88")
            self.verified = self.selected

    @rule(interface=sides)
    def the_other_side_says_nothing(self, interface: Interface) -> None:
        if interface is not self.working:
            assert send(self.side(interface), ONE) == "6F00"

    @invariant()
    def one_works_at_most(self) -> None:
        assert self.card.working is self.working
        if self.working and self.selected:
            answer = send(self.side(self.working), READ_PROTECTED)
            assert answer == (VALUE if self.verified else "6982")


TestTwoReaders = TwoReaders.TestCase
TestTwoReaders.settings = settings(deadline=None, max_examples=60, stateful_step_count=30)

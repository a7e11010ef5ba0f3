"""Taking a card away and bringing it back, in the middle of anything: it is as after a reset.

What a card remembers while it is powered is compared with a card that was just switched on with the same memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apdu import Interface
from cardsim.chip.card import Card
from cardsim.chip.context import Context
from cardsim.chip.files import Directory, ElementaryFile
from cardsim.chip.memory import Memory, NoJournal
from cardsim.zones.layouts import L3
from tests.cards import counting_entropy
from tests.unit.hrss.desk import SSSE, VERIFY, Desk, is_open
from tests.unit.hrss.sheet import key

if TYPE_CHECKING:
    from collections.abc import Callable

CONTACT, CONTACTLESS = Interface.CONTACT, Interface.CONTACTLESS
RK, UK, PUK, DF01_RK = key("SSSE/RK"), key("SSSE/UK"), key("SSSE/PUK"), key("DF01/RK1")
PKI = ("00A404000C504B492EC9E7BBE1B1A3D5CF", "00A404000C53532E434552542E41444631")


def _there_and_back(card: Card) -> None:
    card.take(CONTACTLESS)
    card.take(CONTACT)


EVENTS: dict[str, Callable[[Card], object]] = {
    "reset": Card.reset,
    "power off": Card.power_off,
    "power on again": Card.power_on,
    "out of one reader and into the field": lambda card: card.take(CONTACTLESS),
    "out of the field and into a reader": lambda card: card.take(CONTACT),
    "there and back": _there_and_back,
}
each_event = pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
each_interface = pytest.mark.parametrize("interface", list(Interface), ids=[each.value for each in Interface])

_CONSTANT = ("entropy", "files", "memory", "profile", "suites", "table", "tables")
"""What a session does not change, or what follows from the rest."""


def volatile(card: Card) -> dict[str, Any]:
    """All that a card remembers while it has power."""
    context = card.context
    values = {name: getattr(context, name) for name in Context.__slots__ if name not in _CONSTANT}
    plain = {
        name: value.header if isinstance(value, Directory | ElementaryFile) else value for name, value in values.items()
    }
    return plain | {"table": frozenset(context.table.by_code), "incoming": card.incoming}


def switched_on(card: Card) -> dict[str, Any]:
    """The same of a card with this memory that was just switched on."""
    memory = Memory(bytes(card.memory.view), NoJournal())
    return volatile(Card(memory, card.context.profile, counting_entropy, interface=card.interface, strict=True))


def _challenge(desk: Desk) -> None:
    desk.do(SSSE, "0084000008")


def _wrong_pin(desk: Desk) -> None:
    desk.do(SSSE, VERIFY)
    assert desk.sw("0020000003999999") == "63C5"


def _proved(desk: Desk) -> None:
    desk.unlock("SSSE")


def _proved_below(desk: Desk) -> None:
    desk.unlock("DF01")
    desk.do("00A4000002EF05")


def _between_proof_and_unblocking(desk: Desk) -> None:
    desk.enter("SSSE")
    assert desk.prove(PUK) == "9000"
    desk.do(SSSE, "0084000008")


def _half_written(desk: Desk) -> None:
    """A photo, after its second piece."""
    desk.enter("SSSE")
    assert desk.prove(UK) == "9000"
    desk.do("00A4000002EF08", f"00D6000080{'A5' * 128}", f"00D6008080{'5A' * 128}")


def _refused(desk: Desk) -> None:
    desk.do(SSSE, "0084000008")
    assert desk.fail(RK) == "63C2"


def _blocked(desk: Desk) -> None:
    desk.enter("SSSE")
    assert desk.sw(desk.protected("841E0000", row="SSSE/LK")) == "9000"


def _answer_waits(desk: Desk) -> None:
    """The card was taken out before GET RESPONSE."""
    assert desk.port.transmit(bytes.fromhex(SSSE))[0] == 0x61


MIDDLE = {
    "a challenge waits": _challenge,
    "the PIN is verified, then wrong": _wrong_pin,
    "every key of SSSE is proved": _proved,
    "keys of a DF are proved, an EF is selected": _proved_below,
    "PUK is proved, the PIN not yet unblocked": _between_proof_and_unblocking,
    "a photo is half written": _half_written,
    "a proof was refused": _refused,
    "the application was blocked": _blocked,
    "an answer waits": _answer_waits,
}


@each_event
@each_interface
@pytest.mark.parametrize("middle", MIDDLE.values(), ids=MIDDLE)
def test_nothing_volatile_stays(
    middle: Callable[[Desk], None], interface: Interface, event: Callable[[Card], object]
) -> None:
    desk = Desk(L3)
    desk.card.take(interface)
    middle(desk)
    assert volatile(desk.card) != switched_on(desk.card)
    memory = desk.contents
    event(desk.card)
    assert volatile(desk.card) == switched_on(desk.card)
    assert desk.contents == memory


@each_event
@each_interface
def test_what_was_open_is_closed(interface: Interface, event: Callable[[Card], object]) -> None:
    desk = Desk(L3)
    desk.card.take(interface)
    desk.unlock("SSSE")
    challenge = desk.challenge()
    event(desk.card)
    assert [desk.sw(command) for command in ("00B2010400", "00B2013400")] == ["6986", "6A82"]
    desk.enter("SSSE")
    assert not is_open(desk, RK)
    assert not is_open(desk, UK)
    assert desk.sw("00B0870008") == "6982"
    assert desk.sw(desk.proof(RK, challenge)) == "6984"


@each_event
def test_what_was_charged_stays_charged(event: Callable[[Card], object]) -> None:
    """Tries are counted over resets and interfaces alike: PIN and keys have one counter each."""
    desk = Desk(L3)
    for left in (5, 4, 3, 2, 1, 0):
        desk.do(SSSE)
        assert desk.sw("0020000003999999") == f"63C{left}"
        event(desk.card)
    desk.do(SSSE)
    assert desk.sw(VERIFY) == "6983"
    answers = []
    for _ in range(4):
        desk.enter("SSSE")
        answers.append(desk.fail(RK))
        event(desk.card)
    assert answers == ["63C2", "63C1", "63C0", "6983"]


STEPS = (
    SSSE,
    *PKI,
    "00A40000023F00",
    "00A4000002DF01",
    "00A4000002DDF1",
    "00A4000002EF05",
    "00A4000002EF06",
    "00B2010400",
    "00B2012C00",
    "00B0870008",
    "0084000008",
    "0084000010",
    VERIFY,
    "0020000003999999",
    "0020018110" + "AA" * 16,
    "0020010010" + "AA" * 16,
    "0088000010" + "00" * 16,
    "0082000A10" + "00" * 16,
    "00DC022C030201AA",
    "80C4010305C10312345600",
    "842400000400000000",
)


@settings(deadline=None, max_examples=200)
@given(
    steps=st.lists(st.sampled_from(STEPS), max_size=12),
    event=st.sampled_from(list(EVENTS.values())),
    interface=st.sampled_from(list(Interface)),
)
def test_any_commands_and_then_away(steps: list[str], event: Callable[[Card], object], interface: Interface) -> None:
    desk = Desk(L3, None, zones=["HRSS", "PKI"])
    desk.card.take(interface)
    for step in steps:
        desk.card.transmit(bytes.fromhex(step))
    event(desk.card)
    assert volatile(desk.card) == switched_on(desk.card)

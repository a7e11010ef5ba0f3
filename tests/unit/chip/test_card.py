"""The card as a port: power, ATR, unexpected faults, a store that fails."""

from __future__ import annotations

import pytest

from apdu import CardPort, Interface
from cardsim.chip.card import Card
from cardsim.chip.memory import Memory, NoJournal
from cardsim.profiles import GEN2
from tests.unit.chip.bench import SSSE, Bench, bench, memory_of
from tests.unit.chip.images import CHILD_ONE, ONE, VERIFY_ONE


def test_card_and_t0_port_are_card_ports(gen2: Bench) -> None:
    assert isinstance(gen2.card, CardPort)
    assert isinstance(gen2.port, CardPort)
    assert gen2.port.interface is gen2.card.interface is Interface.CONTACT


def test_atr_is_the_same_from_every_side() -> None:
    """3B 6D 00 00 and 13 historical bytes (facts hrss-card 7)."""
    card = bench("gen2", historical_bytes="0081544C928684440306006CFE")
    expected = bytes.fromhex("3B6D00000081544C928684440306006CFE")
    assert [card.card.atr, card.port.atr, card.port.power_on(), card.port.reset(), card.card.reset()] == [expected] * 5


@pytest.mark.parametrize("event", ["reset", "power_on", "power_off"])
def test_everything_volatile_goes_with_the_power(tree: Bench, event: str) -> None:
    fresh = tree.state
    tree.run(ONE, VERIFY_ONE, CHILD_ONE, "00A4000002EF05", "0084000008", "00A40000", ONE, "00B2012C00")
    assert tree.t0(ONE) == "6118"
    tree.memory.stage(0, b"\xff")
    getattr(tree.port, event)()
    assert tree.state == fresh
    assert tree.t0("00C0000018") == "6985"
    tree.memory.write_staged()
    assert not tree.memory.dirty
    assert tree.run(ONE, "00B0880010") == "6982"


def test_interface_terms_follow_the_interface_of_the_card() -> None:
    assert Bench(memory_of("tree"), interface=Interface.CONTACTLESS).card.interface is Interface.CONTACTLESS


def _broken_entropy(size: int) -> bytes:
    raise OSError(f"no {size} bytes of randomness")


def test_an_unexpected_fault_is_6f00_and_keeps_its_reason() -> None:
    # The one test that is not strict: this answer is what strict cards do not give.
    card = Card(Memory(memory_of("gen2"), NoJournal()), GEN2, _broken_entropy, strict=False)
    assert card.transmit(bytes.fromhex("0084000008")) == b"\x6f\x00"
    assert card.last_refusal is not None
    assert "no 8 bytes of randomness" in str(card.last_refusal)
    assert card.transmit(bytes.fromhex(SSSE))[-2:] == b"\x90\x00"


def test_an_unexpected_fault_is_raised_by_a_strict_card() -> None:
    card = Card(Memory(memory_of("gen2"), NoJournal()), GEN2, _broken_entropy, strict=True)
    with pytest.raises(OSError, match="no 8 bytes"):
        card.transmit(bytes.fromhex("0084000008"))


def test_a_failing_store_is_6581_with_a_reason(tree: Bench) -> None:
    tree.run(ONE)
    tree.journal.fail_after = 0
    assert tree.t0(VERIFY_ONE) == "6581"
    assert str(tree.card.last_refusal) == "6581: the store refused the write: disk full"


def test_what_the_store_was_given_makes_the_memory(tree: Bench) -> None:
    """Replaying every commit over the first image gives the memory as it stands."""
    tree.run(ONE, "0020000003123456", "805E010007123456FF4321")
    tree.send("0020000003999999")
    replayed = bytearray(tree.image)
    for commit in tree.journal.commits:
        for offset, data in commit:
            replayed[offset : offset + len(data)] = data
    assert bytes(replayed) == bytes(tree.memory.view)
    assert Bench(bytes(replayed)).run(ONE, "00200000") == "63C5"

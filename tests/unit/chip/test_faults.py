"""Drives the table of faults: the status word, its reason in words, and that nothing changes but what the row says."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

import pytest

from cardsim.chip.commands import HRSS_COMMANDS
from tests.unit.chip.bench import Bench, bench
from tests.unit.chip.fault import AT_WORK, Example, Fault
from tests.unit.chip.faults import EXAMPLES, FAULTS

if TYPE_CHECKING:
    from cardsim.chip.card import Card


def _prepare(card: Bench, step: str) -> None:
    command, _, expected = step.partition(" ")
    answer = card.t0(command)
    assert answer == expected if expected else answer.endswith("9000") or answer[:2] == "61", f"{step}: {answer}"


def _said_by_the_port(fault: Fault) -> bool:
    """The T=0 port keeps no reason for its own words."""
    return fault.sw.startswith("6C") or fault.command.startswith("00C0")


def _explains_itself(card: Card, fault: Fault) -> None:
    assert card.last_refusal is not None
    text = card.last_refusal.describe({})
    assert text.en.startswith(f"{fault.sw}: ")
    assert text.zh.startswith(f"{fault.sw}: ")
    assert text.en != text.zh


@pytest.mark.parametrize("fault", FAULTS, ids=attrgetter("name"))
def test_fault(fault: Fault) -> None:
    card = bench(fault.card, **fault.settings)
    for step in fault.before:
        _prepare(card, step)
    before = card.state
    commits = len(card.journal.commits)

    assert card.t0(fault.command) == fault.sw

    assert len(card.journal.commits) == commits + fault.charged + 2 * fault.signed
    expected = before._replace(challenge=b"") if fault.spent or fault.signed else before
    if fault.charged:
        ((counter, _),) = card.journal.commits[-1]
        charged = bytearray(before.memory)
        charged[counter] -= 1
        expected = expected._replace(memory=bytes(charged))
    assert card.state == expected
    if not _said_by_the_port(fault):
        _explains_itself(card.card, fault)


def test_names_of_the_table_are_unique_and_every_row_has_a_source() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert all(fault.source for fault in FAULTS)


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_examples_are_right(example: Example) -> None:
    card = bench("tree")
    for step in (*AT_WORK, *example.before):
        _prepare(card, step)
    _prepare(card, example.command)


def test_every_command_has_an_example() -> None:
    """A command without one would go without its share of the table."""
    assert {spec.name for spec in HRSS_COMMANDS.by_code.values()} == set(EXAMPLES)

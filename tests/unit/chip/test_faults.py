"""Drives the table of faults: the status word, and that nothing but a charged try changes."""

from __future__ import annotations

from operator import attrgetter

import pytest

from cardsim.chip.commands import HRSS_COMMANDS
from tests.unit.chip.bench import Bench, bench
from tests.unit.chip.fault import AT_WORK, Example, Fault
from tests.unit.chip.faults import EXAMPLES, FAULTS


def _prepare(card: Bench, step: str) -> None:
    command, _, expected = step.partition(" ")
    answer = card.t0(command)
    assert answer == expected if expected else answer.endswith("9000") or answer[:2] == "61", f"{step}: {answer}"


@pytest.mark.parametrize("fault", FAULTS, ids=attrgetter("name"))
def test_fault(fault: Fault) -> None:
    card = bench(fault.card, **fault.settings)
    for step in fault.before:
        _prepare(card, step)
    before = card.state
    commits = len(card.journal.commits)

    assert card.t0(fault.command) == fault.sw

    assert len(card.journal.commits) == commits + fault.charged
    expected = before._replace(challenge=b"") if fault.spent else before
    if fault.charged:
        ((counter, _),) = card.journal.commits[-1]
        charged = bytearray(before.memory)
        charged[counter] -= 1
        expected = expected._replace(memory=bytes(charged))
    assert card.state == expected


# The T=0 port keeps no reason for its own words.
REFUSED_BY_THE_CARD = [row for row in FAULTS if not (row.sw.startswith("6C") or row.command.startswith("00C0"))]


@pytest.mark.parametrize("fault", REFUSED_BY_THE_CARD, ids=attrgetter("name"))
def test_the_refusal_explains_itself_in_both_languages(fault: Fault) -> None:
    card = bench(fault.card, **fault.settings)
    for step in fault.before:
        _prepare(card, step)
    card.t0(fault.command)
    refusal = card.card.last_refusal
    assert refusal is not None
    text = refusal.describe({})
    assert text.en.startswith(f"{fault.sw}: ")
    assert text.zh.startswith(f"{fault.sw}: ")
    assert text.en != text.zh


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

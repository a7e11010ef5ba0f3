"""Drives the table of faults: the status word, its reason in words, and that nothing changes but what the row says."""

from __future__ import annotations

from operator import attrgetter

import pytest

from cardsim.chip.commands import HRSS_COMMANDS
from tests.unit.chip.bench import bench
from tests.unit.chip.fault import AT_WORK, Example, Fault, costs_what_it_says, explains, prepare
from tests.unit.chip.faults import EXAMPLES, FAULTS


def _said_by_the_port(fault: Fault) -> bool:
    """The T=0 port keeps no reason for its own words."""
    return fault.sw.startswith("6C") or fault.command.startswith("00C0")


@pytest.mark.parametrize("fault", FAULTS, ids=attrgetter("name"))
def test_fault(fault: Fault) -> None:
    card = bench(fault.card, **fault.settings)
    for step in fault.before:
        prepare(card.t0, step)
    before = card.state
    commits = len(card.journal.commits)

    assert card.t0(fault.command) == fault.sw

    costs_what_it_says(card, fault, before, commits)
    if not _said_by_the_port(fault):
        explains(card.card, fault.sw)


def test_names_of_the_table_are_unique_and_every_row_has_a_source() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert all(fault.source for fault in FAULTS)


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_examples_are_right(example: Example) -> None:
    card = bench("tree")
    for step in (*AT_WORK, *example.before):
        prepare(card.t0, step)
    prepare(card.t0, example.command)


def test_every_command_has_an_example() -> None:
    """A command without one would go without its share of the table."""
    assert {spec.name for spec in HRSS_COMMANDS.by_code.values()} == set(EXAMPLES)

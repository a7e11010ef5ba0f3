"""Drives the PKI rows of the table of faults: as tests/unit/chip/test_faults.py, on a 3rd-generation card."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

import pytest

from cardsim.chip.commands import PKI_COMMANDS
from tests.unit.chip.fault import costs_what_it_says, explains, prepare
from tests.unit.chip.faults_pki import AT_WORK, EXAMPLES, FAULTS
from tests.unit.chip.faults_pki_keys import KEY_FAULTS
from tests.unit.pki.lab import PkiBench

if TYPE_CHECKING:
    from tests.unit.chip.fault import Example, Fault


ALL = (*FAULTS, *KEY_FAULTS)


@pytest.mark.parametrize("fault", ALL, ids=attrgetter("name"))
def test_fault(fault: Fault) -> None:
    card = PkiBench(**fault.settings)
    for step in fault.before:
        prepare(card.send, step)
    before, work = card.state, card.card.context.work
    commits = len(card.journal.commits)

    assert card.t0(fault.command) == fault.sw

    costs_what_it_says(card, fault, before, commits)
    assert card.card.context.work is work
    if not fault.sw.startswith("6C"):
        explains(card.card, fault.sw)


def test_names_of_the_rows_are_unique_and_every_row_has_a_source() -> None:
    assert len({fault.name for fault in ALL}) == len(ALL)
    assert all(fault.source for fault in ALL)


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_examples_are_right(example: Example) -> None:
    card = PkiBench()
    for step in (*AT_WORK, *example.before):
        prepare(card.send, step)
    prepare(card.send, example.command)


def test_every_command_has_an_example() -> None:
    """A command without one would go without its share of the table."""
    assert {spec.name for spec in PKI_COMMANDS.by_code.values()} == {*EXAMPLES, "OPEN ENVELOPE"}

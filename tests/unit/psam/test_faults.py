"""Drives the PSAM's table of faults: the status word, its reason in words, and that nothing changes."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

import pytest

from cardsim.chip.commands import PSAM_COMMANDS
from tests.unit.chip.fault import explains, prepare
from tests.unit.chip.faults_psam import AT_WORK, PSAM_EXAMPLES, PSAM_FAULTS
from tests.unit.psam.modules import DF01, psam

if TYPE_CHECKING:
    from tests.unit.chip.fault import Fault


@pytest.mark.parametrize("fault", PSAM_FAULTS, ids=attrgetter("name"))
def test_fault(fault: Fault) -> None:
    module = psam()
    for step in fault.before:
        prepare(module.t0, step)
    before, work, commits = module.state, module.card.context.work, len(module.journal.commits)

    assert module.t0(fault.command) == fault.sw

    assert (module.state, module.card.context.work) == (before, work)
    assert len(module.journal.commits) == commits
    explains(module.card, fault.sw)


def test_names_are_unique_and_every_row_has_a_source() -> None:
    assert len({fault.name for fault in PSAM_FAULTS}) == len(PSAM_FAULTS)
    assert all(fault.source for fault in PSAM_FAULTS)


def test_every_command_has_an_example() -> None:
    assert {spec.name for spec in PSAM_COMMANDS.by_code.values()} == set(PSAM_EXAMPLES)


def test_a_wrong_mac2_costs_the_transaction_and_nothing_else() -> None:
    module = psam()
    module.run(DF01, *AT_WORK[1:2])
    module.send(PSAM_EXAMPLES["INIT SAM FOR PURCHASE"].command)
    before = module.state
    assert module.t0("807200000400000000") == "9302"
    assert module.state == before
    assert module.card.context.work is None

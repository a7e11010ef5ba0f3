from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from readers.serve.pcscd import PrivatePcscd
from tests.pcsc.slots import Slots

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def pcscd() -> Iterator[PrivatePcscd]:
    """One private pcscd with four readers for this process, and so one per xdist worker.

    The PC/SC client library looks at its environment once, at the process's first call: every test that makes one in
    this process has to ask for this fixture.
    """
    with PrivatePcscd([f"Bench {number}" for number in range(4)]) as service, pytest.MonkeyPatch.context() as patch:
        for variable, value in service.environment.items():
            patch.setenv(variable, value)
        yield service


@pytest.fixture
def slots(pcscd: PrivatePcscd) -> Iterator[Slots]:
    """Readers to put cards into; they are empty again after the test."""
    with contextlib.closing(Slots(pcscd)) as slots:
        yield slots

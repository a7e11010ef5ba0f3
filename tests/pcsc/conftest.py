from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from readers.serve.pcscd import PrivatePcscd
from tests.pcsc.slots import Link, ServiceSlots, VpcdSlots

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.pcsc.slots import Slots


@pytest.fixture(scope="session")
def link() -> Iterator[Link]:
    """What the PC/SC library of this process, and so of this xdist worker, knows as its service.

    The library looks at its environment once, at the process's first call: every test that makes one in this process
    has to ask for this fixture, or one that does.
    """
    with tempfile.TemporaryDirectory(prefix="pcsc-") as directory, pytest.MonkeyPatch.context() as patch:
        link = Link(Path(directory) / "pcscd.comm")
        patch.setenv("PCSCLITE_CSOCK_NAME", str(link.path))
        yield link


@pytest.fixture(scope="session")
def _session_pcscd() -> Iterator[PrivatePcscd]:
    with PrivatePcscd([f"Bench {number}" for number in range(4)]) as service:
        yield service


@pytest.fixture
def pcscd(_session_pcscd: PrivatePcscd, link: Link) -> PrivatePcscd:
    """One private pcscd with four readers for this process; the library of this process talks to it."""
    link.lead(Path(_session_pcscd.environment["PCSCLITE_CSOCK_NAME"]))
    return _session_pcscd


@pytest.fixture(params=["pcscd with vpcd", "our service"])
def slots(request: pytest.FixtureRequest, link: Link, tmp_path: Path) -> Iterator[Slots]:
    """Readers to put cards into, of both kinds; they are empty again after the test."""
    made: Slots
    if request.param == "our service":
        made = ServiceSlots(link, tmp_path)
    else:
        made = VpcdSlots(request.getfixturevalue("pcscd"))
    with contextlib.closing(made) as slots:
        yield slots

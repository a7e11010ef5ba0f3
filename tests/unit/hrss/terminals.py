"""Terminals with a software HSM, at a desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardsim.zones.factors import suite_of
from keys.hsm import SoftwareHsm
from keys.sm import SmForms
from keys.tree import TestRoots
from readers.terminal.hrss import select_hrss
from readers.terminal.script import run
from readers.terminal.security import Terminal, meet
from tests.unit.hrss.desk import SOURCE

if TYPE_CHECKING:
    from tests.unit.hrss.desk import Desk


class OtherRoots:
    """The TEST roots, but for one key."""

    def __init__(self, changed: str, algorithm: str) -> None:
        self.changed = changed
        self.roots = TestRoots(algorithm)

    def root(self, name: str, version: int) -> bytes:
        return self.roots.root(name if name != self.changed else "ANOTHER", version)


def entropy(size: int) -> bytes:
    """Of a terminal: always the same source, as openssl's proofs have it."""
    return SOURCE[:size]


def terminal_at(desk: Desk, *, changed: str = "", line_session: bool | None = None) -> Terminal:
    """A terminal that has met the card; of its keys one may be another than the card's."""
    session = desk.line_session if line_session is None else line_session
    profile = desk.profile
    suite = suite_of(profile.hrss_algorithm, SmForms(profile.sm4_extension, profile.sm4_fold))
    hsm = SoftwareHsm(suite, OtherRoots(changed, profile.hrss_algorithm.value), line_session=session)
    run(select_hrss(), desk.connection)
    return run(meet(hsm, desk.connection.atr, entropy), desk.connection)

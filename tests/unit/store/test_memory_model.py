"""The memory against a model that says the same with whole copies, over a journal that fails at random."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cardsim.chip.errors import JournalError
from cardsim.chip.memory import Change, Memory

if TYPE_CHECKING:
    from collections.abc import Sequence

IMAGE = bytes(range(24))
CHANGES = st.integers(0, len(IMAGE) - 1).flatmap(
    lambda offset: st.tuples(st.just(offset), st.binary(min_size=1, max_size=min(6, len(IMAGE) - offset)))
)
FULL = st.sampled_from([False, False, True])


class Journal:
    def __init__(self) -> None:
        self.image = bytearray(IMAGE)
        self.full = False

    def append(self, changes: Sequence[Change]) -> None:
        if self.full:
            raise JournalError("full", "已满")
        for offset, data in changes:
            self.image[offset : offset + len(data)] = data


class MemoryMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.journal = Journal()
        self.memory = Memory(IMAGE, self.journal)
        self.committed = bytearray(IMAGE)
        self.current = bytearray(IMAGE)
        self.written: set[int] = set()
        self.staged: list[Change] = []
        self.staged_written = 0

    @rule(change=CHANGES, full=FULL)
    def charge(self, change: Change, full: bool) -> None:
        offset, data = change
        places = range(offset, offset + len(data))
        self.journal.full = full
        if self.written.intersection(places):
            with pytest.raises(ValueError, match="charge"):
                self.memory.charge(offset, data)
        elif full:
            with pytest.raises(JournalError):
                self.memory.charge(offset, data)
        else:
            self.memory.charge(offset, data)
            for image in (self.committed, self.current):
                image[offset : offset + len(data)] = data

    @rule(change=CHANGES)
    def write(self, change: Change) -> None:
        self.memory.write(*change)
        self._written(change)

    @rule(change=CHANGES)
    def stage(self, change: Change) -> None:
        self.memory.stage(*change)
        self.staged.append(change)

    @rule()
    def write_staged(self) -> None:
        self.memory.write_staged()
        for change in self.staged:
            self._written(change)
        self.staged_written = len(self.staged)

    @rule()
    def drop_staged(self) -> None:
        self.memory.drop_staged()
        self.staged.clear()
        self.staged_written = 0

    @rule()
    def commit(self) -> None:
        self.journal.full = False
        self.memory.commit()
        self.committed = bytearray(self.current)
        del self.staged[: self.staged_written]
        self._ended()

    @precondition(lambda self: self.written)
    @rule()
    def commit_in_vain(self) -> None:
        self.journal.full = True
        with pytest.raises(JournalError):
            self.memory.commit()
        self.current = bytearray(self.committed)
        self._ended()

    @rule()
    def undo(self) -> None:
        self.memory.undo()
        self.current = bytearray(self.committed)
        self._ended()

    @invariant()
    def same(self) -> None:
        assert self.memory.view == self.current
        assert self.memory.committed() == self.committed
        assert self.journal.image == self.committed
        assert self.memory.dirty == bool(self.written)
        assert self.memory._staged == self.staged  # it shows only later, and seldom

    def _written(self, change: Change) -> None:
        offset, data = change
        self.current[offset : offset + len(data)] = data
        self.written.update(range(offset, offset + len(data)))

    def _ended(self) -> None:
        self.written.clear()
        self.staged_written = 0


MemoryMachine.TestCase.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)
TestMemory = MemoryMachine.TestCase

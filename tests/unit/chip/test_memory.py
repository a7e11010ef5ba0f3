"""The memory's verbs: charge, write, stage; commit, undo; and a journal that fails."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsim.chip.errors import JournalError
from cardsim.chip.memory import Memory, NoJournal
from tests.unit.chip.bench import FlakyJournal

SIZE = 16
CHANGES = st.lists(st.tuples(st.integers(0, SIZE - 4), st.binary(max_size=4)), max_size=6)


def fresh() -> tuple[Memory, FlakyJournal]:
    journal = FlakyJournal()
    return Memory(bytes(range(SIZE)), journal), journal


def test_a_write_is_seen_at_once_and_committed_in_one_piece() -> None:
    memory, journal = fresh()
    memory.write(2, b"AB")
    memory.write(3, b"CD")
    assert memory.read(0, 6) == b"\x00\x01ACD\x05"
    assert memory.dirty
    assert journal.commits == []
    memory.commit()
    assert journal.commits == [((2, b"AB"), (3, b"CD"))]
    assert not memory.dirty


def test_an_empty_commit_reaches_no_journal() -> None:
    memory, journal = fresh()
    memory.commit()
    assert journal.commits == []


@given(CHANGES)
def test_undo_takes_everything_back(changes: list[tuple[int, bytes]]) -> None:
    memory, journal = fresh()
    for offset, data in changes:
        memory.write(offset, data)
    assert memory.committed() == bytes(range(SIZE))
    memory.undo()
    assert bytes(memory.view) == bytes(range(SIZE))
    assert not memory.dirty
    memory.commit()
    assert journal.commits == []


@given(CHANGES)
def test_a_journal_that_fails_undoes_everything(changes: list[tuple[int, bytes]]) -> None:
    memory, journal = fresh()
    journal.fail_after = 0
    memory.write(0, b"X")
    for offset, data in changes:
        memory.write(offset, data)
    with pytest.raises(JournalError):
        memory.commit()
    assert bytes(memory.view) == bytes(range(SIZE))
    assert not memory.dirty
    memory.write(0, b"Y")
    memory.commit()
    assert journal.commits == [((0, b"Y"),)]


@given(CHANGES, CHANGES)
def test_committed_is_the_memory_without_the_running_command(
    first: list[tuple[int, bytes]], second: list[tuple[int, bytes]]
) -> None:
    memory, _ = fresh()
    for offset, data in first:
        memory.write(offset, data)
    memory.commit()
    between = bytes(memory.view)
    for offset, data in second:
        memory.write(offset, data)
    assert memory.committed() == between


def test_a_charge_is_committed_at_once_and_survives_undo() -> None:
    memory, journal = fresh()
    memory.write(0, b"Z")
    memory.charge(8, b"\x65")
    assert journal.commits == [((8, b"\x65"),)]
    memory.write(8, b"\x66")
    memory.undo()
    assert memory.read(0, 1) == b"\x00"
    assert memory.read(8, 1) == b"\x65"
    assert memory.committed()[8] == 0x65


def test_a_charge_that_is_not_committed_changes_nothing() -> None:
    memory, journal = fresh()
    journal.fail_after = 0
    with pytest.raises(JournalError):
        memory.charge(8, b"\x65")
    assert bytes(memory.view) == bytes(range(SIZE))


@pytest.mark.parametrize(("offset", "size"), [(4, 1), (3, 2), (5, 1), (0, 16)])
def test_a_charge_over_the_commands_own_writes_is_a_mistake(offset: int, size: int) -> None:
    memory, journal = fresh()
    memory.write(4, b"AB")
    with pytest.raises(ValueError, match="undo would take it back"):
        memory.charge(offset, bytes(size))
    assert journal.commits == []
    memory.charge(6, b"\x00")
    memory.charge(3, b"\x00")


def test_what_is_staged_waits_for_the_command_that_writes_it() -> None:
    memory, journal = fresh()
    memory.stage(0, b"A")
    memory.stage(1, b"B")
    assert bytes(memory.view) == bytes(range(SIZE))
    assert not memory.dirty
    memory.write(2, b"C")
    memory.commit()
    assert journal.commits == [((2, b"C"),)]
    memory.write(3, b"D")
    memory.write_staged()
    memory.commit()
    assert journal.commits[1:] == [((3, b"D"), (0, b"A"), (1, b"B"))]
    memory.write_staged()
    assert not memory.dirty


def test_what_is_staged_survives_a_command_that_refuses() -> None:
    memory, journal = fresh()
    memory.stage(0, b"A")
    memory.write_staged()
    memory.undo()
    assert bytes(memory.view) == bytes(range(SIZE))
    memory.write(5, b"E")
    memory.commit()
    memory.write_staged()
    memory.commit()
    assert journal.commits == [((5, b"E"),), ((0, b"A"),)]


def test_dropping_what_is_staged() -> None:
    memory, _ = fresh()
    memory.stage(0, b"A")
    memory.drop_staged()
    memory.write_staged()
    assert not memory.dirty


@pytest.mark.parametrize(("offset", "size"), [(-1, 1), (SIZE, 1), (SIZE - 1, 2), (0, SIZE + 1)])
def test_nothing_is_written_outside(offset: int, size: int) -> None:
    memory, journal = fresh()
    for verb in (memory.charge, memory.write, memory.stage):
        with pytest.raises(ValueError, match="outside"):
            verb(offset, bytes(size))
    assert len(memory) == SIZE
    assert bytes(memory.view) == bytes(range(SIZE))
    assert journal.commits == []


def test_the_view_is_read_only_and_live() -> None:
    memory = Memory(bytearray(4), NoJournal())
    view = memory.view[1:3]
    with pytest.raises(TypeError):
        view[0] = 1
    memory.write(1, b"OK")
    memory.commit()
    assert bytes(view) == b"OK"

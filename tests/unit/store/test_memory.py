from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cardsim.chip.card import Card
from cardsim.chip.errors import JournalError
from cardsim.chip.memory import Change, Memory, NoJournal
from tests.cards import make_image
from tests.unit.store.cards import SELECT_SSSE

if TYPE_CHECKING:
    from collections.abc import Sequence


class Journal:
    """Keeps commits in a list; refuses while ``full``."""

    def __init__(self) -> None:
        self.commits: list[Sequence[Change]] = []
        self.full = False

    def append(self, changes: Sequence[Change]) -> None:
        if self.full:
            raise JournalError("full", "已满")
        self.commits.append(changes)


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
def memory(journal: Journal) -> Memory:
    return Memory(b"abcdefgh", journal)


def test_a_charge_is_committed_at_once_and_outlives_the_command(memory: Memory, journal: Journal) -> None:
    memory.charge(1, b"X")
    assert journal.commits == [((1, b"X"),)]
    memory.undo()
    assert memory.read(0, 8) == bytes(memory.committed()) == b"aXcdefgh"
    assert not memory.dirty


def test_writes_are_seen_by_their_command_and_committed_in_one_piece(memory: Memory, journal: Journal) -> None:
    memory.write(0, b"12")
    memory.write(1, b"345")
    assert memory.read(0, 8) == b"1345efgh"
    assert memory.committed() == b"abcdefgh"
    memory.commit()
    assert journal.commits == [((0, b"12"), (1, b"345"))]
    assert memory.committed() == b"1345efgh"


def test_undo_takes_overlapping_writes_back_newest_first(memory: Memory, journal: Journal) -> None:
    memory.write(0, b"12")
    memory.write(1, b"345")
    memory.undo()
    memory.commit()
    assert memory.read(0, 8) == b"abcdefgh"
    assert journal.commits == []


def test_a_charge_between_writes_stays_when_they_are_undone(memory: Memory) -> None:
    memory.write(0, b"1")
    memory.charge(4, b"X")
    memory.write(4, b"2")
    assert memory.committed() == b"abcdXfgh"
    memory.undo()
    assert memory.read(0, 8) == b"abcdXfgh"


@pytest.mark.parametrize(("offset", "size"), [(2, 1), (3, 1), (1, 4), (0, 3), (3, 2)])
def test_a_charge_must_not_touch_what_the_command_wrote(memory: Memory, offset: int, size: int) -> None:
    memory.write(2, b"12")
    with pytest.raises(ValueError, match="a charge must not touch"):
        memory.charge(offset, bytes(size))
    memory.charge(1, b"X")
    memory.charge(4, b"X")


def test_a_charge_that_can_not_be_kept_changes_nothing(memory: Memory, journal: Journal) -> None:
    memory.write(0, b"1")
    journal.full = True
    with pytest.raises(JournalError):
        memory.charge(4, b"X")
    assert memory.read(0, 8) == b"1bcdefgh"
    assert memory.committed() == b"abcdefgh"
    assert memory.dirty


def test_a_commit_that_can_not_be_kept_undoes_the_command(memory: Memory, journal: Journal) -> None:
    memory.write(0, b"1")
    journal.full = True
    with pytest.raises(JournalError):
        memory.commit()
    assert memory.read(0, 8) == b"abcdefgh"
    assert not memory.dirty
    journal.full = False
    memory.commit()
    assert journal.commits == []


def test_an_interrupted_commit_undoes_the_command(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Journal, "append", interrupted)
    memory.write(0, b"1")
    with pytest.raises(KeyboardInterrupt):
        memory.commit()
    assert memory.read(0, 8) == b"abcdefgh"
    assert not memory.dirty


@pytest.mark.parametrize(("offset", "size"), [(-1, 1), (8, 1), (7, 2), (0, 9), (9, 0)])
def test_nothing_outside_the_memory_changes(memory: Memory, offset: int, size: int) -> None:
    for change in (memory.charge, memory.write, memory.stage):
        with pytest.raises(ValueError, match=f"{size} bytes at {offset} are outside a memory of 8 bytes"):
            change(offset, bytes(size))
    assert len(memory) == 8
    assert not memory.dirty


def test_slices_of_the_view_stay_live_and_read_only(memory: Memory) -> None:
    part = memory.view[2:4]
    memory.write(2, b"12")
    assert bytes(part) == b"12"
    with pytest.raises(TypeError):
        part[0] = 0


# --- staging ---


def test_what_is_staged_is_invisible_until_a_command_writes_it(memory: Memory, journal: Journal) -> None:
    memory.stage(0, b"1")
    assert memory.read(0, 1) == b"a"
    assert not memory.dirty
    memory.write(3, b"2")
    memory.write_staged()
    memory.commit()
    assert journal.commits == [((3, b"2"), (0, b"1"))]
    memory.write_staged()
    assert not memory.dirty


def test_a_commit_without_it_leaves_what_is_staged(memory: Memory) -> None:
    memory.stage(0, b"1")
    memory.write(3, b"2")
    memory.commit()
    memory.write_staged()
    assert memory.read(0, 4) == b"1bc2"


def test_what_is_staged_stays_when_the_command_that_wrote_it_refuses(memory: Memory, journal: Journal) -> None:
    memory.stage(0, b"1")
    memory.write_staged()
    memory.undo()
    assert memory.read(0, 1) == b"a"
    memory.write_staged()
    journal.full = True
    with pytest.raises(JournalError):
        memory.commit()
    assert memory.read(0, 1) == b"a"
    journal.full = False
    memory.write_staged()
    memory.commit()
    assert memory.committed() == b"1bcdefgh"


def test_a_command_that_found_nothing_staged_does_not_take_what_comes_later(memory: Memory) -> None:
    memory.write_staged()
    memory.stage(0, b"1")
    memory.write(3, b"2")
    memory.commit()
    memory.write_staged()
    assert memory.read(0, 1) == b"1"


def test_what_a_command_stages_behind_its_write_waits_for_the_next(memory: Memory) -> None:
    memory.stage(0, b"1")
    memory.write_staged()
    memory.stage(1, b"2")
    memory.commit()
    assert memory.read(0, 2) == b"1b"
    memory.write_staged()
    assert memory.read(0, 2) == b"12"


def test_a_refused_command_does_not_let_the_next_one_drop_what_is_staged(memory: Memory) -> None:
    memory.stage(0, b"1")
    memory.write_staged()
    memory.undo()
    memory.write(3, b"2")
    memory.commit()
    memory.write_staged()
    assert memory.read(0, 4) == b"1bc2"


@pytest.mark.parametrize("event", ["reset", "power off", "select"])
def test_what_is_staged_goes_with_the_power_and_with_the_selection(event: str) -> None:
    image = make_image()
    memory = Memory(image.memory, NoJournal())
    card = Card(memory, image.profile, bytes, strict=True)
    card.context.work = object()  # nothing stages without
    memory.stage(100, b"1")
    match event:
        case "reset":
            card.reset()
        case "power off":
            card.power_off()
        case _:
            assert card.transmit(SELECT_SSSE)[-2:] == b"\x90\x00"
    memory.write_staged()
    assert not memory.dirty

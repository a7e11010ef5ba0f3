from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from cardsim.store import CardFileUnwritableError, CardStore, StoreError, cardfile, disk, read_card_file
from tests.unit.store.cards import FRAME_OF_ONE_BYTE, SMALL, change_bytes, frame_bytes, small_file

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.card"


def full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_the_frames_go_and_what_they_said_stays(path: Path) -> None:
    base_size = small_file(path, commits=3)
    with CardStore.open(path) as store:
        store.compact()
        assert path.stat().st_size == base_size
        assert bytes(store.memory.view[:4]) == b"\xc0\xc1\xc2\x03"
        store.memory.charge(3, b"\xc3")
    assert path.read_bytes()[base_size:] == frame_bytes(1, change_bytes(3, b"\xc3"))
    assert read_card_file(path)[1] == b"\xc0\xc1\xc2\xc3" + SMALL.memory[4:]


def test_writes_of_a_running_command_are_left_out(path: Path) -> None:
    small_file(path)
    with CardStore.open(path) as store:
        store.memory.write(0, b"\xff")
        store.compact()
        assert read_card_file(path)[1] == SMALL.memory
        store.memory.commit()
    assert read_card_file(path)[1] == b"\xff" + SMALL.memory[1:]


@pytest.mark.parametrize("step", ["write_temporary", "take_after"])
def test_a_compaction_that_fails_loses_nothing(path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    small_file(path, commits=3)
    before = path.read_bytes()
    with CardStore.open(path) as store:
        monkeypatch.setattr(disk, step, full)
        with pytest.raises(CardFileUnwritableError, match=r"a\.card: No space left on device"):
            store.compact()
        monkeypatch.undo()
        assert path.read_bytes() == before
        store.memory.charge(3, b"\xc3")
        assert path.read_bytes() == before + frame_bytes(4, change_bytes(3, b"\xc3"))
        store.compact()
    assert read_card_file(path)[1] == b"\xc0\xc1\xc2\xc3" + SMALL.memory[4:]
    assert [entry.name for entry in path.parent.iterdir()] == ["a.card"]


# --- by itself ---


def test_frames_are_folded_when_there_are_too_many(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cardfile, "_COMPACT_AT", 4 * FRAME_OF_ONE_BYTE)
    base_size = small_file(path)
    frames = []
    with CardStore.open(path) as store:
        for number in range(14):
            store.memory.charge(number, b"\xff")
            frames.append((path.stat().st_size - base_size) // FRAME_OF_ONE_BYTE)
            assert read_card_file(path)[1] == b"\xff" * (number + 1) + SMALL.memory[number + 1 :]
    assert frames == [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4]


def test_frames_of_earlier_runs_count(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base_size = small_file(path, commits=5)
    monkeypatch.setattr(cardfile, "_COMPACT_AT", 4 * FRAME_OF_ONE_BYTE)
    with CardStore.open(path) as store:
        store.memory.charge(5, b"\xc5")
    assert path.stat().st_size == base_size + FRAME_OF_ONE_BYTE
    assert read_card_file(path)[1][:7] == b"\xc0\xc1\xc2\xc3\xc4\xc5\x06"


def test_folding_during_a_charge_leaves_out_what_the_command_wrote(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cardfile, "_COMPACT_AT", 0)
    small_file(path, commits=1)
    with CardStore.open(path) as store:
        store.memory.write(10, b"\xff")
        store.memory.charge(20, b"\xee")
        assert read_card_file(path)[1][10] == 10
        assert read_card_file(path)[1][20] == 0xEE
        store.memory.undo()
        store.memory.write(11, b"\xdd")
        store.memory.commit()
        assert bytes(store.memory.view) == read_card_file(path)[1]
    memory = read_card_file(path)[1]
    assert (memory[0], memory[10], memory[11], memory[20]) == (0xC0, 10, 0xDD, 0xEE)


def test_folding_that_fails_is_not_tried_at_every_command(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cardfile, "_COMPACT_AT", 10 * FRAME_OF_ONE_BYTE)
    base_size = small_file(path)
    tried = 0

    def count(*_: object) -> None:
        nonlocal tried
        tried += 1
        full()

    with CardStore.open(path) as store:
        monkeypatch.setattr(disk, "write_temporary", count)
        for number in range(40):
            store.memory.charge(number, b"\xff")
        assert tried == 3
        assert path.stat().st_size == base_size + 40 * FRAME_OF_ONE_BYTE
        assert read_card_file(path)[1] == b"\xff" * 40 + SMALL.memory[40:]


def test_folding_that_is_interrupted_leaves_everything_as_before_the_command(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    small_file(path, commits=1)
    monkeypatch.setattr(cardfile, "_COMPACT_AT", 0)
    with CardStore.open(path) as store:
        before = path.read_bytes()
        monkeypatch.setattr(disk, "write_temporary", interrupted)
        store.memory.write(10, b"\xff")
        with pytest.raises(KeyboardInterrupt):
            store.memory.commit()
        assert store.memory.view[10] == 10
        assert path.read_bytes() == before


# --- the file and its name ---


def test_a_link_goes_on_naming_the_file(path: Path, tmp_path: Path) -> None:
    small_file(path)
    link = tmp_path / "link.card"
    link.symlink_to("a.card")
    with CardStore.open(link) as store:
        store.compact()
        store.memory.charge(0, b"\xff")
    assert link.is_symlink()
    assert read_card_file(path)[1][0] == read_card_file(link)[1][0] == 0xFF


def test_the_working_directory_may_change_meanwhile(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_file(path)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    with CardStore.open(path.relative_to(tmp_path)) as store:
        monkeypatch.chdir("elsewhere")
        store.compact()
        store.memory.charge(0, b"\xff")
    assert read_card_file(path)[1][0] == 0xFF
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_file_that_was_moved_is_written_where_it_is_now(path: Path, tmp_path: Path) -> None:
    small_file(path)
    moved = tmp_path / "moved.card"
    with CardStore.open(path) as store:
        path.rename(moved)
        with pytest.raises(StoreError, match="no such file"):
            store.compact()
        path.write_bytes(b"a letter")
        with pytest.raises(CardFileUnwritableError, match="the open card file was moved"):
            store.compact()
        store.memory.charge(0, b"\xff")
    assert path.read_bytes() == b"a letter"
    assert read_card_file(moved)[1][0] == 0xFF


def test_a_closed_file_is_not_compacted(path: Path) -> None:
    small_file(path)
    store = CardStore.open(path)
    store.close()
    with CardStore.open(path) as other:
        other.memory.charge(0, b"\xff")
        with pytest.raises(CardFileUnwritableError, match="Bad file descriptor"):
            store.compact()
        other.memory.charge(1, b"\xff")
    assert read_card_file(path)[1][:2] == b"\xff\xff"


def test_a_mode_that_the_user_gave_stays(path: Path) -> None:
    small_file(path)
    path.chmod(0o640)
    with CardStore.open(path) as store:
        store.compact()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_file_stays_its_owners(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "fchown", lambda _, user, group: given.append((user, group)))
    path.touch()
    with path.open("rb") as file:
        disk.take_after(file.fileno(), os.stat_result((0o100660, 0, 0, 1, 1234, 5678, 0, 0, 0, 0)))
        assert given == [(1234, 5678)]
        disk.take_after(file.fileno(), path.stat())
    assert given == [(1234, 5678)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o660

"""A card is in one reader at a time."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cardsim.store import (
    CardFileBusyError,
    CardFileDamagedError,
    CardStore,
    create_card_file,
    disk,
    read_card_file,
)
from tests.unit.store.cards import SMALL, small_file

if TYPE_CHECKING:
    from pathlib import Path

_LOCK = "import fcntl, sys; file = open(sys.argv[1], 'rb'); fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)"
_AND_WAIT = "print(flush=True); sys.stdin.read(); file.close()"


def free_for_others(path: Path) -> bool:
    """Return whether another process gets the lock."""
    child = subprocess.run([sys.executable, "-S", "-c", _LOCK, path], check=False, capture_output=True)
    assert child.returncode == 0 or b"BlockingIOError" in child.stderr
    return child.returncode == 0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.card"
    small_file(path)
    return path


def test_an_open_card_file_can_not_be_opened_again(path: Path) -> None:
    with CardStore.open(path):
        for _ in range(2):
            with pytest.raises(CardFileBusyError, match=r"a\.card is in use by another process"):
                CardStore.open(path)
        assert not free_for_others(path)
    assert free_for_others(path)
    CardStore.open(path).close()


def test_a_file_that_another_process_has_can_not_be_opened(path: Path) -> None:
    command = [sys.executable, "-S", "-c", f"{_LOCK}; {_AND_WAIT}", str(path)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"\n"
        with pytest.raises(CardFileBusyError):
            CardStore.open(path)
        with pytest.raises(CardFileBusyError):
            create_card_file(path, SMALL, overwrite=True)
        assert read_card_file(path)[1] == SMALL.memory
    with CardStore.open(path) as store:
        assert bytes(store.memory.view) == SMALL.memory


def test_an_open_card_file_can_be_looked_at(path: Path) -> None:
    with CardStore.open(path) as store:
        assert read_card_file(path)[1] == SMALL.memory
        store.memory.charge(0, b"\xff")
        assert read_card_file(path)[1][0] == 0xFF
        store.memory.write(0, b"\xee")
        assert read_card_file(path)[1][0] == 0xFF
        store.compact()
        assert read_card_file(path)[1][0] == 0xFF


def test_the_lock_survives_compaction(path: Path) -> None:
    with CardStore.open(path) as store:
        store.memory.charge(0, b"\xff")
        store.compact()
        with pytest.raises(CardFileBusyError):
            CardStore.open(path)
        assert not free_for_others(path)
    assert free_for_others(path)


def test_a_file_that_could_not_be_opened_is_not_locked(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"no frame at all")
    for _ in range(2):
        with pytest.raises(CardFileDamagedError):
            CardStore.open(path)
    assert free_for_others(path)


def test_closing_twice_does_no_harm(path: Path) -> None:
    store = CardStore.open(path)
    store.close()
    with path.open("rb") as unrelated:  # gets the number that the store's descriptor had
        store.close()
        os.fstat(unrelated.fileno())


def test_a_file_replaced_between_opening_and_locking_is_opened_anew(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = tmp_path / "newer.card"
    small_file(newer, commits=1)
    lock = disk.lock

    def replace_first(descriptor: int, name: Path) -> None:
        if newer.exists():
            newer.replace(path)
        lock(descriptor, name)

    monkeypatch.setattr(disk, "lock", replace_first)
    with CardStore.open(path) as store:
        assert store.memory.view[0] == 0xC0
        store.memory.charge(1, b"\xff")
    assert read_card_file(path)[1][:2] == b"\xc0\xff"


def test_force_never_takes_a_card_out_of_a_reader_that_just_compacted_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = disk.lock
    with CardStore.open(path) as store:
        store.memory.charge(0, b"\xff")

        def compact_first(descriptor: int, name: Path) -> None:
            monkeypatch.setattr(disk, "lock", lock)
            store.compact()
            lock(descriptor, name)

        monkeypatch.setattr(disk, "lock", compact_first)
        with pytest.raises(CardFileBusyError):
            create_card_file(path, SMALL, overwrite=True)
        store.memory.charge(1, b"\xee")
    assert read_card_file(path)[1][:2] == b"\xff\xee"


def test_an_error_of_locking_is_reported(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(Exception, match=r"a\.card: No locks available"):
        CardStore.open(path)

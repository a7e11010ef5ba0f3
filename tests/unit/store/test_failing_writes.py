"""Writes that the system refuses, half does, or does not bring to the disk: frame by frame, without a full disk."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from cardsim.chip.errors import JournalError
from cardsim.store import CardStore, read_card_file
from tests.unit.store.cards import FRAME_OF_ONE_BYTE, SMALL, change_bytes, frame_bytes, small_file

if TYPE_CHECKING:
    from pathlib import Path

PWRITE = os.pwrite


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.card"


@pytest.mark.parametrize("written", [0, 1, 12, FRAME_OF_ONE_BYTE - 1])
def test_a_short_write_is_cut_off_again(path: Path, monkeypatch: pytest.MonkeyPatch, written: int) -> None:
    small_file(path, commits=1)
    before = path.read_bytes()
    with CardStore.open(path) as store:
        monkeypatch.setattr(os, "pwrite", lambda file, data, offset: PWRITE(file, data[:written], offset))
        with pytest.raises(JournalError, match=r"a\.card: No space left on device; the command was undone"):
            store.memory.charge(1, b"\xff")
        monkeypatch.undo()
        assert path.read_bytes() == before
        assert bytes(store.memory.view[:2]) == b"\xc0\x01"
        store.memory.charge(1, b"\xee")
    assert path.read_bytes() == before + frame_bytes(2, change_bytes(1, b"\xee"))


def test_what_could_not_even_be_cut_off_is_cut_off_before_the_next_frame(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_file(path, commits=1)
    before = path.read_bytes()

    def refuse(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with CardStore.open(path) as store:
        monkeypatch.setattr(os, "pwrite", lambda file, data, offset: PWRITE(file, data[:50], offset))
        monkeypatch.setattr(os, "ftruncate", refuse)
        with pytest.raises(JournalError, match="No space"):
            store.memory.charge(1, b"\xff" * 40)
        assert len(path.read_bytes()) == len(before) + 50
        assert read_card_file(path)[1][:2] == b"\xc0\x01"
        monkeypatch.setattr(os, "pwrite", PWRITE)
        for _ in range(2):
            with pytest.raises(JournalError, match="Input/output error"):
                store.memory.charge(1, b"\xff")
        monkeypatch.undo()
        store.memory.charge(1, b"\xee")
    assert path.read_bytes() == before + frame_bytes(2, change_bytes(1, b"\xee"))


def test_compaction_gets_rid_of_what_could_not_be_cut_off(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base_size = small_file(path, commits=1)

    def refuse(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with CardStore.open(path) as store:
        monkeypatch.setattr(os, "pwrite", refuse)
        monkeypatch.setattr(os, "ftruncate", refuse)
        with pytest.raises(JournalError):
            store.memory.charge(1, b"\xff")
        store.compact()
        monkeypatch.setattr(os, "pwrite", PWRITE)
        store.memory.charge(2, b"\xee")
    assert path.read_bytes()[base_size:] == frame_bytes(1, change_bytes(2, b"\xee"))


def test_an_interrupted_write_never_happened(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_file(path, commits=1)
    before = path.read_bytes()

    def interrupted(file: int, data: bytes, offset: int) -> int:
        PWRITE(file, data, offset)
        raise KeyboardInterrupt

    with CardStore.open(path) as store:
        monkeypatch.setattr(os, "pwrite", interrupted)
        with pytest.raises(KeyboardInterrupt):
            store.memory.charge(1, b"\xff" * 20)
        monkeypatch.undo()
        assert path.read_bytes() == before
        store.memory.charge(1, b"\xee")
    assert read_card_file(path)[1][:3] == b"\xc0\xee\x02"


def test_a_closed_file_takes_no_commits(path: Path) -> None:
    small_file(path)
    store = CardStore.open(path)
    store.close()
    with pytest.raises(JournalError, match="Bad file descriptor"):
        store.memory.charge(0, b"\xff")
    assert bytes(store.memory.view) == read_card_file(path)[1] == SMALL.memory


# --- durable ---


@pytest.mark.parametrize("durable", [False, True])
def test_durable_waits_for_the_disk_at_every_commit(path: Path, monkeypatch: pytest.MonkeyPatch, durable: bool) -> None:
    small_file(path)
    calls: list[str] = []
    synced = []

    def note(name: str) -> Any:
        real = getattr(os, name)

        def call(file: int, *rest: Any) -> Any:
            calls.append(name)
            if name == "fdatasync":
                synced.append((file, os.fstat(file).st_size))
            return real(file, *rest)

        return call

    with CardStore.open(path, durable=durable) as store:
        for name in ("pwrite", "fdatasync"):
            monkeypatch.setattr(os, name, note(name))
        store.memory.charge(0, b"\xff")
        size = path.stat().st_size
        store.memory.write(1, b"\xff")
        store.memory.commit()
        assert calls == (["pwrite", "fdatasync"] * 2 if durable else ["pwrite"] * 2)
        assert synced == ([(store._descriptor, size), (store._descriptor, path.stat().st_size)] if durable else [])


def test_a_commit_that_does_not_reach_the_disk_is_taken_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_file(path)
    before = path.read_bytes()

    def broken(_: int) -> None:
        raise OSError(5, "Input/output error")

    with CardStore.open(path, durable=True) as store:
        monkeypatch.setattr(os, "fdatasync", broken)
        store.memory.write(0, b"\xff")
        with pytest.raises(JournalError, match="Input/output error"):
            store.memory.commit()
        assert store.memory.view[0] == 0
        assert path.read_bytes() == before

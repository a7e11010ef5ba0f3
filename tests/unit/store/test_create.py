from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from cardsim.perso.image import CardImage
from cardsim.profiles import GEN2
from cardsim.store import (
    CardFileBusyError,
    CardFileUnwritableError,
    CardStore,
    StoreError,
    create_card_file,
    read_card_file,
)
from cardsim.zones.layouts import Layout
from tests.unit.store.cards import SMALL, small_file

OTHER = CardImage(b"another card", GEN2, Layout.V1_00, {})


def names(directory: Path) -> list[str]:
    return sorted(entry.name for entry in directory.iterdir())


def full(_: int) -> None:
    raise OSError(28, "No space left on device")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o277, 0o777])
def test_a_card_file_is_its_owners_only_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "a.card"
    old = os.umask(umask)
    try:
        create_card_file(path, SMALL)
        assert mode(path) == 0o600
        create_card_file(path, SMALL, overwrite=True)
        assert mode(path) == 0o600
        with CardStore.open(path) as store:
            store.compact()
        assert mode(path) == 0o600
    finally:
        os.umask(old)


def test_an_existing_file_is_kept_without_force(tmp_path: Path) -> None:
    path = tmp_path / "a.card"
    path.write_bytes(b"a letter")
    with pytest.raises(StoreError, match=r"a\.card exists; give --force to replace it, or another name"):
        create_card_file(path, SMALL)
    assert path.read_bytes() == b"a letter"
    assert names(tmp_path) == ["a.card"]


def test_force_replaces_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "a.card"
    small_file(path, commits=3)
    with path.open("rb") as old:
        create_card_file(path, OTHER, overwrite=True)
        assert os.fstat(old.fileno()).st_nlink == 0
        assert old.read(7) == b"CARDSIM"  # whoever has the old file open still has it whole
    assert read_card_file(path)[1] == b"another card"
    create_card_file(tmp_path / "b.card", OTHER, overwrite=True)
    assert names(tmp_path) == ["a.card", "b.card"]


def test_force_refuses_a_card_in_a_reader(tmp_path: Path) -> None:
    path = tmp_path / "a.card"
    small_file(path)
    with CardStore.open(path) as store:
        with pytest.raises(CardFileBusyError):
            create_card_file(path, OTHER, overwrite=True)
        store.memory.charge(0, b"\xff")
    assert read_card_file(path)[1][0] == 0xFF
    assert names(tmp_path) == ["a.card"]


def test_force_replaces_files_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "fifo")
    for name in ("directory", "fifo"):
        with pytest.raises(StoreError, match="is not a card file"):
            create_card_file(tmp_path / name, SMALL, overwrite=True)
    assert names(tmp_path) == ["directory", "fifo"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_card_file_that_can_not_be_written_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, overwrite: bool
) -> None:
    path = tmp_path / "a.card"
    if overwrite:
        small_file(path, commits=1)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CardFileUnwritableError, match=r"a\.card: No space left on device"):
        create_card_file(path, OTHER, overwrite=overwrite)
    assert names(tmp_path) == (["a.card"] if overwrite else [])
    if overwrite:
        assert read_card_file(path)[1][0] == 0xC0


def test_what_a_crashed_process_left_does_not_matter(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"dear")
    path = tmp_path / "a.card"
    for name in (f".a.card.{os.getpid()}.new", ".cardsim-.new", ".cardsim-abcd1234.new"):
        (tmp_path / name).symlink_to(victim)
    create_card_file(path, SMALL)
    create_card_file(path, OTHER, overwrite=True)
    assert victim.read_bytes() == b"dear"
    assert read_card_file(path)[1] == b"another card"
    assert mode(path) == 0o600


@pytest.mark.parametrize("name", ["x" * 255, "卡" * 85, " .card", "-rf"])
def test_any_name_that_a_file_can_have(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    small_file(path, commits=1)
    with CardStore.open(path) as store:
        store.compact()
    create_card_file(path, OTHER, overwrite=True)
    assert read_card_file(path)[1] == b"another card"


def test_a_link_to_a_card_file_is_followed(tmp_path: Path) -> None:
    path, link = tmp_path / "a.card", tmp_path / "elsewhere" / "link.card"
    link.parent.mkdir()
    link.symlink_to(path)
    create_card_file(link, SMALL)
    with pytest.raises(StoreError, match=r"link\.card exists"):
        create_card_file(link, SMALL)
    create_card_file(link, OTHER, overwrite=True)
    assert link.is_symlink()
    assert read_card_file(path)[1] == b"another card"
    assert names(link.parent) == ["link.card"]


def test_a_file_system_without_links_and_modes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(os, "fchmod", refuse)
    path = tmp_path / "a.card"
    create_card_file(path, SMALL)
    with pytest.raises(StoreError, match="exists"):
        create_card_file(path, OTHER)
    assert read_card_file(path)[1] == SMALL.memory
    create_card_file(path, OTHER, overwrite=True)
    with CardStore.open(path) as store:
        store.compact()
    assert read_card_file(path)[1] == b"another card"
    assert names(tmp_path) == ["a.card"]


def test_content_and_name_are_brought_to_the_disk_in_this_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[bool, bool]] = []
    path = tmp_path / "a.card"
    fsync = os.fsync

    def note(descriptor: int) -> None:
        synced.append((stat.S_ISDIR(os.fstat(descriptor).st_mode), path.exists()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    create_card_file(path, SMALL)
    assert synced == [(False, False), (True, True)]
    with CardStore.open(path) as store:
        store.compact()
    assert synced[2:] == [(False, True), (True, True)]


def test_no_descriptor_stays_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    descriptors = Path("/proc/self/fd")
    before = names(descriptors)
    path = tmp_path / "a.card"
    small_file(path, commits=2)
    create_card_file(path, SMALL, overwrite=True)
    with CardStore.open(path) as store:
        store.compact()
        with pytest.raises(CardFileBusyError):
            create_card_file(path, SMALL, overwrite=True)
    read_card_file(path)
    for wrong in (tmp_path, tmp_path / "none"):
        with pytest.raises(StoreError):
            read_card_file(wrong)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CardFileUnwritableError):
        create_card_file(path, SMALL, overwrite=True)
    assert names(descriptors) == before

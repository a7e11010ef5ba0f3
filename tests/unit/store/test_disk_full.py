"""A card on a disk that is full, for real: a limit on the size of files, and a file system without room."""

from __future__ import annotations

import contextlib
import hmac
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cardsim.store import CardFileUnwritableError, CardStore, create_card_file
from tests.unit.store.cards import (
    FRAME_OF_ONE_BYTE,
    RIGHT,
    SMALL,
    WRONG,
    asked,
    change_pin,
    gen2_file,
    left,
    opened,
    powered,
    small_file,
    sw,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]


@contextlib.contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond ``size``: writes are short, then fail (Python ignores SIGXFSZ)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("room", range(FRAME_OF_ONE_BYTE))
def test_a_pin_whose_try_can_not_be_charged_is_not_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    path = tmp_path / "a.card"
    gen2_file(path)
    with opened(path) as card:
        assert sw(card, WRONG) == "63C5"
        before = path.read_bytes()
        with monkeypatch.context() as patch, no_file_beyond(len(before) + room):
            patch.delattr(hmac, "compare_digest")  # a comparison would raise
            assert [sw(card, command) for command in (RIGHT, WRONG, change_pin("123456", "654321"))] == ["6581"] * 3
        assert path.read_bytes() == before
        assert sw(card, WRONG) == "63C4"
        assert sw(card, change_pin("123456", "654321")) == "9000"
        assert sw(card, RIGHT) == "63C5"
    assert asked(path) == "63C5"


def test_a_right_pin_whose_tries_can_not_be_given_back_stays_charged(tmp_path: Path) -> None:
    path = tmp_path / "a.card"
    gen2_file(path)
    with opened(path) as card:
        with no_file_beyond(path.stat().st_size + FRAME_OF_ONE_BYTE + 3):
            assert sw(card, RIGHT) == "6581"
            assert asked(path) == "63C5"
        assert sw(card, RIGHT) == "9000"
    assert asked(path) == "63C6"


def test_a_new_pin_that_can_not_be_kept_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "a.card"
    gen2_file(path)
    with opened(path) as card:
        with no_file_beyond(path.stat().st_size + FRAME_OF_ONE_BYTE + 3):
            assert sw(card, change_pin("123456", "654321")) == "6581"
        assert sw(card, bytes.fromhex("0020000003654321")) == "63C4"
        assert sw(card, RIGHT) == "9000"


def test_neither_compaction_nor_a_new_card_needs_more_than_there_is(tmp_path: Path) -> None:
    path = tmp_path / "a.card"
    base_size = small_file(path, commits=4)
    before = path.read_bytes()
    with CardStore.open(path) as store, no_file_beyond(base_size - 1):
        with pytest.raises(CardFileUnwritableError, match="File too large"):
            store.compact()
        with pytest.raises(CardFileUnwritableError, match="File too large"):
            create_card_file(tmp_path / "b.card", SMALL)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.card"]


def on_a_small_disk(directory: Path) -> None:
    """Run by the test below in a process of its own, ``directory`` being a file system of 128 KiB."""
    path, other = directory / "a.card", directory / "other"
    gen2_file(path)
    with CardStore.open(path) as store:
        card = powered(store)
        with other.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(bytes(512)):
                pass
        # The last page of the card file still has room for some, then perhaps for a charge but not for its return.
        answers = [sw(card, RIGHT) for _ in range(100)]
        assert answers == sorted(answers, reverse=True)
        assert answers[-1] == "6581"
        answered = asked(path)
        before = path.read_bytes()
        assert [sw(card, RIGHT), sw(card, WRONG)] == ["6581", "6581"]
        assert asked(path) == answered
        with pytest.raises(CardFileUnwritableError, match="No space left on device"):
            store.compact()
        assert path.read_bytes() == before
        assert {entry.name for entry in directory.iterdir()} == {"a.card", "other"}
        other.unlink()
        assert left(sw(card, WRONG)) == left(answered) - 1
        assert sw(card, RIGHT) == "9000"
        store.compact()
        assert sw(card, WRONG) == "63C5"
    assert asked(path) == "63C5"


def test_a_card_on_a_full_file_system_goes_on_when_there_is_room_again(tmp_path: Path) -> None:
    mounted = 'mount -t tmpfs -o size=128k tmpfs "$0"'
    unshare = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    if not shutil.which("unshare") or subprocess.run([*unshare, mounted, tmp_path], check=False).returncode:
        pytest.skip("this system lets us mount nothing")
    code = (
        f"import pathlib, sys; from {__name__} import on_a_small_disk; on_a_small_disk(pathlib.Path(sys.argv[1]));"
        "print('done')"
    )
    command = [*unshare, f'{mounted} && exec "$1" -c "$2" "$0"', str(tmp_path), sys.executable, code]
    child = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert (child.stdout, child.stderr) == ("done\n", "")

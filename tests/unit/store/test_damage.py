"""A card file cut or flipped at every place: the state before or after a commit, or an error; never another state."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from cardsim.store import CardFileDamagedError, CardStore, StoreError, create_card_file, read_card_file
from cardsim.store.format import load
from tests.unit.store.cards import SMALL, change_bytes, frame_bytes, small_file

if TYPE_CHECKING:
    from pathlib import Path

COMMITS = (
    ((0, b"\xff"),),
    ((5, b"12345678"), (7, b"ab")),
    ((0, b"\xfe"),),
    ((63, b"\x00"), (0, b"\x00" * 20)),
    ((1, b"\xfd"),),
)


def states_of(path: Path) -> dict[int, bytes]:
    """Make a card file and return the memory after each commit by the size of the file then."""
    create_card_file(path, SMALL)
    states = {path.stat().st_size: SMALL.memory}
    with CardStore.open(path) as store:
        for changes in COMMITS:
            for change in changes:
                store.memory.write(*change)
            store.memory.commit()
            states[path.stat().st_size] = bytes(store.memory.view)
    return states


def test_a_file_cut_anywhere_behind_the_base_image_has_every_commit_that_was_finished(tmp_path: Path) -> None:
    path = tmp_path / "a.card"
    states = states_of(path)
    whole = path.read_bytes()
    for size in range(min(states), len(whole) + 1):
        finished = max(end for end in states if end <= size)
        path.write_bytes(whole[:size])
        assert read_card_file(path)[1] == states[finished]
        assert path.stat().st_size == size  # a look changes nothing
        with CardStore.open(path) as store:
            assert bytes(store.memory.view) == states[finished]
            assert path.stat().st_size == finished
            store.memory.charge(40, b"!")
        assert read_card_file(path)[1] == states[finished][:40] + b"!" + states[finished][41:]


def test_a_file_cut_inside_the_base_image_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.card"
    base_size = small_file(path)
    whole = path.read_bytes()
    for size in range(base_size):
        path.write_bytes(whole[:size])
        wanted = "is not a card file" if size < 18 else "is damaged: it is cut off inside the base image"
        with pytest.raises(StoreError, match=f"a.card {wanted}"):
            read_card_file(path)


def test_no_flipped_bit_gives_another_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.card"
    states = states_of(path)
    whole = path.read_bytes()
    *_, before_last, end = sorted(states)
    taken_as_torn = set()
    for place in range(end):
        for bit in range(8):
            flipped = bytearray(whole)
            flipped[place] ^= 1 << bit
            try:
                memory = load(path, io.BytesIO(flipped)).memory
            except StoreError:
                continue
            assert memory == states[before_last]
            taken_as_torn.add(place)
    assert taken_as_torn == set(range(before_last + 12, end))


def test_refusing_a_damaged_file_leaves_it_as_it_is_and_unlocked(tmp_path: Path) -> None:
    path = tmp_path / "a.card"
    base_size = small_file(path, commits=3)
    whole = path.read_bytes()
    for place in range(base_size, len(whole) - 25):
        flipped = bytearray(whole)
        flipped[place] ^= 0x10
        path.write_bytes(flipped)
        for _ in range(2):
            with pytest.raises(CardFileDamagedError, match="checksum of the frame at"):
                CardStore.open(path)
        assert path.read_bytes() == flipped


@pytest.mark.parametrize("zeros", [1, 8, 11, 12, 13, 25, 4096, 200_000])
def test_a_tail_of_zeros_is_dropped(tmp_path: Path, zeros: int) -> None:
    path = tmp_path / "a.card"
    small_file(path, commits=2)
    whole = path.read_bytes()
    path.write_bytes(whole + bytes(zeros))
    assert read_card_file(path)[1][:3] == b"\xc0\xc1\x02"
    with CardStore.open(path) as store:
        store.memory.charge(2, b"\xc2")
    assert path.read_bytes() == whole + frame_bytes(3, change_bytes(2, b"\xc2"))


def test_a_frame_whose_end_never_reached_the_disk_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "a.card"
    small_file(path, commits=2)
    whole = path.read_bytes()
    frame = frame_bytes(3, change_bytes(2, b"\xc2\xff\xff"))
    for kept in range(len(frame)):
        path.write_bytes(whole + frame[:kept] + bytes(len(frame) - kept + 50))
        assert read_card_file(path)[1][:3] == b"\xc0\xc1\x02"


def test_anything_behind_a_broken_frame_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.card"
    base_size = small_file(path, commits=2)
    frame = frame_bytes(3, change_bytes(2, b"\xc2"))
    with path.open("ab") as file:
        file.write(frame[:-1] + b"\x00" + bytes(70_000) + b"\x01")
    place = base_size + 50
    with pytest.raises(CardFileDamagedError, match=f"the checksum of the frame at {place} is wrong"):
        read_card_file(path)


@pytest.mark.parametrize(("sequence", "message"), [(4, "frame 4 follows frame 2"), (2, "frame 2 follows"), (1, "1 fo")])
def test_frames_out_of_order_are_damage(tmp_path: Path, sequence: int, message: str) -> None:
    path = tmp_path / "a.card"
    small_file(path, commits=2)
    with path.open("ab") as file:
        file.write(frame_bytes(sequence, change_bytes(2, b"\xc2")))
    with pytest.raises(CardFileDamagedError, match=message):
        CardStore.open(path)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (change_bytes(63, b"ab"), "2 bytes at 63 are outside the memory"),
        (change_bytes(0xFFFF_FFFF, b"a"), "1 bytes at 4294967295 are outside"),
        (change_bytes(0, b"ab")[:-1], "2 bytes at 0 are outside the memory, or cut off"),
        (change_bytes(0, b"ab") + b"abc", "frame 1"),
    ],
)
def test_frames_with_impossible_changes_are_damage(tmp_path: Path, payload: bytes, message: str) -> None:
    path = tmp_path / "a.card"
    small_file(path)
    with path.open("ab") as file:
        file.write(frame_bytes(1, payload))
    with pytest.raises(CardFileDamagedError, match=message):
        read_card_file(path)

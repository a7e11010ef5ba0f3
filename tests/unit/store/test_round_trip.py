from __future__ import annotations

import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardsim.perso.image import CardImage
from cardsim.profiles import GEN2, VerifyQuery
from cardsim.store import CardStore, cardfile, create_card_file, read_card_file
from cardsim.store.format import load
from cardsim.zones.layouts import Layout
from tests.unit.store.cards import SMALL, base_bytes, change_bytes, frame_bytes, small_file

SIZE = 40
CHANGES = st.integers(0, SIZE - 1).flatmap(
    lambda offset: st.tuples(st.just(offset), st.binary(max_size=min(9, SIZE - offset)))
)
COMMITS = st.lists(st.lists(CHANGES, min_size=1, max_size=4), max_size=8)


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=SIZE, max_size=SIZE), COMMITS, st.sets(st.integers(0, 8)), st.sampled_from([1 << 20, 30, 0]))
def test_every_commit_is_there_after_opening_again(
    image: bytes, commits: list[list[tuple[int, bytes]]], reopened: set[int], fold_at: int
) -> None:
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        patch.setattr(cardfile, "_COMPACT_AT", fold_at)
        path = Path(directory) / "a.card"
        create_card_file(path, CardImage(image, GEN2, Layout.V1_00, {}))
        expected = bytearray(image)
        store = CardStore.open(path)
        for number, changes in enumerate(commits):
            if number in reopened:
                store.close()
                store = CardStore.open(path)
            for offset, data in changes:
                store.memory.write(offset, data)
                expected[offset : offset + len(data)] = data
            store.memory.commit()
            assert read_card_file(path)[1] == expected
        store.close()
        with CardStore.open(path) as again:
            assert bytes(again.memory.view) == expected


def test_what_is_said_about_the_card_comes_back(tmp_path: Path) -> None:
    profile = GEN2.override(
        {"historical_bytes": "00112233445566778899AABBCC", "verify_query": "6700", "challenge_sizes": [8]}
    )
    path = tmp_path / "a.card"
    create_card_file(path, CardImage(b"x" * 20, profile, Layout.V1_00, {"name": "测试", "card_number": "T0000001X"}))
    with CardStore.open(path) as store:
        store.compact()
    description, memory = read_card_file(path)
    assert memory == b"x" * 20
    assert description.profile == profile
    assert description.profile.verify_query is VerifyQuery.WRONG_LENGTH
    assert description.layout is Layout.V1_00
    assert description.printed == {"name": "测试", "card_number": "T0000001X"}


def test_the_bytes_are_those_the_format_says(tmp_path: Path) -> None:
    path = tmp_path / "a.card"
    base_size = small_file(path, commits=2)
    raw = path.read_bytes()
    description = raw[18 : base_size - 4 - 64]
    assert raw[:base_size] == base_bytes(description, SMALL.memory)
    assert raw[base_size:] == frame_bytes(1, change_bytes(0, b"\xc0")) + frame_bytes(2, change_bytes(1, b"\xc1"))


def test_a_commit_of_several_writes_is_one_frame(tmp_path: Path) -> None:
    path = tmp_path / "a.card"
    base_size = small_file(path)
    with CardStore.open(path) as store:
        store.memory.write(3, b"abc")
        store.memory.write(60, b"d")
        store.memory.commit()
    assert path.read_bytes()[base_size:] == frame_bytes(1, change_bytes(3, b"abc") + change_bytes(60, b"d"))


def test_undone_writes_leave_no_trace_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.card"
    base_size = small_file(path)
    with CardStore.open(path) as store:
        store.memory.write(3, b"abc")
        store.memory.undo()
        store.memory.stage(5, b"x")
    assert path.stat().st_size == base_size


class CountedFile(io.BytesIO):
    """Knows how much was read from it."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data


def test_a_file_is_read_once_however_many_frames_it_has(tmp_path: Path) -> None:
    path = tmp_path / "a.card"
    small_file(path)
    frames = b"".join(frame_bytes(number, change_bytes(0, bytes((number & 0xFF,)))) for number in range(1, 2_001))
    file = CountedFile(path.read_bytes() + frames)
    assert load(path, file).memory[0] == 2_000 & 0xFF
    assert file.taken == len(file.getvalue())

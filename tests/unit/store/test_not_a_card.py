from __future__ import annotations

import json
import os
import socket
import struct
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from cardsim.store import (
    CardFileDamagedError,
    CardFileUnwritableError,
    CardStore,
    Description,
    StoreError,
    create_card_file,
    read_card_file,
)
from tests.unit.store.cards import SMALL, base_bytes, sealed, small_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DESCRIPTION = Description(SMALL.profile, SMALL.layout, SMALL.printed).encode()


def refused(path: Path, message: str, kind: type[StoreError] = StoreError) -> None:
    """Both ways into a card file refuse ``path``, name it, and leave it alone."""
    for enter in (read_card_file, CardStore.open):
        with pytest.raises(kind, match=message) as caught:
            enter(path)
        assert str(path) in caught.value.text.en
        assert str(path) in caught.value.text.zh


@pytest.mark.parametrize(
    "content",
    [b"", b"C", b"CARDSIM\x00", b"cardsim\x00" + bytes(100), b"a text\n" * 100, bytes(range(256)) * 16],
    ids=["empty", "one byte", "magic alone", "other magic", "text", "all bytes"],
)
def test_other_files_are_no_card_files(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.card"
    path.write_bytes(content)
    refused(path, "is not a card file")
    assert path.read_bytes() == content


def test_things_that_are_no_files_are_no_card_files(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for path in (tmp_path, fifo):
        refused(path, "is not a card file")
    with pytest.raises(StoreError, match="is not a card file"):
        read_card_file(tmp_path.joinpath("/dev/zero"))  # has no end
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / "s"))
        refused(tmp_path / "s", "No such device")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    refused(tmp_path / "a.card", "no such file or directory")
    refused(tmp_path / "none" / "a.card", "no such file or directory")
    with pytest.raises(StoreError, match="no such file or directory"):
        create_card_file(tmp_path / "none" / "a.card", SMALL)


@pytest.fixture
def unprivileged() -> Iterator[None]:
    if os.geteuid():
        yield
        return
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_that_we_may_not_use(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    path = tmp_path / "a.card"
    small_file(path)
    path.chmod(0)
    request.getfixturevalue("unprivileged")
    refused(path, "Permission denied", CardFileUnwritableError)


def test_a_directory_that_we_may_not_write_to(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    tmp_path.chmod(0o500)
    request.getfixturevalue("unprivileged")
    for overwrite in (False, True):
        with pytest.raises(CardFileUnwritableError, match="Permission denied"):
            create_card_file(tmp_path / "a.card", SMALL, overwrite=overwrite)


@pytest.mark.parametrize("version", [2, 256, 0xFFFF])
def test_a_newer_format_asks_for_a_newer_program(tmp_path: Path, version: int) -> None:
    path = tmp_path / "a.card"
    path.write_bytes(base_bytes(b"\x00 not for us", b"", version))
    refused(path, f"card file format {version}; this program knows up to 1: use a newer one")


# --- sizes ---


@pytest.mark.parametrize("sizes", [(0xFFFF_FFFF, 0), (0, 0xFFFF_FFFF), (0xFFFF_FFFF, 0xFFFF_FFFF), (1, (1 << 24) + 1)])
def test_sizes_in_the_head_are_bounded(tmp_path: Path, sizes: tuple[int, int]) -> None:
    path = tmp_path / "a.card"
    path.write_bytes(b"CARDSIM\x00" + struct.pack(">HII", 1, *sizes) + bytes(100))
    refused(path, "sizes in its head are too large", CardFileDamagedError)


def test_the_size_of_a_frame_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "a.card"
    small_file(path)
    with path.open("ab") as file:
        file.write(sealed(struct.pack(">II", 1, 0xFFFF_FFFF)) + bytes(100))
    refused(path, "a frame says it has 4294967295 bytes", CardFileDamagedError)


@pytest.mark.parametrize("card", [False, True])
def test_huge_files_are_not_taken_into_memory(tmp_path: Path, card: bool) -> None:
    path = tmp_path / "a.card"
    if card:
        small_file(path, commits=1)
    else:
        path.write_bytes(b"something else")
    os.truncate(path, 1 << 26 if card else 1 << 36)
    tracemalloc.start()
    try:
        if card:
            assert read_card_file(path)[1][0] == 0xC0
        else:
            refused(path, "is not a card file")
        assert tracemalloc.get_traced_memory()[1] < 1 << 21
    finally:
        tracemalloc.stop()


# --- descriptions ---


def altered(**changes: object) -> bytes:
    plain = json.loads(DESCRIPTION)
    for key, value in changes.items():
        if value is None:
            del plain[key]
        elif isinstance(value, dict):
            plain[key] |= value
        else:
            plain[key] = value
    return json.dumps(plain).encode()


@pytest.mark.parametrize(
    "description",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"\xff\xfe",
        b"[" * 100_000,
        altered(layout="9.00"),
        altered(layout=[]),
        altered(profile=[]),
        altered(profile=None),
        altered(printed=7),
        altered(printed="name"),
    ],
)
def test_descriptions_that_are_none_are_damage(tmp_path: Path, description: bytes) -> None:
    path = tmp_path / "a.card"
    path.write_bytes(base_bytes(description, bytes(8)))
    refused(path, "is damaged", CardFileDamagedError)


@pytest.mark.parametrize(
    ("profile", "message"),
    [({"voltage": 5}, "there is no setting 'voltage'"), ({"pin_limit": 99}, "setting 'pin_limit' is 99")],
)
def test_settings_that_this_version_does_not_know(tmp_path: Path, profile: dict[str, object], message: str) -> None:
    path = tmp_path / "a.card"
    path.write_bytes(base_bytes(altered(profile=profile), bytes(8)))
    refused(path, f"does not suit this version of the program: {message}")


def test_settings_that_an_older_version_did_not_know_have_their_defaults(tmp_path: Path) -> None:
    plain = json.loads(DESCRIPTION)
    del plain["profile"]["verify_query"]
    path = tmp_path / "a.card"
    path.write_bytes(base_bytes(json.dumps(plain).encode(), b"memory"))
    description, memory = read_card_file(path)
    assert memory == b"memory"
    assert description.profile == SMALL.profile

"""Keystore files: what opens them, what is wrong with them, who may write, and nothing in clear."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keys.container import KeyFile, Passphrase, seal, unseal, wants_passphrase
from keys.errors import (
    KeyringError,
    KeystoreBusyError,
    KeystoreDamagedError,
    KeystoreError,
    KeystoreNewerError,
    KeystoreUnwritableError,
    WrongPassphraseError,
)
from keys.keyring import RootId, StoredKeyring
from keys.keystore import create, create_key_file, load, needs_passphrase, update
from tests.unit.keys.chains import HRSS, LONG

if TYPE_CHECKING:
    from pathlib import Path

PASSPHRASE = Passphrase("正确 horse", cost=10)  # quick, for tests
KEY_FILE = KeyFile(bytes(range(32)))
KEYRING = StoredKeyring("lab").rotated("HRSS").with_authority(HRSS, LONG)
RK = RootId("HRSS/SSSE/RK", 0, "DES")


@pytest.fixture(params=[PASSPHRASE, KEY_FILE], ids=["passphrase", "key file"])
def secret(request: pytest.FixtureRequest) -> Passphrase | KeyFile:
    chosen: Passphrase | KeyFile = request.param
    return chosen


@pytest.fixture
def path(tmp_path: Path) -> Path:
    create(tmp_path / "keys", KEYRING, KEY_FILE)
    return tmp_path / "keys"


# --- the container ---


def test_it_comes_back(secret: Passphrase | KeyFile) -> None:
    raw = seal(b"contents", secret)
    assert unseal(raw, secret) == b"contents"
    assert wants_passphrase(raw) is isinstance(secret, Passphrase)
    assert seal(b"contents", secret) != raw


@given(st.binary(max_size=200))
def test_any_contents_come_back(content: bytes) -> None:
    assert unseal(seal(content, KEY_FILE), KEY_FILE) == content


def test_another_secret(secret: Passphrase | KeyFile) -> None:
    raw = seal(b"contents", secret)
    for other in (Passphrase("正确 Horse", cost=10), KeyFile(bytes(32))):
        reason = "this is not" if type(other) is type(secret) else "the keystore opens with its"
        with pytest.raises(WrongPassphraseError, match=reason):
            unseal(raw, other)


@pytest.mark.parametrize("weak", [Passphrase(""), KeyFile(b"short")])
def test_no_secret_at_all(weak: Passphrase | KeyFile) -> None:
    with pytest.raises(KeystoreError):
        seal(b"contents", weak)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": 2}, KeystoreNewerError),
        ({"version": 0}, KeystoreDamagedError),
        ({"version": "1"}, KeystoreDamagedError),
        ({"format": "something else"}, KeystoreError),
        ({"cost": 40}, KeystoreDamagedError),
        ({"cost": 9}, KeystoreDamagedError),
        ({"cost": 11}, WrongPassphraseError),
        ({"kdf": "argon2"}, KeystoreDamagedError),
        ({"kdf": "key file"}, WrongPassphraseError),
        ({"salt": "00" * 16}, WrongPassphraseError),
        ({"salt": "00"}, KeystoreDamagedError),
        ({"check": "zz"}, KeystoreDamagedError),
        ({"nonce": "00" * 12}, KeystoreDamagedError),
        ({"content": "AAAA"}, KeystoreDamagedError),
        ({"content": "*"}, KeystoreDamagedError),
        ({"content": None}, KeystoreDamagedError),
        ({"cipher": "none"}, KeystoreDamagedError),
        ({"more": 1}, KeystoreDamagedError),
    ],
)
def test_a_changed_header(changes: dict[str, object], reason: type[KeystoreError]) -> None:
    plain: dict[str, Any] = json.loads(seal(b"contents", PASSPHRASE))
    with pytest.raises(KeystoreError) as caught:
        unseal(json.dumps(plain | changes).encode(), PASSPHRASE)
    assert type(caught.value) is reason


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"{}", b"\xff\xfe", b"[" * 100_000])
def test_no_container(raw: bytes) -> None:
    with pytest.raises(KeystoreError, match="no keystore"):
        unseal(raw, KEY_FILE)


@given(st.data())
def test_a_damaged_container_never_opens_to_something_else(data: st.DataObject) -> None:
    raw = bytearray(seal(b"contents", KEY_FILE))
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert unseal(bytes(raw), KEY_FILE) == b"contents"  # white space, or the case of a digit
    except KeystoreError:
        return


# --- the file ---


def test_a_keystore_comes_back(tmp_path: Path, secret: Passphrase | KeyFile) -> None:
    path = tmp_path / "keys"
    create(path, KEYRING, secret)
    assert load(path, secret) == KEYRING
    assert needs_passphrase(path) is isinstance(secret, Passphrase)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["keys"]


def test_nothing_is_in_clear(path: Path) -> None:
    raw = path.read_bytes()
    authority = KEYRING.authority(HRSS)
    for value in (KEYRING.masters["HRSS"][0], bytes(authority.ca.key), bytes(authority.root.key)):
        assert value not in raw
        assert value.hex().encode() not in raw.lower()
        assert b64encode(value).rstrip(b"=")[:-1] not in raw
    # Not the label alone: three letters turn up in a kilobyte of base64 by chance.
    assert b'"label"' not in raw


def test_keys_are_never_overwritten(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(KeystoreError, match="is there already"):
        create(path, KEYRING, KEY_FILE)
    dangling = path.with_name("link")
    dangling.symlink_to("nowhere")
    with pytest.raises(KeystoreError, match="is there already"):
        create(dangling, KEYRING, KEY_FILE)
    assert path.read_bytes() == before


def test_a_change(path: Path) -> None:
    changed = update(path, KEY_FILE, lambda keyring: keyring.with_root(RK, bytes(16)))
    assert changed.root(RK) == bytes(16)
    assert load(path, KEY_FILE) == changed
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_stays_one(path: Path) -> None:
    link = path.with_name("link")
    link.symlink_to(path)
    update(link, KEY_FILE, lambda keyring: keyring.rotated("HRSS"))
    assert link.is_symlink()
    assert load(path, KEY_FILE).versions("HRSS") == (0, 1)


def test_a_change_that_fails_leaves_the_file(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(KeyringError):
        update(path, KEY_FILE, lambda keyring: keyring.with_root(RK._replace(algorithm="AES"), bytes(16)))
    with pytest.raises(WrongPassphraseError):
        update(path, KeyFile(bytes(32)), lambda keyring: keyring)
    assert path.read_bytes() == before


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_the_file(path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(KeystoreUnwritableError, match="No space left"):
            update(path, KEY_FILE, lambda keyring: keyring.rotated("HRSS"))
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["keys"]


def test_one_at_a_time(path: Path) -> None:
    with path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(KeystoreBusyError, match="another process"):
            update(path, KEY_FILE, lambda keyring: keyring)
        assert load(path, KEY_FILE) == KEYRING  # reading needs no lock: a file is always whole
    update(path, KEY_FILE, lambda keyring: keyring)


def test_a_change_waits_for_nobody_inside_itself(path: Path) -> None:
    def change(keyring: StoredKeyring) -> StoredKeyring:
        with pytest.raises(KeystoreBusyError):
            update(path, KEY_FILE, lambda inner: inner)
        return keyring

    update(path, KEY_FILE, change)


def test_what_is_no_keystore(tmp_path: Path) -> None:
    pipe, other = tmp_path / "pipe", tmp_path / "other"
    os.mkfifo(pipe)
    other.write_bytes(b"something else")
    for path in (pipe, other, tmp_path):
        with pytest.raises(KeystoreError, match=str(path)):
            load(path, KEY_FILE)
    with pytest.raises(KeystoreError, match="no such file"):
        load(tmp_path / "none", KEY_FILE)
    with pytest.raises(KeystoreError, match="no file name"):
        load(tmp_path / "\x00", KEY_FILE)


@given(size=st.integers(0, 4000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_a_cut_file(path: Path, size: int) -> None:
    cut = path.with_name("cut")
    cut.write_bytes(path.read_bytes()[:size][:-2])  # at least the closing brace
    with pytest.raises(KeystoreError, match="no keystore"):
        load(cut, KEY_FILE)


def test_a_new_key_file(tmp_path: Path) -> None:
    content = create_key_file(tmp_path / "key")
    assert (tmp_path / "key").read_bytes() == content
    assert len(content) == 32
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    with pytest.raises(KeystoreError, match="is there already"):
        create_key_file(tmp_path / "key")

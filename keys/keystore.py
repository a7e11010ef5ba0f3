"""Keystore files: the one module of this package that touches a file.

A file is for its owner only, written whole beside the old one, synced and renamed, under an exclusive lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from keys.container import seal, unseal, wants_passphrase
from keys.errors import (
    KeystoreBusyError,
    KeystoreDamagedError,
    KeystoreError,
    KeystoreNewerError,
    KeystoreUnwritableError,
)
from keys.keyring_plain import decode_keyring, encode_keyring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from keys.container import Secret
    from keys.keyring import StoredKeyring

_OWNER_ONLY: Final = 0o600
_MAX_SIZE: Final = 1 << 24
_KEY_FILE_SIZE: Final = 32


def load(path: Path, secret: Secret) -> StoredKeyring:
    """Return the keys in ``path``. Raises a :class:`KeystoreError` that names the file."""
    with _named(path):
        return decode_keyring(unseal(_read(path), secret))


def needs_passphrase(path: Path) -> bool:
    """Return whether a passphrase opens ``path``; a key file otherwise. Raises :class:`KeystoreError`."""
    with _named(path):
        return wants_passphrase(_read(path))


def is_keystore(path: Path) -> bool:
    """Return whether ``path`` is a keystore, be it damaged or of a newer version."""
    try:
        needs_passphrase(path)
    except KeystoreError as error:
        return isinstance(error, KeystoreDamagedError | KeystoreNewerError)
    return True


def create(path: Path, keyring: StoredKeyring, secret: Secret) -> None:
    """Write a new keystore; raises :class:`KeystoreError` when the name is taken, whatever it is."""
    with _named(path):
        _publish(path, seal(encode_keyring(keyring), secret))


def create_key_file(path: Path) -> bytes:
    """Write a new key file of random bytes and return them; raises :class:`KeystoreError` when the name is taken."""
    content = secrets.token_bytes(_KEY_FILE_SIZE)
    with _named(path):
        _publish(path, content)
    return content


def update(path: Path, secret: Secret, change: Callable[[StoredKeyring], StoredKeyring]) -> StoredKeyring:
    """Replace the keys in ``path`` by what ``change`` makes of them, and return that.

    Nobody else changes the file meanwhile; when anything fails it stays as it was. Raises :class:`KeystoreError`.
    """
    with _named(path):
        return _update(path.resolve(), secret, change)  # a link stays one


def _update(path: Path, secret: Secret, change: Callable[[StoredKeyring], StoredKeyring]) -> StoredKeyring:
    with _locked(path):
        changed = change(decode_keyring(unseal(_read(path), secret)))
        temporary = _write_beside(path, seal(encode_keyring(changed), secret))
        try:
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync(path.parent)
        return changed


def _publish(path: Path, content: bytes) -> None:
    """Give a new file its name, which nothing may have; never half a file."""
    if os.path.lexists(path):
        raise FileExistsError
    temporary = _write_beside(path, content)
    try:
        try:
            os.link(temporary, path)
        except FileExistsError:
            raise
        except OSError:
            # FAT has no hard links: there the name is taken first and filled then.
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _OWNER_ONLY))
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync(path.parent)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the file that has this name now; another process's change makes another file of it."""
    while True:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise KeystoreBusyError(
                    "another process is changing the keystore; try again when it is done",
                    "另一个进程正在修改密钥库;请稍后再试",
                ) from None
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                yield
                return
        finally:
            os.close(descriptor)


def _read(path: Path) -> bytes:
    # Without O_NONBLOCK a pipe that nobody writes to would keep us waiting.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_SIZE:
            return b""  # no keystore, as the container will say
        return file.read()


def _write_beside(path: Path, content: bytes) -> Path:
    descriptor, name = tempfile.mkstemp(".new", ".cardsim-", path.parent)  # for its owner only, whatever the umask
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _sync(directory: Path) -> None:
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """Put the file's name in front of what is wrong, and make errors of ours of the system's."""
    try:
        yield
    except KeystoreError as error:
        raise type(error)(f"{path}: {error.text.en}", f"{path}:{error.text.zh}") from error
    except FileExistsError:
        raise KeystoreError(
            f"{path} is there already; keys are never overwritten: give another name, or remove it",
            f"{path} 已存在;密钥不会被覆盖:请换一个文件名或先将其删除",
        ) from None
    except FileNotFoundError:
        raise KeystoreError(f"{path}: no such file or directory", f"{path}:文件或目录不存在") from None
    except IsADirectoryError:
        raise KeystoreError(f"{path} is a directory", f"{path} 是目录") from None
    except ValueError:  # NUL
        raise KeystoreError(f"{str(path)!r} is no file name", f"{str(path)!r} 不是文件名") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise KeystoreUnwritableError(f"{path}: {reason}", f"{path}:{reason}") from error

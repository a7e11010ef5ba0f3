"""What the card file asks of the system: locks, new files, names."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import tempfile
from pathlib import Path
from typing import Final

from cardsim.store.errors import CardFileBusyError, not_a_card_file

_OWNER_ONLY: Final = 0o600


def open_file(path: Path, flags: int) -> int:
    """Return a descriptor of a regular file; raises StoreError when something else has this name, or OSError."""
    # Without O_NONBLOCK a pipe that nobody writes to would keep us waiting.
    descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise not_a_card_file(path)
    return descriptor


def open_locked(path: Path) -> int:
    """Return a descriptor of the file that has this name now, ours alone until it is closed.

    Raises :class:`CardFileBusyError`, or what :func:`open_file` does.
    """
    while True:
        descriptor = open_file(path, os.O_RDWR)
        try:
            lock(descriptor, path)
            # A compaction may have replaced the file between our opening and our locking it.
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def lock(descriptor: int, path: Path) -> None:
    """Lock an open file, or raise :class:`CardFileBusyError`."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CardFileBusyError(
            f"{path} is in use by another process (a card is in one reader at a time); end that one first",
            f"{path} 正被另一个进程使用(一张卡同时只能在一个读卡器中);请先结束它",
        ) from None


def write_temporary(place: Path, content: bytes) -> tuple[int, Path]:
    """Write a new file beside ``place``, synced, for its owner only; return a descriptor and its name."""
    # Not named after the card: that name may already be as long as names can be.
    descriptor, name = tempfile.mkstemp(".new", ".cardsim-", place.parent)
    temporary = Path(name)
    try:
        _set_mode(descriptor, _OWNER_ONLY)  # whatever the umask
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(content)
        os.fsync(descriptor)
    except BaseException:
        os.close(descriptor)
        temporary.unlink(missing_ok=True)
        raise
    return descriptor, temporary


def give_name(temporary: Path, place: Path) -> None:
    """Give a new file its name; raises FileExistsError when something has it."""
    try:
        os.link(temporary, place)
    except FileExistsError:
        raise
    except OSError:
        # FAT has no hard links: there the name is taken first and filled then.
        os.close(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _OWNER_ONLY))
        temporary.replace(place)


def take_after(descriptor: int, old: os.stat_result) -> None:
    """Give a file the owner and the mode of the one it will replace; raises OSError when we may not."""
    new = os.fstat(descriptor)
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        os.fchown(descriptor, old.st_uid, old.st_gid)
    _set_mode(descriptor, stat.S_IMODE(old.st_mode))


def sync_directory(directory: Path) -> None:
    """Bring new names in ``directory`` to the disk, where the file system can do that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _set_mode(descriptor: int, mode: int) -> None:
    with contextlib.suppress(PermissionError):  # FAT has no modes
        os.fchmod(descriptor, mode)

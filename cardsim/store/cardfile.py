"""Making, reading and opening card files.

A commit is handed to the system in one write before the status word leaves the card, so killing the process at any
moment leaves the state before or after a command. ``durable`` also waits for the disk, so that the same holds for a
machine that loses power. Compaction writes a new file, syncs it and renames it over the old one.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from cardsim.chip.errors import JournalError
from cardsim.chip.memory import Memory
from cardsim.store import disk
from cardsim.store.errors import StoreError, unusable
from cardsim.store.format import Description, encode_base, encode_frame, load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from cardsim.chip.memory import Change
    from cardsim.perso.image import CardImage
    from cardsim.store.format import Loaded

_COMPACT_AT: Final = 1 << 20
"""Bytes of frames after which they are folded into a new base image."""


def create_card_file(path: Path, image: CardImage, *, overwrite: bool = False) -> None:
    """Write a new card file, whole or not at all, readable by its owner only.

    Raises :class:`StoreError` when the file exists (unless ``overwrite``), is a keystore or in use, or can not be
    written.
    """
    from keys.keystore import is_keystore  # noqa: PLC0415  heavy only where it is used

    base = encode_base(Description(image.profile, image.layout, image.printed), image.memory)
    place = Path(os.path.realpath(path))
    try:
        descriptor, temporary = disk.write_temporary(place, base)
        with contextlib.ExitStack() as stack:
            stack.callback(temporary.unlink, missing_ok=True)
            os.close(descriptor)
            try:
                disk.give_name(temporary, place)
            except FileExistsError:
                if not overwrite:
                    raise
                if is_keystore(place):
                    raise StoreError(
                        f"{path} is a keystore; give another name", f"{path} 是密钥库;请换一个文件名"
                    ) from None
                stack.callback(os.close, disk.open_locked(path))
                temporary.replace(place)
        disk.sync_directory(place.parent)
    except FileExistsError:
        raise StoreError(
            f"{path} exists; give --force to replace it, or another name",
            f"{path} 已存在;请用 --force 覆盖或换一个文件名",
        ) from None
    except OSError as error:
        raise unusable(path, error) from error


def read_card_file(path: Path) -> tuple[Description, bytes]:
    """Return description and memory of a card file without opening it for use; works while a card is in a reader.

    Raises :class:`StoreError`.
    """
    try:
        with os.fdopen(disk.open_file(path, os.O_RDONLY), "rb") as file:
            loaded = load(path, file)
    except OSError as error:
        raise unusable(path, error) from error
    return loaded.description, bytes(loaded.memory)


class CardStore:
    """An open card file: the journal of its memory. Use as a context manager."""

    def __init__(self, path: Path, descriptor: int, loaded: Loaded, *, durable: bool) -> None:
        self.path = path
        self.description = loaded.description
        self.memory = Memory(loaded.memory, self)
        # Compaction must replace the file itself, not a link to it, wherever the process has gone by then.
        self._place = Path(os.path.realpath(path))
        self._descriptor = descriptor
        self._durable = durable
        self._end = loaded.end
        self._fold_at = loaded.base_end + _COMPACT_AT
        self._sequence = loaded.sequence
        self._torn = False

    @classmethod
    def open(cls, path: Path, *, durable: bool = False) -> Self:
        """Lock and load a card file, drop a torn tail.

        Raises :class:`StoreError`; :class:`CardFileBusyError` when another process has it.
        """
        try:
            descriptor = disk.open_locked(path)
            try:
                with os.fdopen(descriptor, "rb", closefd=False) as file:
                    loaded = load(path, file)
                os.ftruncate(descriptor, loaded.end)
                return cls(path, descriptor, loaded, durable=durable)
            except BaseException:
                os.close(descriptor)
                raise
        except OSError as error:
            raise unusable(path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, changes: Sequence[Change]) -> None:
        """Write one frame; all of it is kept, or nothing and JournalError is raised."""
        if self._end > self._fold_at:
            self._fold()
        try:
            self._write(encode_frame(self._sequence + 1, changes))
        except OSError as error:
            raise JournalError(
                f"{self.path}: {error.strerror}; the command was undone", f"{self.path}:{error.strerror};命令已撤销"
            ) from error

    def _write(self, frame: bytes) -> None:
        if self._torn:
            self._drop_torn()
        self._torn = True
        try:
            if os.pwrite(self._descriptor, frame, self._end) != len(frame):
                # A short write is how a full disk shows first.
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # noqa: TRY301  as the disk would, to the same handler
            if self._durable:
                os.fdatasync(self._descriptor)
        except BaseException:
            with contextlib.suppress(OSError):
                self._drop_torn()
            raise
        self._torn = False
        self._sequence += 1
        self._end += len(frame)

    def _drop_torn(self) -> None:
        """Cut off what a failed write left: any frame behind it would be lost with it on opening."""
        os.ftruncate(self._descriptor, self._end)
        self._torn = False

    def _fold(self) -> None:
        """Compact if that is possible now; else the frames stay, and it is tried again when there are more."""
        with contextlib.suppress(OSError):
            self._compact()
        self._fold_at = self._end + _COMPACT_AT

    def compact(self) -> None:
        """Fold all frames into a new base image; raises StoreError when that can not be written, nothing lost."""
        try:
            self._compact()
        except OSError as error:
            raise unusable(self.path, error) from error

    def _compact(self) -> None:
        old = os.fstat(self._descriptor)
        if not os.path.samestat(old, self._place.stat()):
            raise OSError(errno.ESTALE, "the open card file was moved, and something else has its name now")
        base = encode_base(self.description, bytes(self.memory.committed()))
        descriptor, temporary = disk.write_temporary(self._place, base)
        try:
            # Locked before it gets the name, so that nobody can slip in between.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            disk.take_after(descriptor, old)
            temporary.replace(self._place)
        except BaseException:
            os.close(descriptor)
            temporary.unlink(missing_ok=True)
            raise
        os.close(self._descriptor)
        self._descriptor = descriptor
        self._end = len(base)
        self._fold_at = self._end + _COMPACT_AT
        self._sequence = 0
        self._torn = False
        disk.sync_directory(self._place.parent)

    def describe(self, description: Description) -> None:
        """Replace what the file says about its card; raises StoreError when that can not be written, nothing lost."""
        before, self.description = self.description, description
        try:
            self.compact()
        except StoreError:
            self.description = before
            raise

    def close(self) -> None:
        """Let go of the file; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

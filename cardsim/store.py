"""The card file: a base image and the frames that commands appended to it.

    magic 8 | format 2 | description size 4 | memory size 4 | description (JSON) | memory | CRC-32 4
    frame*: sequence 4 | payload size 4 | payload | CRC-32 4       payload: (offset 4 | size 4 | bytes)*

Numbers are big endian; a CRC covers everything of its part before it. One frame is one commit, handed to the system in
one write before the status word leaves the card: killing the process at any moment leaves the state before or after a
command. ``durable`` also waits for the disk, so that the same holds for a machine that loses power. A tail that is not
a whole frame is dropped on opening. Compaction writes a new file, syncs it and renames it over the old one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from cardsim.chip.errors import JournalError
from cardsim.chip.memory import Memory
from cardsim.errors import CardsimError
from cardsim.profiles import PROFILES, Profile
from cardsim.zones.layouts import Layout

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from cardsim.chip.memory import Change
    from cardsim.perso.image import CardImage

MAGIC: Final = b"CARDSIM\x00"
FORMAT: Final = 1
_HEAD: Final = struct.Struct(">8sHII")
_FRAME: Final = struct.Struct(">II")
_CHANGE: Final = struct.Struct(">II")
_CRC: Final = struct.Struct(">I")
_COMPACT_AT: Final = 1 << 20
"""Bytes of frames after which they are folded into a new base image."""
_MAX_DESCRIPTION: Final = 1 << 20
_MAX_MEMORY: Final = 1 << 24


class StoreError(CardsimError):
    """A card file that can not be used; the message names the file."""


class CardFileBusyError(StoreError):
    """Another process has the card file open."""


class CardFileUnwritableError(StoreError):
    """The system would not write a card file: disk full, no permission."""


class CardFileDamagedError(StoreError):
    """A card file whose contents contradict themselves."""


@dataclass(frozen=True, slots=True)
class Description:
    """What a card file says about its card besides the memory."""

    profile: Profile
    layout: Layout
    printed: dict[str, str]

    def encode(self) -> bytes:
        """Return the JSON text that stands in the file."""
        plain = {"profile": self.profile.plain(), "layout": self.layout.text, "printed": self.printed}
        return json.dumps(plain, ensure_ascii=False, sort_keys=True).encode()

    @classmethod
    def parse(cls, raw: bytes) -> Description:
        """Return the description in ``raw``; raises ValueError or a ProfileError when it is none."""
        plain = json.loads(raw)
        try:
            settings: dict[str, object] = plain["profile"]
            base = PROFILES.get(str(settings["chip"]), Profile())
            return cls(base.override(settings), Layout.from_text(plain["layout"]), dict(plain["printed"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"description lacks {error}") from error


@dataclass(slots=True)
class _Loaded:
    """The parts of a card file, its frames applied, and where its good bytes end."""

    description: Description
    memory: bytearray
    base_end: int
    end: int
    sequence: int


def create_card_file(path: Path, image: CardImage, *, overwrite: bool = False) -> None:
    """Write a new card file, whole or not at all, readable by its owner only.

    Raises :class:`StoreError` when the file exists (unless ``overwrite``), is in use, or can not be written.
    """
    description = Description(image.profile, image.layout, image.printed)
    try:
        if not overwrite:
            temporary = _write_temporary(path, _base(description, image.memory))
            try:
                os.link(temporary, path)
            finally:
                temporary.unlink()
            return
        with contextlib.ExitStack() as stack:
            if path.exists():
                descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
                stack.callback(os.close, descriptor)
                _lock(descriptor, path)
            _write_temporary(path, _base(description, image.memory)).replace(path)
    except FileExistsError:
        raise StoreError(
            f"{path} exists; give --force to replace it, or another name",
            f"{path} 已存在;请用 --force 覆盖或换一个文件名",
        ) from None
    except OSError as error:
        raise _unusable(path, error) from error


def read_card_file(path: Path) -> tuple[Description, bytes]:
    """Return description and memory of a card file without opening it for use; works while a card is in a reader.

    Raises :class:`StoreError`.
    """
    try:
        loaded = _load(path, path.read_bytes())
    except OSError as error:
        raise _unusable(path, error) from error
    return loaded.description, bytes(loaded.memory)


class CardStore:
    """An open card file: the journal of its memory. Use as a context manager."""

    def __init__(self, path: Path, descriptor: int, loaded: _Loaded, *, durable: bool) -> None:
        self.path = path
        self.description = loaded.description
        self.memory = Memory(loaded.memory, self)
        self._descriptor = descriptor
        self._durable = durable
        self._base_end = loaded.base_end
        self._end = loaded.end
        self._sequence = loaded.sequence
        self._broken: OSError | None = None

    @classmethod
    def open(cls, path: Path, *, durable: bool = False) -> Self:
        """Lock and load a card file, drop a torn tail.

        Raises :class:`StoreError`; :class:`CardFileBusyError` when another process has it.
        """
        try:
            descriptor = _open_locked(path)
            try:
                with os.fdopen(os.dup(descriptor), "rb") as file:
                    file.seek(0)
                    loaded = _load(path, file.read())
                os.ftruncate(descriptor, loaded.end)
                return cls(path, descriptor, loaded, durable=durable)
            except BaseException:
                os.close(descriptor)
                raise
        except OSError as error:
            raise _unusable(path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, changes: Sequence[Change]) -> None:
        """Write one frame; all of it is kept, or nothing and JournalError is raised."""
        payload = b"".join(_CHANGE.pack(offset, len(data)) + data for offset, data in changes)
        frame = _FRAME.pack(self._sequence + 1, len(payload)) + payload
        frame += _CRC.pack(zlib.crc32(frame))
        try:
            self._write(frame)
        except OSError as error:
            raise JournalError(
                f"{self.path}: {error.strerror}; the command was undone", f"{self.path}:{error.strerror};命令已撤销"
            ) from error
        self._sequence += 1
        self._end += len(frame)
        if self._end - self._base_end > _COMPACT_AT:
            self._fold(changes)

    def _write(self, frame: bytes) -> None:
        if self._broken:
            raise self._broken
        try:
            if os.pwrite(self._descriptor, frame, self._end) != len(frame):
                raise OSError(28, os.strerror(28))  # noqa: TRY301  a short write is how a full disk shows first
            if self._durable:
                os.fdatasync(self._descriptor)
        except OSError:
            try:
                os.ftruncate(self._descriptor, self._end)
            except OSError as error:
                # Part of a frame is in the file and stays: any frame behind it would be lost with it on opening.
                self._broken = error
            raise

    def _fold(self, changes: Sequence[Change]) -> None:
        """Compact with ``changes``, which are committed by now; a failure leaves the frames as they are."""
        memory = self.memory.committed()
        _apply(memory, changes)
        with contextlib.suppress(OSError):
            self._compact(bytes(memory))

    def compact(self) -> None:
        """Fold all frames into a new base image; raises StoreError when that can not be written, nothing lost."""
        try:
            self._compact(bytes(self.memory.committed()))
        except OSError as error:
            raise _unusable(self.path, error) from error

    def _compact(self, memory: bytes) -> None:
        base = _base(self.description, memory)
        temporary = _write_temporary(self.path, base)
        try:
            # Locked before it gets the name, so that nobody can slip in between.
            descriptor = os.open(temporary, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                temporary.replace(self.path)
            except BaseException:
                os.close(descriptor)
                raise
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        os.close(self._descriptor)
        self._descriptor = descriptor
        self._base_end = self._end = len(base)
        self._sequence = 0
        self._broken = None

    def close(self) -> None:
        """Let go of the file; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _open_locked(path: Path) -> int:
    """Return a locked descriptor of the file that has this name now: a compaction may have replaced it meanwhile."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            _lock(descriptor, path)
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _lock(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CardFileBusyError(
            f"{path} is in use by another process (a card is in one reader at a time); end that one first",
            f"{path} 正被另一个进程使用(一张卡同时只能在一个读卡器中);请先结束它",
        ) from None


def _write_temporary(path: Path, content: bytes) -> Path:
    """Write ``content``, synced, to a new file beside ``path`` with mode 0600."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _base(description: Description, memory: bytes) -> bytes:
    text = description.encode()
    head = _HEAD.pack(MAGIC, FORMAT, len(text), len(memory)) + text + memory
    return head + _CRC.pack(zlib.crc32(head))


def _load(path: Path, raw: bytes) -> _Loaded:
    if len(raw) < _HEAD.size or not raw.startswith(MAGIC):
        raise StoreError(
            f"{path} is not a card file; `cardsim new --out FILE` makes one",
            f"{path} 不是卡文件;可用 cardsim new --out FILE 创建",
        )
    _, version, description_size, memory_size = _HEAD.unpack_from(raw)
    if version > FORMAT:
        raise StoreError(
            f"{path} has card file format {version}; this program knows up to {FORMAT}: use a newer one",
            f"{path} 的卡文件格式为 {version};本程序最高支持 {FORMAT}:请使用更新的版本",
        )
    end = _HEAD.size + description_size + memory_size
    if description_size > _MAX_DESCRIPTION or memory_size > _MAX_MEMORY or len(raw) < end + _CRC.size:
        raise _damaged(path, "it is cut off inside the base image", "基本镜像不完整")
    if _CRC.unpack_from(raw, end)[0] != zlib.crc32(raw[:end]):
        raise _damaged(path, "the checksum of the base image is wrong", "基本镜像校验和错误")
    memory_start = _HEAD.size + description_size
    try:
        description = Description.parse(raw[_HEAD.size : memory_start])
    except ValueError as error:
        raise _damaged(path, str(error), str(error)) from error
    loaded = _Loaded(description, bytearray(raw[memory_start:end]), end + _CRC.size, end + _CRC.size, 0)
    _apply_frames(path, raw, loaded)
    return loaded


def _apply_frames(path: Path, raw: bytes, loaded: _Loaded) -> None:
    """Apply every whole frame; what is behind the last one must be a write that did not finish, or it is damage."""
    while loaded.end < len(raw):
        start = loaded.end
        if not any(raw[start:]):  # space the file system had reserved when the power went
            return
        if len(raw) - start < _FRAME.size:
            return
        sequence, size = _FRAME.unpack_from(raw, start)
        end = start + _FRAME.size + size
        if end + _CRC.size > len(raw):
            return
        if _CRC.unpack_from(raw, end)[0] != zlib.crc32(raw[start:end]):
            if end + _CRC.size == len(raw):
                return
            raise _damaged(path, f"the checksum of the frame at {start} is wrong", f"位于 {start} 的记录帧校验和错误")
        if sequence != loaded.sequence + 1:
            raise _damaged(
                path, f"frame {sequence} follows frame {loaded.sequence}", f"帧 {loaded.sequence} 之后是帧 {sequence}"
            )
        _apply(loaded.memory, _changes(raw[start + _FRAME.size : end]))
        loaded.sequence = sequence
        loaded.end = end + _CRC.size


def _changes(payload: bytes) -> list[Change]:
    changes: list[Change] = []
    offset = 0
    while offset < len(payload):
        place, size = _CHANGE.unpack_from(payload, offset)
        offset += _CHANGE.size
        changes.append((place, payload[offset : offset + size]))
        offset += size
    return changes


def _apply(memory: bytearray, changes: Sequence[Change]) -> None:
    for offset, data in changes:
        memory[offset : offset + len(data)] = data


def _damaged(path: Path, en: str, zh: str) -> CardFileDamagedError:
    return CardFileDamagedError(f"{path} is damaged: {en}", f"{path} 已损坏:{zh}")


def _unusable(path: Path, error: OSError) -> StoreError:
    if isinstance(error, FileNotFoundError):
        return StoreError(f"{path}: no such file or directory", f"{path}:文件或目录不存在")
    reason = error.strerror or str(error)
    return CardFileUnwritableError(f"{path}: {reason}", f"{path}:{reason}")

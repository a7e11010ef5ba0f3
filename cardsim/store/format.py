"""The bytes of a card file: a base image and the frames that commands appended to it.

    magic 8 | format 2 | description size 4 | memory size 4 | description (JSON) | memory | CRC-32 4
    frame*: sequence 4 | payload size 4 | CRC-32 4 | payload | CRC-32 4       payload: (offset 4 | size 4 | bytes)*

Numbers are big endian; a CRC covers everything of its part before it. Frames count from 1. One frame is one commit; a
tail that is not a whole frame is a commit that did not finish and never happened. The first CRC of a frame is there so
that damage to a size does not turn the good frames behind it into such a tail.
"""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from cardsim.profiles import PROFILES, Profile, ProfileError
from cardsim.store.errors import StoreError, damaged, not_a_card_file
from cardsim.zones.layouts import Layout

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cardsim.chip.memory import Change

MAGIC: Final = b"CARDSIM\x00"
FORMAT: Final = 1
_HEAD: Final = struct.Struct(">8sHII")
_FRAME: Final = struct.Struct(">II")
_CHANGE: Final = struct.Struct(">II")
_CRC: Final = struct.Struct(">I")
_FRAME_HEAD_SIZE: Final = _FRAME.size + _CRC.size
_MAX_DESCRIPTION: Final = 1 << 20
_MAX_MEMORY: Final = 1 << 24
_MAX_PAYLOAD: Final = 1 << 25


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
        """Return the description in ``raw``.

        Raises ValueError when it is none, ProfileError for a setting or value that this version does not know.
        """
        try:
            plain = json.loads(raw)
            settings: dict[str, object] = plain["profile"]
            base = PROFILES.get(str(settings["chip"]), Profile())
            return cls(base.override(settings), Layout.from_text(plain["layout"]), dict(plain["printed"]))
        except (KeyError, TypeError, RecursionError) as error:
            raise ValueError(f"its description is wrong: {error}") from error


@dataclass(slots=True)
class Loaded:
    """The parts of a card file, its frames applied, and where base and good frames end."""

    description: Description
    memory: bytearray
    base_end: int
    end: int
    sequence: int = 0


def encode_base(description: Description, memory: bytes) -> bytes:
    """Return a whole card file without frames."""
    text = description.encode()
    return _sealed(_HEAD.pack(MAGIC, FORMAT, len(text), len(memory)) + text + memory)


def encode_frame(sequence: int, changes: Sequence[Change]) -> bytes:
    """Return the frame of one commit."""
    payload = b"".join(_CHANGE.pack(offset, len(data)) + data for offset, data in changes)
    return _sealed(_sealed(_FRAME.pack(sequence, len(payload))) + payload)


def load(path: Path, file: BinaryIO) -> Loaded:
    """Read a card file from its beginning; ``path`` is for messages.

    Reads no more than a card file has, whatever ``file`` is. Raises :class:`StoreError`.
    """
    loaded = _load_base(path, file)
    while (frame := _read_frame(path, file, loaded)) is not None:
        sequence, _ = _FRAME.unpack_from(frame)
        if sequence != loaded.sequence + 1:
            raise damaged(
                path, f"frame {sequence} follows frame {loaded.sequence}", f"帧 {loaded.sequence} 之后是帧 {sequence}"
            )
        try:
            _apply(loaded.memory, frame[_FRAME_HEAD_SIZE : -_CRC.size])
        except (ValueError, struct.error) as error:
            raise damaged(path, f"frame {sequence}: {error}", f"帧 {sequence}:{error}") from error
        loaded.sequence = sequence
        loaded.end += len(frame)
    return loaded


def _load_base(path: Path, file: BinaryIO) -> Loaded:
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size or not head.startswith(MAGIC):
        raise not_a_card_file(path)
    _, version, description_size, memory_size = _HEAD.unpack(head)
    if version > FORMAT:
        raise StoreError(
            f"{path} has card file format {version}; this program knows up to {FORMAT}: use a newer one",
            f"{path} 的卡文件格式为 {version};本程序最高支持 {FORMAT}:请使用更新的版本",
        )
    if description_size > _MAX_DESCRIPTION or memory_size > _MAX_MEMORY:
        raise damaged(path, "the sizes in its head are too large", "文件头中的长度过大")
    memory_start = _HEAD.size + description_size
    end = memory_start + memory_size + _CRC.size
    base = head + file.read(end - len(head))
    if len(base) < end:
        raise damaged(path, "it is cut off inside the base image", "基本镜像不完整")
    if not _intact(base):
        raise damaged(path, "the checksum of the base image is wrong", "基本镜像校验和错误")
    try:
        description = Description.parse(base[_HEAD.size : memory_start])
    except ProfileError as error:
        raise StoreError(
            f"{path} does not suit this version of the program: {error}", f"{path} 与本程序版本不符:{error.text.zh}"
        ) from error
    except ValueError as error:
        raise damaged(path, str(error), str(error)) from error
    return Loaded(description, bytearray(base[memory_start : -_CRC.size]), end, end)


def _read_frame(path: Path, file: BinaryIO, loaded: Loaded) -> bytes | None:
    """Return the next frame, or None at the end; raises CardFileDamagedError for what no unfinished write leaves."""
    head = file.read(_FRAME_HEAD_SIZE)
    if len(head) < _FRAME_HEAD_SIZE:
        return None
    if _intact(head):
        _, size = _FRAME.unpack_from(head)
        if size > _MAX_PAYLOAD:
            raise damaged(path, f"a frame says it has {size} bytes", f"记录帧长度为 {size} 字节")
        frame = head + file.read(size + _CRC.size)
        if len(frame) < len(head) + size + _CRC.size:
            return None
        if _intact(frame):
            return frame
    # When the power goes, a file may end in zeros: space that was taken for it and never filled.
    if all(not chunk.strip(b"\x00") for chunk in iter(lambda: file.read(1 << 16), b"")):
        return None
    raise damaged(path, f"the checksum of the frame at {loaded.end} is wrong", f"位于 {loaded.end} 的记录帧校验和错误")


def _apply(memory: bytearray, payload: bytes) -> None:
    offset = 0
    while offset < len(payload):
        place, size = _CHANGE.unpack_from(payload, offset)
        offset += _CHANGE.size
        data = payload[offset : offset + size]
        if len(data) < size or place + size > len(memory):
            raise ValueError(f"{size} bytes at {place} are outside the memory, or cut off")
        memory[place : place + size] = data
        offset += size


def _sealed(part: bytes) -> bytes:
    return part + _CRC.pack(zlib.crc32(part))


def _intact(part: bytes) -> bool:
    return part.endswith(_CRC.pack(zlib.crc32(part[: -_CRC.size])))

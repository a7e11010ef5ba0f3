"""What can be wrong with a card file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardsim.errors import CardsimError

if TYPE_CHECKING:
    from pathlib import Path


class StoreError(CardsimError):
    """A card file that can not be used; the message names the file."""


class CardFileBusyError(StoreError):
    """Another process has the card file open."""


class CardFileUnwritableError(StoreError):
    """The system would not read or write a card file: disk full, no permission."""


class CardFileDamagedError(StoreError):
    """A card file whose contents contradict themselves."""


def not_a_card_file(path: Path) -> StoreError:
    """Return the error for anything that does not begin as a card file does."""
    return StoreError(
        f"{path} is not a card file; `cardsim new --out FILE` makes one",
        f"{path} 不是卡文件;可用 cardsim new --out FILE 创建",
    )


def damaged(path: Path, en: str, zh: str) -> CardFileDamagedError:
    """Return the error for a card file with a fault inside."""
    return CardFileDamagedError(f"{path} is damaged: {en}", f"{path} 已损坏:{zh}")


def unusable(path: Path, error: OSError) -> StoreError:
    """Return what ``error`` of the system means for a card file."""
    if isinstance(error, FileNotFoundError):
        return StoreError(f"{path}: no such file or directory", f"{path}:文件或目录不存在")
    if isinstance(error, IsADirectoryError):
        return not_a_card_file(path)
    reason = error.strerror or str(error)
    return CardFileUnwritableError(f"{path}: {reason}", f"{path}:{reason}")

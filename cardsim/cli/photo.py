"""Photos for test cards: any picture becomes a JPEG that fits the card's photo file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from cardsim.cli.cards import InputFileError

if TYPE_CHECKING:
    from types import ModuleType

PHOTO_SIZE: Final = (358, 441)
"""Pixels of an application photo (handbook, issuing)."""
_QUALITIES: Final = (90, 80, 70, 60, 50, 40, 30, 20, 10, 5)
_SCALES: Final = (1.0, 0.75, 0.5, 0.35, 0.25)
_JPEG_START: Final = b"\xff\xd8"


def fitted_photo(content: bytes, room: int, name: str) -> bytes:
    """Return ``content`` when it is a JPEG that fits ``room`` bytes, else the best JPEG of it that does.

    The quality goes down first, then the size in pixels, proportions kept. Raises InputFileError when it is no picture,
    or the library that reads pictures is not installed.
    """
    if len(content) <= room and content.startswith(_JPEG_START):
        return content
    pillow = _pillow(name)
    try:
        picture = pillow.open(io.BytesIO(content)).convert("RGB")
    except (OSError, ValueError, SyntaxError) as error:
        raise InputFileError(f"{name} is no picture that can be read", f"{name} 不是可读取的图片") from error
    picture.thumbnail(PHOTO_SIZE)
    for scale in _SCALES:
        size = tuple(max(1, round(side * scale)) for side in picture.size)
        resized = picture.resize(size)
        for quality in _QUALITIES:
            out = io.BytesIO()
            resized.save(out, "JPEG", quality=quality, optimize=True)
            if out.tell() <= room:
                return out.getvalue()
    raise InputFileError(
        f"{name}: even the smallest JPEG of it does not fit {room} bytes", f"{name}:最小的 JPEG 也超过 {room} 字节"
    )


def _pillow(name: str) -> ModuleType:
    try:
        from PIL import Image  # noqa: PLC0415  an extra: only who has photos to shrink needs it
    except ImportError as error:
        raise InputFileError(
            f"{name} must be made smaller for the card, which needs Pillow: pip install 'cardsim[photo]'",
            f"{name} 需要压缩后才能写入卡片,请安装 Pillow:pip install 'cardsim[photo]'",
        ) from error
    return Image

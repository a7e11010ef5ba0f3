"""Photos for test cards: any picture becomes a JPEG that fits the card's photo file."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Final

from cardsim.cli.cards import InputFileError

if TYPE_CHECKING:
    from PIL.Image import Image

PHOTO_SIZE: Final = (358, 441)
"""Pixels of an application photo (handbook, issuing)."""
_QUALITIES: Final = (90, 80, 70, 60, 50, 40, 30, 20, 10)
_SCALES: Final = (1.0, 0.85, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2)
_JPEG_START: Final = b"\xff\xd8"


def fitted_photo(content: bytes, room: int, name: str) -> bytes:
    """Return ``content`` when it is a JPEG that fits ``room`` bytes, else the best JPEG of it that does.

    A larger picture is made :data:`PHOTO_SIZE`, proportions kept; then the quality goes down first, then the size.
    Raises InputFileError when it is no picture, or the library that reads pictures is not installed.
    """
    if len(content) <= room and content.startswith(_JPEG_START):
        return content
    picture = _opened(content, name)
    picture.thumbnail(PHOTO_SIZE)
    for scale in _SCALES:
        resized = picture.resize([max(1, round(side * scale)) for side in picture.size])
        for quality in _QUALITIES:
            out = io.BytesIO()
            resized.save(out, "JPEG", quality=quality, optimize=True)
            if out.tell() <= room:
                return out.getvalue()
    raise InputFileError(
        f"{name}: even the smallest JPEG of it does not fit {room} bytes", f"{name}:最小的 JPEG 也超过 {room} 字节"
    )


def _opened(content: bytes, name: str) -> Image:
    try:
        from PIL import Image, ImageOps  # noqa: PLC0415  an extra: only who has photos to shrink needs it
    except ImportError as error:
        raise InputFileError(
            f"{name} must be made smaller for the card, which needs Pillow: pip install 'cardsim[photo]'",
            f"{name} 需要压缩后才能写入卡片,请安装 Pillow:pip install 'cardsim[photo]'",
        ) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Pillow's word for a picture so large that it may be an attack on memory.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content)) as picture:
                return ImageOps.exif_transpose(picture).convert("RGB")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InputFileError(f"{name} has too many pixels", f"{name} 的像素过多") from error
    except Exception as error:  # a damaged picture makes Pillow's decoders raise nearly anything
        raise InputFileError(f"{name} is no picture that can be read", f"{name} 不是可读取的图片") from error

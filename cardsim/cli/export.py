"""`cardsim export`: a card file as readable JSON."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from cardsim.cli.cards import InputFileError
from cardsim.errors import OutputFileError
from cardsim.perso.image import CardImage
from cardsim.perso.plain import export_card
from cardsim.store import disk, read_card_file
from cardsim.store.format import MAGIC

if TYPE_CHECKING:
    import argparse

    from cardsim.cli.console import Console


def run(options: argparse.Namespace, console: Console) -> int:
    """Write the JSON of a card file; PINs and keys are in it only when asked for."""
    plain = export_card(load_image(Path(options.card)), secrets=options.keys)
    if options.keys:
        console.note(
            "warning: PINs and keys stand in clear in what is written; keep it as you keep them",
            "警告:输出内容含明文 PIN 与密钥;请妥善保管",
        )
    if not options.out:
        console.json(plain)
        return 0
    text = json.dumps(plain, ensure_ascii=False, indent=2) + "\n"
    write_new(Path(options.out), text.encode(), overwrite=options.force)
    return 0


def load_image(path: Path) -> CardImage:
    """Return what a card file holds; raises StoreError."""
    description, memory = read_card_file(path)
    return CardImage(memory, description.profile, description.layout, description.printed)


def write_new(path: Path, content: bytes, *, overwrite: bool) -> None:
    """Write a file, whole or not at all, for its owner only; one that exists, and any card file, is left alone.

    ``overwrite`` replaces one that exists, but no card file. What is no file, such as /dev/stdout, is written to and
    stays. Raises InputFileError or OutputFileError.
    """
    place = Path(os.path.realpath(path))
    try:
        if place.is_char_device() or place.is_fifo():
            place.write_bytes(content)
            return
        if overwrite and _is_card_file(place):
            raise InputFileError(f"{path} is a card file; give another name", f"{path} 是卡文件;请换一个文件名")
        descriptor, temporary = disk.write_temporary(place, content)
        os.close(descriptor)
        try:
            if overwrite:
                temporary.replace(place)
            else:
                disk.give_name(temporary, place)
        finally:
            temporary.unlink(missing_ok=True)
    except FileExistsError:
        raise InputFileError(
            f"{path} exists; give --force to replace it, or another name",
            f"{path} 已存在;请用 --force 覆盖或换一个文件名",
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise OutputFileError(f"{path}: {reason}", f"{path}:{reason}") from error


def _is_card_file(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC

"""`cardsim export`: a card file as readable JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from cardsim.cli.output import write_new
from cardsim.perso.image import CardImage
from cardsim.perso.plain import export_card
from cardsim.store import read_card_file

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

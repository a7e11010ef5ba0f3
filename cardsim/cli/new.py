"""`cardsim new`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cardsim.cli.cards import InputFileError, read_bytes, read_json, read_toml
from cardsim.cli.hsm import Proofs
from cardsim.cli.photo import fitted_photo
from cardsim.perso.holder import Holder
from cardsim.perso.image import personalise
from cardsim.profiles import PROFILES
from cardsim.store import create_card_file
from cardsim.zones.hrss import EF08
from cardsim.zones.layouts import Layout

if TYPE_CHECKING:
    import argparse

    from cardsim.cli.console import Console


_LAYOUTS: Final = {"gen2": "2.00", "gen3": "3.00"}


def run(options: argparse.Namespace, console: Console) -> int:
    """Make a card file."""
    out = Path(options.out)
    if not out.name:
        raise InputFileError(f"--out {options.out!r} names no file", f"--out {options.out!r} 不是文件名")
    profile = PROFILES[options.chip]
    if options.chip_profile:
        profile = profile.override(read_toml(Path(options.chip_profile)))
    holder = Holder()
    if options.holder:
        path = Path(options.holder)
        # Files that a holder names are looked for beside it, as its author wrote them.
        holder = Holder.from_plain(read_json(path), lambda name: read_bytes(path.parent / name))
    layout = Layout.from_text(options.layout or _LAYOUTS[options.chip])
    image = personalise(
        profile,
        layout,
        _fitted(holder, layout),
        keyring=Proofs.of(options, console).keyring,
        raw_elements=options.raw_elements,
    )
    create_card_file(out, image, overwrite=options.force)
    console.say(
        f"{options.out}: {options.chip} card, layout {layout.text}, card number {image.printed['card_number']}",
        f"{options.out}:{options.chip} 卡,布局 {layout.text},卡号 {image.printed['card_number']}",
    )
    return 0


def _fitted(holder: Holder, layout: Layout) -> Holder:
    """Return ``holder`` with its photo made small enough for the card, where the layout has a place for one."""
    photo, room = holder.contents.get("photo"), EF08.sizes.get(layout)
    if photo is None or room is None:
        return holder
    return replace(holder, contents={**holder.contents, "photo": fitted_photo(photo, room, "photo")})

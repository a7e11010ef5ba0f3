"""Holder data from a file, made fit for a card."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cardsim.cli.cards import read_bytes, read_json
from cardsim.cli.photo import fitted_photo
from cardsim.perso.holder import Holder
from cardsim.zones.hrss import EF08

if TYPE_CHECKING:
    from cardsim.zones.layouts import Layout


def holder_from(name: str | None, layout: Layout) -> Holder:
    """Return the holder in the JSON file ``name``; without one, the synthetic holder.

    Files that it names are looked for beside it, as its author wrote them. Its photo is made small enough for the
    card, where the layout has a place for one.
    """
    if not name:
        return Holder()
    path = Path(name)
    holder = Holder.from_plain(read_json(path), lambda file: read_bytes(path.parent / file))
    photo, room = holder.contents.get("photo"), EF08.sizes.get(layout)
    if photo is None or room is None:
        return holder
    return replace(holder, contents={**holder.contents, "photo": fitted_photo(photo, room, "photo")})

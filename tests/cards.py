"""Cards for tests: made in memory, strict, with randomness that repeats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardsim.chip.card import Card
from cardsim.chip.memory import Memory, NoJournal
from cardsim.chip.t0 import T0Port
from cardsim.perso.holder import Holder
from cardsim.perso.image import CardImage, personalise
from cardsim.profiles import GEN2, Profile
from cardsim.zones.layouts import Layout

if TYPE_CHECKING:
    from collections.abc import Mapping


def counting_entropy(size: int) -> bytes:
    """Bytes that are never random: 01 02 03 ..."""
    return bytes(range(1, size + 1))


def make_image(
    holder: Mapping[str, object] | None = None,
    *,
    layout: Layout = Layout.V2_00,
    settings: Mapping[str, object] | None = None,
    raw_elements: bool = False,
    chip: Profile = GEN2,
) -> CardImage:
    """Return the image of a card as `cardsim new` makes it from these JSON and TOML values."""
    profile: Profile = chip.override(settings or {})
    plain = Holder.from_plain(dict(holder or {}), lambda name: name.encode())
    return personalise(profile, layout, plain, raw_elements=raw_elements)


def insert(image: CardImage) -> T0Port:
    """Return a powered T=0 card with this image."""
    card = Card(Memory(image.memory, NoJournal()), image.profile, counting_entropy, strict=True)
    port = T0Port(card, image.profile)
    port.power_on()
    return port

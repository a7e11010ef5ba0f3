"""The matrix of zones, directories, commands and interfaces, as the declarations and command tables have it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from apdu import Interface
from cardsim.chip.card import Card
from cardsim.chip.commands import tables_for
from cardsim.chip.memory import Memory, NoJournal
from cardsim.profiles import GEN3
from cardsim.zones.layouts import Layout
from cardsim.zones.registry import ZONES
from tests.cards import counting_entropy, make_image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cardsim.chip.dispatch import CommandSpec
    from cardsim.perso import CardImage
    from cardsim.zones.model import CommandSet, Df

INTERFACES = tuple(Interface)


class Place(NamedTuple):
    """A directory of a zone on the card: its declaration, the command set it has from above, if not its own."""

    zone: str
    df: Df
    commands: CommandSet
    interfaces: tuple[Interface, ...]

    def __str__(self) -> str:
        return f"{self.zone} {self.df.fid:04X}"


class Cell(NamedTuple):
    """A command in a directory."""

    place: Place
    spec: CommandSpec

    def __str__(self) -> str:
        return f"{self.place}: {self.spec.name} {self.spec.cla:02X} {self.spec.ins:02X}"


def places() -> Iterator[Place]:
    """Every directory of every zone that a 3rd-generation card has."""
    for name in GEN3.zones:
        yield from _below(name, ZONES[name].application, INTERFACES)


def _below(zone: str, df: Df, above: tuple[Interface, ...]) -> Iterator[Place]:
    reached = tuple(interface for interface in df.interfaces if interface in above)
    yield Place(zone, df, df.commands, reached)
    for child in df.children:
        if Layout.V3_00 in child.layouts:
            yield from _below(zone, child, reached)


def cells() -> Iterator[Cell]:
    """Every command of every directory."""
    tables = tables_for(GEN3)
    for place in places():
        for _, spec in sorted(tables[place.commands].by_code.items()):
            yield Cell(place, spec)


@cache
def _image(settings: tuple[tuple[str, object], ...]) -> CardImage:
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in settings}
    return make_image(layout=Layout.V3_00, settings=plain, chip=GEN3)


def card(interface: Interface, /, **settings: object) -> Card:
    """A card as it is issued, reached through ``interface``."""
    image = _image(tuple(sorted(settings.items())))
    made = Card(Memory(image.memory, NoJournal()), image.profile, counting_entropy, strict=True)
    made.take(interface)
    return made


def send(where: Card, command: str) -> str:
    return where.transmit(bytes.fromhex(command)).hex().upper()


def select(df: Df) -> str:
    return f"00A40400{len(df.aid):02X}{df.aid.hex()}"

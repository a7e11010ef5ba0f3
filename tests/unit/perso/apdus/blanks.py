"""Blank cards, and scripts played on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from apdu import Command, Response
from cardsim.chip.card import Card
from cardsim.chip.memory import Memory, NoJournal
from cardsim.chip.t0 import T0Port
from cardsim.perso.apdus import Playback, play, script_of
from readers.connect.inprocess import connect_inprocess
from readers.connect.layers import with_layers
from readers.terminal.script import run
from tests.cards import counting_entropy

if TYPE_CHECKING:
    from collections.abc import Generator

    from apdu import Connection
    from cardsim.chip.memory import Journal
    from cardsim.perso.image import CardImage
    from cardsim.profiles import Profile

Result = TypeVar("Result")
TRANSPORT = bytes.fromhex("FF" * 8)


class Blank:
    """A blank card of a chip, in a reader that fetches and repeats by itself."""

    def __init__(self, profile: Profile, journal: Journal | None = None, dialect: str = "extended") -> None:
        self.profile = profile.override({"blank": True, "native_dialect": dialect})
        self.card: Card
        self.connection: Connection
        self.insert(bytes(profile.memory_size), journal)

    def insert(self, memory: bytes, journal: Journal | None = None) -> None:
        """Put a card with this memory into the reader."""
        self.take(Card(Memory(memory, journal or NoJournal()), self.profile, counting_entropy, strict=True))

    def take(self, card: Card) -> None:
        self.card = card
        port = T0Port(card, self.profile)
        port.power_on()
        self.connection = with_layers(connect_inprocess(port, "blank"))

    @property
    def memory(self) -> bytes:
        return bytes(self.card.memory.view)

    def personalise(self, image: CardImage, *, resume: bool = False, verify: bool = False) -> Playback:
        playback = Playback(resume=resume, verify=verify)
        self.run(play(script_of(image.memory, TRANSPORT), playback))
        self.connection.reset()
        return playback

    def run(self, script: Generator[Command, Response, Result]) -> Result:
        return run(script, self.connection)

    def run_until(self, script: Generator[Command, Response, None], count: int) -> bool:
        """Play ``count`` commands, then pull the card out; return whether the script was at its end."""
        try:
            command = next(script)
            for _ in range(count):
                command = script.send(Response.parse(self.connection.transmit(command.encode())))
        except StopIteration:
            return True
        script.close()
        self.connection.reset()
        return False

"""A card with the demonstration purse, everything around it injected: store, power, randomness."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apdu import Interface
from cardsim.chip.card import Card
from cardsim.chip.errors import JournalError
from cardsim.chip.memory import Memory
from cardsim.profiles import GEN2, Profile
from tests.unit.purse import demo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cardsim.chip.memory import Change

SELECT = "00A4040009A00000000386980701"
VERIFY = "002000000312345F"
PROVE = "805A00"


class PowerCut(BaseException):
    """The card answers nothing any more."""


class Journal:
    """Keeps frames until it fails, or the power goes, before one of the next."""

    def __init__(self) -> None:
        self.frames: list[tuple[Change, ...]] = []
        self.cut_after: int | None = None
        self.fail_after: int | None = None

    def append(self, changes: Sequence[Change]) -> None:
        if self.cut_after == 0:
            raise PowerCut
        if self.fail_after == 0:
            self.fail_after = None
            raise JournalError("disk full", "磁盘已满")
        if self.cut_after is not None:
            self.cut_after -= 1
        if self.fail_after is not None:
            self.fail_after -= 1
        self.frames.append(tuple(changes))


class Lab:
    """A powered card; ``randoms`` are the card's random numbers in turn, then 00000001, 00000002, ..."""

    def __init__(
        self,
        image: bytes | None = None,
        profile: Profile = GEN2,
        randoms: tuple[str, ...] = (),
        *,
        selected: bool = True,
    ) -> None:
        self.profile = profile
        self.image = demo.image(profile) if image is None else image
        self.journal = Journal()
        self._randoms = [bytes.fromhex(random) for random in randoms]
        self._drawn = 0
        self.memory = Memory(self.image, self.journal)
        self.card = self._insert()
        if selected:
            assert self.send(SELECT)[-4:] == "9000"

    def _insert(self) -> Card:
        return Card(self.memory, self.profile, self._entropy, interface=Interface.CONTACT, strict=True)

    def _entropy(self, size: int) -> bytes:
        if self._randoms:
            return self._randoms.pop(0)
        self._drawn += 1
        return self._drawn.to_bytes(size, "big")

    def send(self, command: str) -> str:
        return self.card.transmit(bytes.fromhex(command)).hex().upper()

    def run(self, *commands: str) -> str:
        """Send all, of which all but the last must succeed, and return the last answer."""
        *first, last = commands
        for command in first:
            assert self.send(command)[-4:] == "9000", command
        return self.send(last)

    def kept(self) -> bytes:
        """The memory that a card finds which is powered after all that the store kept."""
        found = bytearray(self.image)
        for frame in self.journal.frames:
            for offset, data in frame:
                found[offset : offset + len(data)] = data
        return bytes(found)

    def reinsert(self) -> None:
        """Power the card anew, with what the store has kept, and select the application."""
        found = self.kept()
        self.image, self.journal = found, Journal()
        self.memory = Memory(found, self.journal)
        self.card = self._insert()
        assert self.send(SELECT)[-4:] == "9000"

    def transmit(self, command: bytes) -> bytes:
        return self.card.transmit(command)

"""Cards of two interfaces for tests: the tree laid out by hand, in a chip that has both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardsim.chip.card import Card
from cardsim.chip.contactless import ContactlessPort
from cardsim.chip.dual import DualCard
from cardsim.chip.memory import Memory, NoJournal
from cardsim.chip.t0 import T0Port
from cardsim.profiles import GEN3, Profile
from tests.cards import counting_entropy
from tests.unit.chip.images import TREE

if TYPE_CHECKING:
    from apdu import CardPort

HISTORICAL = "0081544C9686843716008F3D97"
"""Of a real card: the first of the checked examples of facts terminal-interface 7.1."""


def profile_with(**settings: object) -> Profile:
    return GEN3.override({"historical_bytes": HISTORICAL} | settings)


def card_with(image: bytes = TREE, **settings: object) -> tuple[Card, Profile]:
    profile = profile_with(**settings)
    return Card(Memory(image, NoJournal()), profile, counting_entropy, strict=True), profile


def in_field(image: bytes = TREE, **settings: object) -> ContactlessPort:
    """A card that has been activated."""
    card, profile = card_with(image, **settings)
    port = ContactlessPort(card, profile, counting_entropy)
    port.power_on()
    return port


def on_contact(image: bytes = TREE, **settings: object) -> T0Port:
    card, profile = card_with(image, **settings)
    port = T0Port(card, profile)
    port.power_on()
    return port


def dual(**settings: object) -> DualCard:
    card, profile = card_with(TREE, **settings)
    return DualCard(card, profile, counting_entropy)


def send(port: CardPort, command: str) -> str:
    return port.transmit(bytes.fromhex(command)).hex().upper()

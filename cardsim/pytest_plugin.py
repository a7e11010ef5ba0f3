"""A pytest fixture for tests of card software: readers with test cards in them, without hardware, pcscd or root.

pytest finds it by itself where this package is installed. Each test process has a service of its own, so tests run in
parallel. pcsc-lite takes the service's place from the environment at a process's first PC/SC call: tests that make such
calls before one asks for the fixture talk to the system's pcscd, and go on to.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from apdu import CardPort
    from cardsim.chip import Card
    from cardsim.chip.context import Entropy
    from cardsim.profiles import Profile
    from readers.serve.pcsclite.server import PcscService

# What it works with is imported in functions, as pytest imports this module in every run.


class CardsimReader:
    """Virtual readers of this test process; after each test they are empty again."""

    def __init__(self, service: PcscService) -> None:
        self._service = service

    @property
    def environment(self) -> dict[str, str]:
        """What a program has to have in its environment to see the readers; this process and its children have it."""
        return self._service.environment

    @property
    def names(self) -> tuple[str, ...]:
        """The readers' names, at least one; more come as cards need them, up to 16."""
        return self._service.reader_names

    def insert(
        self,
        card: CardPort | None = None,
        *,
        holder: Mapping[str, object] | None = None,
        settings: Mapping[str, object] | None = None,
        chip: str = "gen2",
        interface: str = "contact",
    ) -> str:
        """Put a card into an empty reader and return the reader's name.

        Without ``card`` it is a new ``chip`` of ``holder`` (the keys of holder.json, synthetic where they are missing),
        with chip ``settings`` as `cardsim profile` prints them. ``interface``: "contact", or "contactless", where a
        chip without that interface is mute.
        """
        port = card or make_card(holder, settings, chip, interface)
        return self._service.insert(port, label="Contactless" if port.interface.value == "contactless" else "")

    def insert_both(
        self,
        *,
        holder: Mapping[str, object] | None = None,
        settings: Mapping[str, object] | None = None,
        chip: str = "gen3",
    ) -> tuple[str, str]:
        """Put one card into two readers, a contact and a contactless one, and return their names in this order."""
        from cardsim.chip import DualCard  # noqa: PLC0415  see above
        from readers.serve.pseudo_apdus import in_reader  # noqa: PLC0415  see above

        dual = DualCard(*_new_card(holder, settings, chip))
        contact = self._service.insert(dual.contact, label="Contact", shared=True)
        return contact, self._service.insert(in_reader(dual.contactless), label="Contactless", shared=True)

    def remove(self, reader: str) -> None:
        """Take the card out of ``reader``."""
        self._service.remove(reader)

    def empty(self) -> None:
        """Take all cards out."""
        for name in self.names:
            self._service.remove(name)


def make_card(
    holder: Mapping[str, object] | None = None,
    settings: Mapping[str, object] | None = None,
    chip: str = "gen2",
    interface: str = "contact",
) -> CardPort:
    """Return a card in memory; see :meth:`CardsimReader.insert`."""
    from apdu import Interface  # noqa: PLC0415  see above
    from cardsim.chip import port_for  # noqa: PLC0415  see above
    from readers.serve.pseudo_apdus import in_reader  # noqa: PLC0415  see above

    return in_reader(port_for(*_new_card(holder, settings, chip), Interface(interface)))


def _new_card(
    holder: Mapping[str, object] | None, settings: Mapping[str, object] | None, chip: str
) -> tuple[Card, Profile, Entropy]:
    import secrets  # noqa: PLC0415  see above

    from cardsim.chip import Card, Memory, NoJournal  # noqa: PLC0415  see above
    from cardsim.perso import Holder, personalise  # noqa: PLC0415  see above
    from cardsim.profiles import LAYOUTS, PROFILES  # noqa: PLC0415  see above
    from cardsim.zones.layouts import Layout  # noqa: PLC0415  see above

    profile = PROFILES[chip].override(settings or {})
    image = personalise(profile, LAYOUTS.get(chip, Layout.V2_00), Holder.from_plain(dict(holder or {}), _read))
    card = Card(Memory(image.memory, NoJournal()), image.profile, secrets.token_bytes)
    return card, image.profile, secrets.token_bytes


def _read(name: str) -> bytes:
    return Path(name).read_bytes()


@pytest.fixture(scope="session")
def _cardsim_service() -> Iterator[PcscService]:
    from readers.serve.pcsclite.server import PcscService  # noqa: PLC0415  see above

    service = PcscService()
    service.start()
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in service.environment.items():
            patch.setenv(variable, value)
        yield service
    service.stop()


@pytest.fixture
def cardsim_reader(_cardsim_service: PcscService) -> Iterator[CardsimReader]:
    """Virtual readers, empty at first: ``name = cardsim_reader.insert()``. What a card raised, raises in the end."""
    reader = CardsimReader(_cardsim_service)
    before = len(_cardsim_service.failures)
    yield reader
    reader.empty()
    for failure in _cardsim_service.failures[before:]:
        raise failure

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
    from readers.serve.pcsclite.server import PcscService


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
    ) -> str:
        """Put a card into an empty reader and return the reader's name.

        Without ``card`` it is a new 2nd-generation card of ``holder`` (the keys of holder.json, synthetic where they
        are missing), with chip ``settings`` as `cardsim profile` prints them.
        """
        return self._service.insert(card or make_card(holder, settings))

    def remove(self, reader: str) -> None:
        """Take the card out of ``reader``."""
        self._service.remove(reader)

    def empty(self) -> None:
        """Take all cards out."""
        for name in self.names:
            self._service.remove(name)


def make_card(holder: Mapping[str, object] | None = None, settings: Mapping[str, object] | None = None) -> CardPort:
    """Return a 2nd-generation card in memory; see :meth:`CardsimReader.insert`."""
    import secrets  # noqa: PLC0415  pytest imports this module in every run, also of those who have no use for it

    from cardsim.chip import Card, Memory, NoJournal, T0Port  # noqa: PLC0415
    from cardsim.perso import Holder, personalise  # noqa: PLC0415
    from cardsim.profiles import GEN2  # noqa: PLC0415
    from cardsim.zones.layouts import Layout  # noqa: PLC0415

    profile = GEN2.override(settings or {})
    image = personalise(profile, Layout.V2_00, Holder.from_plain(dict(holder or {}), _read))
    return T0Port(Card(Memory(image.memory, NoJournal()), image.profile, secrets.token_bytes), image.profile)


def _read(name: str) -> bytes:
    return Path(name).read_bytes()


@pytest.fixture(scope="session")
def _cardsim_service() -> Iterator[PcscService]:
    from readers.serve.pcsclite.server import PcscService  # noqa: PLC0415

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

"""A card with two interfaces in two readers of pcscd: who was mute comes alive when the other lets go."""

from __future__ import annotations

import contextlib
import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest

from cardsim.chip import Card, DualCard, Memory, NoJournal
from cardsim.profiles import GEN3
from readers.connect.pcsc import connect, list_readers
from readers.connect.scard import ReaderState, ScardContext
from readers.errors import ReaderError
from readers.serve.locked import LockedPort
from readers.serve.pseudo_apdus import in_reader
from readers.serve.shared_slot import SharedSlot
from tests.cards import counting_entropy, make_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from readers.connect.pcsc import PcscConnection
    from readers.serve.pcscd import PrivatePcscd

pytestmark = pytest.mark.pcsc

SECONDS = 20


@pytest.fixture
def names(pcscd: PrivatePcscd) -> Iterator[tuple[str, str]]:
    """The readers of both sides."""
    card = Card(Memory(make_image(chip=GEN3).memory, NoJournal()), GEN3, counting_entropy, strict=True)
    dual = DualCard(card, GEN3, counting_entropy)
    lock = threading.Lock()
    ports = [LockedPort(port, lock) for port in (dual.contact, in_reader(dual.contactless))]
    found = pcscd.reader_names[0], pcscd.reader_names[1]
    with contextlib.ExitStack() as stack:
        slots = []
        for number, (port, name) in enumerate(zip(ports, found, strict=True)):
            wait(name, lambda state: not state & ReaderState.PRESENT)
            sock = stack.enter_context(contextlib.closing(pcscd.connect(number)))
            slots.append(SharedSlot(port, sock, partial(pcscd.connect, number)))
        slots[0].beside(slots[1])
        for slot, port, name in zip(slots, ports, found, strict=True):
            thread = threading.Thread(target=slot.run)
            thread.start()
            stack.callback(thread.join, SECONDS)
            stack.callback(slot.stop)
            wait(name, lambda state: bool(state & ReaderState.PRESENT))
            assert port.rested.wait(SECONDS)
        yield found
    for name in found:
        wait(name, lambda state: not state & ReaderState.PRESENT)


def wait(name: str, wanted: Callable[[int], bool]) -> None:
    with contextlib.closing(ScardContext.establish()) as context:
        state = 0
        for _ in range(20):
            state = context.statuses({name: state}, SECONDS * 1000)[name].state
            if wanted(state):
                return
    raise AssertionError(f"{name}: state {state:08X}")


def connected_soon(name: str) -> PcscConnection:
    """Connect once the card has come again; nobody but the slot does anything about it."""
    pause = threading.Event()
    for _ in range(10 * SECONDS):
        with contextlib.suppress(ReaderError):
            return connect(name)
        pause.wait(0.1)
    return connect(name)


def test_the_mute_side_comes_alive(names: tuple[str, str]) -> None:
    contact, contactless = names
    for working, mute in ((contact, contactless), (contactless, contact), (contact, contactless)):
        with contextlib.closing(connected_soon(working)), pytest.raises(ReaderError):
            connect(mute)
        with contextlib.closing(connected_soon(mute)) as connection:
            assert connection.transmit(bytes.fromhex("0084000008"))[-2:] in (b"\x90\x00", b"\x61\x08")
        assert [info.mute for info in list_readers() if info.name == mute] == [False]

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from apdu import Interface
from readers.serve.locked import LockedPort
from tests.unit.readers.fakes import ATR, FakePort


def test_everything_goes_through() -> None:
    card = FakePort()
    port = LockedPort(card, threading.Lock())
    assert (port.atr, port.power_on(), port.reset(), port.interface) == (ATR, ATR, ATR, Interface.CONTACT)
    port.power_off()
    assert port.transmit(b"\0\xb0\0\0") == b"\0\xb0\0\0\x90\0"
    assert card.events == ["on", "reset", "off", "00B00000"]


def test_a_mute_card_is_remembered_until_it_answers() -> None:
    card, silent = FakePort(), FakePort(atr=b"")
    port = LockedPort(card, threading.Lock())
    mute = LockedPort(silent, threading.Lock())
    assert (port.mute, mute.mute) == (False, False)
    for each in (port, mute):
        each.power_on()
    assert (port.mute, mute.mute) == (False, True)
    mute.power_off()
    assert mute.mute
    silent.atr = ATR
    mute.reset()
    assert not mute.mute


def test_somebody_is_told_when_power_is_gone() -> None:
    card = FakePort()
    port = LockedPort(card, threading.Lock())
    port.when_off = lambda: card.events.append("told")
    port.power_off()
    assert card.events == ["off", "told"]


def test_one_thread_at_a_time() -> None:
    """The card fails where a second thread comes in while the first is in it."""
    busy = threading.Lock()

    def answer(command: bytes) -> bytes:
        assert busy.acquire(blocking=False)
        for _ in range(50):
            threading.Event().wait(0)
        busy.release()
        return command

    lock = threading.Lock()
    ports = [LockedPort(FakePort(answer), lock) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        results = [pool.submit(port.transmit, b"\0\0") for _ in range(25) for port in ports]
    assert all(result.result() == b"\0\0" for result in results)

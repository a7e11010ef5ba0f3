from __future__ import annotations

import pytest

from readers.serve.pcsclite.messages import Request, Share
from tests.unit.readers.pcsclite.lab import (
    EJECT,
    LEAVE,
    NOT_TRANSACTED,
    REMOVED_CARD,
    RESET,
    RESET_CARD,
    SHARING_VIOLATION,
    SUCCESS,
    UNPOWER,
    FakeCard,
    Lab,
    Peer,
)


def _pair() -> tuple[FakeCard, Lab, Peer, int, Peer, int]:
    card = FakeCard()
    lab = Lab(card)
    first, second = lab.peer(), lab.peer()
    handle, other = first.handle(), second.handle()
    card.events.clear()
    return card, lab, first, handle, second, other


def test_a_lock_keeps_the_others_out() -> None:
    _, _, first, handle, second, other = _pair()
    assert first.begin(handle) == SUCCESS
    assert second.status(other) == SHARING_VIOLATION
    assert second.transmit(other, bytes(5)) == (SHARING_VIOLATION, b"")
    assert second.control(other, 0x42000D48) == (SHARING_VIOLATION, b"")
    assert second.attribute(other, 0x00090303)[0] == SHARING_VIOLATION
    assert second.reconnect(other, RESET)[0] == SHARING_VIOLATION
    assert second.end(other) == SHARING_VIOLATION
    assert first.transmit(handle, bytes(5))[0] == SUCCESS
    assert first.end(handle) == SUCCESS
    assert second.transmit(other, bytes(5))[0] == SUCCESS


def test_locks_count() -> None:
    _, _, first, handle, second, other = _pair()
    assert first.end(handle) == NOT_TRANSACTED
    assert (first.begin(handle), first.begin(handle)) == (SUCCESS, SUCCESS)
    assert first.end(handle) == SUCCESS
    assert second.status(other) == SHARING_VIOLATION
    assert first.end(handle) == SUCCESS
    assert second.status(other) == SUCCESS
    assert first.end(handle) == NOT_TRANSACTED


def test_who_waits_for_the_lock_gets_it_in_order() -> None:
    _, lab, first, handle, second, other = _pair()
    third = lab.peer()
    last = third.handle()
    assert first.begin(handle) == SUCCESS
    assert second.begin(other) is None
    assert third.begin(last) is None
    assert first.end(handle) == SUCCESS
    assert second.begun() == SUCCESS
    assert third.take_later() == b""
    assert second.end(other) == SUCCESS
    assert third.begun() == SUCCESS
    assert first.status(handle) == SHARING_VIOLATION


def test_a_waiting_client_is_answered_in_its_own_order() -> None:
    """What it sends while it waits is answered after the lock, not before."""
    _, _, first, handle, second, other = _pair()
    first.begin(handle)
    assert second.begin(other) is None
    assert second.send(Request.STATUS, other.to_bytes(4, "little") + bytes(4)) == b""
    first.end(handle)
    begun_and_status = other.to_bytes(4, "little") + bytes(4)
    assert second.take_later() == begun_and_status * 2


def test_a_client_with_another_handle_is_told_to_come_again() -> None:
    """Else the library's lock on the connection would keep it from giving back what others wait for."""
    lab = Lab(FakeCard(), FakeCard())
    first, second = lab.peer(), lab.peer()
    one, two = first.handle("Lab 0"), second.handle("Lab 0")
    second.handle("Lab 1")
    first.begin(one)
    assert second.begin(two) == SHARING_VIOLATION
    same = lab.peer()
    a, b = same.handle("Lab 1"), same.handle("Lab 1")
    assert same.begin(a) == SUCCESS
    assert same.begin(b) == SHARING_VIOLATION


def test_connecting_waits_for_the_lock() -> None:
    _, lab, first, handle, _, _ = _pair()
    third = lab.peer()
    first.begin(handle)
    assert third.send(Request.CONNECT, third.connect_request("Lab 0", Share.SHARED, 3)) == b""
    assert first.connect()[0] == SHARING_VIOLATION  # one's own lock is not waited for
    first.end(handle)
    code, late, protocol = third.connected(third.take_later())
    assert (code, protocol) == (SUCCESS, 1)
    assert third.status(late) == SUCCESS


def test_a_lock_that_goes_to_an_exclusive_client() -> None:
    lab = Lab(FakeCard())
    first, second, third = lab.peer(), lab.peer(), lab.peer()
    handle = first.handle()
    first.begin(handle)
    second.send(Request.CONNECT, second.connect_request("Lab 0", Share.EXCLUSIVE, 3))
    third.send(Request.CONNECT, third.connect_request("Lab 0", Share.SHARED, 3))
    assert first.disconnect(handle) == SUCCESS
    assert second.connected(second.take_later())[0] == SUCCESS
    assert third.take_later() == b""
    second.die()
    assert third.connected(third.take_later())[0] == SUCCESS


@pytest.mark.parametrize(
    ("disposition", "happens", "event"),
    [(LEAVE, [], SUCCESS), (RESET, ["reset"], RESET_CARD), (UNPOWER, ["off", "on"], RESET_CARD), (EJECT, [], SUCCESS)],
)
def test_end_of_a_transaction(disposition: int, happens: list[str], event: int) -> None:
    card, _, first, handle, second, other = _pair()
    first.begin(handle)
    assert first.end(handle, disposition) == SUCCESS
    assert card.events == happens
    assert second.status(other) == event
    assert first.status(handle) == event  # also who asked for the reset has to reconnect, as with pcscd


def test_a_reset_reaches_those_who_wait_for_the_lock() -> None:
    _, _, first, handle, second, other = _pair()
    first.begin(handle)
    assert second.begin(other) is None
    assert first.reconnect(handle, RESET)[0] == SUCCESS
    assert second.begun() == RESET_CARD
    assert first.transmit(handle, bytes(5))[0] == SUCCESS


def test_a_removal_reaches_those_who_wait_for_the_lock() -> None:
    _, lab, first, handle, second, other = _pair()
    first.begin(handle)
    assert second.begin(other) is None
    lab.service.remove("Lab 0")
    lab.deliver()
    assert second.begun() == REMOVED_CARD
    assert first.end(handle) == REMOVED_CARD
    assert first.end(handle) == REMOVED_CARD


def test_disconnecting_with_a_reset_waits_for_the_lock() -> None:
    card, _, first, handle, second, other = _pair()
    first.begin(handle)
    assert second.send(Request.DISCONNECT, other.to_bytes(4, "little") + bytes((RESET, 0, 0, 0)) + bytes(4)) == b""
    assert card.events == []
    first.end(handle)
    assert card.events == ["reset"]
    assert second.take_later()[-4:] == bytes(4)
    assert first.status(handle) == RESET_CARD


def test_one_can_leave_while_another_has_the_lock() -> None:
    card, _, first, handle, second, other = _pair()
    first.begin(handle)
    assert second.disconnect(other) == SUCCESS
    assert card.events == []
    mine = first.handle("Lab 0") if first.end(handle) == SUCCESS else 0
    first.begin(handle)
    assert first.disconnect(mine, RESET) == SHARING_VIOLATION  # it would wait for itself


def test_the_death_of_the_one_with_the_lock_resets_the_card() -> None:
    card, _, first, handle, second, other = _pair()
    first.begin(handle)
    assert second.begin(other) is None
    first.die()
    assert card.events == ["reset"]
    assert second.begun() == RESET_CARD
    assert second.reconnect(other)[0] == SUCCESS
    assert second.begin(other) == SUCCESS


def test_the_death_of_one_who_waits() -> None:
    card, lab, first, handle, second, other = _pair()
    third = lab.peer()
    last = third.handle()
    first.begin(handle)
    assert second.begin(other) is None
    assert third.begin(last) is None
    second.die()
    first.end(handle)
    assert third.begun() == SUCCESS
    assert card.events == []


def test_the_death_of_a_bystander_leaves_the_card_alone() -> None:
    card, _, first, handle, second, _ = _pair()
    first.begin(handle)
    second.die()
    assert card.events == []
    assert first.transmit(handle, bytes(5))[0] == SUCCESS
    assert first.record().sharing == 1


def test_the_death_of_an_exclusive_client_resets_the_card() -> None:
    card = FakeCard()
    lab = Lab(card)
    first = lab.peer()
    first.handle(share=Share.EXCLUSIVE)
    card.events.clear()
    first.die()
    assert card.events == ["reset"]
    assert lab.peer().connect()[0] == SUCCESS

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import TYPE_CHECKING

import pytest

from readers.errors import VpcdError
from readers.serve.vpcd import VpcdServer, connect_vpcd
from tests.unit.readers.fakes import ATR, FakePort
from tests.unit.readers.frames import frame, read_frame

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def listening() -> Iterator[tuple[socket.socket, int]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener, listener.getsockname()[1]


@contextlib.contextmanager
def vpcd_says(listener: socket.socket, first: bytes) -> Iterator[list[bytes]]:
    """A slot that accepts, says ``first`` and keeps the answer; if ``first`` is empty it just closes."""
    answers: list[bytes] = []

    def talk() -> None:
        peer, _ = listener.accept()
        with peer:
            peer.settimeout(10)
            if first:
                peer.sendall(first)
                answers.append(read_frame(peer))

    thread = threading.Thread(target=talk)
    thread.start()
    try:
        yield answers
    finally:
        thread.join(10)
    assert not thread.is_alive()


def test_a_free_slot_gives_a_socket_that_has_lost_nothing() -> None:
    port = FakePort()
    with (
        listening() as (listener, number),
        vpcd_says(listener, frame(b"\x04")) as answers,
        connect_vpcd("127.0.0.1", number) as sock,
    ):
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.gettimeout() is None
        VpcdServer(port, sock).run()
    assert answers == [ATR]


def test_nobody_listening_says_how_to_start_pcscd() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        number = bound.getsockname()[1]
        with pytest.raises(VpcdError, match=rf"nobody listens at 127\.0\.0\.1:{number}.*start pcscd") as caught:
            connect_vpcd("127.0.0.1", number)
    assert "无人监听" in caught.value.text.zh


@pytest.mark.parametrize("timeout", [0.05, 0.2])
def test_a_slot_that_accepts_and_stays_silent_is_in_use(timeout: float) -> None:
    with listening() as (_, number), pytest.raises(VpcdError, match=f"in use.* {timeout:g} s") as caught:
        connect_vpcd("127.0.0.1", number, timeout)
    assert "占用" in caught.value.text.zh


def test_a_listener_that_closes_at_once_is_no_vpcd() -> None:
    with (
        listening() as (listener, number),
        vpcd_says(listener, b""),
        pytest.raises(VpcdError, match="closed the connection at once"),
    ):
        connect_vpcd("127.0.0.1", number)


def test_a_listener_that_resets_at_once_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening() as (listener, number), socket.create_connection(("127.0.0.1", number)) as sock:
        peer, _ = listener.accept()
        # Closing with a linger of 0 s resets the connection instead of ending it.
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
        monkeypatch.setattr(socket, "create_connection", lambda *_: sock)
        with pytest.raises(VpcdError, match="reset by peer"):
            connect_vpcd("127.0.0.1", number)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (TimeoutError("timed out"), "does not answer"),
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (OSError("no route"), "no route"),
    ],
)
def test_other_ways_to_fail_are_told_apart(monkeypatch: pytest.MonkeyPatch, fault: OSError, says: str) -> None:
    def fail(*_: object) -> socket.socket:
        raise fault

    monkeypatch.setattr(socket, "create_connection", fail)
    with pytest.raises(VpcdError, match=says):
        connect_vpcd("lab", 1)

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.errors import VpcdError
from readers.serve.vpcd import FrameDecoder, VpcdServer
from tests.unit.readers.fakes import ATR, FakePort
from tests.unit.readers.frames import frame, read_frame

if TYPE_CHECKING:
    from collections.abc import Iterator

SELECT = bytes.fromhex("00A40000023F00")
ATR_FRAME = bytes.fromhex("00043B021450")


class Running:
    """A server in a thread of its own; what its run() raised is kept."""

    def __init__(self, server: VpcdServer) -> None:
        self.server = server
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.server.run()
        except Exception as error:  # noqa: BLE001  the test raises it again
            self.error = error

    def wait(self) -> None:
        self._thread.join(10)
        assert not self._thread.is_alive()


@contextlib.contextmanager
def serving(port: FakePort, **options: float) -> Iterator[tuple[socket.socket, Running]]:
    """The peer's end of a socket pair whose other end a server serves; both are over afterwards."""
    peer, card = socket.socketpair()
    peer.settimeout(10)
    with peer, card:
        running = Running(VpcdServer(port, card, **options))
        try:
            yield peer, running
        finally:
            peer.close()
            running.wait()


# --- frames ---


@given(st.lists(st.binary(max_size=40), max_size=8), st.data())
def test_decoder_finds_the_frames_wherever_the_stream_is_cut(bodies: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(map(frame, bodies))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)))))
    decoder = FrameDecoder()
    found = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        decoder.feed(stream[start:end])
        while (body := decoder.next_body()) is not None:
            found.append(body)
    assert found == bodies
    assert decoder.missing == 0


@pytest.mark.parametrize(
    ("begun", "missing"), [("", 0), ("00", 1), ("0003", 3), ("0003AA", 2), ("FFFF", 65_535), ("000190", 0)]
)
def test_decoder_says_how_much_a_frame_still_needs(begun: str, missing: int) -> None:
    decoder = FrameDecoder()
    decoder.feed(bytes.fromhex(begun))
    while decoder.next_body() is not None:
        pass
    assert decoder.missing == missing


# --- serving ---


def test_a_command_reaches_the_card_and_its_answer_the_peer() -> None:
    port = FakePort()
    with serving(port) as (peer, _):
        peer.sendall(frame(SELECT))
        assert read_frame(peer) == SELECT + b"\x90\x00"
    assert port.events == ["00A40000023F00", "off"]


def test_bytes_may_arrive_one_by_one() -> None:
    port = FakePort()
    with serving(port) as (peer, _):
        for byte in frame(SELECT) + frame(b"\x04"):
            peer.sendall(bytes((byte,)))
        assert read_frame(peer) == SELECT + b"\x90\x00"
        assert read_frame(peer) == ATR


def test_several_frames_may_arrive_at_once_and_the_last_be_torn() -> None:
    stream = frame(b"\x01") + frame(b"\x04") + frame(SELECT) + frame(b"\x00\xb0\x00\x00\x05")
    with serving(FakePort()) as (peer, _):
        peer.sendall(stream[:-3])
        assert read_frame(peer) == ATR
        assert read_frame(peer) == SELECT + b"\x90\x00"
        peer.sendall(stream[-3:])
        assert read_frame(peer) == bytes.fromhex("00B00000059000")


def test_the_longest_frames_pass() -> None:
    port = FakePort(answer=lambda command: command[:2] + bytes(65_533))
    with serving(port) as (peer, _):
        peer.sendall(b"\xff\xff\x80\xd4" + bytes(65_533))
        assert read_frame(peer) == b"\x80\xd4" + bytes(65_533)
    assert len(port.events[0]) == 2 * 65_535


def test_controls_become_power_events_in_their_order_and_only_the_atr_is_answered() -> None:
    port = FakePort()
    with serving(port) as (peer, _):
        peer.sendall(bytes.fromhex("000104 000101 000104 000102 000100 000101 000104"))
        assert [read_frame(peer) for _ in range(3)] == [ATR, ATR, ATR]
    assert port.events == ["on", "reset", "off", "on", "off"]


@pytest.mark.parametrize("body", ["", "03", "05", "90", "FF"])
def test_bodies_too_short_for_a_command_never_reach_the_card(body: str) -> None:
    port = FakePort()
    with serving(port) as (peer, _):
        peer.sendall(frame(bytes.fromhex(body)))
        assert read_frame(peer) == bytes.fromhex("6700")
    assert port.events == ["off"]


def test_two_bytes_are_the_cards_business() -> None:
    with serving(FakePort(answer=lambda _: b"\x67\x00")) as (peer, _):
        peer.sendall(frame(b"\x00\xa4"))
        assert read_frame(peer) == b"\x67\x00"


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_538])
def test_an_answer_that_fits_no_frame_becomes_6f00(size: int) -> None:
    with serving(FakePort(answer=lambda _: bytes(size))) as (peer, _):
        peer.sendall(frame(SELECT))
        assert read_frame(peer) == bytes.fromhex("6F00")


def test_a_mute_card_is_one_with_an_atr_that_is_too_long() -> None:
    """An empty frame would hang the reader (facts pcsc 0); pcscd takes this for a card that gives no ATR."""
    with serving(FakePort(atr=b"")) as (peer, _):
        peer.sendall(frame(b"\x04"))
        assert len(read_frame(peer)) == 34


@pytest.mark.parametrize("size", [1, 34])
def test_an_atr_that_pcscd_does_not_take_is_an_error(size: int) -> None:
    with serving(FakePort(atr=bytes(size))) as (peer, running):
        peer.sendall(frame(b"\x04"))
        running.wait()
    assert isinstance(running.error, VpcdError)
    assert f"ATR has {size} bytes" in str(running.error)


def test_a_peer_that_closes_between_frames_ends_the_run_quietly() -> None:
    port = FakePort()
    with serving(port) as (peer, running):
        peer.close()
        running.wait()
    assert running.error is None
    assert port.events == ["off"]


@pytest.mark.parametrize("begun", ["00", "0007", "000700A400"])
def test_a_peer_that_closes_inside_a_frame_is_an_error(begun: str) -> None:
    port = FakePort()
    with serving(port) as (peer, running):
        peer.sendall(bytes.fromhex(begun))
        peer.close()
        running.wait()
    assert isinstance(running.error, VpcdError)
    assert "inside a frame" in str(running.error)
    assert port.events == ["off"]


def test_a_fault_of_the_card_comes_through_and_the_power_is_taken_away() -> None:
    def fail(_: bytes) -> bytes:
        raise ZeroDivisionError

    port = FakePort(answer=fail)
    with serving(port) as (peer, running):
        peer.sendall(frame(SELECT))
        running.wait()
    assert isinstance(running.error, ZeroDivisionError)
    assert port.events[-1] == "off"


# --- stop ---


def test_stop_from_another_thread_ends_a_silent_run() -> None:
    port = FakePort()
    with serving(port) as (peer, running):
        peer.sendall(frame(b"\x04"))
        read_frame(peer)
        running.server.stop()
        running.wait()
    assert running.error is None
    assert port.events == ["off"]


def test_stop_before_run_answers_nothing() -> None:
    port = FakePort()
    peer, card = socket.socketpair()
    with peer, card:
        peer.sendall(frame(SELECT))
        server = VpcdServer(port, card)
        server.stop()
        server.run()
    assert port.events == ["off"]


def test_stop_inside_a_frame_reads_and_answers_it_first_and_nothing_behind_it() -> None:
    port = FakePort()
    second = frame(b"\x00\xb0\x00\x00\x05")
    with serving(port, grace=10) as (peer, running):

        def stop_and_echo(command: bytes) -> bytes:
            running.server.stop()
            return command + b"\x90\x00"

        port.answer = stop_and_echo
        # One send arrives as one piece: so the second frame has begun when the first one's answer calls stop().
        peer.sendall(frame(SELECT) + second[:3])
        assert read_frame(peer) == SELECT + b"\x90\x00"
        peer.sendall(second[3:] + frame(SELECT))
        assert read_frame(peer) == bytes.fromhex("00B00000059000")
        running.wait()
    assert running.error is None
    assert port.events == ["00A40000023F00", "00B0000005", "off"]


def test_stop_inside_a_frame_that_never_ends_does_not_wait_for_ever() -> None:
    port = FakePort()
    with serving(port, grace=0) as (peer, running):

        def stop_and_echo(command: bytes) -> bytes:
            running.server.stop()
            return command + b"\x90\x00"

        port.answer = stop_and_echo
        peer.sendall(frame(SELECT) + b"\x00")
        assert read_frame(peer) == SELECT + b"\x90\x00"
        running.wait()
    assert running.error is None


def test_stop_inside_a_frame_waits_while_its_rest_is_slow() -> None:
    sock = FakeSocket(frame(SELECT) + b"\x00\x05", BlockingIOError(), BlockingIOError(), b"\x00\xb0\x00\x00\x05")
    port = FakePort()
    server = VpcdServer(port, cast("socket.socket", sock), grace=100)

    def stop_and_answer(_: bytes) -> bytes:
        server.stop()
        return b"\x90\x00"

    port.answer = stop_and_answer
    server.run()
    assert port.events == ["00A40000023F00", "00B0000005", "off"]
    assert sock.calls[-1] == ("sendall", bytes.fromhex("00029000"))


def test_stop_works_in_a_signal_handler() -> None:
    port = FakePort()
    peer, card = socket.socketpair()
    server = VpcdServer(port, card)
    main_thread = threading.get_ident()

    def talk_then_interrupt() -> None:
        peer.sendall(frame(b"\x04"))
        read_frame(peer)
        signal.pthread_kill(main_thread, signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, lambda *_: server.stop())
    try:
        with peer, card:
            talker = threading.Thread(target=talk_then_interrupt)
            talker.start()
            server.run()
            talker.join(10)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert port.events == ["off"]


# --- the socket itself ---


class FakeSocket:
    """Gives ``received`` in turn, exceptions raised, then end of file."""

    def __init__(self, *received: bytes | OSError, family: int = socket.AF_INET, send: OSError | None = None) -> None:
        self.family = family
        self._received = list(received)
        self._send = send
        self.calls: list[tuple[object, ...]] = []

    def settimeout(self, value: float | None) -> None:
        self.calls.append(("settimeout", value))

    def setsockopt(self, level: int, option: int, value: object) -> None:
        self.calls.append(("setsockopt", level, option, value))

    def recv(self, _size: int) -> bytes:
        self.calls.append(("recv",))
        item = self._received.pop(0) if self._received else b""
        if isinstance(item, OSError):
            raise item
        return item

    def sendall(self, data: bytes) -> None:
        self.calls.append(("sendall", data))
        if self._send:
            raise self._send


def run_on(sock: FakeSocket) -> FakePort:
    port = FakePort()
    VpcdServer(port, cast("socket.socket", sock)).run()
    return port


def test_over_tcp_quick_acknowledgement_is_asked_for_before_every_recv() -> None:
    sock = FakeSocket(b"\x00\x01", b"\x04", BlockingIOError(), frame(SELECT))
    run_on(sock)
    receives = [i for i, call in enumerate(sock.calls) if call == ("recv",)]
    assert len(receives) == 5
    quick_ack = ("setsockopt", socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    assert [sock.calls[i - 1] for i in receives] == [quick_ack] * 5


def test_over_a_unix_socket_no_tcp_option_is_set() -> None:
    sock = FakeSocket(frame(SELECT), family=socket.AF_UNIX)
    run_on(sock)
    assert {call[1] for call in sock.calls if call[0] == "setsockopt"} == {socket.SOL_SOCKET}


def test_each_answer_is_one_send() -> None:
    sock = FakeSocket(frame(b"\x04") + frame(SELECT))
    run_on(sock)
    sent = [call[1] for call in sock.calls if call[0] == "sendall"]
    assert sent == [ATR_FRAME, bytes.fromhex("000900A40000023F009000")]


@pytest.mark.parametrize(
    "sock",
    [
        FakeSocket(ConnectionResetError()),
        FakeSocket(frame(SELECT), frame(SELECT), send=BrokenPipeError()),
        FakeSocket(frame(SELECT), frame(SELECT), send=ConnectionResetError()),
    ],
    ids=["recv-reset", "send-pipe", "send-reset"],
)
def test_a_service_that_dies_is_a_removed_card(sock: FakeSocket) -> None:
    port = run_on(sock)
    assert port.events in (["off"], ["00A40000023F00", "off"])


@pytest.mark.parametrize(
    "sock",
    [FakeSocket(OSError(5, "Input/output error")), FakeSocket(frame(SELECT), send=OSError(5, "Input/output error"))],
    ids=["recv", "send"],
)
def test_a_socket_that_fails_is_an_error(sock: FakeSocket) -> None:
    with pytest.raises(VpcdError, match="Input/output error"):
        run_on(sock)


def test_a_closed_socket_is_an_error() -> None:
    peer, card = socket.socketpair()
    peer.close()
    card.close()
    with pytest.raises(VpcdError, match="Bad file descriptor"):
        VpcdServer(FakePort(), card).run()

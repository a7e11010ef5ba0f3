"""The service on its socket: real threads, real files, clients that come and go."""

from __future__ import annotations

import os
import resource
import select
import socket
import stat
import struct
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from readers.errors import PcscServiceError
from readers.serve.pcsclite.loop import MAX_CLIENTS
from readers.serve.pcsclite.server import PcscService
from tests.unit.readers.pcsclite.lab import FakeCard

if TYPE_CHECKING:
    from collections.abc import Iterator

_VERSION = struct.pack("<IIiiI", 12, 0x11, 4, 4, 0)
_ESTABLISH = struct.pack("<IIIII", 12, 0x01, 2, 0, 0)
_STATES = struct.pack("<II", 0, 0x12)
_WATCH = struct.pack("<II", 0, 0x13)
_SECONDS = 20


class Wire:
    """A client by hand."""

    def __init__(self, service: PcscService) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(service.path))
        self.sock.settimeout(_SECONDS)
        self.context = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            chunk = self.sock.recv(size - len(data))
            if not chunk:
                break
            data += chunk
        return data

    def ask(self, request: bytes, size: int) -> bytes:
        self.sock.sendall(request)
        return self.read(size)

    def establish(self) -> None:
        self.context = struct.unpack("<III", self.ask(_ESTABLISH, 12))[1]

    def connect(self) -> int:
        body = struct.pack("<I128sIIiII", self.context, b"Cardsim 00 00", 2, 3, 0, 0, 0)
        *_, handle, _, code = struct.unpack("<I128sIIiII", self.ask(struct.pack("<II", 152, 4) + body, 152))
        assert code == 0
        return int(handle)

    def begin(self, handle: int) -> None:
        self.sock.sendall(struct.pack("<IIiI", 8, 7, handle, 0))

    def transmit(self, handle: int, command: bytes) -> bytes:
        body = struct.pack("<iIIIIIII", handle, 1, 16, len(command), 1, 16, 65_548, 0)
        *_, size, code = struct.unpack("<iIIIIIII", self.ask(struct.pack("<II", 32, 9) + body + command, 32))
        assert code == 0
        return self.read(size)


def _descriptors() -> list[int]:
    return [int(path.name) for path in Path("/proc/self/fd").iterdir()]


@pytest.fixture
def card() -> FakeCard:
    return FakeCard()


@pytest.fixture
def service(card: FakeCard) -> Iterator[PcscService]:
    with PcscService() as service:
        service.insert(card)
        yield service


def test_only_the_owner_gets_in(service: PcscService) -> None:
    assert stat.S_IMODE(service.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(service.path.parent.stat().st_mode) == 0o700
    assert service.environment == {"PCSCLITE_CSOCK_NAME": str(service.path)}


def test_everything_is_gone_after_the_end(card: FakeCard) -> None:
    before = len(_descriptors())
    threads = threading.active_count()
    with PcscService() as service:
        directory = service.path.parent
        service.insert(card)
        with Wire(service) as wire:
            wire.establish()
            wire.connect()
            service.stop()
            assert wire.read(1) == b""
    assert not directory.exists()
    assert card.events[-1] == "off"
    assert len(_descriptors()) == before
    assert threading.active_count() == threads
    service.stop()
    for use in (lambda: service.insert(card), lambda: service.remove("Cardsim 00 00"), lambda: service.path):
        with pytest.raises(PcscServiceError, match="not running"):
            use()
    with service:
        assert service.insert(card) == "Cardsim 00 00"


def test_readers_come_as_cards_need_them() -> None:
    with PcscService(2, name="Lab") as service:
        assert service.reader_names == ("Lab 00 00", "Lab 01 00")
        names = [service.insert(FakeCard()) for _ in range(16)]
        assert names == [f"Lab {number:02X} 00" for number in range(16)]
        with pytest.raises(PcscServiceError, match="16 readers already"):
            service.insert(FakeCard())
        service.remove(names[3])
        assert service.insert(FakeCard()) == names[3]
        with pytest.raises(PcscServiceError, match="a card is in Lab 0F 00"):
            service.insert(FakeCard(), names[15])


def test_a_watcher_hears_of_a_card_at_once(service: PcscService) -> None:
    with Wire(service) as wire:
        wire.ask(_WATCH, 2944)
        service.remove("Cardsim 00 00")
        assert wire.read(8) == bytes(8)
        states = wire.ask(_STATES, 2944)
        assert struct.unpack_from("<II", states, 128) == (2, 2)


def test_a_thousand_clients_that_come_and_die(service: PcscService, card: FakeCard) -> None:
    """Each dies in the middle of something else: a header, a body, a wait, a lock, an unread answer."""
    before = len(_descriptors())
    with Wire(service) as witness:
        witness.establish()
        handle = witness.connect()
        for number in range(1000):
            wire = Wire(service)
            match number % 6:
                case 0:
                    wire.sock.sendall(_VERSION[:5])
                case 1:
                    wire.sock.sendall(_VERSION + _ESTABLISH[:13])
                case 2:
                    wire.ask(_WATCH, 2944)
                case 3:
                    wire.establish()
                    wire.begin(wire.connect())
                case 4:
                    wire.sock.sendall(_STATES * 500)
                case 5:
                    wire.sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
            wire.sock.close()
        # Its lock's owner may have reset the card, of which the witness has to hear first.
        reconnect = struct.pack("<IIiIIIII", 24, 5, handle, 2, 3, 0, 0, 0)
        while (code := struct.unpack("<6I", witness.ask(reconnect, 24))[5]) == 0x8010000B:
            pass
        assert code == 0
        assert witness.transmit(handle, b"\x00\xa4\x00\x00") == b"\x00\xa4\x00\x00\x90\x00"
        while struct.unpack_from("<i", witness.ask(_STATES, 2944), 136) != (1,):
            pass
        assert len(_descriptors()) == before + 2  # the witness, on both sides
    assert not service.failures
    assert card.events.count("reset") == 167


def test_one_client_too_many_is_turned_away(service: PcscService) -> None:
    wires = [Wire(service) for _ in range(MAX_CLIENTS)]
    try:
        for wire in wires:
            assert wire.ask(_VERSION, 12)[8:] == bytes(4)
        with Wire(service) as late:
            assert late.read(1) == b""
        wires.pop().sock.close()
        answer = b""
        while not answer:  # until the service has seen the other one go
            with Wire(service) as late:
                try:
                    answer = late.ask(_VERSION, 12)
                except (BrokenPipeError, ConnectionResetError):
                    continue
        assert len(answer) == 12
    finally:
        for wire in wires:
            wire.sock.close()


def test_a_client_that_reads_nothing(service: PcscService) -> None:
    """The service stops reading from it, serves the others, and finishes its answers when it reads again."""
    with Wire(service) as lazy, Wire(service) as other:
        lazy.sock.settimeout(0.0)
        sent = 0
        stream = _STATES * 512
        while True:
            try:
                sent += lazy.sock.send(stream[sent % 8 :])
            except BlockingIOError:
                # Full for now; it is for good once the service has stopped taking from it.
                if len(other.ask(_STATES * 50, 50 * 2944)) == 50 * 2944 and sent > 1_000_000:
                    break
            if sent > 8_000_000:
                pytest.fail("the service goes on to take requests whose answers nobody reads")
            if sent and not _writable(lazy.sock):
                break
        other.establish()
        assert other.transmit(other.connect(), bytes(5)) == bytes(5) + b"\x90\x00"
        lazy.sock.settimeout(_SECONDS)
        whole = sent // 8
        assert len(lazy.read(whole * 2944)) == whole * 2944


def _writable(sock: socket.socket) -> bool:
    return bool(select.select([], [sock], [], 0.2)[1])


def test_a_client_that_waits_for_a_lock_and_talks_on(service: PcscService) -> None:
    with Wire(service) as first, Wire(service) as second:
        for wire in (first, second):
            wire.establish()
        one, two = first.connect(), second.connect()
        first.begin(one)
        assert first.read(8)[4:] == bytes(4)
        second.begin(two)
        second.sock.sendall(_STATES)
        assert first.transmit(one, bytes(5)) == bytes(5) + b"\x90\x00"
        assert first.ask(struct.pack("<IIiII", 12, 8, one, 0, 0), 12)[8:] == bytes(4)
        assert second.read(8)[4:] == bytes(4)
        assert len(second.read(2944)) == 2944


def test_one_that_dies_while_it_waits_for_a_lock(service: PcscService) -> None:
    with Wire(service) as first, Wire(service) as third:
        for wire in (first, third):
            wire.establish()
        one = first.connect()
        with Wire(service) as second:
            second.establish()
            two = second.connect()
            first.begin(one)
            assert len(first.read(8)) == 8
            second.begin(two)
            second.sock.sendall(bytes(1000))
        while struct.unpack_from("<i", first.ask(_STATES, 2944), 136) != (1,):
            pass
        assert first.ask(struct.pack("<IIiII", 12, 8, one, 0, 0), 12)[8:] == bytes(4)
        assert third.transmit(third.connect(), bytes(5)) == bytes(5) + b"\x90\x00"


def test_an_idle_card_loses_its_power() -> None:
    off = threading.Event()

    class Card(FakeCard):
        def power_off(self) -> None:
            off.set()

    with PcscService() as service:
        service.insert(Card())
        assert off.wait(_SECONDS)


def test_a_card_may_take_itself_out(service: PcscService) -> None:
    service.remove("Cardsim 00 00")

    class Suicidal(FakeCard):
        def transmit(self, command: bytes) -> bytes:
            service.remove("Cardsim 00 00")
            return super().transmit(command)

    service.insert(Suicidal())
    with Wire(service) as wire:
        wire.establish()
        body = struct.pack("<iIIIIIII", wire.connect(), 1, 16, 4, 1, 16, 65_548, 0)
        answer = wire.ask(struct.pack("<II", 32, 9) + body + bytes(4), 32)
        assert answer[-4:] == bytes.fromhex("69001080")


def test_a_failing_card_is_told_in_the_end() -> None:
    class Failing(FakeCard):
        def transmit(self, command: bytes) -> bytes:
            raise OSError(command.hex())

    service = PcscService()
    with pytest.raises(OSError, match="00a40000"), service:  # noqa: PT012  it is raised at the end
        service.insert(Failing())
        with Wire(service) as wire:
            wire.establish()
            body = struct.pack("<iIIIIIII", wire.connect(), 1, 16, 4, 1, 16, 65_548, 0)
            wire.ask(struct.pack("<II", 32, 9) + body + bytes.fromhex("00A40000"), 32)
        service.wait()
        assert [str(failure) for failure in service.failures] == ["00a40000"]


def test_stop_soon_lets_wait_return(service: PcscService) -> None:
    threading.Timer(0.01, service.stop_soon).start()
    service.wait()


def test_a_place_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "pcsc"
    with PcscService(path=path) as service:
        assert service.path == path
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with pytest.raises(PcscServiceError, match="something is there already"):
            PcscService(path=path).start()
    assert not path.exists()
    path.touch()
    with pytest.raises(PcscServiceError, match="something is there already"):
        PcscService(path=path).start()
    assert path.exists()
    with pytest.raises(PcscServiceError, match="No such file or directory"):
        PcscService(path=tmp_path / "nowhere" / "pcsc").start()
    with pytest.raises(PcscServiceError, match="too long"):
        PcscService(path=tmp_path / ("x" * 108)).start()


def test_a_socket_that_a_killed_service_left(tmp_path: Path) -> None:
    path = tmp_path / "pcsc"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))
    with PcscService(path=path) as service, Wire(service) as wire:
        assert len(wire.ask(_VERSION, 12)) == 12


def test_a_temporary_directory_with_a_long_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tmp_path / ("x" * 100)
    directory.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(directory))
    with PcscService() as service, Wire(service) as wire:
        assert len(wire.ask(_VERSION, 12)) == 12
    assert list(directory.iterdir()) == []


def test_no_descriptors_left(service: PcscService) -> None:
    """Then clients are turned away, and the service lives on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    ours = [socket.socket(socket.AF_UNIX) for _ in range(3)]
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(_descriptors()) + 1, hard))
        gaps: list[int] = []
        while True:
            try:
                gaps.append(os.open(os.devnull, os.O_RDONLY))
            except OSError:
                break
        ours[0].settimeout(_SECONDS)
        ours[0].connect(str(service.path))
        assert ours[0].recv(1) == b""
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for descriptor in gaps:
            os.close(descriptor)
        for sock in ours:
            sock.close()
    with Wire(service) as wire:
        assert len(wire.ask(_VERSION, 12)) == 12

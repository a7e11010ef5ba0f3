from __future__ import annotations

import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from readers.errors import PcscdError
from readers.serve import pcscd as module
from readers.serve.pcscd import Isolation, PrivatePcscd

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from readers.serve._pcscd_files import Installation

pytestmark = pytest.mark.pcsc

_REPOSITORY = Path(__file__).parents[2]
_ATR = bytes.fromhex("3B600000")
_SECONDS = 20
_SYSTEM = Path("/run/pcscd")


class EchoCard(threading.Thread):
    """The least card that vpcd takes: it answers every command with itself and 9000."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(daemon=True)
        self._sock = sock

    def run(self) -> None:
        while header := self._read(2):
            body = self._read(int.from_bytes(header, "big"))
            if body == b"\x04":
                self._write(_ATR)
            elif len(body) > 1:
                self._write(body + b"\x90\x00")

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            chunk = self._sock.recv(size - len(data))
            if not chunk:
                return b""
            data += chunk
        return data

    def _write(self, body: bytes) -> None:
        self._sock.sendall(len(body).to_bytes(2, "big") + body)


@contextmanager
def inserted(service: PrivatePcscd, slot: int) -> Iterator[None]:
    with service.connect(slot) as sock:
        card = EchoCard(sock)
        card.start()
        try:
            yield
        finally:
            sock.shutdown(socket.SHUT_RD)  # the card may be in the middle of an answer
            card.join()


def opensc_tool(service: PrivatePcscd, *arguments: str) -> str:
    environment = os.environ | service.environment
    return subprocess.run(
        ["opensc-tool", *arguments], env=environment, capture_output=True, text=True, check=True, timeout=_SECONDS
    ).stdout


def await_card(reader: str) -> bytes:
    """Wait until the card in ``reader`` is there and return its ATR."""
    from smartcard import scard  # noqa: PLC0415  it is not there when these tests are deselected

    code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    assert code == 0
    state, atr = 0, []
    while not state & scard.SCARD_STATE_PRESENT:
        code, [(_, state, atr)] = scard.SCardGetStatusChange(context, _SECONDS * 1000, [(reader, state)])
        assert code == 0
    assert scard.SCardReleaseContext(context) == 0
    return bytes(atr)


def await_end(pidfds: Sequence[int]) -> None:
    for pidfd in pidfds:
        assert select.select([pidfd], [], [], _SECONDS)[0], "the process is still there"
        os.close(pidfd)


def sockets(path: str) -> set[str]:
    """Return the inodes of the listening sockets in a table of the form of /proc/net/tcp."""
    rows = [line.split() for line in Path(path).read_text().splitlines()[1:]]
    return {row[9] for row in rows if row[3] == "0A"}


def unpacked(prefix: Path, script: str) -> Path:
    """Make an installation of which pcscd is ``script``."""
    program = prefix / "usr/sbin/pcscd"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    driver = prefix / "usr/lib/pcsc/drivers/serial/libifdvpcd.so"
    driver.parent.mkdir(parents=True)
    driver.write_bytes(b"")
    return prefix


def test_clients_see_the_readers(pcscd: PrivatePcscd) -> None:
    listed = opensc_tool(pcscd, "-l")
    assert pcscd.reader_names == ("Bench 0 00 00", "Bench 1 00 00", "Bench 2 00 00", "Bench 3 00 00")
    for name in pcscd.reader_names:
        assert name in listed


def test_opensc_reads_the_atr_of_a_card(pcscd: PrivatePcscd) -> None:
    with inserted(pcscd, 1):
        await_card("Bench 1 00 00")
        assert opensc_tool(pcscd, "-r", "Bench 1 00 00", "-a").strip() == "3b:60:00:00"


def test_pyscard_talks_to_a_card(pcscd: PrivatePcscd) -> None:
    from smartcard import scard  # noqa: PLC0415  see above

    with inserted(pcscd, 2):
        assert await_card("Bench 2 00 00") == _ATR
        _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        code, card, protocol = scard.SCardConnect(
            context, "Bench 2 00 00", scard.SCARD_SHARE_SHARED, scard.SCARD_PROTOCOL_ANY
        )
        assert code == 0
        code, response = scard.SCardTransmit(card, protocol, [0x00, 0xA4, 0x00, 0x00, 0x02, 0x3F, 0x00])
        assert code == 0
        assert bytes(response).hex() == "00a40000023f009000"
        scard.SCardDisconnect(card, scard.SCARD_LEAVE_CARD)
        scard.SCardReleaseContext(context)


def test_two_instances_side_by_side() -> None:
    with PrivatePcscd(["Left"]) as left, PrivatePcscd(["Right", "Far right"]) as right:
        assert left.environment != right.environment
        assert "Left 00 00" in opensc_tool(left, "-l")
        assert "ight" not in opensc_tool(left, "-l")
        assert "Far right 00 00" in opensc_tool(right, "-l")
        assert "Left" not in opensc_tool(right, "-l")
        with left.connect(0) as one, right.connect(0) as other:
            # vpcd asks its card for the ATR again and again.
            assert one.recv(3, socket.MSG_WAITALL) == b"\x00\x01\x04"
            assert other.recv(3, socket.MSG_WAITALL) == b"\x00\x01\x04"


def test_the_socket_may_be_given_to_another_process(pcscd: PrivatePcscd) -> None:
    script = "import socket,sys; print(socket.socket(fileno=int(sys.argv[1])).recv(3, socket.MSG_WAITALL).hex())"
    with pcscd.connect(3) as sock:
        assert not sock.get_inheritable()
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", script, str(sock.fileno())],
            pass_fds=[sock.fileno()],
            capture_output=True,
            text=True,
            check=True,
            timeout=_SECONDS,
        )
    assert done.stdout.strip() == "000104"


def test_a_reader_that_is_not_there(pcscd: PrivatePcscd) -> None:
    for slot in (-1, 4):
        with pytest.raises(PcscdError, match=f"no reader {slot}; .* 0 to 3"):
            pcscd.connect(slot)


def test_stop_leaves_nothing_behind() -> None:
    service = PrivatePcscd()
    service.start()
    service.start()
    pidfd = os.pidfd_open(service.pid)
    directory = Path(service.environment["PCSCLITE_CSOCK_NAME"]).parent
    assert directory.is_dir()
    service.stop()
    service.stop()
    await_end([pidfd])
    assert not directory.exists()
    with pytest.raises(PcscdError, match="not running"):
        service.connect(0)


@pytest.mark.parametrize("victim", ["owner", "agent"])
def test_a_kill_leaves_no_pcscd(victim: str) -> None:
    script = (
        "from readers.serve.pcscd import PrivatePcscd\n"
        "with PrivatePcscd() as service:\n"
        "    print(service.pid, service._instance.agent.pid, service._instance.directory.path, flush=True)\n"
        "    input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=_REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout
        pid, agent, directory = owner.stdout.readline().split()
        pidfds = [os.pidfd_open(int(pid)), os.pidfd_open(int(agent))]
        os.kill(owner.pid if victim == "owner" else int(agent), signal.SIGKILL)
        await_end(pidfds)
        if victim == "owner":
            assert not Path(directory).exists()


def test_a_pcscd_that_ended_is_told_with_its_log() -> None:
    with PrivatePcscd() as service:
        pidfd = os.pidfd_open(service.pid)
        os.kill(service.pid, signal.SIGKILL)
        await_end([pidfd])
        with pytest.raises(PcscdError, match="has ended; the end of its log"):
            service.connect(0)


def test_the_system_pcscd_is_not_touched() -> None:
    def snapshot() -> dict[str, tuple[int, int]]:
        if not _SYSTEM.is_dir():
            return {}
        return {file.name: (file.stat().st_ino, file.stat().st_mtime_ns) for file in _SYSTEM.iterdir()}

    before = snapshot()
    with PrivatePcscd():
        assert snapshot() == before
    assert snapshot() == before


def test_an_isolated_pcscd_is_out_of_reach(pcscd: PrivatePcscd) -> None:
    if not pcscd.isolated:  # where the kernel does not permit it, as in many containers, that has to be said
        assert pcscd.warning
        assert "every network interface" in pcscd.warning.en
        return
    assert pcscd.warning is None
    inside = sockets(f"/proc/{pcscd.pid}/net/tcp")
    assert len(inside) == 8  # two slots for each reader
    assert not inside & sockets("/proc/self/net/tcp")
    for hidden in ("run", "usr/lib/pcsc/drivers"):
        files = {file.name for file in Path(f"/proc/{pcscd.pid}/root", hidden).glob("*")}
        assert files <= {"pcscd"}


def test_isolation_that_the_kernel_denies(pcscd: PrivatePcscd) -> None:
    script = (
        "from readers.serve.pcscd import Isolation, PrivatePcscd\nPrivatePcscd(isolation=Isolation.ISOLATED).start()\n"
    )
    command = [sys.executable, "-c", script]
    if pcscd.isolated:  # else this kernel denies it anyway
        limits = "".join(f"echo 0 >/proc/sys/user/max_{kind}_namespaces; " for kind in ("user", "net"))
        command = ["unshare", "--user", "--map-root-user", "sh", "-c", f'{limits} exec "$@"', "sh", *command]
    done = subprocess.run(command, cwd=_REPOSITORY, capture_output=True, text=True, check=False, timeout=_SECONDS)
    assert re.search(r"the kernel does not permit own namespaces \([^:]+: unshare\)", done.stderr)


def test_auto_goes_on_without_isolation(pcscd: PrivatePcscd, monkeypatch: pytest.MonkeyPatch) -> None:
    launch = PrivatePcscd._launch
    launched = []

    def deny(
        service: PrivatePcscd, installation: Installation, ports: Sequence[int], *, isolated: bool
    ) -> module._Instance:
        launched.append(isolated)
        if len(launched) == 1:
            raise module._DeniedError("Not today: unshare")
        return launch(service, installation, ports, isolated=pcscd.isolated)  # not to touch what isolation protects

    monkeypatch.setattr(PrivatePcscd, "_launch", deny)
    monkeypatch.setattr(module, "_IPC_DIRECTORY", _REPOSITORY)  # any directory that is there
    with PrivatePcscd() as service:
        assert launched == [True, False]
        assert service.warning
        assert "(no namespaces: Not today: unshare)" in service.warning.en


def test_plain_mode_and_a_port_that_somebody_took(pcscd: PrivatePcscd) -> None:
    script = (
        "import os, socket, subprocess\n"
        "from readers.serve import pcscd\n"
        "with socket.socket() as first, socket.socket() as second:\n"
        "    free_ports = pcscd._free_ports\n"
        "    taken, = free_ports(1)\n"
        "    second.bind(('', taken + 1))\n"
        "    second.listen()\n"
        "    tries = [[taken], free_ports(1)]\n"
        "    pcscd._free_ports = lambda count: tries.pop(0)\n"
        "    with pcscd.PrivatePcscd(['Plain'], isolation=pcscd.Isolation.PLAIN) as service:\n"
        "        print(service.isolated, bool(service.warning), len(tries), os.stat(f'/proc/{service.pid}').st_uid)\n"
        "        with service.connect(0) as card:\n"
        "            print(card.recv(3, socket.MSG_WAITALL).hex(), flush=True)\n"
        "        subprocess.run(['opensc-tool', '-l'], env={**os.environ, **service.environment}, check=True)\n"
    )
    command = [sys.executable, "-c", script]
    if pcscd.isolated:  # then /run can be made private too, so that the system's stays as it is
        namespaces = ["--mount"] if os.geteuid() == 0 else ["--user", "--map-current-user", "--keep-caps", "--mount"]
        private_run = 'mount -t tmpfs none /run && mkdir /run/pcscd && exec "$@"'
        command = ["unshare", *namespaces, "sh", "-c", private_run, "sh", *command]
    done = subprocess.run(command, cwd=_REPOSITORY, capture_output=True, text=True, check=False, timeout=_SECONDS)
    assert not done.stderr
    state, frame, *listed = done.stdout.splitlines()
    assert state == f"False True 0 {os.geteuid() or 65_534}"
    assert frame == "000104"
    assert any("Plain 00 00" in line for line in listed)


def test_plain_mode_without_the_directory_that_pcscd_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(module, "_IPC_DIRECTORY", tmp_path / "pcscd")
    with pytest.raises(PcscdError, match=r"needs the directory /.*/pcscd, which is not there; make it \(sudo mkdir /"):
        PrivatePcscd(isolation=Isolation.PLAIN).start()


@pytest.fixture
def prefix() -> Iterator[Path]:
    """A directory to unpack into, open to all: without isolation, root's pcscd runs as nobody."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o777)
        yield Path(directory)


def test_a_missing_pcscd_is_named_with_the_way_to_get_it(prefix: Path) -> None:
    with pytest.raises(PcscdError, match=r"usr/sbin/pcscd is not there.*sudo apt install pcscd vsmartcard-vpcd"):
        PrivatePcscd(prefix=prefix).start()


def test_a_missing_driver_is_named_with_its_package(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(unpacked(prefix, "exit 0") / "usr/lib")
    monkeypatch.setenv(module.PREFIX_VARIABLE, str(prefix))
    with pytest.raises(PcscdError, match=r"libifdvpcd.so is not there; it is in the package vsmartcard-vpcd"):
        PrivatePcscd().start()


def test_a_pcscd_that_ends_at_once_is_told_with_its_log(prefix: Path) -> None:
    unpacked(prefix, "echo no room today; exit 3")
    with pytest.raises(PcscdError, match=r"pcscd has ended; the end of its log:\nno room today"):
        PrivatePcscd(prefix=prefix).start()


def test_a_pcscd_that_is_never_ready(prefix: Path) -> None:
    unpacked(prefix, f"echo $$ >{prefix}/pid; exec sleep 600")
    with pytest.raises(PcscdError, match="not ready in time"):
        PrivatePcscd(prefix=prefix, timeout=1.0).start()
    with pytest.raises(ProcessLookupError):
        os.kill(int((prefix / "pid").read_text()), 0)


@pytest.mark.parametrize(
    "names", [[], [""], ["A", "A"], ['a "quote"'], ["社保卡"], ["a\nb"], ["x" * 101], [str(n) for n in range(9)]]
)
def test_names_that_pcscd_does_not_take(names: list[str]) -> None:
    with pytest.raises(PcscdError):
        PrivatePcscd(names)


@pytest.mark.parametrize("base", ["a b", "社保", "x" * 90])
def test_a_temporary_directory_that_does_not_fit(base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tmp_path / base
    directory.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(directory))
    with PrivatePcscd(["Elsewhere"]) as service:
        assert "Elsewhere 00 00" in opensc_tool(service, "-l")

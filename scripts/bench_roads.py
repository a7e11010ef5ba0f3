"""The two virtual readers side by side: a private pcscd with vpcd, and our own PC/SC service with its cards inside.

The same clients, a C program and one with pyscard, send the same commands on both roads, in turn.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from apdu import Interface
from cardsim.cli.cards import opened_card
from cardsim.store import create_card_file
from readers.errors import ReaderError
from readers.serve.pcscd import PrivatePcscd
from readers.serve.pcsclite.server import PcscService
from readers.serve.vpcd import VpcdServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cardsim.perso import CardImage

_HERE = Path(__file__).parent
_SETTLE_SECONDS = 1.5


class EchoPort:
    """The least that a card can do: answer 9000 to every command."""

    atr = bytes.fromhex("3B6D000000" + "00" * 12)
    interface = Interface.CONTACT

    def power_on(self) -> bytes:
        """Return the ATR."""
        return self.atr

    def power_off(self) -> None:
        """Do nothing."""

    def reset(self) -> bytes:
        """Return the ATR."""
        return self.atr

    def transmit(self, command: bytes) -> bytes:
        """Return 9000."""
        del command
        return b"\x90\x00"


@dataclass(frozen=True, slots=True)
class Road:
    """One virtual reader: how clients reach it, its readers with the echo card and ours, and its processes."""

    name: str
    environment: dict[str, str]
    readers: tuple[str, str]
    pids: tuple[int, ...]


def compare(image: CardImage, rounds: int, count: int, apdus: Sequence[str]) -> None:
    """Time ``apdus`` on both roads, with both clients, pinned to one processor and not; then events."""
    print(f"\nThe two virtual readers, commands per second (median of {rounds} rounds of {count})")
    everywhere = os.sched_getaffinity(0)
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        clients = _clients(Path(directory))
        roads = [stack.enter_context(_service_road(image, Path(directory)))]
        try:
            roads.append(stack.enter_context(_pcscd_road(image, Path(directory))))
        except ReaderError as error:
            print(f"  pcscd not measured: {error}")
        print(f"  {'':<24}" + "".join(f"{road.name + ', echo':>22}{'ours':>10}" for road in roads))
        for label, processors in (("pinned", {max(everywhere)}), ("not pinned", everywhere)):
            _pin((os.getpid(), *(pid for road in roads for pid in road.pids)), processors)
            for client, program in clients.items():
                rates: list[list[float]] = [
                    [_run(program, road, reader, count, apdus) for road in roads for reader in road.readers]
                    for _ in range(rounds)
                ]
                medians = [statistics.median(column) for column in zip(*rates, strict=True)]
                cells = zip(medians[::2], medians[1::2], strict=True)
                print(
                    f"  {label + ', ' + client:<24}" + "".join(f"{echo:>22,.0f}{ours:>10,.0f}" for echo, ours in cells)
                )
        _pin((os.getpid(),), everywhere)
    print("  aim: 40,000 pinned")
    _events()


def _clients(directory: Path) -> dict[str, list[str]]:
    clients = {"pyscard": [sys.executable, str(_HERE / "bench_client.py")]}
    compiler = shutil.which("cc") or shutil.which("gcc")
    program = directory / "bench_client"
    words = [str(compiler), "-O2", "-I/usr/include/PCSC", str(_HERE / "bench_client.c"), "-o", str(program)]
    if compiler and not subprocess.run([*words, "-lpcsclite"], capture_output=True, check=False).returncode:
        return {"C": [str(program)], **clients}
    print("  no C client: it needs a compiler and libpcsclite-dev")
    return clients


def _run(program: list[str], road: Road, reader: str, count: int, apdus: Sequence[str]) -> float:
    done = subprocess.run(
        [*program, reader, str(count), *apdus],
        env=os.environ | road.environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(done.stdout)


@contextlib.contextmanager
def _service_road(image: CardImage, directory: Path) -> Iterator[Road]:
    path = directory / "service.card"
    create_card_file(path, image)
    with opened_card(path) as (_, port), PcscService() as service:
        yield Road("service", service.environment, (service.insert(EchoPort()), service.insert(port)), ())


@contextlib.contextmanager
def _pcscd_road(image: CardImage, directory: Path) -> Iterator[Road]:
    path = directory / "pcscd.card"
    create_card_file(path, image)
    programs = ([str(_HERE / "echo_card.py")], ["-m", "cardsim", "serve", str(path), "--vpcd"])
    with contextlib.ExitStack() as stack:
        pcscd = stack.enter_context(PrivatePcscd(("Bench echo", "Bench ours")))
        pids = [pcscd.pid]
        for slot, program in enumerate(programs):
            with pcscd.connect(slot) as sock:
                words = [sys.executable, *program, f"fd:{sock.fileno()}"]
                process = subprocess.Popen(words, pass_fds=(sock.fileno(),), stdout=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.terminate)
            pids.append(process.pid)
        time.sleep(_SETTLE_SECONDS)
        echo, ours = pcscd.reader_names
        yield Road("pcscd+vpcd", pcscd.environment, (echo, ours), tuple(pids))


def _pin(pids: Sequence[int], processors: set[int]) -> None:
    """Let every thread of ``pids``, and what they start, run on ``processors`` only."""
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), processors)


def _events() -> None:
    print("\nFrom a card's insertion or removal to the client that waits for it, milliseconds (median, worst)")
    with PcscService() as service:
        name = service.insert(EchoPort())
        _event_row(
            "service", (service.environment, name), 50, lambda: service.remove(name), lambda: service.insert(EchoPort())
        )
    try:
        with PrivatePcscd(("Bench",)) as pcscd:
            card = _VpcdCard(pcscd)
            card.insert()
            time.sleep(_SETTLE_SECONDS)
            _event_row("pcscd+vpcd", (pcscd.environment, pcscd.reader_names[0]), 5, card.remove, card.insert)
            card.remove()
    except ReaderError as error:
        print(f"  pcscd not measured: {error}")


class _VpcdCard:
    """An echo card that goes into vpcd's first slot and out again."""

    def __init__(self, pcscd: PrivatePcscd) -> None:
        self._pcscd = pcscd
        self._stack = contextlib.ExitStack()

    def insert(self) -> None:
        sock = self._stack.enter_context(self._pcscd.connect(0))
        thread = threading.Thread(target=VpcdServer(EchoPort(), sock).run, daemon=True)
        thread.start()
        self._stack.callback(thread.join)
        self._stack.callback(sock.shutdown, socket.SHUT_RD)

    def remove(self) -> None:
        self._stack.close()


def _event_row(
    label: str,
    where: tuple[dict[str, str], str],
    rounds: int,
    remove: Callable[[], object],
    insert: Callable[[], object],
) -> None:
    environment, reader = where
    words = [sys.executable, str(_HERE / "bench_client.py"), reader, "events"]
    with subprocess.Popen(words, env=os.environ | environment, stdout=subprocess.PIPE, text=True) as client:
        lines = iter(client.stdout or ())
        next(lines)
        times: dict[str, list[float]] = {"removed": [], "inserted": []}
        for _ in range(rounds):
            for what, change in (("removed", remove), ("inserted", insert)):
                time.sleep(0.01)  # the client waits by then
                start = time.monotonic_ns()
                change()
                times[what].append((int(next(lines)) - start) / 1e6)
        client.terminate()
        cells = [f"{what} {statistics.median(values):.2f}, {max(values):.2f}" for what, values in times.items()]
    print(f"  {label:<12}" + "    ".join(cells))

"""What a command costs: in process, and through pcscd and vpcd beside an echo card on the same road; and cryptography.

Figures are medians over rounds in which everything measured takes its turn, so that a machine whose speed drifts moves
all of them; compare ratios, not single times. The budget (design page): 6.5 us per command of the mix in process, and
at least 88 % of the echo card through pcscd and vpcd. The card has all files and keys of the HRSS zone; its challenge
is always the same, so that a cryptogram can be prepared once and sent again.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from apdu import Command
from cardsim.chip import Card, Memory, NoJournal, T0Port
from cardsim.perso import Holder, personalise
from cardsim.profiles import GEN2
from cardsim.store import CardStore, create_card_file
from cardsim.zones.hrss import SSSE
from cardsim.zones.layouts import Layout
from keys.des import DES
from keys.hsm import SoftwareHsm
from keys.tree import TestRoots
from readers.connect.pcsc import connect, wait_for_card
from readers.errors import ReaderError
from readers.serve.pcscd import PrivatePcscd
from readers.terminal.security import external_authenticate, internal_authenticate, meet, protected
from scripts.bench_cards import authentications, played
from scripts.bench_keys import algorithms
from scripts.bench_roads import compare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cardsim.perso import CardImage

_SELECT = bytes.fromhex("00A404000F7378312E73682EC9E7BBE1B1A3D5CF")
_COMMANDS = {
    "SELECT by name": _SELECT,
    "SELECT EF": bytes.fromhex("00A4000002EF06"),
    "READ RECORD by number": bytes.fromhex("00B2010414"),
    "READ RECORD by SFI and tag": bytes.fromhex("00B2052806"),
    "READ RECORD refused (6C)": bytes.fromhex("00B2010400"),
    "READ BINARY refused (6982)": bytes.fromhex("00B0880000"),
    "GET CHALLENGE": bytes.fromhex("0084000008"),
    "VERIFY": bytes.fromhex("0020000003123456"),
}
_MIX = (
    *("SELECT by name", "SELECT EF", "READ RECORD by number", "READ RECORD by SFI and tag"),
    *("SELECT EF", "READ RECORD by number", "GET CHALLENGE", "VERIFY"),
)
_ISSUE_DATE = Command(0x00, 0xDC, 0x05, 0x2C, bytes.fromhex("050420240101"))
_ECHO = Path(__file__).with_name("echo_card.py")


@dataclass(frozen=True, slots=True)
class Size:
    """How long to measure."""

    rounds: int
    commands: int


def main() -> int:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--only", choices=("process", "pcsc", "roads", "keys"), help="one part")
    options = parser.parse_args()
    image = personalise(GEN2, Layout.V2_00, Holder())
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.2f}")
    if options.only in (None, "process"):
        in_process(image, Size(3, 5_000) if options.quick else Size(9, 20_000))
    if options.only in (None, "pcsc"):
        through_pcsc(image, Size(3, 1_000) if options.quick else Size(9, 4_000))
    if options.only in (None, "roads"):
        compare(image, *((1, 4_000) if options.quick else (5, 20_000)), [_COMMANDS[name].hex() for name in _MIX])
    if options.only in (None, "keys"):
        algorithms(3 if options.quick else 9)
        authentications(3 if options.quick else 9)
    return 0


def in_process(image: CardImage, size: Size) -> None:
    """Time every command and the mix on a card in memory and on one with a card file."""
    print(f"\nIn process, microseconds per command (median of {size.rounds} rounds of {size.commands})")
    print(f"  {'':<28}{'memory':>9}{'card file':>11}")
    exchanges = _exchanges(image)
    works = {name: [command] for name, command in _COMMANDS.items()}
    works |= exchanges
    works["mix"] = [_COMMANDS[name] for name in _MIX]
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "bench.card"
        create_card_file(path, image)
        with CardStore.open(path) as store:
            memories = (Memory(image.memory, NoJournal()), store.memory)
            ports = [T0Port(Card(memory, image.profile, _same_challenge), image.profile) for memory in memories]
            for port in ports:
                for command in (_SELECT, _COMMANDS["SELECT EF"], *exchanges["EXTERNAL AUTHENTICATE *"]):
                    port.transmit(command)
            for name, commands in works.items():
                times = [[_time(port.transmit, commands, size.commands) for port in ports] for _ in range(size.rounds)]
                unit = 1e6 * (len(commands) if name in exchanges else 1)
                memory, file = (statistics.median(column) * unit for column in zip(*times, strict=True))
                print(f"  {name:<28}{memory:>9.2f}{file:>11.2f}{1e6 / memory:>12,.0f} per second")
    print("  * with the GET CHALLENGE before it")
    print("  budget for the mix: 6.5 us, 150,000 per second")


def _same_challenge(size: int) -> bytes:
    """Return the same bytes always, at the price of random ones."""
    os.urandom(size)
    return bytes(size)


def _exchanges(image: CardImage) -> dict[str, list[bytes]]:
    """Return the commands of terminals that prove keys and write; writing needs UK, which the second of them proves."""
    card = Card(Memory(image.memory, NoJournal()), image.profile, _same_challenge)
    card.transmit(_SELECT)
    uk = next(key for key in SSSE.keys if key.name == "UK")
    terminal, _ = played(card, meet(SoftwareHsm(DES, TestRoots()), card.atr, bytes))
    scripts = {
        "INTERNAL AUTHENTICATE": internal_authenticate(terminal),
        "EXTERNAL AUTHENTICATE *": external_authenticate(terminal, SSSE, uk),
        "UPDATE RECORD with MAC *": protected(terminal, _ISSUE_DATE),
    }
    exchanges = {name: played(card, script)[1] for name, script in scripts.items()}
    return exchanges | {"UPDATE RECORD": [_ISSUE_DATE.encode()]}


def _time(transmit: Callable[[bytes], bytes], commands: list[bytes], count: int) -> float:
    """Return seconds per command."""
    repeats = max(1, count // len(commands))
    for command in commands:
        transmit(command)
    start = time.perf_counter()
    for _ in range(repeats):
        for command in commands:
            transmit(command)
    return (time.perf_counter() - start) / (repeats * len(commands))


def through_pcsc(image: CardImage, size: Size) -> None:
    """Time the mix through a private pcscd, our card and the echo card in turn, pinned to one processor and not."""
    print(f"\nThrough pcscd and vpcd, commands per second (median of {size.rounds} rounds of {size.commands}, pyscard)")
    print(f"  {'':<12}{'echo card':>10}{'cardsim':>10}{'ratio':>8}{'(min-max)':>14}")
    everywhere = os.sched_getaffinity(0)
    try:
        with _road(image) as road:
            for label, processors in (("pinned", {max(everywhere)}), ("not pinned", everywhere)):
                _pin(road.pids, processors)
                rows = [tuple(_rate(transmit, size.commands) for transmit in road.cards) for _ in range(size.rounds)]
                echo, ours = (statistics.median(column) for column in zip(*rows, strict=True))
                ratios = sorted(ours / echo for echo, ours in rows)
                spread = f"({ratios[0]:.2f}-{ratios[-1]:.2f})"
                print(f"  {label:<12}{echo:>10,.0f}{ours:>10,.0f}{statistics.median(ratios):>8.2f}{spread:>14}")
    except ReaderError as error:
        print(f"  not measured: {error}")


@dataclass(frozen=True, slots=True)
class Road:
    """The echo card and ours, each in a reader of one pcscd; and all the processes on the way."""

    cards: tuple[Callable[[bytes], bytes], ...]
    pids: tuple[int, ...]


@contextlib.contextmanager
def _road(image: CardImage) -> Iterator[Road]:
    with contextlib.ExitStack() as stack:
        path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "bench.card"
        create_card_file(path, image)
        pcscd = stack.enter_context(PrivatePcscd(("Bench echo", "Bench ours")))
        os.environ.update(pcscd.environment)
        programs = ([sys.executable, str(_ECHO)], [sys.executable, "-m", "cardsim", "serve", str(path), "--vpcd"])
        cards: list[Callable[[bytes], bytes]] = []
        pids = [os.getpid(), pcscd.pid]
        for slot, program in enumerate(programs):
            with pcscd.connect(slot) as sock:
                words = [*program, f"fd:{sock.fileno()}"]
                process = subprocess.Popen(words, pass_fds=(sock.fileno(),), stdout=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.terminate)
            name = pcscd.reader_names[slot]
            wait_for_card(10, name)
            connection = connect(name)
            stack.callback(connection.close)
            cards.append(connection.transmit)
            pids.append(process.pid)
        yield Road(tuple(cards), tuple(pids))


def _pin(pids: tuple[int, ...], processors: set[int]) -> None:
    """Let every thread of ``pids`` run on ``processors`` only."""
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), processors)


def _rate(transmit: Callable[[bytes], bytes], count: int) -> float:
    return 1 / _time(transmit, [_COMMANDS[name] for name in _MIX], count)


if __name__ == "__main__":
    sys.exit(main())

"""`cardsim serve`: cards in virtual readers until they are taken out."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shlex
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from apdu.ports import Interface
from cardsim.cli.cards import InputFileError, OptionError, opened_card, opened_dual, trace_sink
from cardsim.store import read_card_file
from readers.serve.locked import LockedPort
from readers.serve.traced import TracedPort

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from apdu import CardPort
    from cardsim.cli.console import Console
    from readers.serve.pcsclite.server import PcscService
    from readers.serve.shared_slot import SharedSlot
    from readers.serve.vpcd import VpcdServer


BOTH: Final = "both"
"""The value of --interface for a card in two readers."""
_INHERITED = "fd:"
_REST_SECONDS: Final = 3.0
_NUMBER = re.compile(r"[0-9]{1,9}")


def run(options: argparse.Namespace, console: Console) -> int:
    """Serve until SIGINT or SIGTERM comes, or the other side closes; the card files are whole at any moment."""
    if options.pcsc or options.socket:
        return _pcsc(options, console)
    if len(options.card) > 1:
        raise InputFileError(
            "vpcd's slots take one card each: give one card, or --pcsc for readers of our own",
            "vpcd 的每个卡槽只能插一张卡:请只给一张卡,或用 --pcsc 使用自带的读卡器",
        )
    return _vpcd(options, console)


def _pcsc(options: argparse.Namespace, console: Console) -> int:
    from readers.serve.pcsclite.server import SOCKET_VARIABLE, PcscService  # noqa: PLC0415  heavy only where used

    with contextlib.ExitStack() as stack:
        seats = open_seats(stack, options, console)
        path = Path(options.socket) if options.socket else None
        service = stack.enter_context(PcscService(0, path=path))
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: service.stop_soon())
        for seat in seats:
            name = seat.take(service)
            console.say(f"{seat.card} is in the reader {name}", f"{seat.card} 已插入读卡器 {name}")
        console.say("in another terminal, before a PC/SC program starts:", "在另一终端中启动 PC/SC 程序之前执行:")
        console.line(f"  export {SOCKET_VARIABLE}={shlex.quote(str(service.path))}")
        console.say("Ctrl-C takes the cards out", "按 Ctrl-C 取出所有卡")
        console.flush()
        service.wait()
    console.say("the cards are out", "卡已取出")
    return 0


@dataclass(frozen=True, slots=True)
class Seat:
    """A card and one reader that it is to be in; ``label`` tells the interface where it is not just contact."""

    card: str
    port: CardPort
    label: str = ""
    shared: bool = False

    def take(self, service: PcscService) -> str:
        """Put the card into a reader of ``service`` and return the reader's name."""
        return service.insert(self.port, label=self.label, shared=self.shared)


def open_seats(stack: contextlib.ExitStack, options: argparse.Namespace, console: Console) -> list[Seat]:
    """Open the card files of ``options.card``, with a trace each if there is to be one; ``stack`` closes them."""
    _check_each_once(options.card)
    seats: list[Seat] = []
    for path, wished, trace in zip(options.card, _interfaces(options), _trace_names(options), strict=True):
        ports = _open(stack, Path(path), wished, durable=options.durable)
        sink = stack.enter_context(trace_sink(argparse.Namespace(**{**vars(options), "trace": trace}), console))
        shared = len(ports) > 1
        for port in ports:
            name = port.interface.value
            label = name.capitalize() if shared or port.interface is Interface.CONTACTLESS else ""
            traced = TracedPort(port, sink, label=name if shared else "") if sink else port
            seats.append(Seat(path, traced, label, shared))
    return seats


def _check_each_once(cards: Sequence[str]) -> None:
    places = [os.path.realpath(card) for card in cards]
    for number, card in enumerate(cards):
        if places[number] in places[:number]:
            raise OptionError(
                f"{card} is named twice; a card is in one reader at a time",
                f"{card} 重复给出;一张卡同时只能在一个读卡器中",
            )


def _interfaces(options: argparse.Namespace) -> list[str | None]:
    """Return how each card is reached; None: as its chip can, for one that lacks what another has.

    A gen2 card beside cards in a field, or the terminal's PSAM, is in a reader with contacts. Where no card has what
    is asked for, that is asked of all of them, and the first one is refused.
    """
    wished: str | None = options.interface
    everywhere = [wished] * len(options.card)
    if wished is None or len(everywhere) == 1:
        return everywhere
    needed = set(Interface) if wished == BOTH else {Interface(wished)}
    able = [needed.issubset(read_card_file(Path(card))[0].profile.interfaces.all) for card in options.card]
    return [wished if can else None for can in able] if any(able) else everywhere


def _open(stack: contextlib.ExitStack, path: Path, wished: str | None, *, durable: bool) -> Sequence[CardPort]:
    if wished == BOTH:
        return stack.enter_context(opened_dual(path, durable=durable))
    interface = Interface(wished) if wished else None
    return (stack.enter_context(opened_card(path, durable=durable, interface=interface))[1],)


def _trace_names(options: argparse.Namespace) -> list[str | None]:
    """Return the trace of each card: of several cards, `x.trace` becomes `x.1.trace` for the first, and so on."""
    if not options.trace or len(options.card) == 1:
        return [options.trace] * len(options.card)
    path = Path(options.trace)
    return [str(path.with_name(f"{path.stem}.{number}{path.suffix}")) for number in range(1, len(options.card) + 1)]


def _vpcd(options: argparse.Namespace, console: Console) -> int:
    from readers.serve.shared_slot import SharedSlot  # noqa: PLC0415  heavy only where used
    from readers.serve.vpcd import VpcdServer  # noqa: PLC0415  heavy only where used

    card = options.card[0]
    with contextlib.ExitStack() as stack:
        seats = open_seats(stack, options, console)
        lock = threading.Lock()
        locked = [LockedPort(seat.port, lock) for seat in seats if seat.shared]
        connects = _vpcd_connects(options.vpcd, len(seats))
        sockets = [stack.enter_context(connect()) for connect in connects]
        servers: Sequence[VpcdServer | SharedSlot]
        if locked:
            again = [None if options.vpcd.startswith(_INHERITED) else connect for connect in connects]
            servers = slots = [SharedSlot(*parts) for parts in zip(locked, sockets, again, strict=True)]
            slots[0].beside(slots[1])
        else:
            servers = [VpcdServer(seats[0].port, sockets[0])]

        def stop(*_: object) -> None:
            for server in servers:
                server.stop()
            for port in locked:
                port.rested.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        console.say(
            f"{card} is in the reader ({options.vpcd}); Ctrl-C takes it out",
            f"{card} 已插入读卡器({options.vpcd});按 Ctrl-C 取出",
        )
        if not options.vpcd.startswith(_INHERITED):
            console.note(
                "note: vpcd listens on every network interface without asking who connects; "
                "use it on machines you trust, or behind a firewall",
                "注意:vpcd 在所有网络接口上监听且不验证连接者;请仅在可信机器上或防火墙后使用",
            )
        console.flush()
        _run_all(servers, stop, locked)
    console.say(f"{card} is out of the reader", f"{card} 已取出")
    return 0


def _run_all(servers: Sequence[VpcdServer | SharedSlot], stop: Callable[[], None], ports: Sequence[LockedPort]) -> None:
    """Run until one of them ends, and end the others then.

    pcscd powers a card that is put in, for its ATR, and lets go of it half a second later. The second reader begins
    when the first one has done so, or it would find the card mute.
    """
    first, *others = servers

    def run(server: VpcdServer | SharedSlot) -> None:
        ports[0].rested.wait(_REST_SECONDS)
        server.run()

    with ThreadPoolExecutor(max(1, len(others))) as pool:
        futures = [pool.submit(run, server) for server in others]
        for future in futures:
            future.add_done_callback(lambda _: stop())
        try:
            first.run()
        finally:
            stop()
    for future in futures:
        future.result()


def _vpcd_connects(where: str, count: int) -> list[Callable[[], socket.socket]]:
    """Return what connects to as many slots: ports that follow one another, or inherited sockets."""
    if where.startswith(_INHERITED):
        numbers = where.removeprefix(_INHERITED).split(",")
        if len(numbers) == count and all(_NUMBER.fullmatch(number) for number in numbers):
            return [partial(_inherited, where, int(number)) for number in numbers]
    else:
        host, _, number = where.rpartition(":")
        if host and _NUMBER.fullmatch(number):
            return [partial(_connected, where, host, int(number) + slot) for slot in range(count)]
    form, form_zh = ("", "") if count == 1 else (" (fd:N,M for two readers)", "(两个读卡器用 fd:N,M)")
    raise InputFileError(
        f"--vpcd takes HOST:PORT or fd:N{form}, not {where!r}", f"--vpcd 应为 HOST:PORT 或 fd:N{form_zh},而非 {where!r}"
    )


def _inherited(where: str, number: int) -> socket.socket:
    try:
        return socket.socket(fileno=number)
    except OSError as error:
        raise InputFileError(f"--vpcd {where}: {error.strerror}", f"--vpcd {where}:{error.strerror}") from error


def _connected(where: str, host: str, port: int) -> socket.socket:
    from readers.serve.vpcd import connect_vpcd  # noqa: PLC0415  heavy only where used

    if not 0 < port < 65_536:
        raise InputFileError(f"--vpcd {where}: a port is 1 to 65535", f"--vpcd {where}:端口应为 1 至 65535")
    try:
        return connect_vpcd(host.strip("[]"), port)
    except UnicodeError as error:
        raise InputFileError(
            f"--vpcd {where}: {host!r} is no host name", f"--vpcd {where}:{host!r} 不是主机名"
        ) from error

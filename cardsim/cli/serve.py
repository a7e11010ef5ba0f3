"""`cardsim serve`: cards in virtual readers until they are taken out."""

from __future__ import annotations

import argparse
import contextlib
import re
import shlex
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from apdu.text import Text
from cardsim.cli.cards import InputFileError, opened_card, trace_sink
from readers.serve.traced import TracedPort

if TYPE_CHECKING:
    from collections.abc import Sequence

    from apdu import CardPort
    from cardsim.cli.console import Console
    from readers.serve.pcsclite.server import PcscService


_INHERITED = "fd:"
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
        ports = open_ports(stack, options, console)
        service = stack.enter_context(PcscService(path=Path(options.socket) if options.socket else None))
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: service.stop_soon())
        insert(service, options.card, ports, console)
        console.say("in another terminal, before a PC/SC program starts:", "在另一终端中启动 PC/SC 程序之前执行:")
        console.line(f"  export {SOCKET_VARIABLE}={shlex.quote(str(service.path))}")
        console.say("Ctrl-C takes the cards out", "按 Ctrl-C 取出所有卡")
        console.flush()
        service.wait()
    console.say("the cards are out", "卡已取出")
    return 0


def open_ports(stack: contextlib.ExitStack, options: argparse.Namespace, console: Console) -> list[CardPort]:
    """Open the card files of ``options.card``, with a trace each if there is to be one; ``stack`` closes them."""
    ports: list[CardPort] = []
    for path, trace in zip(options.card, _trace_names(options), strict=True):
        sink = stack.enter_context(trace_sink(argparse.Namespace(**{**vars(options), "trace": trace}), console))
        _, port = stack.enter_context(opened_card(Path(path), durable=options.durable))
        ports.append(TracedPort(port, sink) if sink else port)
    return ports


def insert(service: PcscService, cards: Sequence[str], ports: Sequence[CardPort], console: Console) -> None:
    """Put each card into a reader and say into which."""
    for card, port in zip(cards, ports, strict=True):
        name = service.insert(port)
        text = Text(f"{card} is in the reader {name}", f"{card} 已插入读卡器 {name}")
        console.say(text.en, text.zh)


def _trace_names(options: argparse.Namespace) -> list[str | None]:
    """Return the trace of each card: of several cards, `x.trace` becomes `x.1.trace` for the first, and so on."""
    if not options.trace or len(options.card) == 1:
        return [options.trace] * len(options.card)
    path = Path(options.trace)
    return [str(path.with_name(f"{path.stem}.{number}{path.suffix}")) for number in range(1, len(options.card) + 1)]


def _vpcd(options: argparse.Namespace, console: Console) -> int:
    from readers.serve.vpcd import VpcdServer  # noqa: PLC0415  heavy only where used

    card = options.card[0]
    with contextlib.ExitStack() as stack:
        (port,) = open_ports(stack, options, console)
        sock = stack.enter_context(_vpcd_socket(options.vpcd))
        server = VpcdServer(port, sock)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: server.stop())
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
        server.run()
    console.say(f"{card} is out of the reader", f"{card} 已取出")
    return 0


def _vpcd_socket(where: str) -> socket.socket:
    from readers.serve.vpcd import connect_vpcd  # noqa: PLC0415  heavy only where used

    host, _, number = where.rpartition(":")
    if not (host and _NUMBER.fullmatch(number)):
        raise InputFileError(
            f"--vpcd takes HOST:PORT or fd:N, not {where!r}", f"--vpcd 应为 HOST:PORT 或 fd:N,而非 {where!r}"
        )
    if where == _INHERITED + number:
        try:
            return socket.socket(fileno=int(number))
        except OSError as error:
            raise InputFileError(f"--vpcd {where}: {error.strerror}", f"--vpcd {where}:{error.strerror}") from error
    if not 0 < int(number) < 65_536:
        raise InputFileError(f"--vpcd {where}: a port is 1 to 65535", f"--vpcd {where}:端口应为 1 至 65535")
    try:
        return connect_vpcd(host.strip("[]"), int(number))
    except UnicodeError as error:
        raise InputFileError(
            f"--vpcd {where}: {host!r} is no host name", f"--vpcd {where}:{host!r} 不是主机名"
        ) from error

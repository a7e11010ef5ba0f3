"""`cardsim serve`: a card in a virtual reader until it is taken out."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from cardsim.cli.cards import InputFileError, opened_card, trace_sink
from readers.serve.traced import TracedPort
from readers.serve.vpcd import VpcdServer, connect_vpcd

if TYPE_CHECKING:
    import argparse

    from cardsim.cli.console import Console


_INHERITED = "fd:"
_NUMBER = re.compile(r"[0-9]{1,9}")


def run(options: argparse.Namespace, console: Console) -> int:
    """Serve until the other side closes, or SIGINT or SIGTERM comes; the card file is whole at any moment."""
    with contextlib.ExitStack() as stack:
        sink = stack.enter_context(trace_sink(options, console))
        _, port = stack.enter_context(opened_card(Path(options.card), durable=options.durable))
        sock = stack.enter_context(_vpcd_socket(options.vpcd))
        server = VpcdServer(TracedPort(port, sink) if sink else port, sock)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: server.stop())
        console.say(
            f"{options.card} is in the reader ({options.vpcd}); Ctrl-C takes it out",
            f"{options.card} 已插入读卡器({options.vpcd});按 Ctrl-C 取出",
        )
        if not options.vpcd.startswith(_INHERITED):
            console.note(
                "note: vpcd listens on every network interface without asking who connects; "
                "use it on machines you trust, or behind a firewall",
                "注意:vpcd 在所有网络接口上监听且不验证连接者;请仅在可信机器上或防火墙后使用",
            )
        console.flush()
        server.run()
    console.say(f"{options.card} is out of the reader", f"{options.card} 已取出")
    return 0


def _vpcd_socket(where: str) -> socket.socket:
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

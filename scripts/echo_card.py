"""The least that a card can do behind vpcd: answer 9000 to every command. What is slower than this is ours."""

from __future__ import annotations

import socket
import sys

_ATR = bytes.fromhex("3B6D000000" + "00" * 12)
_OK = b"\x00\x02\x90\x00"


def main() -> None:
    """Answer on the socket whose descriptor the first argument names, fd:N."""
    sock = socket.socket(fileno=int(sys.argv[1].removeprefix("fd:")))
    atr = len(_ATR).to_bytes(2, "big") + _ATR
    pending = b""
    while True:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        chunk = sock.recv(4096)
        if not chunk:
            return
        pending += chunk
        while len(pending) >= 2 and len(pending) >= (end := 2 + int.from_bytes(pending[:2], "big")):
            body, pending = pending[2:end], pending[end:]
            if len(body) > 1:
                sock.sendall(_OK)
            elif body == b"\x04":
                sock.sendall(atr)


if __name__ == "__main__":
    main()

"""What a Python program sees: `bench_client.py READER COUNT APDU...` prints commands per second through pyscard.

`bench_client.py READER events` prints the time (nanoseconds of the monotonic clock) of every change of the reader.
"""

from __future__ import annotations

import sys
import time

from smartcard import scard


def main() -> None:
    """Do what the arguments say."""
    reader, what, *apdus = sys.argv[1:]
    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    if what == "events":
        _events(context, reader)
    else:
        print(f"{_rate(context, reader, int(what), [list(bytes.fromhex(apdu)) for apdu in apdus]):.0f}")


def _rate(context: int, reader: str, count: int, apdus: list[list[int]]) -> float:
    code, card, protocol = scard.SCardConnect(context, reader, scard.SCARD_SHARE_SHARED, scard.SCARD_PROTOCOL_ANY)
    if code:
        sys.exit(scard.SCardGetErrorMessage(code))
    start = time.perf_counter()
    for number in range(count):
        code, _ = scard.SCardTransmit(card, protocol, apdus[number % len(apdus)])
        if code:
            sys.exit(scard.SCardGetErrorMessage(code))
    seconds = time.perf_counter() - start
    scard.SCardDisconnect(card, scard.SCARD_LEAVE_CARD)
    return count / seconds


def _events(context: int, reader: str) -> None:
    state, present = 0, None
    while True:
        _, [(_, state, _)] = scard.SCardGetStatusChange(context, 60_000, [(reader, state)])
        now = time.monotonic_ns()
        if present is not (present := bool(state & scard.SCARD_STATE_PRESENT)):
            print(now, flush=True)


if __name__ == "__main__":
    main()

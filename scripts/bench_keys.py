"""What cryptography costs: SM2 beside gmssl, and the suites that cards use; part of scripts/bench."""

from __future__ import annotations

import statistics
import time
from functools import cache
from typing import TYPE_CHECKING

from keys.des import DES
from keys.errors import EngineError
from keys.sm import SM
from keys.sm2 import OwnEngine, PrivateKey, decrypt, encrypt, engine, sign, verify
from keys.sm2.curve import Group, best_number
from keys.suite import proof

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keys.sm2 import Curve, Sm2Engine
    from keys.suite import CipherSuite

_KEY = PrivateKey.derive(b"bench")
_MESSAGE = b"hello"
_SECRET = bytes(16)
_SECONDS = 0.1
"""How long one thing is measured in one round."""


def algorithms(rounds: int) -> None:
    """Print what SM2 and the suites cost."""
    print(
        f"\nSM2, per second of processor time (median of {rounds} rounds; x: times gmssl;"
        f" message {len(_MESSAGE)} bytes, text {len(_SECRET)})"
    )
    engines = _engines()
    rates = _rates({name: _sm2(by) for name, by in engines.items()}, rounds)
    print(f"  {'':<28}" + "".join(f"{name:>18}" for name in engines))
    for action in next(iter(rates.values())):
        texts = [_with_ratio(rates[name][action], rates.get("gmssl", {}).get(action)) for name in engines]
        print(f"  {action:<28}" + "".join(f"{text:>18}" for text in texts))
    print("  aim: 30 times the signatures of gmssl without gmpy2")

    print(f"\nSuites, microseconds per operation (median of {rounds} rounds)")
    print(f"  {'':<28}{'DES':>9}{'SM4':>9}")
    rates = _rates({suite.name: _suite(suite) for suite in (DES, SM)}, rounds)
    for action in rates["DES"]:
        print(
            f"  {action:<28}"
            + "".join(f"{1e6 / statistics.median(rates[name][action]):>9.2f}" for name in ("DES", "SM4"))
        )


def _engines() -> dict[str, Sm2Engine]:
    engines: dict[str, Sm2Engine] = {}
    try:
        engines["gmssl"] = engine("gmssl")
    except EngineError as error:
        print(f"  not measured: {error}")
    engines["int"] = OwnEngine(cache(_on_int))
    if best_number() is not int:
        engines["gmpy2"] = OwnEngine()
    return engines


def _on_int(curve: Curve) -> Group:
    return Group(curve, int)


def _sm2(by: Sm2Engine) -> dict[str, Callable[[], object]]:
    public, signature, sealed = _KEY.public, sign(_KEY, _MESSAGE), encrypt(_KEY.public, _SECRET)
    known = public.tabled() if by.name == "own" else public
    return {
        "sign": lambda: sign(_KEY, _MESSAGE, by=by),
        "verify": lambda: verify(public, _MESSAGE, signature, by=by),
        "verify, key with a table": lambda: verify(known, _MESSAGE, signature, by=by),
        "encrypt": lambda: encrypt(public, _SECRET, by=by),
        "decrypt": lambda: decrypt(_KEY, sealed, by=by),
    }


def _suite(suite: CipherSuite) -> dict[str, Callable[[], object]]:
    key, factor, data = bytes(range(16)), bytes(range(8)), bytes(21)
    session = suite.session_key(key, factor)
    sealed = suite.seal(session, data)
    return {
        "one block": lambda: suite.encrypt(key, bytes(suite.block)),
        "diversified key": lambda: suite.diversify(key, factor),
        "key check value": lambda: suite.kcv(key),
        "authentication": lambda: proof(suite, key, factor, factor),
        "MAC over 21 bytes": lambda: suite.mac(key, data),
        "line: unseal, MAC": lambda: (suite.mac(session, sealed), suite.unseal(session, sealed)),
        "line, with its session key": lambda: (
            suite.mac(suite.session_key(key, factor), sealed),
            suite.unseal(session, sealed),
        ),
    }


def _with_ratio(rates: list[float], others: list[float] | None) -> str:
    """Return the median, and that of the ratios to others taken in the same rounds."""
    text = f"{statistics.median(rates):,.0f}"
    if others is None:
        return text
    return f"{text} {statistics.median(a / b for a, b in zip(rates, others, strict=True)):>6.1f}x"


def _rates(works: Mapping[str, Mapping[str, Callable[[], object]]], rounds: int) -> dict[str, dict[str, list[float]]]:
    """Return how often a second each thing can be done; all of them take turns in every round."""
    found: dict[str, dict[str, list[float]]] = {name: {action: [] for action in work} for name, work in works.items()}
    for work in works.values():
        for do in work.values():
            do()
    for _ in range(rounds):
        for action in next(iter(works.values())):
            for name, work in works.items():
                found[name][action].append(_rate(work[action]))
    return found


def _rate(action: Callable[[], object]) -> float:
    """Return how often a second, by the processor time of this process."""
    start, batch = time.process_time(), 1
    done = 0
    while (elapsed := time.process_time() - start) < _SECONDS:
        for _ in range(batch):
            action()
        done += batch
        batch = max(1, min(done, 100))
    return done / elapsed

"""What cryptography costs: SM2 beside gmssl, and the suites that cards use; part of scripts/bench."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from keys.des import DES
from keys.sm import SM
from keys.sm2 import SM2P256V1, OwnEngine, PrivateKey, PublicKey, decrypt, encrypt, sign, verify
from keys.sm2.curve import Group, best_number, group
from keys.suite import proof

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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
    works = _sm2_works()
    rates = rates_of(works, rounds)
    print(f"  {'':<28}" + "".join(f"{name:>18}" for name in works))
    for action in next(iter(rates.values())):
        texts = [_with_ratio(rates[name][action], rates.get("gmssl", {}).get(action)) for name in works]
        print(f"  {action:<28}" + "".join(f"{text:>18}" for text in texts))
    print("  aim: 30 times the signatures of gmssl without gmpy2")

    print(f"\nSuites, microseconds per operation (median of {rounds} rounds)")
    print(f"  {'':<28}{'DES':>9}{'SM4':>9}")
    rates = rates_of({suite.name: _suite(suite) for suite in (DES, SM)}, rounds)
    for action in rates["DES"]:
        print(
            f"  {action:<28}"
            + "".join(f"{1e6 / statistics.median(rates[name][action]):>9.2f}" for name in ("DES", "SM4"))
        )


def _sm2_works() -> dict[str, dict[str, Callable[[], object]]]:
    works: dict[str, dict[str, Callable[[], object]]] = {}
    try:
        works["gmssl"] = _gmssl()
    except ImportError:
        print("  gmssl is not installed, so not measured")
    works["int"] = _sm2(Group(SM2P256V1, int))
    if best_number() is not int:
        works["gmpy2"] = _sm2(group())
    return works


def _gmssl() -> dict[str, Callable[[], object]]:
    """Return the library's own calls, as its users make them, with its own hash and nonces."""
    from gmssl.sm2 import CryptSM2  # noqa: PLC0415  an optional extra

    machine = CryptSM2(_KEY.hex(), "", mode=1)
    machine.public_key = _KEY.public[1:].hex()
    signature, sealed = sign(_KEY, _MESSAGE).hex(), encrypt(_KEY.public, _SECRET)[1:]
    return {
        "sign": lambda: machine.sign_with_sm3(_MESSAGE),
        "verify": lambda: machine.verify_with_sm3(signature, _MESSAGE),
        "verify, key with a table": lambda: machine.verify_with_sm3(signature, _MESSAGE),
        "encrypt": lambda: machine.encrypt(_SECRET),
        "decrypt": lambda: machine.decrypt(sealed),
    }


def _sm2(points: Group) -> dict[str, Callable[[], object]]:
    by = OwnEngine(lambda _: points)
    public, signature, sealed = _KEY.public, sign(_KEY, _MESSAGE), encrypt(_KEY.public, _SECRET)
    known = PublicKey(public)
    known.table = points.table(public.point)
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


def rates_of(works: Mapping[str, Mapping[str, Callable[[], object]]], rounds: int) -> dict[str, dict[str, list[float]]]:
    """Return how often a second each thing can be done; all of them take turns in every round."""
    found: dict[str, dict[str, list[float]]] = {name: {action: [] for action in work} for name, work in works.items()}
    for work in works.values():
        for do in work.values():
            do()
    for _ in range(rounds):
        for action in dict.fromkeys(action for work in works.values() for action in work):
            for name, work in works.items():
                if action in work:
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

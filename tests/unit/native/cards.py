"""Blank cards under test, and scripts that make something of them; cryptograms by the openssl command."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cardsim.profiles import GEN2
from tests.unit.chip.bench import Bench
from tests.unit.hrss.openssl import DES, SM4

if TYPE_CHECKING:
    from tests.unit.hrss.openssl import Suite

KEYS = {
    "K1": "00112233445566778899AABBCCDDEEFF",
    "K2": "0123456789ABCDEFFEDCBA9876543210",
    "K3": "11223344556677888877665544332211",
    "K4": "3F013F013F013F013F013F013F013F01",
    "K5": "36363636363636363636363636363636",
    "K8": "0102030405060708",
    "Z": "00" * 16,
    "F8": "FF" * 8,
    "F16": "FF" * 16,
}
MF = "80E03F000D38FFFFF0F001FFFFFFFFFFFFFF"
MF_KEYS = "80E00000073F005001F0FFFF"
MASTER = "80D401001539F0F0AA33" + KEYS["K1"]
DF = "80E03F011138036FF0F095FFFFA00000000386980701"
INTO_DF = "00A4000002" + "3F01"
DF_KEYS = "80E00000073F018F95F0FFFF"
INTO_MF = "00A40000023F00"
SCRIPTS = Path(__file__).parent / "scripts"


class Native(Bench):
    """A card of native commands. ``challenge``: what the card draws next, where a test says so."""

    def __init__(self, image: int | bytes = 8192, /, **settings: object) -> None:
        self.challenge = b""
        super().__init__(bytes(image), GEN2.override({"blank": True, **settings}))

    def _entropy(self, size: int) -> bytes:
        drawn = super()._entropy(size)
        fixed, self.challenge = self.challenge, b""
        assert len(fixed) in (0, size)
        return fixed or drawn

    def fetch(self, size: int = 4) -> bytes:
        """A challenge."""
        answer = self.send(f"00840000{size:02X}")
        assert answer.endswith("9000"), answer
        return bytes.fromhex(answer[:-4])

    def auth(self, key: str, number: int = 0, *, size: int = 8, suite: Suite = DES) -> str:
        """EXTERNAL AUTHENTICATE."""
        proof = suite.ecb(value(key), self.fetch(size).ljust(suite.block, b"\x00"))
        return self.send(f"008200{number:02X}{len(proof):02X}{proof.hex()}")

    def mac(self, key: str, command: str, *, suite: Suite = DES, size: int = 4) -> str:
        """``command``, its Lc counting the MAC already, behind a challenge and with its MAC."""
        return self.send(macced(key, command, self.fetch(size), suite))

    def seal(self, key: str, command: str, plain: str, *, suite: Suite = DES) -> str:
        """A command of this header (Lc too) with ``plain`` enciphered."""
        return self.mac(key, command + suite.sealed(value(key), bytes.fromhex(plain)).hex(), suite=suite)


def value(key: str) -> bytes:
    """A key by its name or its digits."""
    return bytes.fromhex(KEYS.get(key, key))


def macced(key: str, command: str, challenge: bytes, suite: Suite = DES) -> str:
    data = bytes.fromhex(command)
    return command + suite.mac(value(key), data, challenge.ljust(suite.block, b"\x00")).hex()


def run(card: Native, name: str, *, until: str = "no such line") -> None:
    """Send a script, up to the line that begins with ``until``; every step must be answered as it says."""
    for line in (SCRIPTS / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith(until):
            break
        if line and not line.startswith("#"):
            step, _, expected = line.partition("=")
            answer = _step(card, step.split())
            right = answer == expected.replace(" ", "") if expected else answer.endswith("9000")
            assert right, f"{line}: {answer}, {card.card.last_refusal}"


def _step(card: Native, words: list[str]) -> str:
    match words:
        case ["mac", key, *rest]:
            return card.mac(key, _digits(rest))
        case ["seal", key, header, *rest]:
            return card.seal(key, header, _digits(rest))
        case ["auth4" | "auth8" as how, key, number]:
            return card.auth(key, int(number, 16), size=int(how[-1]))
        case _:
            return card.send(_digits(words))


def _digits(words: list[str]) -> str:
    return "".join(KEYS.get(word, word) for word in words)


@cache
def made(name: str, **settings: object) -> bytes:
    """The memory behind a script."""
    card = Native(16384, **settings)
    run(card, name)
    return bytes(card.memory.view)


def issued(name: str, /, **settings: object) -> Native:
    """A card behind a script, freshly powered."""
    return Native(made(name, **settings), **settings)


__all__ = ["DES", "SM4"]

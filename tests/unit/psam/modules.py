"""PSAMs for tests, and what their keys give by the openssl command: the program under test takes no part in that."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from cardsim.chip.layout import (
    REST_OF_MEMORY,
    RIGHT_FREE,
    Algorithm,
    FileType,
    Header,
    KeyRecord,
    KeyType,
    tries_byte,
)
from cardsim.perso.psam import PsamNumbers, personalise_psam
from cardsim.profiles import PSAM
from cardsim.zones.model import CommandSet
from readers.connect.inprocess import connect_inprocess
from readers.connect.layers import with_layers
from tests.unit.chip.bench import Bench

if TYPE_CHECKING:
    from apdu import Connection
    from cardsim.perso import CardImage
    from cardsim.profiles import Profile
    from tests.unit.hrss.openssl import Suite

TERMINAL, DEVICE = "410100813475", "00012600202203000183"
DF01 = "00A4040006D15600000590"
DF02 = "00A4040006D15600000591"
PROVINCE, CITY, CARD = (bytes.fromhex(text) for text in ("3633303030307368", "3633393930307378", "8684440300506407"))
"""Of region 639900."""
CHALLENGE = bytes.fromhex("A1A2A3A4A5A6A7A8")
SOURCE = bytes.fromhex("0102030405060708")
AFTER_3 = (CARD + CITY + PROVINCE + CHALLENGE).hex().upper()
AFTER_2 = (CARD + CITY + CHALLENGE).hex().upper()
RK = f"BFDE670A20{AFTER_3}"
UK = f"BFDE481218{AFTER_2}"
STK = f"BFDE480918{AFTER_2}"
AMOUNTS = bytes.fromhex("000000000000010000000200")
TIME = "20150624183211"
HRSS = f"F962FAD60007{AMOUNTS.hex()}32{TIME}00"
"""A debit with random, counter, amounts and time of facts hrss-card 8 (its key is unpublished); key version 00."""
FACTORS = (CARD + CITY).hex()
DES_DEBIT = f"807001002C{HRSS}01{FACTORS}"
SM4_DEBIT = f"807001002C{HRSS}03{FACTORS}"
ENCIPHER = f"80FA000008{SOURCE.hex()}"


@cache
def image(**settings: object) -> CardImage:
    """A PSAM with the TEST keys; the values of settings must be hashable here, so lists come as tuples."""
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in settings.items()}
    return personalise_psam(PSAM.override(plain), PsamNumbers.parse(TERMINAL, DEVICE))


def psam(**settings: object) -> Bench:
    made = image(**settings)
    return Bench(made.memory, made.profile)


def connection(module: Bench) -> Connection:
    """The module in a reader that fetches answers."""
    return with_layers(connect_inprocess(module.port, "PSAM under test"))


def small(key: bytes, usage: int, algorithm: Algorithm, terminal: str = "001122334455") -> Bench:
    """A PSAM with one debit key of version 01, laid out by hand: no declaration takes part."""
    record = KeyRecord(KeyType.PSAM, 0x01, key, tries_byte(3), 1, usage, algorithm, usage >> 5).encode()
    parts = (
        Header(0xEF82, FileType.APPLICATION, 0, RIGHT_FREE, extra=CommandSet.PSAM).encode(),
        Header(0xEF80, FileType.KEYS, len(record)).encode() + record,
        Header(0x0016, FileType.TRANSPARENT, 6).encode() + bytes.fromhex(terminal),
        Header(0x0019, FileType.TRANSPARENT, 4).encode() + bytes(4),
    )
    memory = Header(0x3F00, FileType.DIRECTORY, REST_OF_MEMORY).encode() + b"".join(parts)
    profile: Profile = PSAM.override({"memory_size": 2048})
    return Bench(memory.ljust(2048, b"\x00"), profile)


# --- by the openssl command ---


def session(suite: Suite, name: str, *path: bytes, challenge: bytes = CHALLENGE, version: int = 0) -> bytes:
    """The session key of a challenge under a TEST key, below the factors of ``path``."""
    return suite.session(suite.below(suite.root(name, version), path), challenge)

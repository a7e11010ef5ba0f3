"""A terminal's PSAM behind any connection, emulated or real: cryptograms, the terminal's numbers, purchases.

Source: facts hrss-card 4.1, 4.3, 4.5, 8; terminal-interface 1.3, 4.4, 4.5. The numbers -2201, -2202, -2203 and -24 in
messages are those that drivers of such terminals give (terminal-interface 3.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from apdu import Command, Response, Sw
from cardsim.zones.factors import ALGORITHM_IDS
from cardsim.zones.model import KeyAlgorithm
from cardsim.zones.psam import PSAM_DIRECTORIES, PSAM_KEYS, RK_SSSE, SERIAL_SIZE, TERMINAL_NUMBER_SIZE, PsamKey
from readers.errors import CardRefusedError

if TYPE_CHECKING:
    from apdu import Connection, StatusWord
    from keys.hsm import KeyName
    from keys.suite import CipherSuite
    from keys.tree import Factors

_MF: Final = Command(0x00, 0xA4, 0x00, 0x00, b"\x3f\x00")
_READ_TERMINAL_NUMBER: Final = Command(0x00, 0xB0, 0x96, 0x00, le=TERMINAL_NUMBER_SIZE)
_READ_SERIAL: Final = Command(0x00, 0xB0, 0x95, 0x00, le=SERIAL_SIZE)
_ENCIPHER, _MAC = 0x00, 0x05
_MAC_SIZE: Final = 4
_CHUNK: Final = 0xE0
"""Bytes of one 80 FA: blocks of both ciphers fit into it and, with an IV before them, into one command."""
_OTHER_LEVEL: Final = (Sw.WRONG_P1P2, Sw.REFERENCE_NOT_FOUND)
_HRSS_PURCHASE: Final = 0x01
_PURCHASE_ALGORITHMS: Final = {number: algorithm for algorithm, number in ALGORITHM_IDS.items()}


class PsamError(CardRefusedError):
    """The PSAM can not give what was asked for; the card was asked nothing."""


class NoKeyIdError(PsamError):
    """No source says how a PSAM is asked for this key."""


@dataclass(slots=True)
class Psam:
    """A PSAM that was met, and the numbers in it: 12 digits, and 20, or none where it has none.

    One terminal uses it at a time: which directory is selected in it is remembered here.
    """

    connection: Connection
    terminal_number: str
    device_number: str
    _selected: KeyAlgorithm | None = None

    def keys(self, suite: CipherSuite) -> PsamKeys:
        """Return what gives cryptograms of an algorithm. Raises :class:`PsamError` when there are no keys of it."""
        algorithm = next((known for known, number in ALGORITHM_IDS.items() if number == suite.algorithm_id), None)
        if algorithm is None:
            raise _no_algorithm(suite.name, None)
        self.select(algorithm)
        return PsamKeys(self, algorithm, suite)

    def select(self, algorithm: KeyAlgorithm) -> None:
        """Select the directory with the keys of an algorithm, unless it is. Raises :class:`PsamError`."""
        if algorithm is self._selected:
            return
        self._selected = None
        directory = PSAM_DIRECTORIES[algorithm]
        response = self.send(Command(0x00, 0xA4, 0x04, 0x00, directory.aid))
        if not response.ok and algorithm is KeyAlgorithm.DES:  # drivers select this one by its FID as well
            self.send(_MF)
            response = self.send(Command(0x00, 0xA4, 0x00, 0x00, directory.fid.to_bytes(2, "big")))
        if not response.ok:
            raise _no_algorithm(algorithm.value, response.sw)
        self._selected = algorithm

    def send(self, command: Command) -> Response:
        """Return the PSAM's answer."""
        return _send(self.connection, command)


def meet_psam(connection: Connection) -> Psam:
    """Read the numbers of the PSAM behind ``connection``. Raises :class:`PsamError` when it is none."""
    _send(connection, _MF)  # refused by none that is known; what counts is the terminal number
    response = _send(connection, _READ_TERMINAL_NUMBER)
    if not response.ok or len(response.data) != TERMINAL_NUMBER_SIZE:
        raise PsamError(
            f"-2201: {connection.name} is no PSAM: it gives no terminal number ({response.sw})",
            f"-2201:{connection.name} 不是 PSAM:读不到终端机编号({response.sw})",
            response.sw,
        )
    serial = _send(connection, _READ_SERIAL)
    return Psam(connection, response.data.hex(), serial.data.hex() if serial.ok else "")


class PsamKeys:
    """`keys.hsm.TerminalKeys` from a PSAM.

    Line MACs are those under the session key of the challenge: a PSAM makes no others.
    """

    def __init__(self, psam: Psam, algorithm: KeyAlgorithm, suite: CipherSuite) -> None:
        self._psam = psam
        self._algorithm = algorithm
        self._suite = suite
        self._levels: dict[str, int] = {}

    def proof(self, key: KeyName, factors: Factors, process: bytes, source: bytes) -> bytes:
        """Return the cryptogram of ``source`` under the session key of ``process``. Raises :class:`PsamError`."""
        self._deliver(key, factors, process)
        return self._compute(_ENCIPHER, source, self._suite.cryptogram_size)

    def mac(self, key: KeyName, factors: Factors, challenge: bytes, data: bytes) -> bytes:
        """Return the 4-byte MAC of ``data``. Raises :class:`PsamError`."""
        self._deliver(key, factors, challenge)
        blocks, chained = self._suite.pad(data), bytes(self._suite.block)
        for start in range(0, len(blocks), _CHUNK):  # CBC goes on where the MAC of the part before is the IV
            chained = self._compute(_MAC, chained + blocks[start : start + _CHUNK], self._suite.block)
        return chained[:_MAC_SIZE]

    def seal(self, key: KeyName, factors: Factors, challenge: bytes, data: bytes) -> bytes:
        """Return ``data`` enciphered for the line. Raises :class:`PsamError`."""
        self._deliver(key, factors, challenge)
        plain = self._suite.frame(data)
        parts = (plain[start : start + _CHUNK] for start in range(0, len(plain), _CHUNK))
        return b"".join(self._compute(_ENCIPHER, part, len(part)) for part in parts)

    def _deliver(self, key: KeyName, factors: Factors, challenge: bytes) -> None:
        """Make the work key; a PSAM of a province or a city has keys that are diversified that far already."""
        place = PSAM_KEYS.get(key.name)
        if place is None or key.version:
            what = f"version {key.version} of {key.name}" if key.version else key.name
            what_zh = f"{key.name} 的版本 {key.version}" if key.version else key.name
            raise NoKeyIdError(
                f"a PSAM is not asked for {what}: no source says how", f"无法向 PSAM 请求 {what_zh}:资料未载明"
            )
        self._psam.select(self._algorithm)
        refusals: list[StatusWord] = []
        for levels in range(self._levels.get(key.name, key.levels), 0, -1):
            data = b"".join(reversed(factors.last(levels))) + challenge
            status = self._psam.send(Command(0xBF, 0xDE, place.usage.at(levels), place.key_id, data)).sw
            if status.ok:
                self._levels[key.name] = levels
                return
            refusals.append(status)
        raise _not_delivered(place, refusals)

    def _compute(self, mode: int, data: bytes, size: int) -> bytes:
        response = self._psam.send(Command(0x80, 0xFA, mode, 0x00, data))
        if not response.ok or len(response.data) != size:
            raise PsamError(
                f"the PSAM answers {response.sw} ({response.sw.meaning.en}) and {len(response.data)} bytes to 80 FA",
                f"PSAM 对 80 FA 返回 {response.sw}({response.sw.meaning.zh})及 {len(response.data)} 字节",
                response.sw,
            )
        return response.data


@dataclass(frozen=True, slots=True)
class Purchase:
    """What the card and the terminal have said before a debit of the HRSS zone.

    ``random`` 4 bytes, ``counter`` 2, ``version`` and ``algorithm`` 1: the card's answer to B0 28; ``amounts``: three
    of 4 bytes; ``kind``: 32; ``time``: 7 bytes, YYYYMMDDHHMMSS; ``factors``: 8 bytes a level, the card's first.
    """

    random: bytes
    counter: bytes
    amounts: bytes
    kind: int
    time: bytes
    version: int
    algorithm: int
    factors: bytes


def begin_purchase(psam: Psam, purchase: Purchase) -> tuple[bytes, bytes]:
    """Return the terminal's counter and MAC1, 4 bytes each. Raises :class:`PsamError`."""
    psam.select(_PURCHASE_ALGORITHMS.get(purchase.algorithm, KeyAlgorithm.DES))
    data = purchase.random + purchase.counter + purchase.amounts + bytes((purchase.kind,)) + purchase.time
    data += bytes((purchase.version, purchase.algorithm)) + purchase.factors
    return initialise_purchase(psam, _HRSS_PURCHASE, data)


def initialise_purchase(psam: Psam, dialect: int, data: bytes) -> tuple[bytes, bytes]:
    """Return the terminal's counter and MAC1 for ``data`` of the dialect P1. Raises :class:`PsamError`."""
    response = psam.send(Command(0x80, 0x70, dialect, 0x00, data))
    if not response.ok or len(response.data) != 4 + _MAC_SIZE:
        raise _refused("80 70", response.sw)
    return response.data[:4], response.data[4:]


def finish_purchase(psam: Psam, mac2: bytes) -> bool:
    """Return whether ``mac2`` is the card's. Raises :class:`PsamError` when no purchase was begun."""
    status = psam.send(Command(0x80, 0x72, 0x00, 0x00, mac2)).sw
    if not status.ok and int(status) != Sw.MAC_WRONG:
        raise _refused("80 72", status)
    return status.ok


def _refused(what: str, status: StatusWord) -> PsamError:
    meaning = status.meaning
    return PsamError(
        f"the PSAM refuses {what}: {status} ({meaning.en})", f"PSAM 拒绝 {what}:{status}({meaning.zh})", status
    )


def _no_algorithm(name: str, status: StatusWord | None) -> PsamError:
    return PsamError(f"-2202: the PSAM has no keys of algorithm {name}", f"-2202:PSAM 不支持算法 {name}", status)


def _not_delivered(key: PsamKey, refusals: list[StatusWord]) -> PsamError:
    last = refusals[-1]
    if unexpected := [status for status in refusals if int(status) not in _OTHER_LEVEL]:
        return _refused(f"BF DE {key.usage:02X} {key.key_id:02X} ({key.name})", unexpected[0])
    if any(int(status) == Sw.WRONG_P1P2 for status in refusals):
        return PsamError(
            f"-24: the PSAM has {key.name} at another level than this card needs",
            f"-24:PSAM 的 {key.name} 密钥级别不满足要求",
            last,
        )
    if key.name == RK_SSSE:
        return PsamError(
            "-2203: the PSAM has no RKSSSE; a card of layout 3.00 shows its protected items to no other key",
            "-2203:PSAM 没有 RKSSSE;3.00 卡的受保护数据项须以此密钥读取",
            last,
        )
    return PsamError(f"the PSAM has no key {key.name} ({last})", f"PSAM 没有密钥 {key.name}({last})", last)


def _send(connection: Connection, command: Command) -> Response:
    return Response.parse(connection.transmit(command.encode()))

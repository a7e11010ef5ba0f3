"""The kiosk of clients.json at 3.00 cards, through both kinds of reader: it reads, writes, and reads what it wrote.

It holds no key: whoever implements `keys.hsm.TerminalKeys` gives the cryptograms.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cardsim.perso.psam import PsamNumbers, personalise_psam
from cardsim.profiles import GEN3, PSAM
from cardsim.zones.factors import hrss_factors, key_name, suite_of
from cardsim.zones.historical import HistoricalBytes
from cardsim.zones.hrss import SSSE
from cardsim.zones.layouts import Layout
from cardsim.zones.model import KeyAlgorithm
from keys.hsm import SoftwareHsm
from keys.keyring import TestKeyring
from readers.connect.layers import with_layers
from readers.connect.pcsc import connect
from readers.terminal.psam import meet_psam
from tests.cards import insert, make_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from apdu import Connection
    from keys.hsm import TerminalKeys
    from tests.pcsc.slots import Slots

pytestmark = pytest.mark.pcsc

_DATA = json.loads((Path(__file__).parents[1] / "data" / "clients.json").read_text(encoding="utf-8"))
_CLIENT: dict[str, Any] = next(client for client in _DATA["clients"] if client["id"] == "kiosk-gen3")
_IDENTIFICATION = "639900D156000005004D5354A1B2C3D4"
_HOLDER = {
    "name": "测试用户",
    "social_security_number": "639900199003070035",
    "card_number": "X00000019",
    "card_identification": _IDENTIFICATION,
}
_BLANK = {
    "blank_identification": "330300D15600000599110145FFFFFFFF",
    "historical_bytes": "00814842468653330399110143",
}
_VALUES = {
    "08": b"639900199003070019",
    "09": bytes.fromhex("B2E2CAD4C8CB") + bytes(24),
    "0A": b"1",
    "0B": b"\x01",
    "0D": bytes.fromhex("19900307"),
}
"""What the kiosk writes, by tag."""


@contextlib.contextmanager
def hsm(algorithm: KeyAlgorithm, slots: Slots) -> Iterator[TerminalKeys]:
    """A software HSM with the TEST keys."""
    del slots
    yield SoftwareHsm(suite_of(algorithm), TestKeyring().roots(algorithm.value))


@contextlib.contextmanager
def psam(algorithm: KeyAlgorithm, slots: Slots) -> Iterator[TerminalKeys]:
    """A PSAM with the TEST keys in the other reader."""
    image = personalise_psam(PSAM, PsamNumbers.parse("410100813475", "00012600202203000183"))
    bare = connect(slots.insert(insert(image)))
    try:
        yield meet_psam(with_layers(bare)).keys(suite_of(algorithm))
    finally:
        bare.close()


each_source = pytest.mark.parametrize("source_of_keys", [hsm, psam], ids=["hsm", "psam"])
"""Where the kiosk's cryptograms come from: gives the TerminalKeys for an algorithm."""


class Kiosk:
    """Plays the client's commands; each proof is for the challenge fetched last, with the one before as its source."""

    def __init__(self, connection: Connection, keys: TerminalKeys) -> None:
        self._connection = connection
        self._keys = keys
        self._challenges: list[bytes] = []
        self._region = ""
        self.answers: list[tuple[str, bytes]] = []

    def play(self, words: list[str]) -> None:
        for word in words:
            command = self._command(word)
            answer = self._connection.transmit(command)
            assert answer[-2:] == b"\x90\x00", f"{word}: {answer.hex()}"
            if command[1] == 0x84:
                self._challenges.append(answer[:-2])
            if word == "00B2010400" and not self._region:
                self._region = answer[2:5].hex()
            self.answers.append((word, answer[:-2]))

    def _command(self, word: str) -> bytes:
        name, *operands = word.split()
        match name:
            case "@select_hrss":
                return bytes.fromhex(_DATA["select_hrss"])
            case "@external_authenticate":
                return self._proof(int(operands[0], 16))
            case "@update_record":
                number, mode, tag = operands
                record = bytes.fromhex(tag) + bytes((len(_VALUES[tag]),)) + _VALUES[tag]
                return bytes.fromhex(f"00DC{number}{mode}") + bytes((len(record),)) + record
            case _:
                return bytes.fromhex(word)

    def _proof(self, reference: int) -> bytes:
        key = next(key for key in SSSE.keys if key.reference == reference)
        factors = hrss_factors(self._region, HistoricalBytes.parse(self._connection.atr[4:17]))
        source, process = self._challenges[-2:]
        data = self._keys.proof(key_name(SSSE, key), factors, process, source) + source
        return bytes((0x00, 0x82, 0x00, reference, len(data))) + data


@each_source
@pytest.mark.parametrize("algorithm", list(KeyAlgorithm), ids=[each.value for each in KeyAlgorithm])
@pytest.mark.parametrize("blank", [False, True], ids=["personalised", "blank"])
def test_the_kiosk(
    source_of_keys: Callable[[KeyAlgorithm, Slots], AbstractContextManager[TerminalKeys]],
    algorithm: KeyAlgorithm,
    slots: Slots,
    blank: bool,
) -> None:
    settings = {"hrss_algorithm": algorithm.value, **(_BLANK if blank else {})}
    holder = {} if blank else _HOLDER
    image = make_image(holder, layout=Layout.from_text(_CLIENT["layout"]), settings=settings, chip=GEN3)
    bare = connect(slots.insert(insert(image)))
    with contextlib.closing(bare), source_of_keys(algorithm, slots) as keys:
        connection = with_layers(bare, fetch_response=_CLIENT["get_response"], repeat_with_le=_CLIENT["retry_6c"])
        kiosk = Kiosk(connection, keys)
        kiosk.play(_CLIENT["commands"])
        closed = ("00A4000002EF06", "00B2010400")
        connection.reset()
        kiosk_again = Kiosk(connection, keys)
        kiosk_again.play(["@select_hrss", closed[0]])
        assert connection.transmit(bytes.fromhex(closed[1])) == b"\x69\x82"
    read = [answer for word, answer in kiosk.answers if word.startswith("00B2")]
    code = _BLANK["blank_identification"] if blank else _IDENTIFICATION
    number = bytes(9) if blank else b"X00000019"
    before = [
        b"\x01\x10" + bytes.fromhex(code),
        b"\x03\x043.00",
        b"\x07\x09" + number,
        b"\x08\x12" + (bytes(18) if blank else b"639900199003070035"),
        b"\x09\x1e" + (bytes(30) if blank else bytes.fromhex("B2E2CAD4D3C3BBA7") + bytes(22)),
    ]
    after = [b"\x08\x12" + _VALUES["08"], b"\x09\x1e" + _VALUES["09"]]
    assert read == [*before, *after]

"""A card at a terminal's desk: behind its T=0 port and the layers of a reader, with keys that openssl computed."""

from __future__ import annotations

import json
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING

from apdu import format_hex
from cardsim.chip.card import Card
from cardsim.chip.layout import KeyType
from cardsim.chip.memory import Memory, NoJournal
from cardsim.chip.t0 import T0Port
from cardsim.profiles import GEN2, GEN3
from cardsim.zones.layouts import EVERY, L2, L3, Layout
from cardsim.zones.model import KeyAlgorithm
from readers.connect.inprocess import connect_inprocess
from readers.connect.layers import with_layers
from tests.cards import make_image
from tests.unit.hrss import openssl
from tests.unit.hrss.sheet import FILES, KEYS, FileRow, KeyRow, external_keys, key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cardsim.perso import CardImage

SSSE = "00A404000F7378312E73682EC9E7BBE1B1A3D5CF"
SSSE_NAME = bytes.fromhex(SSSE[10:])
CHALLENGE = "0084000008"
VERIFY = "0020000003123456"
REGION = "639900"
SOURCE = bytes.fromhex("0102030405060708")
HOLDER = {"card_identification": "639900D15600000500BF7C7A48FB4966", "institution": "9156000002639900630100D5"}


USUAL: ContextVar[Layout] = ContextVar("layout of a card when a test says none", default=L2)


@cache
def _image(layout: Layout, holder: str, settings: str) -> CardImage:
    chip = GEN3.override({"zones": ["HRSS"]}) if layout is L3 else GEN2
    return make_image(HOLDER | json.loads(holder), layout=layout, settings=json.loads(settings), chip=chip)


class Desk:
    """``send`` takes and gives hexadecimal digits, as whole answers: 61xx and 6Cxx are the layers' business.

    Layout 3.00 is on a chip of the 3rd generation, with SM4. Challenges are 11.., 22.., 33.. and so on; a power cycle
    begins again at 11.
    """

    def __init__(
        self, layout: Layout | None = None, holder: Mapping[str, object] | None = None, /, **settings: object
    ) -> None:
        self.layout = layout = layout or USUAL.get()
        image = _image(layout, json.dumps(holder or {}, sort_keys=True), json.dumps(settings, sort_keys=True))
        self.memory = Memory(image.memory, NoJournal())
        self.card = Card(self.memory, image.profile, self._entropy, strict=True)
        self.port = T0Port(self.card, image.profile)
        self.connection = with_layers(connect_inprocess(self.port, "card under test"))
        self.profile = image.profile
        sm4 = openssl.Sm4(image.profile.sm4_extension.value, image.profile.sm4_fold.value)
        self.suite: openssl.Suite = sm4 if image.profile.hrss_algorithm is KeyAlgorithm.SM4 else openssl.DES
        self.line_session = image.profile.line_mac.value == "session"
        self.drawn = 0

    def _entropy(self, size: int) -> bytes:
        self.drawn += 1
        return bytes((0x11 * self.drawn & 0xFF,)) * size

    def send(self, command: str) -> str:
        """The whole answer."""
        return format_hex(self.connection.transmit(bytes.fromhex(command)))

    def sw(self, command: str) -> str:
        """The status word alone."""
        return self.send(command)[-4:]

    def do(self, *commands: str) -> str:
        """Send all, which must all succeed, and return the data of the last answer."""
        answer = ""
        for command in commands:
            answer = self.send(command)
            assert answer[-4:] == "9000", f"{command}: {answer}"
        return answer[:-4]

    def enter(self, directory: str) -> None:
        """Select SSSE, and from it a directory of its."""
        self.do(SSSE, *([f"00A4000002{directory}"] if directory != "SSSE" else []))

    def power_cycle(self) -> None:
        self.port.power_off()
        self.port.power_on()
        self.drawn = 0

    @property
    def fci(self) -> str:
        """Of SSSE: the SFI of the DIR, and on a chip of the 3rd generation the algorithm of the keys."""
        rest = "A50988011E9F0C03860103" if self.layout is L3 else "A50388011E"
        return f"6F{17 + len(rest) // 2:02X}840F7378312E73682EC9E7BBE1B1A3D5CF{rest}"

    @property
    def contents(self) -> bytes:
        """All of the memory."""
        return bytes(self.memory.view)

    @property
    def tries(self) -> dict[str, int]:
        """How many tries every key has left, by its name ("SSSE/RK"); of its lowest version."""
        left = {}
        for directory in self.card.context.files.directories:
            place = "SSSE" if directory.name == SSSE_NAME else f"{directory.fid:04X}"
            for (kind, reference), versions in directory.keys.items():
                if kind is not KeyType.PIN:
                    row = next(row for row in KEYS if (row.directory, row.reference) == (place, reference))
                    left[str(row)] = self.memory.view[versions[min(versions)].tries_offset] & 0x0F
        return left

    # --- keys ---

    def factors(self) -> tuple[bytes, bytes, bytes]:
        return openssl.factors(self.connection.atr, REGION)

    def key(self, row: KeyRow, version: int = 0) -> bytes:
        """The value of a key on this card."""
        root = self.suite.root(f"HRSS/{row}", version)
        return self.suite.below(root, self.factors()[-row.levels :])

    def challenge(self, size: int = 8) -> bytes:
        return bytes.fromhex(self.do(f"00840000{size:02X}"))

    def proof(self, row: KeyRow, process: bytes, version: int | None = None) -> str:
        """EXTERNAL AUTHENTICATE for the challenge ``process``; with a version its data has 17 bytes."""
        data = self.suite.proof(self.key(row, version or 0), process, SOURCE) + SOURCE
        data += b"" if version is None else bytes((version,))
        return f"008200{row.reference:02X}{len(data):02X}{data.hex()}"

    def prove(self, row: KeyRow, version: int | None = None) -> str:
        """The answer to a right proof of a key, for a fresh challenge."""
        return self.sw(self.proof(row, self.challenge(), version))

    def fail(self, row: KeyRow, version: int | None = None) -> str:
        """The answer to a wrong proof of a key."""
        command = bytearray.fromhex(self.proof(row, self.challenge(), version))
        command[5] ^= 0x01
        return self.sw(command.hex())

    def unlock(self, directory: str) -> None:
        """Prove the PIN and all keys of a directory, which is entered."""
        self.enter(directory)
        self.do(VERIFY)
        for row in external_keys(directory, self.layout):
            assert self.prove(row) == "9000"

    # --- line protection ---

    def protected(self, header: str, data: str = "", *, seal: bool = False, row: str = "SSSE/STK") -> str:
        """``header`` (CLA INS P1 P2), data and MAC for a fresh challenge, in the form that the profile sets."""
        return self.under(self.challenge(), header, data, seal=seal, row=row)

    def under(self, challenge: bytes, header: str, data: str = "", *, seal: bool = False, row: str = "SSSE/STK") -> str:
        """The same for a challenge fetched before."""
        line_key, iv = self.line(challenge, row)
        body = bytes.fromhex(data)
        body = self.suite.sealed(line_key, body) if seal else body
        start = bytes.fromhex(header) + bytes((len(body) + 4,)) + body
        return (start + self.suite.mac(line_key, start, iv)).hex().upper()

    def line(self, challenge: bytes, row: str = "SSSE/STK") -> tuple[bytes, bytes]:
        """Key and IV of the line."""
        value, block = self.key(key(row)), self.suite.block
        if self.line_session:
            return self.suite.session(value, challenge.ljust(8, b"\x00")), bytes(block)
        return value, challenge.ljust(block, b"\x00")

    # --- files of the current directory ---

    def read(self, row: FileRow) -> str:
        """The answer to reading record 1, or 8 bytes."""
        return self.send(reading(row))

    def write(self, row: FileRow, data: str) -> str:
        """The answer to writing record 1 (of a cyclic file a new one), or bytes from the first on."""
        return self.send(f"{writing(row)}{len(data) // 2:02X}{data}")


def changes(before: bytes, after: bytes, page: int = 1024) -> list[tuple[int, int]]:
    """Every byte that is another now, as it was and as it is; page by page, for chips are large."""
    pages = ((before[start : start + page], after[start : start + page]) for start in range(0, len(before), page))
    return [pair for old, new in pages if old != new for pair in zip(old, new, strict=True) if pair[0] != pair[1]]


def reading(row: FileRow) -> str:
    return f"00B0{0x80 | row.sfi:02X}0008" if row.transparent else f"00B201{row.sfi << 3 | 4:02X}00"


def writing(row: FileRow) -> str:
    """The header of the command."""
    return f"00D6{0x80 | row.sfi:02X}00" if row.transparent else f"00DC01{row.sfi << 3 | 4:02X}"


def records(desk: Desk, row: FileRow) -> list[str]:
    """All records of a file of the current directory, by number."""
    found: list[str] = []
    while (answer := desk.send(f"00B2{len(found) + 1:02X}{row.sfi << 3 | 4:02X}00"))[-4:] == "9000":
        found.append(answer[:-4])
    assert answer == "6A83"
    return found


@cache
def content(row: FileRow, layout: Layout) -> str:
    """What a fresh card has in record 1 of a file, or in its first 8 bytes."""
    desk = Desk(layout)
    desk.unlock(row.directory)
    return desk.read(row)[:-4]


def opened_by(row: KeyRow, layout: Layout = EVERY) -> FileRow | None:
    """A file of the key's directory that it opens for reading or writing; the PUK opens none."""
    candidates = [each for each in FILES if each.directory == row.directory and layout & each.layouts]
    return next((each for each in candidates if row.reference in (each.read_key, each.write_key)), None)


def is_open(desk: Desk, row: KeyRow) -> bool:
    """Whether the card takes ``row`` as proved, as its file shows; the file's directory is current."""
    protected = opened_by(row, desk.layout)
    assert protected is not None
    if row.reference == protected.read_key:
        answer = desk.read(protected)[-4:]
    else:
        answer = desk.write(protected, content(protected, desk.layout))
    assert answer in ("9000", "6982")
    return answer == "9000"

"""A card under test, everything around it injected: store, randomness, T=0 port."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from apdu import Interface
from cardsim.chip.card import Card
from cardsim.chip.errors import JournalError
from cardsim.chip.memory import Memory
from cardsim.chip.t0 import T0Port
from cardsim.profiles import GEN2, Profile
from cardsim.zones.layouts import Layout
from tests.cards import make_image
from tests.unit.chip.images import TREE, TREE_SM4

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cardsim.chip.files import Directory, ElementaryFile
    from cardsim.chip.memory import Change
    from cardsim.zones.access import Access

HOLDER = {
    "card_identification": "639900D15600000500BF7C7A48FB4966",
    "card_number": "X00000019",
    "institution": "9156000002430200430100D5",
    "issue_date": "20240101",
    "expiry_date": "20340101",
    "social_security_number": "639900199003070035",
    "name": "测试用户",
    "sex": "1",
    "nation": "01",
    "birthplace": "639900",
    "birth_date": "19900307",
    "hrss_pin": "123456",
}
SSSE = "00A404000F7378312E73682EC9E7BBE1B1A3D5CF"


@cache
def memory_of(name: str, layout: Layout = Layout.V2_00) -> bytes:
    """The memory of a card that tests know by ``name``.

    The default card, or the tree laid out by hand, with DES or SM4.
    """
    made = {"gen2": lambda: make_image(HOLDER, layout=layout).memory, "tree": lambda: TREE, "sm4": lambda: TREE_SM4}
    return made[name]()


class FlakyJournal:
    """A store that keeps every commit, and can be told which of the next ones to refuse."""

    def __init__(self) -> None:
        self.commits: list[tuple[Change, ...]] = []
        self.fail_after: int | None = None

    def append(self, changes: Sequence[Change]) -> None:
        if self.fail_after is not None:
            self.fail_after -= 1
            if self.fail_after < 0:
                self.fail_after = None
                raise JournalError("disk full", "磁盘已满")
        self.commits.append(tuple(changes))


class State(NamedTuple):
    """All that a refused command must leave alone."""

    memory: bytes
    directory: Directory
    file: ElementaryFile | None
    granted: int
    challenge: bytes
    mf_selected: bool


class Bench:
    """A powered card. ``send`` speaks whole APDUs to the card, ``t0`` to its T=0 port; both take and give hex."""

    def __init__(self, image: bytes, profile: Profile = GEN2, *, interface: Interface = Interface.CONTACT) -> None:
        self.image = image
        self.journal = FlakyJournal()
        self.drawn: list[int] = []
        self.memory = Memory(image, self.journal)
        self.card = Card(self.memory, profile, self._entropy, interface=interface, strict=True)
        self.port = T0Port(self.card, profile)
        self.port.power_on()

    def _entropy(self, size: int) -> bytes:
        """Return 11.., 22.., 33.. in turn."""
        self.drawn.append(size)
        return bytes((0x11 * len(self.drawn) & 0xFF,)) * size

    def send(self, command: str) -> str:
        return self.card.transmit(bytes.fromhex(command)).hex().upper()

    def t0(self, command: str) -> str:
        return self.port.transmit(bytes.fromhex(command)).hex().upper()

    def run(self, *commands: str) -> str:
        """Send all, of which all but the last must succeed, and return the last answer."""
        *first, last = commands
        for command in first:
            assert self.send(command)[-4:] == "9000", command
        return self.send(last)

    def grant(self, term: Access) -> None:
        """Satisfy a PIN or key of the current directory without the command that would."""
        bit = self.card.context.directory.bit_of(term)
        assert bit
        self.card.context.granted |= bit

    @property
    def state(self) -> State:
        context = self.card.context
        return State(
            bytes(self.memory.view),
            context.directory,
            context.file,
            context.granted,
            context.challenge,
            context.mf_selected,
        )

    @property
    def here(self) -> str:
        """FIDs of the current directory and EF."""
        context = self.card.context
        return f"{context.directory.fid:04X}" + (f"/{context.file.fid:04X}" if context.file else "")


def bench(name: str, layout: Layout = Layout.V2_00, /, **settings: object) -> Bench:
    return Bench(memory_of(name, layout), GEN2.override(settings))

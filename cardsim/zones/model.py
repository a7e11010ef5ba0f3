"""What a zone is, as data: applications, files, elements, PINs and keys. Everything else derives from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, IntEnum, unique
from typing import TYPE_CHECKING

from apdu import Interface
from cardsim.zones.access import FREE, NEVER, Access
from cardsim.zones.layouts import EVERY, Layout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from apdu import Text
    from cardsim.zones.authorities import Authority
    from cardsim.zones.fields import FieldType, Sequence

Check = Callable[[str], object]
"""Raises when a text is no value of an element although its type would take it."""

Meaning = Callable[[str], "Text"]
"""Says in words what a code stands for; raises when it is none."""


@unique
class Certainty(Enum):
    """How sure a declaration is."""

    AGREED = "several independent sources agree"
    SEEN_ONCE = "seen once"
    INFERRED = "inferred"
    LENGTH_UNKNOWN = "exists, length and type unknown: the profile setting element_sizes gives it"


@dataclass(frozen=True, slots=True)
class Element:
    """A data element: one record of a variable file, or ``count`` records that share its tag.

    ``read`` overrides the file's own condition in some layouts. ``optional``: listed for several files, of which a
    profile setting says which have it.
    """

    tag: int
    type: FieldType
    name: str
    name_zh: str
    layouts: Layout = EVERY
    read: Mapping[Layout, Access] | None = None
    check: Check | None = None
    sure: Certainty = Certainty.AGREED
    count: int = 1
    meaning: Meaning | None = None
    optional: bool = False

    def read_in(self, layout: Layout, default: Access) -> Access:
        """Return the read condition in ``layout``, ``default`` unless this element has its own."""
        return (self.read or {}).get(layout, default)


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableTlv:
    """A variable record file: one record an element, in the order given. The record number is the position.

    ``compound``: compound purchases, and nothing else, update it.
    """

    fid: int
    name: str
    name_zh: str
    records: tuple[Element, ...]
    read: Access = FREE
    update: Access = NEVER
    compound: bool = False
    layouts: Layout = EVERY
    source: str

    def elements(self, layout: Layout) -> tuple[Element, ...]:
        """Return the elements of ``layout`` in the order of their records."""
        return tuple(element for element in self.records if layout in element.layouts)

    def numbered(self, layout: Layout) -> tuple[tuple[Element, int], ...]:
        """Return each record of ``layout`` as its element and which of the records with its tag it is, from 1.

        Record number n is at n - 1.
        """
        return tuple((element, number + 1) for element in self.elements(layout) for number in range(element.count))

    def element(self, tag: int) -> Element | None:
        """Return the first element with ``tag``."""
        return next((element for element in self.records if element.tag == tag), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cyclic:
    """A cyclic file: ``counts`` records of one form in each layout; record 1 is the newest, the oldest goes first.

    ``compound``: compound purchases, and nothing else, write it.
    """

    fid: int
    name: str
    name_zh: str
    record: Sequence
    counts: Mapping[Layout, int]
    read: Access = FREE
    update: Access = NEVER
    compound: bool = False
    source: str

    @property
    def layouts(self) -> Layout:
        """The layouts in which the file exists."""
        return _union(self.counts)


@unique
class PairUse(IntEnum):
    """What an SM2 key pair is for."""

    SIGNATURE = 1
    ENCIPHERMENT = 2


@dataclass(frozen=True, slots=True)
class KeyHalf:
    """Half of an SM2 key pair. A private one is read by nobody; ``use`` is who may have the card compute with it."""

    pair: PairUse
    private: bool = False
    use: Access = NEVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Transparent:
    """A file of plain bytes.

    ``sizes``: its size in bytes in each layout it exists in. ``content``: the entry of holder or authority that fills
    it. ``key``: the half of a key pair that it holds; ``update`` then is who may have a new one put there. ``sure``:
    where the length is unknown, a profile setting gives another one.
    """

    fid: int
    name: str
    name_zh: str
    sizes: Mapping[Layout, int]
    read: Access = FREE
    update: Access = NEVER
    content: str | None = None
    key: KeyHalf | None = None
    sure: Certainty = Certainty.AGREED
    source: str

    @property
    def layouts(self) -> Layout:
        """The layouts in which the file exists."""
        return _union(self.sizes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """The DIR of an application: one record an application, 70 { 61 { 4F name, 50 label } }; its SFI is a setting."""

    name: str = "Directory"
    name_zh: str = "目录数据文件"
    read: Access = FREE
    update: Access = NEVER
    layouts: Layout = EVERY
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """An electronic purse: 0001 is the passbook, 0002 the wallet (facts native-card-os 1.2).

    ``use``: who may ask its balance and pay; ``load``: what a load needs besides. ``log``: FID of the cyclic file that
    its transactions are recorded in, 23 bytes each.
    """

    fid: int
    name: str
    name_zh: str
    log: int
    use: Access = FREE
    load: Access = FREE
    layouts: Layout = EVERY
    source: str


FileDeclaration = VariableTlv | Cyclic | Transparent | Directory


@unique
class KeyAlgorithm(Enum):
    """What symmetric keys are for; the values name the trees of a keyring."""

    DES = "DES"
    SM4 = "SM4"


@unique
class CommandSet(IntEnum):
    """The commands that an application understands: the chip has a table for each. A directory has its parent's."""

    HRSS = 0
    PKI = 1
    PSAM = 2
    PURSE = 3
    NATIVE = 0x80
    """Of directories that native commands have made; no zone is declared with it."""


@unique
class PinForm(Enum):
    """How the card keeps a PIN."""

    PACKED = "packed BCD, two digits a byte"
    SM3 = "the first 16 bytes of SM3 over packed BCD, which are a key"


@dataclass(frozen=True, slots=True)
class PinDeclaration:
    """A PIN: ``reference`` is P2 of VERIFY; ``unblocked_by`` names the key, or the other PIN, that unblocking needs.

    ``holder_key`` names the holder's entry that gives its value, ``limit`` the setting with its retry limit.
    """

    name: str
    reference: int
    name_zh: str
    source: str
    unblocked_by: str = ""
    holder_key: str = "hrss_pin"
    limit: str = "pin_limit"
    form: PinForm = PinForm.PACKED


@unique
class KeyUse(Enum):
    """What a key is for, as far as the chip tells keys apart."""

    INTERNAL = "internal authentication"
    EXTERNAL = "external authentication"
    PROTECTION = "line protection"
    APPLICATION_LOCK = "application block and unblock"
    CARD_LOCK = "card block"
    LOAD = "loading a purse"
    UNLOAD = "unloading a purse"
    PURCHASE = "purchase and cash"
    OVERDRAFT = "changing the overdraft limit"
    TAC = "transaction certificates"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDeclaration:
    """A key of a directory.

    ``reference``: P2 of the command that uses it, 80 and above for a key of the current DF. ``levels``: how often its
    root is diversified: 3 national root, province, city, card; 2 without the province. ``psam``: usage byte and key id
    in a PSAM, where known. ``layouts``: those of the cards that have it. ``algorithm`` and
    ``version``: of this key alone; otherwise those of the zone, and of a setting of the profile.
    """

    name: str
    reference: int
    name_zh: str
    use: KeyUse = KeyUse.EXTERNAL
    levels: int = 2
    psam: tuple[int, int] | None = None
    layouts: Layout = EVERY
    algorithm: KeyAlgorithm | None = None
    version: int | None = None
    sure: Certainty = Certainty.AGREED
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Df:
    """An application or a directory inside one.

    ``fci``: what its FCI has behind the name, where that is not A5 with the DIR. ``interfaces``: where it is reached.
    ``key_area``: what it is called in the names of its keys; without one, by its FID ("DF01"). ``erase``: who may wipe
    it on a chip with native commands, which takes the zone off the card.
    """

    fid: int
    aid: bytes
    label: str
    name: str
    name_zh: str
    files: tuple[FileDeclaration, ...] = ()
    purses: tuple[Purse, ...] = ()
    children: tuple[Df, ...] = ()
    pins: tuple[PinDeclaration, ...] = ()
    keys: tuple[KeyDeclaration, ...] = ()
    layouts: Layout = EVERY
    key_area: str = ""
    commands: CommandSet = CommandSet.HRSS
    fci: bytes = b""
    interfaces: tuple[Interface, ...] = tuple(Interface)
    erase: Access = NEVER
    source: str

    def walk(self) -> Iterator[Df]:
        """Yield this directory and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """One authority's part of a card. ``algorithm`` of its keys; without one, a setting of the profile."""

    authority: Authority
    application: Df
    algorithm: KeyAlgorithm | None = None

    @property
    def name(self) -> str:
        """The zone's name, which its keys begin with."""
        return self.authority.name

    @property
    def name_zh(self) -> str:
        """The zone's Chinese name."""
        return self.authority.name_zh


def _union(layouts: Iterable[Layout]) -> Layout:
    union = Layout(0)
    for layout in layouts:
        union |= layout
    return union

"""What a zone is, as data: applications, files, elements, PINs and keys. Everything else derives from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, unique
from typing import TYPE_CHECKING, Final

from cardsim.zones.access import FREE, NEVER, Access
from cardsim.zones.layouts import EVERY, Layout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cardsim.zones.fields import FieldType

Check = Callable[[str], object]
"""Raises when a text is no value of an element although its type would take it."""

_RECORD_OVERHEAD: Final = 2


@unique
class Certainty(Enum):
    """How sure a declaration is."""

    AGREED = "several independent sources agree"
    SEEN_ONCE = "seen once"
    INFERRED = "inferred"


@dataclass(frozen=True, slots=True)
class Element:
    """A data element: one record of a variable file. ``read`` overrides the file's own condition in some layouts."""

    tag: int
    type: FieldType
    name: str
    name_zh: str
    layouts: Layout = EVERY
    read: Mapping[Layout, Access] | None = None
    check: Check | None = None
    sure: Certainty = Certainty.AGREED

    def read_in(self, layout: Layout, default: Access) -> Access:
        """Return the read condition in ``layout``, ``default`` unless this element has its own."""
        return (self.read or {}).get(layout, default)


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableTlv:
    """A variable record file: one record an element, in the order given. The record number is the position."""

    fid: int
    name: str
    name_zh: str
    records: tuple[Element, ...]
    read: Access = FREE
    update: Access = NEVER
    layouts: Layout = EVERY
    source: str

    def elements(self, layout: Layout) -> tuple[Element, ...]:
        """Return the elements of ``layout``; number n is at n - 1."""
        return tuple(element for element in self.records if layout in element.layouts)

    def element(self, tag: int) -> Element | None:
        """Return the first element with ``tag``."""
        return next((element for element in self.records if element.tag == tag), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transparent:
    """A file of plain bytes.

    ``sizes``: its size in bytes in each layout it exists in. ``content``: the holder's entry that fills it.
    """

    fid: int
    name: str
    name_zh: str
    sizes: Mapping[Layout, int]
    read: Access = FREE
    update: Access = NEVER
    content: str | None = None
    source: str

    @property
    def layouts(self) -> Layout:
        """The layouts in which the file exists."""
        union = Layout(0)
        for layout in self.sizes:
            union |= layout
        return union


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """The DIR of an application: one record an application, 70 { 61 { 4F name, 50 label } }; its SFI is a setting."""

    name: str = "Directory"
    name_zh: str = "目录数据文件"
    read: Access = FREE
    update: Access = NEVER
    layouts: Layout = EVERY
    source: str


FileDeclaration = VariableTlv | Transparent | Directory


@dataclass(frozen=True, slots=True)
class PinDeclaration:
    """A PIN: ``reference`` is P2 of VERIFY."""

    name: str
    reference: int
    name_zh: str
    source: str


@dataclass(frozen=True, slots=True)
class KeyDeclaration:
    """A key: ``reference`` is P2 of EXTERNAL AUTHENTICATE, 80 and above for a key of the current DF."""

    name: str
    reference: int
    name_zh: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Df:
    """An application or a directory inside one."""

    fid: int
    aid: bytes
    label: str
    name: str
    name_zh: str
    files: tuple[FileDeclaration, ...] = ()
    children: tuple[Df, ...] = ()
    pins: tuple[PinDeclaration, ...] = ()
    keys: tuple[KeyDeclaration, ...] = ()
    layouts: Layout = EVERY
    source: str

    def walk(self) -> Iterator[Df]:
        """Yield this directory and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """One authority's part of a card."""

    name: str
    name_zh: str
    application: Df


def variable_body_size(value_sizes: Iterator[int] | tuple[int, ...]) -> int:
    """Return the body size of a variable file: values, 2 a record, and 2 (facts hrss-card 1, last lines)."""
    sizes = tuple(value_sizes)
    return sum(sizes) + _RECORD_OVERHEAD * len(sizes) + 2

"""What the zones declare about what stands on a card: names and types, looked up by AID, FID, tag and reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cardsim.chip.layout import KeyType
from cardsim.chip.rules import reference_name
from cardsim.zones.access import Access, Key, Pin
from cardsim.zones.model import Cyclic, VariableTlv
from cardsim.zones.model import Directory as DirDeclaration
from cardsim.zones.registry import ZONES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cardsim.zones.fields import FieldType
    from cardsim.zones.layouts import Layout
    from cardsim.zones.model import Df, Element, FileDeclaration, KeyDeclaration, PinDeclaration, Zone


@dataclass(frozen=True, slots=True)
class Declared:
    """A directory on a card and its declaration, if a zone has one; ``above``: those of the directories it is in."""

    zone: Zone | None = None
    df: Df | None = None
    above: Declared | None = None

    def below(self, name: bytes) -> Declared:
        """Return what is declared for a directory called ``name`` in this one."""
        for zone in ZONES.values():
            for df in zone.application.walk():
                if name and df.aid == name:
                    return Declared(zone, df, self)
        return Declared(None, None, self)

    @property
    def names(self) -> Mapping[Access, Access]:
        """What PINs and keys that rules name by number are called here."""
        names = dict(self.above.names) if self.above else {}
        if self.df:
            names |= {Pin(reference_name(pin.reference)): Pin(pin.name) for pin in self.df.pins}
            names |= {Key(reference_name(key.reference)): Key(key.name) for key in self.df.keys}
        return names

    def file(self, fid: int, sfi_of_dir: int | None) -> FileDeclaration | None:
        """Return the declaration of a file, the DIR by its SFI."""
        for file in self.df.files if self.df else ():
            if isinstance(file, DirDeclaration):
                if sfi_of_dir is not None and fid == 0xEF00 | sfi_of_dir:
                    return file
            elif file.fid == fid:
                return file
        return None

    def credential(self, kind: KeyType, reference: int) -> PinDeclaration | KeyDeclaration | None:
        """Return the declaration of a PIN or key."""
        if self.df is None:
            return None
        items = self.df.pins if kind is KeyType.PIN else self.df.keys
        return next((item for item in items if item.reference == reference), None)


def element_of(file: FileDeclaration | None, tag: int, layout: Layout) -> Element | None:
    """Return the element that records with ``tag`` are."""
    if not isinstance(file, VariableTlv):
        return None
    return next((element for element in file.elements(layout) if element.tag == tag), None)


def type_of(file: FileDeclaration | None, tag: int, layout: Layout) -> FieldType | None:
    """Return the type of a record's value, of a cyclic file's records whatever the ``tag``."""
    if isinstance(file, Cyclic):
        return file.record
    element = element_of(file, tag, layout)
    return element.type if element else None

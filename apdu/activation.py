"""How a card answered when a reader activated it in its field: all that a reader knows of it before the first APDU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from apdu.pseudo_atr import pseudo_atr_of_ats, pseudo_atr_of_type_b

if TYPE_CHECKING:
    from apdu.atr import Atr
    from apdu.ats import Ats
    from apdu.type_b import Atqb, AttribAnswer


@dataclass(frozen=True, slots=True)
class TypeA:
    """Type A: UID of 4, 7 or 10 bytes, ATQA of 2 (high byte first), SAK, and the ATS."""

    uid: bytes
    atqa: bytes
    sak: int
    ats: Ats

    @property
    def identifier(self) -> bytes:
        """What a PC/SC reader gives as the card's serial number."""
        return self.uid

    @property
    def higher_layer(self) -> bytes:
        """What a PC/SC reader gives as the card's historical bytes."""
        return self.ats.historical_bytes

    @property
    def pseudo_atr(self) -> Atr:
        """The ATR that a PC/SC reader makes up; raises AtrError for more than 15 historical bytes."""
        return pseudo_atr_of_ats(self.ats)


@dataclass(frozen=True, slots=True)
class TypeB:
    """Type B: the answers to request and to ATTRIB."""

    atqb: Atqb
    attrib: AttribAnswer

    @property
    def identifier(self) -> bytes:
        """What a PC/SC reader gives as the card's serial number."""
        return self.atqb.pupi

    @property
    def higher_layer(self) -> bytes:
        """What a PC/SC reader gives in place of historical bytes (facts terminal-interface 7.2)."""
        return bytes(self.attrib)

    @property
    def pseudo_atr(self) -> Atr:
        """The ATR that a PC/SC reader makes up."""
        return pseudo_atr_of_type_b(self.atqb, self.attrib)


Activation = TypeA | TypeB

"""PINs and keys as the file system holds them: where each is, and what it opens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cardsim.chip.layout import KeyRecord, KeyType
from cardsim.chip.rules import Masks, reference_name
from cardsim.zones.access import Key, Pin
from cardsim.zones.psam import Usage

if TYPE_CHECKING:
    from cardsim.chip.native.keys import NativeKey


@dataclass(frozen=True, slots=True)
class Credential:
    """A PIN or key on the card: where its record is, and the bit that stands for "verified".

    ``unblocked_by``: of a PIN, the reference of the key without which it is not unblocked, or of the PIN, where
    ``level`` is that type; of a PSAM's key the same byte is its :attr:`usage`.
    """

    type: KeyType
    reference: int
    version: int
    bit: int
    record: int
    value: int
    value_size: int
    unblocked_by: int
    algorithm: int
    level: int = 0
    native: NativeKey | None = None
    use: Masks = (0,)
    """Of a native directory's key: the record itself, and the states in which it may be used."""

    @property
    def term(self) -> Pin | Key:
        """How rules on the chip name it."""
        name = reference_name(self.reference)
        return Pin(name) if self.type is KeyType.PIN else Key(name)

    @property
    def usage(self) -> Usage:
        """Of a PSAM's key, its levels and what it is for."""
        return Usage(self.unblocked_by)

    @property
    def tries_offset(self) -> int:
        """Where the counter byte stands."""
        return self.record + KeyRecord.TRIES_OFFSET

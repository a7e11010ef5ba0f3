"""One record of a purse's log, the same for bank, transit and campus purses (facts transit-campus-health-zones 2.3)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

from construct import Byte, Bytes, Int16ub, Int24ub, Int32ub, Struct

_LAYOUT: Final = Struct(
    "number" / Int16ub,
    "limit" / Int24ub,
    "amount" / Int32ub,
    "type" / Byte,
    "terminal" / Bytes(6),
    "when" / Bytes(7),
)
LOG_SIZE: Final = 23
"""Bytes of a record."""
_ERASED: Final = (0x00, 0xFF)


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One transaction. ``number``: the purse's counter; ``limit`` and ``amount`` in fen; ``type``: 01 to 09.

    ``terminal``: its number, 6 bytes; ``when``: date and time, 7 bytes BCD.
    """

    number: int
    limit: int
    amount: int
    type: int
    terminal: bytes
    when: bytes

    def encode(self) -> bytes:
        """Return the 23 bytes."""
        raw: bytes = _LAYOUT.build(asdict(self))
        return raw

    @classmethod
    def parse(cls, raw: bytes) -> LogRecord | None:
        """Return the record in 23 bytes; ``None`` when nothing was ever written there, or they are no record."""
        if len(raw) != LOG_SIZE:
            return None
        fields = _LAYOUT.parse(raw)
        if fields.type in _ERASED:
            return None
        return cls(fields.number, fields.limit, fields.amount, fields.type, fields.terminal, fields.when)

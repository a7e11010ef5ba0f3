"""Right bytes and the two state registers (facts native-card-os 3).

The card has two registers of four bits: the MF's and the current directory's. They stand one-hot among the session's
granted bits, so that a right byte XY compiles to the same masks as every other rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from apdu import Text
from cardsim.profiles.native import MfRight
from cardsim.zones.access import Access

if TYPE_CHECKING:
    from cardsim.chip.rules import Masks

_STATES: Final = 16
_MF_BIT: Final = 2
_CURRENT_BIT: Final = _MF_BIT + _STATES
FIRST_FREE_BIT: Final = _CURRENT_BIT + _STATES
"""The first of the granted bits behind the registers."""
MF_REGISTER: Final = 0xFFFF << _MF_BIT
CURRENT_REGISTER: Final = 0xFFFF << _CURRENT_BIT
REGISTERS: Final = MF_REGISTER | CURRENT_REGISTER
BOTH_ZERO: Final = 1 << _MF_BIT | 1 << _CURRENT_BIT
_ALWAYS: Final = (0,)


@dataclass(frozen=True, slots=True)
class Right(Access):
    """The condition of a right byte."""

    byte: int
    mf_right: MfRight = MfRight.ZERO_Y

    @property
    def of_mf(self) -> bool:
        """Whether it looks at the MF's register."""
        return self.byte >> 4 == (0x0 if self.mf_right is MfRight.ZERO_Y else 0xF)

    @property
    def states(self) -> range:
        """The states that satisfy it: Y to X, or of the MF Y and more."""
        high, low = divmod(self.byte, _STATES)
        return range(low, (0xF if self.of_mf else high) + 1)

    @property
    def masks(self) -> Masks:
        """The condition over the granted bits."""
        states = self.states
        if len(states) == _STATES:
            return _ALWAYS
        first = _MF_BIT if self.of_mf else _CURRENT_BIT
        return tuple(1 << first + state for state in states)

    @property
    def text(self) -> Text:
        """The condition in words."""
        states = self.states
        if not states:
            return Text(f"never ({self.byte:02X})", f"禁止({self.byte:02X})")
        if len(states) == _STATES:
            return Text(f"free ({self.byte:02X})", f"自由({self.byte:02X})")
        whose, whose_zh = ("MF", "MF ") if self.of_mf else ("directory", "当前目录")
        span = f"{states[0]:X}" if len(states) == 1 else f"{states[0]:X}-{states[-1]:X}"
        return Text(f"{whose} state {span} ({self.byte:02X})", f"{whose_zh}安全状态 {span}({self.byte:02X})")


def moved(granted: int, state: int, *, mf: bool) -> int:
    """Return ``granted`` with the current register at ``state``; with the MF's too where the MF is current."""
    granted = granted & ~CURRENT_REGISTER | 1 << _CURRENT_BIT + state
    return granted & ~MF_REGISTER | 1 << _MF_BIT + state if mf else granted


def like_the_mf(granted: int) -> int:
    """Return ``granted`` with the current register at the state of the MF's."""
    return granted & ~CURRENT_REGISTER | (granted & MF_REGISTER) << _STATES

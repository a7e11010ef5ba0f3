"""The three data layouts of the HRSS zone; files, elements and lengths say in which of them they exist."""

from __future__ import annotations

from enum import Flag, unique


@unique
class Layout(Flag):
    """A published version of the card's data layout (facts hrss-card, head and 2)."""

    V1_00 = 1
    V2_00 = 2
    V3_00 = 4

    @property
    def text(self) -> str:
        """The version as cards and people write it: 1.00, 2.00 or 3.00."""
        return f"{self.value.bit_length()}.00"

    @classmethod
    def from_text(cls, text: str) -> Layout:
        """Return the layout that ``text`` ("1.00") names; raises KeyError for any other text."""
        return {layout.text: layout for layout in cls}[text]


L1, L2, L3 = Layout.V1_00, Layout.V2_00, Layout.V3_00
EVERY = L1 | L2 | L3

"""The value of a setting that is a table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ElementSizes:
    """Sizes in bytes by element, "DF05/EF05/A0", in the order of the names."""

    entries: tuple[tuple[str, int], ...] = ()

    def size_of(self, element: str) -> int | None:
        """Return the size that ``element`` is given, if any."""
        return dict(self.entries).get(element)

    def plain(self) -> dict[str, int]:
        """Return the table as JSON and TOML can hold it."""
        return dict(self.entries)

"""The value of a setting that is a table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers by name, in the order of the names."""

    entries: tuple[tuple[str, int], ...] = ()

    def get(self, name: str) -> int | None:
        """Return the number that ``name`` is given, if any."""
        return dict(self.entries).get(name)

    def plain(self) -> dict[str, int]:
        """Return the table as JSON and TOML can hold it."""
        return dict(self.entries)

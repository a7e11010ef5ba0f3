"""Small helpers for explanations: lines of :class:`~apdu.text.Text`, built from parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apdu.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

RESERVED = Text("reserved (RFU)", "保留(RFU)")


def labelled(label: str, text: Text) -> Text:
    """Return ``text`` behind a label that needs no translation, such as ``TA1=11``."""
    return Text(f"{label}: {text.en}", f"{label}: {text.zh}")


def by_default(label: str, text: Text) -> Text:
    """Return ``text`` as what holds because the byte ``label`` is absent."""
    return Text(f"no {label}, by default: {text.en}", f"无 {label},默认: {text.zh}")


def joined(parts: Iterable[Text], separator: str = "; ") -> Text:
    """Return ``parts`` as one text."""
    parts = tuple(parts)
    return Text(separator.join(part.en for part in parts), separator.join(part.zh for part in parts))


def flags(value: int, meanings: Mapping[int, Text]) -> tuple[Text, ...]:
    """Return the meanings whose bit mask is set in ``value``, in the order of ``meanings``."""
    return tuple(text for mask, text in meanings.items() if value & mask)

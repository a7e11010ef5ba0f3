"""The contents of an export whose PINs and keys do not matter: zeros stand for those that it does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardsim.chip.layout import KeyRecord, KeyType
from cardsim.perso.plain.credentials import NoSecrets

if TYPE_CHECKING:
    from collections.abc import Callable

    from cardsim.perso.image import CardImage
    from cardsim.perso.plain.checked import PlainError
    from cardsim.perso.plain.declared import Declared
    from cardsim.perso.plain.rebuild import Prefer


class Zeros(NoSecrets):
    """Zeros for every PIN and key."""

    def value(self, declared: Declared, record: KeyRecord, where: Callable[[str, str], PlainError]) -> bytes:
        """Return as many zeros as such a value has bytes."""
        del declared, where
        return bytes(8 if record.type is KeyType.PIN else 16)


def contents_only(plain: object, prefer: Prefer | None = None) -> CardImage:
    """Return a card with the files of an export; raises as :func:`cardsim.perso.plain.import_card` does."""
    from cardsim.perso.plain import import_card  # noqa: PLC0415  it is built on this package's modules too

    return import_card(_without_check_values(plain), source=Zeros(), prefer=prefer)


def _without_check_values(node: object) -> object:
    """Leave out what zeros would contradict, and files that are there in name only."""
    if isinstance(node, list):
        kept = [item for item in node if not (isinstance(item, dict) and "file" in item and _is_empty(item))]
        return [_without_check_values(item) for item in kept]
    if not isinstance(node, dict):
        return node
    bare = "reference" in node and "value" not in node
    return {key: _without_check_values(value) for key, value in node.items() if not (bare and key == "kcv")}


def _is_empty(file: dict[str, object]) -> bool:
    return not {"body", "raw", "content", "records", "keys", "rules"} & set(file) and "reference" not in file

"""The dialects of native card operating systems, as tables (facts native-card-os 12).

What the tables do not say is one engine: :mod:`cardsim.chip.native.creation` and the commands. Huada has another shape
of both commands, see :mod:`cardsim.chip.native.huada`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cardsim.chip.layout import FileType
from cardsim.profiles.native import NativeDialect

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Dialect:
    """One dialect that shares FMCOS's shapes of CREATE FILE and WRITE KEY.

    ``types``: CREATE's type bytes. ``value_only``: WRITE KEY on a key that is there also takes its new value alone.
    ``ruled``: internal files, T514's key records and sealing, as our own zones have them.
    """

    types: Mapping[int, FileType]
    value_only: bool = False
    ruled: bool = False


_FMCOS_TYPES: Final = {
    int(kind): kind
    for kind in (
        FileType.TRANSPARENT,
        FileType.FIXED,
        FileType.VARIABLE,
        FileType.CYCLIC,
        FileType.PURSE,
        FileType.DIRECTORY,
        FileType.KEYS,
    )
}
_EXTENDED_TYPES: Final = _FMCOS_TYPES | {
    int(kind): kind for kind in (FileType.PUBLIC_KEY, FileType.PRIVATE_KEY, FileType.RULES, FileType.APPLICATION)
}

DIALECTS: Final = {
    NativeDialect.FMCOS: Dialect(_FMCOS_TYPES),
    NativeDialect.TIMECOS: Dialect(_FMCOS_TYPES, value_only=True),
    NativeDialect.EXTENDED: Dialect(_EXTENDED_TYPES, ruled=True),
}

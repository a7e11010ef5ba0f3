"""Taking a zone off a card whose chip has native commands: ERASE DF under the zone's own key.

Source: facts native-card-os 1.3, 4; cardsim.chip.native (which directories may be erased, and what is left of them).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from apdu import Command, Sw
from cardsim.zones.access import Key
from readers.errors import CardRefusedError
from readers.terminal.hrss import select_mf
from readers.terminal.script import Script
from readers.terminal.security import expect

if TYPE_CHECKING:
    from cardsim.zones.model import Df, KeyDeclaration, Zone

_ERASE: Final = Command(0x80, 0x0E, 0x00, 0x00)
_NO_COMMAND: Final = (Sw.INS_NOT_SUPPORTED, Sw.CLA_NOT_SUPPORTED)
Prove = Callable[["Df", "KeyDeclaration"], Script[None]]
"""Proves a key of a directory, which is selected."""


def erase_zone(zone: Zone, prove: Prove) -> Script[None]:
    """Erase what zone ``zone`` has: contents, PINs and keys; its empty directory stays.

    Raises CardRefusedError when the zone declares no key for it, is not there, or the card refuses.
    """
    places = tuple(erasable(zone))
    if not places:
        raise CardRefusedError(f"zone {zone.name} declares no key that erases it", f"{zone.name} 区域没有定义擦除密钥")
    for path, key in places:
        yield from select(zone, path)
        yield from prove(path[-1], key)
        response = yield _ERASE
        if response.ok:
            continue
        why, why_zh = "", ""
        if int(response.sw) in _NO_COMMAND:
            why = "; it was not made by native commands, or without a right to erase it"
            why_zh = ";它不是由原生命令创建的,或未设置擦除权限"
        meaning = response.sw.meaning
        raise CardRefusedError(
            f"zone {zone.name} is not erased: {response.sw} ({meaning.en}){why}",
            f"{zone.name} 区域未擦除:{response.sw}({meaning.zh}){why_zh}",
            response.sw,
        )


def erase_unfinished(zone: Zone) -> Script[bool]:
    """Erase what there is of an unfinished zone, which no key guards yet; return whether it was one."""
    yield from select(zone, (zone.application,))
    response = yield _ERASE
    return response.ok


def erasable(zone: Zone) -> Iterator[tuple[tuple[Df, ...], KeyDeclaration]]:
    """Yield each directory that a key of its own erases, as the path that leads there, and the key."""
    return _erasable((zone.application,))


def select(zone: Zone, path: Sequence[Df]) -> Script[None]:
    """Select a directory of ``zone`` by the names on its path. Raises CardRefusedError."""
    for df in path:
        response = yield Command(0x00, 0xA4, 0x04, 0x00, df.aid)
        if not response.ok and df is path[0]:
            yield from select_mf()
            response = yield Command(0x00, 0xA4, 0x04, 0x00, df.aid)
        expect(response, f"zone {zone.name} can not be selected", f"无法选择 {zone.name} 区域")


def _erasable(path: tuple[Df, ...]) -> Iterator[tuple[tuple[Df, ...], KeyDeclaration]]:
    here = path[-1]
    for key in here.keys:
        if here.erase == Key(key.name):
            yield path, key
    for child in here.children:
        yield from _erasable((*path, child))

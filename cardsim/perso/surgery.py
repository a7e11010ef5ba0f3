"""Zones put on a card that is issued, and taken off it: the issuer's view of a card file, no commands.

Applications lie one behind the other in the MF. One that is removed leaves nothing: those behind it move up, and what
becomes free is zeros.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cardsim.chip.errors import MemoryFullError
from cardsim.chip.filesystem import FileSystem
from cardsim.chip.layout import HEADER_SIZE
from cardsim.chip.memory import Memory, NoJournal
from cardsim.errors import CardsimError
from cardsim.perso.holder import Holder
from cardsim.perso.image import personalise
from cardsim.zones.hrss import HRSS
from cardsim.zones.registry import ZONES

if TYPE_CHECKING:
    from collections.abc import Container

    from cardsim.chip.files import Directory
    from cardsim.perso.image import CardImage
    from cardsim.zones.model import Zone
    from keys.keyring import Keyring


class ZoneError(CardsimError):
    """A zone that is not declared, is on the card already, or is not."""


def zone_called(name: str) -> Zone:
    """Return a declared zone; raises ZoneError listing those that there are."""
    for zone in ZONES.values():
        if zone.name == name.upper():
            return zone
    known = ", ".join(ZONES)
    raise ZoneError(f"there is no zone {name}; there are {known}", f"没有区域 {name};可用:{known}")


def remove_zone(image: CardImage, name: str) -> CardImage:
    """Return the card without a zone: its files, PINs and keys are gone, their place is zeros.

    Raises ZoneError when it is not on the card.
    """
    zone = zone_called(name)
    files = FileSystem(Memory(image.memory, NoJournal()), image.profile)
    place = _find(files.mf, zone)
    if place is None:
        raise ZoneError(f"zone {zone.name} is not on the card", f"卡上没有 {zone.name} 区域")
    end = place.offset + _size(place)
    used = files.mf.start + files.mf.used
    freed = bytes(end - place.offset)
    memory = image.memory[: place.offset] + image.memory[end:used] + freed + image.memory[used:]
    zones = [other for other in image.profile.zones if other != zone.name]
    return replace(image, memory=memory, profile=image.profile.override({"zones": zones}))


def add_zone(image: CardImage, name: str, holder: Holder, keyring: Keyring | None = None) -> CardImage:
    """Return the card with one more zone, its keys from ``keyring`` (without one: TEST ones), behind the others.

    ``holder``: what the zone's files are filled with; a holder whose card identification code is that on the card, so
    that its keys are this card's. Raises ZoneError, HolderError, ProfileError or MemoryFullError.
    """
    zone = zone_called(name)
    files = FileSystem(Memory(image.memory, NoJournal()), image.profile)
    if _find(files.mf, zone):
        raise ZoneError(f"zone {zone.name} is on the card already", f"卡上已有 {zone.name} 区域")
    profile = image.profile.override({"zones": [*image.profile.zones, zone.name]})
    whole = personalise(profile, image.layout, holder_for(zone, holder, profile.zones), keyring=keyring)
    made = _find(FileSystem(Memory(whole.memory, NoJournal()), profile).mf, zone)
    if made is None:  # pragma: no cover  personalise() makes every zone of the profile
        raise AssertionError(zone.name)
    part = whole.memory[made.offset : made.offset + _size(made)]
    used = files.mf.start + files.mf.used
    free = files.mf.end - used
    if len(part) > free:
        raise MemoryFullError(
            f"zone {zone.name} needs {len(part)} bytes; {free} are free",
            f"{zone.name} 区域需要 {len(part)} 字节;剩余 {free} 字节",
        )
    memory = image.memory[:used] + part + image.memory[used + len(part) :]
    return replace(image, memory=memory, profile=profile)


_TELL_THE_CODE: Final = frozenset(("card_identification", "region_code"))
"""Entries of a holder, either of which gives the card identification code."""


def holder_for(zone: Zone, holder: Holder, zones: Container[str]) -> Holder:
    """Return the holder that ``zone`` is made with on a card that then has ``zones``: without entries for others.

    So a holder's file that has made a whole card serves for each zone of it. Raises ZoneError when ``zone`` is bound
    to a card identification code, and neither the card nor the holder gives one.
    """
    if zone is not HRSS and not _TELL_THE_CODE & holder.given.keys():
        raise ZoneError(
            f"zone {zone.name} is bound to the card identification code, which no HRSS zone on the card gives: "
            "add HRSS first, or give the holder its card_identification or region_code",
            f"{zone.name} 区域与卡识别码绑定,而卡上没有 HRSS 区域给出该码:请先加入 HRSS,"
            "或在持卡人数据中给出 card_identification 或 region_code",
        )
    absent = [other for other in ZONES.values() if other.name not in zones]
    pins = {pin.holder_key for other in absent for df in other.application.walk() for pin in df.pins}
    given = {key: value for key, value in holder.given.items() if key not in pins}
    # A holder's files and elements are those of the HRSS zone.
    return Holder(given) if HRSS in absent else replace(holder, given=given)


def made_by_commands(image: CardImage) -> bool:
    """Return whether the card was made by native commands, which add and remove its zones too."""
    return FileSystem(Memory(image.memory, NoJournal()), image.profile).mf.header.native


def holder_of(image: CardImage) -> Holder:
    """Return the holder of a card as far as the card says it: what is printed, and its identification code."""
    plain: dict[str, object] = {key: value for key, value in image.printed.items() if value}
    code = identification(image)
    if code:
        plain["card_identification"] = code
    return Holder.from_plain(plain, _no_files)


def identification(image: CardImage) -> str:
    """Return the card identification code that stands on the card, in hexadecimal; empty when none does."""
    files = FileSystem(Memory(image.memory, NoJournal()), image.profile)
    directory = _find(files.mf, ZONES["HRSS"])
    file = directory.by_sfi.get(5) if directory else None
    record = file.by_tag.get(0x01) if file else None
    return image.memory[record.offset + 2 : record.offset + record.size].hex().upper() if record else ""


def _find(mf: Directory, zone: Zone) -> Directory | None:
    return next((child for child in mf.children if child.name == zone.application.aid), None)


def _size(directory: Directory) -> int:
    return HEADER_SIZE + directory.header.name_size + directory.header.size


def _no_files(name: str) -> bytes:
    raise ZoneError(f"{name}: no files here", f"{name}:此处不能使用文件")

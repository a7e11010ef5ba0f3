"""What `cardsim show` says about a card's zones and its memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import Interface, Text
from cardsim.chip.files import INTERFACE_BITS
from cardsim.chip.layout import HEADER_SIZE
from cardsim.cli.console import aligned
from cardsim.cli.names import declared_df
from cardsim.zones.registry import ZONES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cardsim.chip.files import Directory
    from cardsim.cli.console import Console
    from cardsim.profiles import Profile

_INTERFACES: Final = {
    Interface.CONTACT: Text("contact", "接触"),
    Interface.CONTACTLESS: Text("contactless", "非接触"),
}


def print_zones(mf: Directory, profile: Profile, console: Console) -> None:
    """Print a line for each zone's application, or one of no zone: the interfaces on which it is reached."""
    if not mf.children:
        return
    console.say("zones:", "区域:")
    for line in aligned(_zone_row(application, profile, console) for application in mf.children):
        console.line(f"  {line}")
    console.line()


def _zone_row(application: Directory, profile: Profile, console: Console) -> tuple[str, ...]:
    zone = next((zone for zone in ZONES.values() if zone.application.aid == application.name), None)
    declared = declared_df(application)
    if zone:
        name = Text(zone.name, f"{zone.name} {zone.name_zh}")
    else:
        name = Text(declared.name, declared.name_zh) if declared else Text("-", "-")
    reached = [
        _INTERFACES[interface]
        for interface in profile.interfaces.all
        if application.interfaces & INTERFACE_BITS[interface]
    ]
    none = Text("no interface of this chip", "本芯片无可用界面")
    where = Text(", ".join(text.en for text in reached), "、".join(text.zh for text in reached)) if reached else none
    return console.pick(name), application.label, console.pick(where)


def print_memory(mf: Directory, size: int, console: Console) -> None:
    """Print how full the memory is, and where directories lie in it."""
    used = HEADER_SIZE + len(mf.name) + mf.used
    free = size - used
    console.line()
    console.say(f"memory: {size} bytes, {used} used, {free} free", f"存储器:共 {size} 字节,已用 {used},剩余 {free}")
    rows = list(_directories(mf, console, depth=1))
    if free:
        rows.append(("  " + console.pick(Text("free", "空闲")), _bytes(free, console), _range(used, size)))
    for line in aligned(rows):
        console.line(line)


def _directories(parent: Directory, console: Console, depth: int) -> Iterator[tuple[str, ...]]:
    """Yield what the directories below ``parent`` take, all below them included, where, and what is free in them."""
    for directory in parent.children:
        declaration = declared_df(directory)
        name = console.pick(Text(declaration.name, declaration.name_zh)) if declaration else directory.label
        body = directory.offset + HEADER_SIZE + len(directory.name)
        end = body + directory.header.size
        free = directory.header.size - directory.used
        inside = console.pick(Text(f"{free} bytes free in it", f"其中空闲 {free} 字节")) if free else ""
        size = _bytes(end - directory.offset, console)
        yield "  " * depth + name, size, _range(directory.offset, end), inside
        yield from _directories(directory, console, depth + 1)


def _range(start: int, end: int) -> str:
    return f"{start:05X}-{end - 1:05X}"


def _bytes(size: int, console: Console) -> str:
    return console.pick(Text(f"{size:>6} bytes", f"{size:>6} 字节"))

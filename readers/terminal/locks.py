"""Zones of a card in a reader: which there are, and blocking and unblocking one under its own lock key."""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING, Final, NamedTuple

from apdu import Command, StatusWord, Sw, Text
from cardsim.zones.model import KeyUse
from cardsim.zones.registry import ZONES
from readers.errors import CardRefusedError
from readers.terminal.hrss import select_mf
from readers.terminal.removal import erasable, select
from readers.terminal.security import protected

if TYPE_CHECKING:
    from cardsim.zones.model import Zone
    from readers.terminal.script import Script
    from readers.terminal.security import Terminal

_BLOCK: Final = Command(0x84, 0x1E, 0x00, 0x00)
_UNBLOCK: Final = Command(0x84, 0x18, 0x00, 0x00)
_CREATE_NOTHING: Final = Command(0x80, 0xE0, 0xFF, 0xFF)
"""Makes nothing, having no data: where the command is there it is answered 6700 (facts native-card-os 1.2)."""
_BLOCKED: Final = (0x6A81, 0x6283)
_NO_HINT: Final = Text("", "")
_COSTS_A_TRY: Final = Text(
    "; each refusal costs the lock key a try: before the next one look whether region, algorithm and key version are "
    "right",
    ";每次被拒绝都会消耗锁定密钥的一次尝试:再次执行前请核对地区码、算法与密钥版本",
)


@unique
class ZoneState(Enum):
    """What a card says of a zone."""

    IN_USE = Text("in use", "使用中")
    BLOCKED = Text("blocked", "已锁定")
    UNFINISHED = Text("empty or not finished", "为空或未完成")
    ABSENT = Text("not on the card", "卡上没有")


class FoundZone(NamedTuple):
    """A declared zone, what the card says of it, and the answer to its SELECT."""

    zone: Zone
    state: ZoneState
    status: StatusWord


def find_zones() -> Script[tuple[FoundZone, ...]]:
    """Return every declared zone and whether it is on the card. Raises CardRefusedError for a card without an MF."""
    yield from select_mf()
    found = []
    for zone in ZONES.values():
        response = yield _select(zone)
        if int(response.sw) == Sw.FILE_NOT_FOUND:  # from some directories names reach the neighbours alone
            yield from select_mf()
            response = yield _select(zone)
        state = ZoneState.IN_USE if response.ok else ZoneState.ABSENT
        if int(response.sw) in _BLOCKED:
            state = ZoneState.BLOCKED
        elif response.ok:  # some cards give their FCI all the same, and then refuse everything (hrss-card 3)
            probe = yield Command(0x00, 0xB2, 0x01, 0x2C, le=0)
            if int(probe.sw) == Sw.FUNCTION_NOT_SUPPORTED:
                state = ZoneState.BLOCKED
            elif (yield from _unfinished(zone)):
                state = ZoneState.UNFINISHED
        found.append(FoundZone(zone, state, response.sw))
    return tuple(found)


def _unfinished(zone: Zone) -> Script[bool]:
    """Return whether a directory of the zone that can be erased is missing, or takes files: no finished one does."""
    for path, _ in erasable(zone):
        try:
            yield from select(zone, path)
        except CardRefusedError as error:
            if error.status is None or int(error.status) != Sw.FILE_NOT_FOUND:
                raise
            return True  # not made yet
        response = yield _CREATE_NOTHING
        if int(response.sw) == Sw.WRONG_LENGTH:
            return True
    return False


def lock_zone(terminal: Terminal, zone: Zone, *, unblock: bool) -> Script[None]:
    """Block a zone until it is unblocked, or unblock it, under the zone's application lock key.

    Raises CardRefusedError when the zone has no such key, is not on the card, or the card refuses.
    """
    if not any(key.use is KeyUse.APPLICATION_LOCK for key in zone.application.keys):
        raise CardRefusedError(
            f"zone {zone.name} declares no key for blocking; `cardsim zone remove` can take it off the card",
            f"{zone.name} 区域没有定义应用锁定密钥;可用 cardsim zone remove 将其移除",
        )
    yield from select_mf()
    response = yield _select(zone)
    if not (response.ok or int(response.sw) in _BLOCKED):
        raise _refused(zone, response.sw, "can not be selected", "无法选择")
    response = yield from protected(terminal, _UNBLOCK if unblock else _BLOCK, use=KeyUse.APPLICATION_LOCK)
    if not response.ok:
        what = ("is not unblocked", "未解锁") if unblock else ("is not blocked", "未锁定")
        hint = _COSTS_A_TRY if unblock and int(response.sw) != Sw.AUTHENTICATION_BLOCKED else _NO_HINT
        raise _refused(zone, response.sw, *what, hint)


def _select(zone: Zone) -> Command:
    return Command(0x00, 0xA4, 0x04, 0x00, zone.application.aid)


def _refused(zone: Zone, status: StatusWord, en: str, zh: str, hint: Text = _NO_HINT) -> CardRefusedError:
    meaning = status.meaning
    return CardRefusedError(
        f"zone {zone.name} {en}: {status} ({meaning.en}){hint.en}",
        f"{zone.name} 区域{zh}:{status}({meaning.zh}){hint.zh}",
        status,
    )

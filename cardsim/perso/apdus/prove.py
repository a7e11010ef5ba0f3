"""Asking a finished card for its keys and PINs: each is proved once, and the first refusal ends everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from apdu import Command, Response
from cardsim.chip.context import suites_of
from cardsim.chip.layout import KEY_HEADER_SIZE, FileType, KeyRecord, KeyType
from cardsim.perso.apdus.nodes import Node, master_file
from cardsim.perso.apdus.play import PlaybackError, reselect
from cardsim.zones.model import CommandSet
from keys.suite import proof

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from cardsim.perso.image import CardImage
    from keys.suite import CipherSuite

_FACTOR: Final = 8
_LEFT: Final = 0x0F
_ORDER: Final = (KeyType.INTERNAL, KeyType.EXTERNAL, KeyType.PIN)


@dataclass(frozen=True, slots=True)
class Proof:
    """A key or PIN that the card has, as asked for; or not ``asked``, since it has one try and a wrong one costs it."""

    place: str
    type: KeyType
    reference: int
    version: int
    asked: bool = True


def prove_keys(image: CardImage, entropy: Callable[[int], bytes]) -> Generator[Command, Response, list[Proof]]:
    """Prove every authentication key and PIN of the HRSS zone that ``image`` has; return what was proved.

    The other keys, and those of other zones, have no command that would only ask. The card proves its own key first,
    which costs no try. Raises :class:`PlaybackError` at the first refusal, before a key loses more than one try, and
    before a PIN of which one try is left is asked for. How many a key has left no command tells.
    """
    suites = suites_of(image.profile)
    proved: list[Proof] = []
    for path, records in _directories(master_file(image.memory), (), CommandSet.HRSS):
        for command in reselect(path) if records else ():
            response = yield command
            if not response.ok:
                raise PlaybackError(
                    f"{command.data.hex().upper()}: SELECT is answered {response.sw}",
                    f"{command.data.hex().upper()}:SELECT 返回 {response.sw}",
                )
        for record in records:
            place = "/".join(f"{fid:04X}" for fid in path)
            if record.type is not KeyType.INTERNAL and record.tries & _LEFT <= 1:
                proved.append(Proof(place, record.type, record.id, record.version, asked=False))
            else:
                yield from _prove(record, suites, entropy, place)
                proved.append(Proof(place, record.type, record.id, record.version))
    return proved


def _prove(
    record: KeyRecord, suites: dict[int, CipherSuite], entropy: Callable[[int], bytes], place: str
) -> Generator[Command, Response, None]:
    version = bytes((record.version,)) if record.version else b""
    source = entropy(_FACTOR)
    match record.type:
        case KeyType.PIN:
            query = yield Command(0x00, 0x20, 0x00, record.id)
            left = query.sw.tries_left
            if left is not None and left <= 1:
                raise PlaybackError(
                    f"{place} PIN {record.id:02X}: tries left: {left}; it was not tried",
                    f"{place} PIN {record.id:02X}:剩余 {left} 次;未尝试",
                )
            response = yield Command(0x00, 0x20, 0x00, record.id, record.value.rstrip(b"\xff"))
            right = response.ok
        case KeyType.INTERNAL:
            process = entropy(_FACTOR)
            expected = proof(suites[record.algorithm], record.value, process, source)
            response = yield Command(0x00, 0x88, 0x00, record.id, process + source + version, le=len(expected))
            right = response.ok and response.data == expected
        case _:
            challenge = yield Command(0x00, 0x84, 0x00, 0x00, le=_FACTOR)
            given = proof(suites[record.algorithm], record.value, challenge.data, source)
            response = yield Command(0x00, 0x82, 0x00, record.id, given + source + version)
            right = response.ok
    if not right:
        what = f"{place} {record.type.name} {record.id:02X}"
        left = response.sw.tries_left
        tail, tail_zh = ("", "") if left is None else (f", tries left: {left}", f",剩余 {left} 次")
        raise PlaybackError(
            f"{what}: the card has another value ({response.sw}{tail}); nothing more was tried",
            f"{what}:卡上的值不同({response.sw}{tail_zh});未再尝试",
        )


def _directories(
    node: Node, path: tuple[int, ...], commands: CommandSet
) -> Iterator[tuple[tuple[int, ...], tuple[KeyRecord, ...]]]:
    """Yield path and key records of each directory whose commands are the HRSS zone's."""
    for child in node.children:
        if child.header.type is FileType.APPLICATION:
            commands = CommandSet(child.header.extra)
    keys = next((child for child in node.children if child.header.type is FileType.KEYS), None)
    if keys is not None and commands is CommandSet.HRSS:
        records = (record for record in _records(keys.body) if record.type in _ORDER)
        yield path, tuple(sorted(records, key=lambda record: _ORDER.index(record.type)))
    for child in node.children:
        if child.directory:
            yield from _directories(child, (*path, child.header.fid), commands)


def _records(body: bytes) -> Iterator[KeyRecord]:
    offset = 0
    while offset < len(body) and body[offset]:
        size = KEY_HEADER_SIZE + body[offset + KEY_HEADER_SIZE - 1]
        yield KeyRecord.parse(body[offset : offset + size])
        offset += size

"""Asking a finished card for its keys and PINs: each is proved once, and the first refusal ends everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from apdu import Command, Response
from cardsim.chip.context import suites_of
from cardsim.chip.layout import KEY_HEADER_SIZE, RIGHT_FREE, FileType, KeyRecord, KeyType
from cardsim.perso.apdus.nodes import Node, master_file
from cardsim.perso.apdus.play import PlaybackError, Script, nothing, reselect
from cardsim.perso.apdus.script import select
from cardsim.zones.model import CommandSet
from keys.suite import proof

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from cardsim.perso.image import CardImage
    from keys.suite import CipherSuite

_FACTOR: Final = 8
_PKI_CHALLENGE: Final = 16
_LEFT: Final = 0x0F
_ORDER: Final = (KeyType.INTERNAL, KeyType.EXTERNAL, KeyType.PIN)
"""What a command only asks for; the card's own key first."""
_PIN_P1: Final = {CommandSet.HRSS: 0x00, CommandSet.PKI: 0x01}


@dataclass(frozen=True, slots=True)
class Proof:
    """A key or PIN that the card has, as asked for; or not ``asked``, since it has one try and a wrong one costs it."""

    place: str
    type: KeyType
    reference: int
    version: int
    asked: bool = True


@dataclass(frozen=True, slots=True)
class _Place:
    """A directory of an image: its path, its commands, its PINs and keys."""

    path: tuple[int, ...]
    commands: CommandSet
    keys: tuple[KeyRecord, ...]
    everywhere: bool
    """Whether it is there on every interface."""

    @property
    def label(self) -> str:
        return "/".join(f"{fid:04X}" for fid in self.path)

    @property
    def own_keys(self) -> list[KeyRecord]:
        """The keys by which the card proves itself."""
        return [key for key in self.keys if key.type is KeyType.INTERNAL and self.commands is CommandSet.HRSS]

    @property
    def records(self) -> list[KeyRecord]:
        """The keys and PINs that can be asked for."""
        if self.commands not in _PIN_P1:
            return []
        keys = [key for key in self.keys if key.type in _ORDER]
        if self.commands is CommandSet.PKI:  # its commands name no version: the card takes the lowest
            lowest = {(key.type, key.id): key for key in sorted(keys, key=lambda key: -key.version)}
            keys = list(lowest.values())
        return sorted(keys, key=lambda key: _ORDER.index(key.type))


def check_origin(image: CardImage, entropy: Callable[[int], bytes]) -> Script:
    """Raise :class:`PlaybackError` where the card has other keys than ``image``; one that has none yet is no matter.

    One INTERNAL AUTHENTICATE without a version, which costs no try. While a directory is open its answer is the native
    one: what was sent, enciphered (facts native-card-os 4).
    """
    place = next((place for place in _places(image) if place.own_keys), None)
    for command in reselect(place.path) if place else ():
        response = yield command
        if not response.ok:
            return
    if place is None:
        return
    record = min(place.own_keys, key=lambda key: key.version)
    suite, process, source = suites_of(image.profile)[record.algorithm], entropy(_FACTOR), entropy(_FACTOR)
    response = yield Command(0x00, 0x88, 0x00, record.id, process + source, le=0)
    right = (proof(suite, record.value, process, source), suite.encrypt(record.value, process + source))
    if response.ok and response.data not in right:
        raise PlaybackError(
            f"{place.label}: the card has other keys than those of this run; nothing was written",
            f"{place.label}:卡上的密钥与本次个人化不同;未写入任何内容",
        )


def prove_keys(
    image: CardImage, entropy: Callable[[int], bytes], inside: Callable[[tuple[int, ...]], Script] = nothing
) -> Generator[Command, Response, list[Proof]]:
    """Prove every authentication key and PIN of the HRSS and PKI zones that ``image`` has; return what was proved.

    The other keys have no command that would only ask. The card proves its own key first, which costs no try.
    ``inside`` is played in each directory when what it has is proved. Raises :class:`PlaybackError` at the first
    refusal, before a key loses more than one try, and before a PIN of which one try is left is asked for. How many a
    key has left no command tells.
    """
    suites = suites_of(image.profile)
    proved: list[Proof] = []
    before: tuple[int, ...] = ()
    hidden: tuple[int, ...] | None = None
    for place in _places(image):
        if hidden and place.path[: len(hidden)] == hidden:
            continue
        if not (yield from _enter(place, before)):
            hidden = place.path
            continue
        before = place.path
        for record in place.records:
            asked = record.type is KeyType.INTERNAL or record.tries & _LEFT > 1
            if asked:
                yield from _prove(record, place, suites[record.algorithm], entropy)
            proved.append(Proof(place.label, record.type, record.id, record.version, asked))
        yield from inside(place.path)
    return proved


def _enter(place: _Place, before: tuple[int, ...]) -> Generator[Command, Response, bool]:
    """Make ``place`` current, so that what was proved above it stays proved; return whether it is on this interface."""
    near = before and before in (place.path[:-1], (*place.path[:-1], before[-1]))
    for command in (select(place.path[-1]),) if near else reselect(place.path):
        response = yield command
        if response.ok:
            continue
        if not place.everywhere:
            return False
        raise PlaybackError(
            f"{place.label}: SELECT is answered {response.sw}", f"{place.label}:SELECT 返回 {response.sw}"
        )
    return True


def key_count(image: CardImage) -> int:
    """Return how many keys and PINs ``image`` has, also those that no command only asks for."""
    return sum(len(place.keys) for place in _places(image))


def _prove(
    record: KeyRecord, place: _Place, suite: CipherSuite, entropy: Callable[[int], bytes]
) -> Generator[Command, Response, None]:
    what = f"{place.label} {record.type.name} {record.id:02X}"
    if record.type is KeyType.PIN:
        query = yield Command(0x00, 0x20, _PIN_P1[place.commands], record.id)
        left = query.sw.tries_left
        if left is not None and left <= 1:
            raise PlaybackError(f"{what}: tries left: {left}; it was not tried", f"{what}:剩余 {left} 次;未尝试")
    expected = b""
    if record.type is KeyType.INTERNAL:
        process, source = entropy(_FACTOR), entropy(_FACTOR)
        expected = proof(suite, record.value, process, source)
        data = process + source + _version(record)
        command = Command(0x00, 0x88, 0x00, record.id, data, le=len(expected))
    elif place.commands is CommandSet.PKI:
        challenge = yield Command(0x00, 0x84, 0x00, 0x00, le=_PKI_CHALLENGE)
        head = (0x20, _PIN_P1[place.commands]) if record.type is KeyType.PIN else (0x82, 0x00)
        command = Command(0x00, *head, record.id, suite.encrypt(record.value, challenge.data))
    elif record.type is KeyType.PIN:
        command = Command(0x00, 0x20, _PIN_P1[place.commands], record.id, record.value.rstrip(b"\xff"))
    else:
        challenge = yield Command(0x00, 0x84, 0x00, 0x00, le=_FACTOR)
        source = entropy(_FACTOR)
        given = proof(suite, record.value, challenge.data, source)
        command = Command(0x00, 0x82, 0x00, record.id, given + source + _version(record))
    response = yield command
    if not response.ok or response.data != expected:
        left = response.sw.tries_left
        tail, tail_zh = ("", "") if left is None else (f", tries left: {left}", f",剩余 {left} 次")
        raise PlaybackError(
            f"{what}: the card has another value ({response.sw}{tail}); nothing more was tried",
            f"{what}:卡上的值不同({response.sw}{tail_zh});未再尝试",
        )


def _version(record: KeyRecord) -> bytes:
    return bytes((record.version,)) if record.version else b""


def _places(image: CardImage) -> Iterator[_Place]:
    return _directories(master_file(image.memory), (), CommandSet.HRSS)


def _directories(node: Node, path: tuple[int, ...], commands: CommandSet) -> Iterator[_Place]:
    """Yield the directories inside ``node``, those that hold others first."""
    everywhere = True
    for child in node.children:
        if child.header.type is FileType.APPLICATION:
            commands = CommandSet(child.header.extra)
            everywhere = child.header.right1 == RIGHT_FREE
    keys = next((child for child in node.children if child.header.type is FileType.KEYS), None)
    if path:
        yield _Place(path, commands, tuple(_records(keys.body)) if keys else (), everywhere)
    for child in node.children:
        if child.directory:
            yield from _directories(child, (*path, child.header.fid), commands)


def _records(body: bytes) -> Iterator[KeyRecord]:
    offset = 0
    while offset < len(body) and body[offset]:
        size = KEY_HEADER_SIZE + body[offset + KEY_HEADER_SIZE - 1]
        yield KeyRecord.parse(body[offset : offset + size])
        offset += size

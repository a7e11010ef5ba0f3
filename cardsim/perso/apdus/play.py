"""Playing a script on a card: from the start, or from where it was broken off; reading back what was written."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from apdu import Command, Response, Sw, Text
from cardsim.errors import CardsimError
from cardsim.perso.apdus.script import StepKind, select

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cardsim.perso.apdus.script import Section, Step

Script = Generator[Command, Response, None]
_READ_RECORD, _READ_BINARY = 0xB2, 0xB0
_BY_NUMBER: Final = 4
_REFUSED: Final = (Sw.SECURITY_STATUS_NOT_SATISFIED, Sw.INS_NOT_SUPPORTED, Sw.CLA_NOT_SUPPORTED)
"""What a sealed directory says to a native command."""
_EXISTING: Final = (StepKind.CREATE, StepKind.KEY)
"""What is answered 6A86 when it is there already (facts native-card-os 1.2)."""


class PlaybackError(CardsimError):
    """The card refused a step of the script, or gave back something else than was written."""


@dataclass
class Playback:
    """How far a script has come. ``on_section`` is called as each directory is begun."""

    resume: bool = False
    verify: bool = False
    on_section: Callable[[Section], None] = lambda _: None
    done: int = 0
    skipped: int = 0
    compared: int = 0
    finished: set[tuple[int, ...]] = field(default_factory=set)


def play(sections: Sequence[Section], playback: Playback) -> Script:
    """Play ``sections``; ``playback`` is told what was done. Raises :class:`PlaybackError` at the first refusal.

    ``resume``: what is there already stays. ``verify``: everything but keys and private keys is read back before its
    directory is sealed, while it can be.
    """
    for section in sections:
        if section.path in playback.finished:
            continue
        playback.on_section(section)
        yield from _enter(section, playback)
        yield from _section(section, playback)


def _enter(section: Section, playback: Playback) -> Script:
    """Make the section's directory current; the MF of a fresh card is not there yet."""
    if not (section.path or playback.resume):
        return
    for command in section.entering:
        response = yield command
        if section.path and not response.ok:
            raise _refused(section.label, Text("SELECT", "选择"), response, playback)


def _section(section: Section, playback: Playback) -> Script:
    exists = ""
    for position, step in enumerate(section.steps):
        if step.kind is StepKind.MORE and step.place == exists:
            playback.skipped += 1
            continue
        if step.kind is StepKind.SEAL and playback.verify:
            yield from _compare(section.steps[:position], playback)
        if playback.resume and (yield from _there(section, step)):
            playback.skipped += 1
            continue
        response = yield step.command
        if int(response.sw) == Sw.OK:
            playback.done += 1
        elif playback.resume and step.kind in _EXISTING and int(response.sw) == Sw.WRONG_P1P2:
            exists = step.place
            playback.skipped += 1
        elif playback.resume and step.kind is not StepKind.SELECT and int(response.sw) in _REFUSED and section.path:
            playback.skipped += len(section.steps) - position
            playback.finished.add(section.path)
            return
        else:
            raise _refused(step.place, step.text, response, playback)
    if playback.verify and section.steps[-1].kind is not StepKind.SEAL:
        yield from _compare(section.steps, playback)


def _there(section: Section, step: Step) -> Generator[Command, Response, bool]:
    """Return whether the card has already what ``step`` adds, where doing it again would add it again."""
    match step.kind:
        case StepKind.RECORD:
            response = yield Command(0x00, _READ_RECORD, step.number, _BY_NUMBER, le=0)
            return response.ok and response.data == step.command.data
        case StepKind.ENTRY:
            entries = [other for other in section.steps if other.kind is StepKind.ENTRY and other.place == step.place]
            for number, entry in enumerate(reversed(entries), 1):
                response = yield Command(0x00, _READ_RECORD, number, _BY_NUMBER, le=0)
                if not response.ok or response.data != entry.command.data:
                    return False
            return True
        case _:
            return False


def _compare(steps: Sequence[Step], playback: Playback) -> Script:
    """Read back what ``steps`` wrote, as far as the card gives it."""
    for step in steps:
        match step.kind:
            case StepKind.SELECT:
                yield step.command
                continue
            case StepKind.RECORD:
                command = Command(0x00, _READ_RECORD, step.number, _BY_NUMBER, le=0)
            case StepKind.BINARY if not step.secret:
                write = step.command
                command = Command(0x00, _READ_BINARY, write.p1, write.p2, le=len(write.data))
            case _:
                continue
        response = yield command
        if not response.ok or response.data != step.command.data:
            raise PlaybackError(
                f"{step.text.en}: the card gives back something else ({response.sw})",
                f"{step.text.zh}:读回的内容不同({response.sw})",
            )
        playback.compared += 1


def _refused(place: str, what: Text, response: Response, playback: Playback) -> PlaybackError:
    meaning = response.sw.meaning
    return PlaybackError(
        f"{place}: {what.en}: the card answers {response.sw} ({meaning.en}); {playback.done} commands were done before "
        f"it, --resume goes on from there",
        f"{place}:{what.zh}:卡返回 {response.sw}({meaning.zh});此前已完成 {playback.done} 条命令,可用 --resume 继续",
    )


def reselect(path: Sequence[int]) -> tuple[Command, ...]:
    """Return the commands that make a directory current."""
    return tuple(select(fid) for fid in (0x3F00, *path))

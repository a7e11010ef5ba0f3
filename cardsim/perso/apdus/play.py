"""Playing a script on a card: from the start, or from where it was broken off; reading back what was written."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from apdu import Command, Response, Sw, Text
from cardsim.errors import CardsimError
from cardsim.perso.apdus.script import MASTER_FILE, StepKind, select

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cardsim.perso.apdus.script import Section, Step

Script = Generator[Command, Response, None]
_READ_RECORD, _READ_BINARY = 0xB2, 0xB0
_BY_NUMBER: Final = 4
_MF: Final = 0x3F00
_SEALED: Final = (Sw.INS_NOT_SUPPORTED, Sw.CLA_NOT_SUPPORTED)
"""What a sealed directory says to a native command."""
_NO_HINT: Final = Text("", "")
_NO_NATIVE_COMMANDS: Final = Text("; the chip has no native commands here", ";该芯片此处没有原生命令")
_MF_HINTS: Final[dict[int, Text]] = {
    Sw.SECURITY_STATUS_NOT_SATISFIED: Text(
        "; its transport code is another one (--transport-code)", ";传输码不符(--transport-code)"
    ),
    Sw.WRONG_P1P2: Text(
        "; it has an MF already, or a CREATE FILE of another form than FMCOS",
        ";该卡已有 MF,或 CREATE FILE 形式与 FMCOS 不同",
    ),
}
_HINTS: Final[dict[int, Text]] = {
    Sw.NOT_ENOUGH_MEMORY: Text("; the chip has not the room for it", ";芯片空间不足"),
    Sw.SECURITY_STATUS_NOT_SATISFIED: Text(
        "; the MF wants its master key (--transport-key)", ";MF 需要先认证主控密钥(--transport-key)"
    ),
}


class PlaybackError(CardsimError):
    """The card refused a step of the script, or has something else than was or is to be written."""


def nothing(*_: object) -> Script:
    """Play no command."""
    yield from ()


@dataclass
class Playback:
    """How far a script has come.

    ``on_section`` is called as each directory is begun. ``unlock`` gives what is played before anything is made in the
    MF.
    """

    resume: bool = False
    verify: bool = False
    on_section: Callable[[Section], None] = lambda _: None
    unlock: Callable[[], Script] = nothing
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
        playback.on_section(section)
        if section.path in playback.finished:
            playback.skipped += len(section.steps)
            continue
        if (yield from _enter(section, playback)):
            yield from _section(section, playback)
        else:
            playback.skipped += len(section.steps)


def _enter(section: Section, playback: Playback) -> Generator[Command, Response, bool]:
    """Make the section's directory current; return False for one that is finished and not on this interface.

    The MF of a fresh card is not there yet.
    """
    if section.steps and section.steps[0].place == MASTER_FILE:
        return True
    for command in section.entering:
        response = yield command
        if not response.ok:
            if playback.resume and not section.everywhere and int(response.sw) == Sw.FILE_NOT_FOUND:
                return False
            what = Text(f"select {section.label}", f"选择 {section.label}")
            raise _refused(what, response, playback)
    if not section.path:
        yield from playback.unlock()
    return True


def _section(section: Section, playback: Playback) -> Script:
    there: dict[str, int] = {}
    exists = ""
    for position, step in enumerate(section.steps):
        if step.kind is StepKind.MORE and step.place == exists:
            playback.skipped += 1
            continue
        if step.kind is StepKind.SEAL and playback.verify:
            yield from _compare(section.steps[:position], playback)
        if playback.resume and (yield from _is_there(section, step, there)):
            playback.skipped += 1
            continue
        response = yield step.command
        if int(response.sw) == Sw.OK:
            playback.done += 1
        elif playback.resume and _exists(step, response):
            exists = step.place
            playback.skipped += 1
        elif playback.resume and position == 0 and section.path and int(response.sw) in _SEALED:
            playback.skipped += len(section.steps)
            playback.finished.add(section.path)
            yield from _compare(section.steps, playback, shut=True)
            return
        else:
            raise _refused(step.text, response, playback, _hint(step, response))
    if playback.verify and section.steps and section.steps[-1].kind is not StepKind.SEAL:
        yield from _compare(section.steps, playback)


def _exists(step: Step, response: Response) -> bool:
    """Return whether a refusal says that the file or key is there already (facts native-card-os 1.2)."""
    made = step.kind is StepKind.KEY or (step.kind is StepKind.CREATE and step.place != MASTER_FILE)
    return made and int(response.sw) == Sw.WRONG_P1P2


def _is_there(section: Section, step: Step, there: dict[str, int]) -> Generator[Command, Response, bool]:
    """Return whether the card has already what ``step`` adds, where doing it again would add it again.

    ``there`` remembers how many records a file has. Raises :class:`PlaybackError` when they are not the script's.
    """
    if step.place == MASTER_FILE:
        response = yield select(_MF)
        return response.ok
    if step.kind not in (StepKind.RECORD, StepKind.ENTRY):
        return False
    if step.place not in there:
        wanted = [other for other in section.steps if other.kind is step.kind and other.place == step.place]
        found: list[bytes] = []
        while len(found) < len(wanted):
            response = yield Command(0x00, _READ_RECORD, len(found) + 1, _BY_NUMBER, le=0)
            if not response.ok:
                break
            found.append(response.data)
        if step.kind is StepKind.ENTRY:  # number 1 is the one written last
            found.reverse()
        if any(record != other.command.data for record, other in zip(found, wanted, strict=False)):
            raise PlaybackError(
                f"{step.place}: the card has other records than are to be written; this is not the run that was "
                f"broken off on it",
                f"{step.place}:卡中已有不同的记录;这不是在该卡上中断的那次个人化",
            )
        there[step.place] = len(found)
    return step.number <= there[step.place]


def compare_finished(sections: Sequence[Section], path: tuple[int, ...], playback: Playback) -> Script:
    """Read back what the current directory, ``path``, has, where it was finished before; what is shut is left out."""
    for section in sections:
        if section.path == path and path in playback.finished:
            yield from _compare(section.steps, playback, shut=True)


def _compare(steps: Sequence[Step], playback: Playback, *, shut: bool = False) -> Script:
    """Read back what ``steps`` wrote, as far as the card gives it; ``shut``: files may be, under keys."""
    entries = {step.place: step.number for step in steps if step.kind is StepKind.ENTRY}
    for step in steps:
        match step.kind:
            case StepKind.SELECT:
                response = yield step.command
                if not response.ok:
                    raise _differs(step, response)
                continue
            case StepKind.RECORD:
                command = Command(0x00, _READ_RECORD, step.number, _BY_NUMBER, le=0)
            case StepKind.ENTRY:
                number = entries[step.place] + 1 - step.number
                command = Command(0x00, _READ_RECORD, number, _BY_NUMBER, le=0)
            case StepKind.BINARY if not step.secret:
                write = step.command
                command = Command(0x00, _READ_BINARY, write.p1, write.p2, le=len(write.data))
            case _:
                continue
        response = yield command
        if shut and int(response.sw) == Sw.SECURITY_STATUS_NOT_SATISFIED:
            continue
        if not response.ok or response.data != step.command.data:
            raise _differs(step, response)
        playback.compared += 1


def _differs(step: Step, response: Response) -> PlaybackError:
    return PlaybackError(
        f"{step.text.en}: the card gives back something else ({response.sw})",
        f"{step.text.zh}:读回的内容不同({response.sw})",
    )


def _hint(step: Step, response: Response) -> Text:
    """Return what else is to be said about a refusal that is no surprise."""
    status = int(response.sw)
    if step.kind is not StepKind.CREATE:
        return _NO_HINT
    if status in _SEALED:
        return _NO_NATIVE_COMMANDS
    if step.place == MASTER_FILE:
        return _MF_HINTS.get(status, _NO_HINT)
    return _HINTS.get(status, _NO_HINT)


def _refused(what: Text, response: Response, playback: Playback, hint: Text = _NO_HINT) -> PlaybackError:
    meaning = response.sw.meaning
    if playback.done and hint is _NO_HINT:
        hint = Text(
            f"; {playback.done} commands were done before it, --resume goes on from there",
            f";此前已完成 {playback.done} 条命令,可用 --resume 继续",
        )
    return PlaybackError(
        f"{what.en}: the card answers {response.sw} ({meaning.en}){hint.en}",
        f"{what.zh}:卡返回 {response.sw}({meaning.zh}){hint.zh}",
    )


def reselect(path: Sequence[int]) -> tuple[Command, ...]:
    """Return the commands that make a directory current."""
    return tuple(select(fid) for fid in (_MF, *path))

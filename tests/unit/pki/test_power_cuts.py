"""The power goes before every frame of every writing PKI command; and a store refuses each of them.

What is found at the next power-on: the memory before the command, the one after it, or the one before it with the
failure counter of the command's PIN or key charged (or full again): never half a key pair, half a key, half a PIN.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

import pytest

from cardsim.chip.errors import JournalError
from cardsim.chip.layout import KeyType
from tests.unit.chip import faults_pki as rows
from tests.unit.pki.lab import ADF, DDF, PkiBench

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cardsim.chip.memory import Change

RIGHT, WITH_MAC = "charged before", "charged before after"
USER, ADMINISTRATOR = (KeyType.PIN, 0x81), (KeyType.PIN, 0x00)
MASTER_KEY = (KeyType.EXTERNAL, 0x00)
NEVER_USED = (KeyType.PIN, 0x81)


@dataclass(frozen=True, slots=True)
class Writing:
    """A command that writes, and what each of its frames leaves behind, in order."""

    name: str
    before: tuple[str, ...]
    command: str
    frames: str
    counter: tuple[KeyType, int] = NEVER_USED
    answer: str = "9000"


AFTER_ONE = (*rows.HERE, rows.CHALLENGE, f"{rows.WRONG_USER} 63C5", rows.CHALLENGE)
USER_2 = "00200181104080AB7A1CED39508C9DAB623ADA51CC"
WRITINGS = (
    Writing("VERIFY, right", rows.FAST_RUN, rows.USER_1, RIGHT, USER),
    Writing("VERIFY, right, a try lost", AFTER_ONE, USER_2, "charged after", USER),
    Writing("VERIFY, wrong", rows.FAST_RUN, rows.WRONG_USER, "charged", USER, "63C5"),
    Writing("VERIFY administrator, right", rows.FAST_RUN, rows.ADMIN_1, RIGHT, ADMINISTRATOR),
    Writing("CHANGE PIN", rows.AT_WORK, rows.CHANGE_USER, WITH_MAC, USER),
    Writing("CHANGE PIN, wrong MAC", rows.AT_WORK, f"{rows.CHANGE_USER[:-2]}FF", "charged", USER, "6988"),
    Writing(
        "PIN UNBLOCK",
        (*rows.HERE, rows.CHALLENGE, f"{rows.WRONG_USER} 63C5", rows.CHALLENGE, rows.ADMIN_2, rows.CHALLENGE),
        rows.UNBLOCK_USER,
        WITH_MAC,
        ADMINISTRATOR,
    ),
    Writing("PIN RELOAD", rows.AT_WORK, rows.RELOAD_USER, WITH_MAC, ADMINISTRATOR),
    Writing("PIN RELOAD, administrator", rows.WITH_MK, rows.RELOAD_ADMIN, WITH_MAC, MASTER_KEY),
    Writing("EXTERNAL AUTHENTICATE", rows.FAST_RUN, rows.MK_1, RIGHT, MASTER_KEY),
    Writing("EXTERNAL AUTHENTICATE, wrong", rows.FAST_RUN, rows.WRONG_MK, "charged", MASTER_KEY, "63C2"),
    Writing("UPDATE KEY", rows.AT_WORK, rows.UPDATE_KEY, WITH_MAC, MASTER_KEY),
    Writing("GENERATE KEY PAIR", rows.AT_WORK, rows.GENERATE, "after"),
    Writing("GENERATE KEY PAIR (2)", rows.AT_WORK, rows.GENERATE_2, "after"),
    Writing("IMPORT KEY, public", rows.AT_WORK, rows.IMPORT_PUBLIC, "after"),
    Writing("IMPORT KEY, private", rows.AT_WORK, rows.IMPORT_PRIVATE, "after"),
    Writing("UPDATE BINARY", rows.AT_WORK, "00D6000070" + "AB" * 0x70, "after"),
)
every_writing = pytest.mark.parametrize("writing", WRITINGS, ids=attrgetter("name"))


class PowerCut(BaseException):
    """The card answers nothing any more."""


class Cutting:
    """Keeps frames until the power goes before the next one."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.commits: list[tuple[Change, ...]] = []
        self.fault: BaseException = PowerCut()

    def append(self, changes: Sequence[Change]) -> None:
        if self.left is not None:
            if not self.left:
                self.left = None
                raise self.fault
            self.left -= 1
        self.commits.append(tuple(changes))


def prepared(writing: Writing) -> tuple[PkiBench, Cutting]:
    card, journal = PkiBench(), Cutting()
    card.memory._journal = journal
    for step in writing.before:
        command, _, expected = step.partition(" ")
        assert card.send(command).endswith(expected or "9000"), step
    return card, journal


def replayed(image: bytes, frames: Sequence[tuple[Change, ...]]) -> bytes:
    memory = bytearray(image)
    for offset, data in itertools.chain.from_iterable(frames):
        memory[offset : offset + len(data)] = data
    return bytes(memory)


def states_of(writing: Writing) -> list[bytes]:
    """The memories that may be found: before the first frame, and after each."""
    card, journal = prepared(writing)
    before = bytes(card.memory.view)
    assert before == replayed(card.image, journal.commits)
    earlier = len(journal.commits)
    assert card.send(writing.command)[-4:] == writing.answer
    counter = card.card.context.directory.keys[writing.counter][0].tries_offset
    charged = bytearray(before)
    charged[counter] -= 1
    known = {"before": before, "after": bytes(card.memory.view), "charged": bytes(charged)}
    states = [before, *(known[name] for name in writing.frames.split())]
    assert states[-1] == bytes(card.memory.view)
    assert len(set(states)) == len({"before", *writing.frames.split()})
    assert len(journal.commits) - earlier == len(states) - 1
    return states


@every_writing
def test_power_goes_before_a_frame(writing: Writing) -> None:
    states = states_of(writing)
    for frames, expected in enumerate(states[:-1]):
        card, journal = prepared(writing)
        journal.left = frames
        with pytest.raises(PowerCut):
            card.send(writing.command)
        found = replayed(card.image, journal.commits)
        assert found == expected
        assert PkiBench(found).run(DDF, ADF)[-4:] == "9000"


@every_writing
def test_a_store_refuses_a_frame(writing: Writing) -> None:
    """The command says 6581; it has opened and written nothing, and the challenge alone may be gone."""
    for frames, expected in enumerate(states_of(writing)[:-1]):
        card, journal = prepared(writing)
        before = card.state
        journal.left, journal.fault = frames, JournalError("disk full", "磁盘已满")
        assert card.send(writing.command) == "6581"
        assert card.state.memory == expected == replayed(card.image, journal.commits)
        assert card.state._replace(memory=b"", challenge=b"") == before._replace(memory=b"", challenge=b"")

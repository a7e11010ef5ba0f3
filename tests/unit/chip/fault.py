"""What one row of the table of faults is (the table itself: faults.py)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.unit.chip.images import ONE, VERIFY_ONE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cardsim.chip.card import Card
    from tests.unit.chip.bench import Bench, State

# Directory, EF, PIN and challenge (8 bytes 11) all stand, so that a refusal that loses one of them shows.
AT_WORK = (ONE, "00A4000002EF05", VERIFY_ONE, "0084000008")

CLASSES = "ISO/IEC 7816-4, 5.4.1 and 5.6"
SHORT = "a command has at least CLA INS P1 P2"
T0 = "ISO/IEC 7816-3, 12.2"


@dataclass(frozen=True, slots=True)
class Fault:
    """``command`` behind ``before`` is answered ``sw``, says ``source``, and nothing changes but what it costs.

    A step of ``before`` must succeed (9000 or 61xx) unless an answer stands behind it: "0020000003999999 63C5".
    What must be as before: every byte of memory, the current directory and EF, the PINs and keys that are satisfied,
    the challenge. What a row may cost: ``charged``: one failure counter is one lower, committed; ``spent``: the
    challenge is gone; ``signed``: the MAC was right, so its key was charged and given the try back, and the challenge
    is gone.
    """

    name: str
    before: tuple[str, ...]
    command: str
    sw: str
    source: str
    card: str = "tree"
    settings: Mapping[str, object] = field(default_factory=dict)
    charged: bool = False
    spent: bool = False
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """A command as it is rightly sent behind ``AT_WORK`` and ``before``.

    ``protected``: the same with secure messaging, CLA 04, is a command too.
    """

    command: str
    sends_data: bool = False
    protected: bool = False
    before: tuple[str, ...] = ()


def prepare(send: Callable[[str], str], step: str) -> None:
    """Send a step of ``before``, which must be answered as :class:`Fault` says."""
    command, _, expected = step.partition(" ")
    answer = send(command)
    assert answer == expected if expected else answer.endswith("9000") or answer[:2] == "61", f"{step}: {answer}"


def explains(card: Card, sw: str) -> None:
    """The card has said ``sw``, and says why, in both languages."""
    assert card.last_refusal is not None
    text = card.last_refusal.describe({})
    assert text.en.startswith(f"{sw}: ")
    assert text.zh.startswith(f"{sw}: ")
    assert text.en != text.zh


def costs_what_it_says(card: Bench, fault: Fault, before: State, commits: int) -> None:
    """Nothing has changed since ``before``, when ``commits`` had been made, but what ``fault`` may cost."""
    assert len(card.journal.commits) == commits + fault.charged + 2 * fault.signed
    expected = before._replace(challenge=b"") if fault.spent or fault.signed else before
    if fault.charged:
        ((counter, _),) = card.journal.commits[-1]
        charged = bytearray(before.memory)
        charged[counter] -= 1
        expected = expected._replace(memory=bytes(charged))
    assert card.state == expected

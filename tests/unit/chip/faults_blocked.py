"""Rows of the table of faults: every command in a blocked application, and on a blocked card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.chip.fault import AT_WORK, Fault
from tests.unit.chip.images import CHILD_ONE, MF, ONE, TWO

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.unit.chip.fault import Example

APPLICATION = "native-card-os 4; hrss-card 3 (6A81 = application locked)"
CARD = "native-card-os 4: afterwards every command 6A81"
WARNING = "native-card-os 13: 6283 (PBOC)"

CHALLENGE = "0084000008"
BLOCK, BLOCK_FOR_EVER, CARD_BLOCK = "841E000004CB8B092D", "841E00010477804550", "8416000004BED75794"
IN_BLOCKED = (*AT_WORK, BLOCK, CHALLENGE)
AFTER_SELECT = {"6A81": (*AT_WORK, BLOCK, f"{ONE} 6A81"), "6283": (*AT_WORK, BLOCK, f"{ONE} 6283")}
STILL_SERVED = ("SELECT", "GET CHALLENGE", "APPLICATION UNBLOCK")


def blocked(examples: Mapping[str, Example]) -> Iterator[Fault]:
    """Return the rows of all commands of which ``examples`` has one."""
    for name, example in examples.items():
        forms = {name: example.command}
        if example.protected:
            forms[f"protected {name}"] = f"04{example.command[2:]}"
        for form, command in forms.items():
            if name not in STILL_SERVED:
                yield Fault(f"{form}: in a blocked application", IN_BLOCKED, command, "6A81", APPLICATION)
            yield Fault(f"{form}: on a blocked card", (*AT_WORK, CARD_BLOCK), command, "6A81", CARD)
    for what, command in (("the application", ONE), ("another one", TWO), ("the MF", MF)):
        yield Fault(f"SELECT: {what}, on a blocked card", (*AT_WORK, CARD_BLOCK), command, "6A81", CARD)
    # SELECT makes a blocked directory current, so that it can be unblocked: it was that already before these.
    yield Fault("SELECT: a blocked application", AFTER_SELECT["6A81"], ONE, "6A81", APPLICATION)
    yield Fault(
        "SELECT: a blocked application, where a warning says it",
        AFTER_SELECT["6283"],
        ONE,
        "6283",
        WARNING,
        settings={"blocked_select": "6283"},
    )
    inside = (*AFTER_SELECT["6A81"], f"{CHILD_ONE} 6A81")
    yield Fault("SELECT: a directory inside one that is blocked", inside, "00A4000002DF01", "6A81", APPLICATION)
    yield Fault("READ RECORD: a directory inside one that is blocked", inside, "00B2012C00", "6A81", APPLICATION)
    for_ever = (*AT_WORK, BLOCK_FOR_EVER, CHALLENGE)
    yield Fault("READ RECORD: an application blocked for ever", for_ever, "00B2010404", "6A81", APPLICATION)

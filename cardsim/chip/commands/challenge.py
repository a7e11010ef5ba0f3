"""GET CHALLENGE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apdu import Case, Sw
from cardsim.chip.dispatch import ISO, CommandSpec, wrong_p1p2
from cardsim.chip.errors import Reason, Refusal

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.chip.context import Context


def get_challenge(context: Context, command: Command) -> bytes:
    """Return Le random bytes and remember them for an authentication; Le 00 gives the longest the profile has."""
    if command.p1 or command.p2:
        raise wrong_p1p2("GET CHALLENGE", command)
    sizes = context.profile.challenge_sizes
    size = command.le or max(sizes)
    if size not in sizes:
        raise Refusal(Sw.WRONG_LENGTH, Reason.LE_WRONG, "GET CHALLENGE", "/".join(map(str, sizes)), size)
    context.challenge = context.entropy(size)
    return context.challenge


_SOURCE = "ISO/IEC 7816-4, 11.6.3; facts hrss-card 4.3"
COMMANDS = (CommandSpec("GET CHALLENGE", ISO, 0x84, Case.DATA_OUT, get_challenge, _SOURCE, when_blocked=True),)

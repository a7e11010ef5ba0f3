"""The table of commands: from CLA and INS to one function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from apdu import Sw
from cardsim.chip.errors import Reason, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from apdu import Case, Command
    from cardsim.chip.context import Context

ISO: Final = 0x00
PROPRIETARY: Final = 0x80
PROTECTED: Final = 0x04
PROPRIETARY_PROTECTED: Final = 0x84
_CREATE: Final = 0xE0
_BASE, _CHAINING, _SECURE_MESSAGING, _CHANNEL = 0xE0, 0x10, 0x0C, 0x03
"""The parts of a class byte."""


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """One command of a card: its name, the class and instruction it answers to, its case, and what it does.

    ``execute`` returns the data of the answer or raises a Refusal. ``when_blocked``: also in a blocked application.
    ``also_without_data``: with other parameters it sends none, and is a command of case 2.
    """

    name: str
    cla: int
    ins: int
    case: Case
    execute: Callable[[Context, Command], bytes]
    source: str
    when_blocked: bool = False
    also_without_data: bool = False


class CommandTable:
    """The commands of a chip, found by class and instruction."""

    def __init__(self, specs: Iterable[CommandSpec]) -> None:
        self.by_code: dict[int, CommandSpec] = {spec.cla << 8 | spec.ins: spec for spec in specs}
        self.incoming = frozenset(code for code, spec in self.by_code.items() if spec.case.sends_data)
        """Class and instruction of commands that carry data: under T=0 their answers wait for GET RESPONSE."""
        self.either = frozenset(code for code, spec in self.by_code.items() if spec.also_without_data)
        """Those of them that are also sent without data, where the fifth byte is Le."""

    def refusal(self, command: Command) -> Refusal:
        """Return why no entry serves ``command``.

        6E00 when its class serves nothing at all, 6D00 when the instruction is unknown, else what is wrong with the
        class byte (ISO/IEC 7816-4, 5.4.1 and 5.6; 6900 is FMCOS's, facts native-card-os 4.2).
        """
        cla = command.cla
        base = cla & _BASE
        specs = self.by_code.values()
        if all(spec.cla & _BASE != base for spec in specs):
            return Refusal(Sw.CLA_NOT_SUPPORTED, Reason.CLA_UNKNOWN, cla)
        same = [spec for spec in specs if spec.ins == command.ins]
        if not same:
            return Refusal(Sw.INS_NOT_SUPPORTED, Reason.INS_UNKNOWN, command.ins)
        if all(spec.cla & _BASE != base for spec in same):
            sw = Sw.CLA_NOT_SUPPORTED
        elif cla & _CHAINING:
            sw = Sw.CHAINING_UNSUPPORTED
        elif cla & _SECURE_MESSAGING and all(spec.cla != cla & ~_CHANNEL for spec in same):
            sw = Sw.SECURE_MESSAGING_UNSUPPORTED
        elif cla & _CHANNEL:
            sw = Sw.LOGICAL_CHANNEL_UNSUPPORTED
        else:  # only the protected form of the command exists
            sw = Sw.CLA_DOES_NOT_MATCH_PROTECTION
        return Refusal(sw, Reason.CLA_WRONG, same[0].name, cla)


class UnformattedTable(CommandTable):
    """What a blank card without an MF has: CREATE FILE, to everything else it says 6A81 (facts native-card-os 4.2)."""

    def __init__(self, native: CommandTable) -> None:
        super().__init__(spec for spec in native.by_code.values() if spec.ins == _CREATE)

    def refusal(self, command: Command) -> Refusal:  # noqa: ARG002  every command is refused alike
        """Return 6A81."""
        return Refusal(Sw.FUNCTION_NOT_SUPPORTED, Reason.NO_MF)


class BlockedTable(CommandTable):
    """What a card of native commands has behind CARD BLOCK: nothing."""

    def __init__(self) -> None:
        super().__init__(())

    def refusal(self, command: Command) -> Refusal:  # noqa: ARG002  every command is refused alike
        """Return 6A81."""
        return Refusal(Sw.FUNCTION_NOT_SUPPORTED, Reason.CARD_BLOCKED)


def wrong_p1p2(name: str, command: Command) -> Refusal:
    """Return the 6A86 refusal of a command that does not know these parameters."""
    return Refusal(Sw.WRONG_P1P2, Reason.P1P2_WRONG, name, command.p1, command.p2)


def wrong_length(name: str, wanted: str, command: Command) -> Refusal:
    """Return the 6700 refusal of a command whose data field has the wrong length."""
    return Refusal(Sw.WRONG_LENGTH, Reason.DATA_LENGTH, name, wanted, len(command.data))

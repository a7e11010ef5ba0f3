"""The card: bytes in, bytes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import Command, CommandError, Interface, Sw
from cardsim.chip.commands import tables_for
from cardsim.chip.context import Context
from cardsim.chip.errors import JournalError, Reason, Refusal

if TYPE_CHECKING:
    from cardsim.chip.context import Entropy
    from cardsim.chip.memory import Memory
    from cardsim.profiles import Profile

_OK: Final = b"\x90\x00"
_GET_CHALLENGE: Final = 0x84
ATR_PREFIX: Final = b"\x3b\x6d\x00\x00"
"""Direct convention, TB1 = 00, TC1 = 00, 13 historical bytes, T=0 alone, so no TCK (facts hrss-card 7)."""


class Card:
    """A chip with its memory: a :class:`apdu.CardPort` that speaks whole APDUs.

    ``entropy`` supplies random bytes. ``strict`` raises an unexpected fault instead of answering 6F00 (tests set it).
    """

    def __init__(
        self,
        memory: Memory,
        profile: Profile,
        entropy: Entropy,
        *,
        interface: Interface = Interface.CONTACT,
        strict: bool = False,
    ) -> None:
        self.memory = memory
        self.last_refusal: Refusal | None = None
        """Why the last command that was refused was refused."""
        self._interface = interface
        self._strict = strict
        self._atr = ATR_PREFIX + (profile.historical_bytes or bytes(13))
        self._context = Context(memory, profile, entropy, interface, tables_for(profile))
        self._extended_length = profile.extended_length

    @property
    def atr(self) -> bytes:
        """Answer to reset."""
        return self._atr

    @property
    def interface(self) -> Interface:
        """The interface this card is reached through."""
        return self._interface

    @property
    def incoming(self) -> frozenset[int]:
        """Class and instruction (CLA * 256 + INS) of the current application's commands that carry data."""
        return self._context.table.incoming

    @property
    def either(self) -> frozenset[int]:
        """Those of :attr:`incoming` that are also sent without data, where the fifth byte is Le."""
        return self._context.table.either

    @property
    def context(self) -> Context:
        """Files and session state, to look at; commands are the way to change them."""
        return self._context

    def take(self, interface: Interface) -> None:
        """Be reached through ``interface`` from now on; going from one to the other is a reset."""
        self._interface = interface
        self._context.take(interface)

    def power_on(self) -> bytes:
        """Reset and return the ATR."""
        return self.reset()

    def power_off(self) -> None:
        """Forget everything volatile."""
        self._context.reset()

    def reset(self) -> bytes:
        """Forget everything volatile and return the ATR."""
        self._context.reset()
        return self._atr

    def transmit(self, command: bytes) -> bytes:
        """Return the response to one command; always at least a status word."""
        try:
            return self._execute(Command.parse(command)) + _OK
        except Refusal as refusal:
            return self.refuse(refusal)
        except CommandError as error:
            return self.refuse(Refusal(Sw.WRONG_LENGTH, Reason.MALFORMED, error.text))
        except JournalError as error:
            return self.refuse(Refusal(Sw.MEMORY_FAILURE, Reason.MEMORY_FAILURE, error.text))
        except Exception as error:
            if self._strict:
                self.memory.undo()
                raise
            return self.refuse(Refusal(Sw.UNEXPECTED, Reason.UNEXPECTED, repr(error)))

    def _execute(self, command: Command) -> bytes:
        """Find the command's function, run it, commit what it wrote, and return its data."""
        context = self._context
        if command.extended and not self._extended_length:
            raise Refusal(Sw.WRONG_LENGTH, Reason.EXTENDED_LENGTH)
        spec = context.table.by_code.get(command.cla << 8 | command.ins)
        if spec is None:
            raise context.table.refusal(command)
        if command.data and not spec.case.sends_data:
            raise Refusal(Sw.WRONG_LENGTH, Reason.DATA_LENGTH, spec.name, "0", len(command.data))
        if context.blocked and (not spec.when_blocked or context.card_blocked):
            raise Refusal(Sw.FUNCTION_NOT_SUPPORTED, Reason.BLOCKED, context.directory.label)
        data = spec.execute(context, command)
        if self.memory.dirty:
            self.memory.commit()
        if context.challenge_dies and spec.ins != _GET_CHALLENGE:
            context.challenge = b""
        return data

    def refuse(self, refusal: Refusal) -> bytes:
        """Take back what the command wrote, remember why, and return the status word, behind a warning's data."""
        self.memory.undo()
        self.last_refusal = refusal
        if self._context.challenge_dies:
            self._context.challenge = b""
        return refusal.data + refusal.sw.to_bytes(2, "big")

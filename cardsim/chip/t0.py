"""How answers leave a card under T=0: 61xx and GET RESPONSE, 6Cxx (ISO/IEC 7816-3, 10.3 and 12.2).

A decorator around the card, since a T=1 or contactless card does none of this. Which forms real cards take is a matter
of profile settings (case4_answer, le_zero, le_larger).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cardsim.profiles.choices import Case4Answer, LeRule

if TYPE_CHECKING:
    from apdu import Interface
    from cardsim.chip.card import Card
    from cardsim.profiles import Profile

_INS_GET_RESPONSE: Final = 0xC0
_NOTHING_TO_FETCH: Final = b"\x69\x85"
_WRONG_LENGTH: Final = b"\x67\x00"
_WRONG_P1P2: Final = b"\x6a\x86"
_OK: Final = b"\x90\x00"
_P3_ZERO_MEANS: Final = 256
_SHORT_HEADER: Final = 5


class T0Port:
    """A :class:`apdu.CardPort` in front of a card that talks T=0."""

    def __init__(self, card: Card, profile: Profile) -> None:
        self._card = card
        self._transmit = card.transmit
        self._case4 = profile.case4_answer
        self._repeat_zero = profile.le_zero is LeRule.REPEAT
        self._repeat_larger = profile.le_larger is LeRule.REPEAT
        self._waiting = b""

    @property
    def atr(self) -> bytes:
        """Answer to reset."""
        return self._card.atr

    @property
    def interface(self) -> Interface:
        """The card's interface."""
        return self._card.interface

    def power_on(self) -> bytes:
        """Power the card; nothing waits any more."""
        self._waiting = b""
        return self._card.power_on()

    def power_off(self) -> None:
        """Take power away."""
        self._waiting = b""
        self._card.power_off()

    def reset(self) -> bytes:
        """Reset the card."""
        self._waiting = b""
        return self._card.reset()

    def transmit(self, command: bytes) -> bytes:
        """Return the card's answer in the form T=0 gives it."""
        if command[1:2] == b"\xc0" and command[0] == 0:
            return self._get_response(command)
        self._waiting = b""
        response = self._transmit(command)
        size = len(response) - 2
        if not size:
            return response
        code = command[0] << 8 | command[1]
        if code in self._card.incoming and (len(command) > _SHORT_HEADER or code not in self._card.either):
            return self._leave(response)
        if len(command) > _SHORT_HEADER and not command[4]:
            return response  # of extended length: no T=0 command, a reader hands it over in an ENVELOPE
        return self._fit(response, size, command[4] if len(command) == 5 else 0)

    def _leave(self, response: bytes) -> bytes:
        """Give the answer of a command that sent data."""
        if self._case4 is Case4Answer.INLINE:
            return response
        if self._case4 is Case4Answer.DROP:
            return response[-2:]
        self._waiting = response[:-2]
        return self._more() if response[-2:] == _OK else response[-2:]  # a warning comes first

    def _more(self) -> bytes:
        """61xx for what waits; 6100 says 256 or more."""
        size = len(self._waiting)
        return bytes((0x61, size if size < _P3_ZERO_MEANS else 0))

    def _get_response(self, command: bytes) -> bytes:
        """Hand out what waits, in one piece or several; a wrong Le takes nothing away."""
        if len(command) not in (4, 5):
            return _WRONG_LENGTH
        if not self._waiting:
            return _NOTHING_TO_FETCH
        if command[2:4] != b"\x00\x00":
            return _WRONG_P1P2
        le = command[4] if len(command) == 5 else 0
        waiting = self._waiting
        piece = le or _P3_ZERO_MEANS
        if piece < len(waiting):
            self._waiting = waiting[piece:]
            return waiting[:piece] + self._more()
        answer = self._fit(waiting + _OK, len(waiting), le)
        if len(answer) > 2:
            self._waiting = b""
        return answer

    def _fit(self, response: bytes, size: int, le: int) -> bytes:
        """Give an answer of ``size`` bytes to a command whose P3 is ``le``."""
        wanted = le or _P3_ZERO_MEANS
        if wanted == size:
            return response
        if size > _P3_ZERO_MEANS and not le:
            return response[:_P3_ZERO_MEANS] + response[-2:]
        larger = wanted > size
        repeat = not larger or (self._repeat_larger if le else self._repeat_zero)
        return bytes((0x6C, size if size < _P3_ZERO_MEANS else 0)) if repeat else response

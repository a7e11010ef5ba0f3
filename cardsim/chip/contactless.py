"""How a card answers in a reader's field: activation, and APDUs as ISO/IEC 14443-4 carries them.

A decorator around the card, as T0Port is for the other interface: answers come whole, never as 61xx, and Le only says
how much the terminal takes. How the chip shows itself there is a matter of profile settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import Command, Interface, TypeA, TypeB, build_atqb, build_ats, build_attrib_answer
from cardsim.chip.errors import Reason, Refusal
from cardsim.profiles.contactless import NoLe, RadioType, UidKind

if TYPE_CHECKING:
    from apdu import Activation
    from cardsim.chip.card import Card
    from cardsim.chip.context import Entropy
    from cardsim.profiles import Profile

_NO_ANSWER: Final = b"\x6f\x00"
_SHORT: Final = 256
_HISTORICAL_SIZE: Final = 13
_SERIAL: Final = slice(9, 13)  # in the historical bytes of the ATR (facts hrss-card 7)
_RANDOM_UID: Final = b"\x08"
_PROPRIETARY_UID: Final = 0xF7  # b4 of the first byte clear: neither random (08) nor a cascade tag (88)
_UID_SIZE_BITS: Final = {4: 0x00, 7: 0x40, 10: 0x80}


class ContactlessPort:
    """A :class:`apdu.FieldPort` in front of a card in a field; ``entropy`` gives random identifiers."""

    def __init__(self, card: Card, profile: Profile, entropy: Entropy) -> None:
        self._card = card
        self._transmit = card.transmit
        self._profile = profile
        self._entropy = entropy
        self._without_le = profile.contactless_no_le is NoLe.DATA
        self._refused = frozenset(bytes.fromhex(code) for code in profile.contactless_refused)
        self._activation = activation_of(profile, _identifier(profile, entropy))

    @property
    def activation(self) -> Activation:
        """How the card answered when it was activated last, or would."""
        return self._activation

    @property
    def atr(self) -> bytes:
        """The ATR that a PC/SC reader makes up of the activation."""
        return bytes(self._activation.pseudo_atr)

    @property
    def interface(self) -> Interface:
        """Contactless."""
        return Interface.CONTACTLESS

    def power_on(self) -> bytes:
        """Bring the card into the field and activate it."""
        return self._activate()

    def power_off(self) -> None:
        """Take the card out of the field."""
        self._card.power_off()

    def reset(self) -> bytes:
        """Deselect the card and activate it again."""
        return self._activate()

    def _activate(self) -> bytes:
        self._card.take(Interface.CONTACTLESS)
        if self._profile.uid_kind is UidKind.RANDOM:
            self._activation = activation_of(self._profile, _identifier(self._profile, self._entropy))
        return self.atr

    def transmit(self, command: bytes) -> bytes:
        """Return the card's answer: all of it, or what Le allows of it (ISO/IEC 7816-4, 5.1).

        A command without data is asked for again by 6Cxx; one with data has been carried out, and may not be twice.
        """
        if self._refused and command[:2] in self._refused:
            return self._card.refuse(self._not_here(command))
        response = self._transmit(command)
        size = len(response) - 2
        if not size:
            return response
        le = _le(command)
        if le is None:
            if not self._without_le:
                return response[-2:]
            le = _SHORT
        if size <= le:
            return response
        if le == _SHORT or _has_data(command):
            return response[:le] + response[-2:]
        return bytes((0x6C, size if size < _SHORT else 0))

    def _not_here(self, command: bytes) -> Refusal:
        sw = int.from_bytes(self._profile.contactless_refusal, "big")
        return Refusal(sw, Reason.REFUSED_IN_FIELD, command[0], command[1])


def _le(command: bytes) -> int | None:
    """Return how many bytes Le allows, ``None`` when there is none, of a command that was well formed."""
    if len(command) == 5:
        return command[4] or _SHORT
    parsed = Command.parse(command)
    return None if parsed.le is None else parsed.ne


def _has_data(command: bytes) -> bool:
    """Return whether a command that was well formed, with an Le, is of case 4."""
    return len(command) > (7 if not command[4] else 5)


class MutePort:
    """A :class:`apdu.CardPort` for an interface that a chip does not have: no ATR, whatever is done to it."""

    def __init__(self, interface: Interface) -> None:
        self._interface = interface

    @property
    def atr(self) -> bytes:
        """Nothing."""
        return b""

    @property
    def interface(self) -> Interface:
        """The interface that is not there."""
        return self._interface

    def power_on(self) -> bytes:
        """Return nothing."""
        return b""

    def power_off(self) -> None:
        """Do nothing."""

    def reset(self) -> bytes:
        """Return nothing."""
        return b""

    def transmit(self, command: bytes) -> bytes:  # noqa: ARG002  nobody is there
        """Return 6F00: no reader sends a command to a card that gave no ATR."""
        return _NO_ANSWER


def activation_of(profile: Profile, identifier: bytes) -> Activation:
    """Return how a chip of this profile answers a reader; ``identifier`` is its UID or PUPI."""
    if profile.radio_type is RadioType.B:
        atqb = build_atqb(identifier, profile.atqb_application_data, profile.atqb_protocol_info)
        return TypeB(atqb, build_attrib_answer(profile.attrib_mbli))
    ats = build_ats(
        profile.ats_historical_bytes or _historical(profile),
        fsci=profile.ats_fsci,
        ta1=_byte(profile.ats_ta1),
        tb1=_byte(profile.ats_tb1),
        tc1=_byte(profile.ats_tc1),
    )
    high, low = profile.atqa
    return TypeA(identifier, bytes((high, low & 0x3F | _UID_SIZE_BITS[len(identifier)])), profile.sak, ats)


def fixed_identifier(profile: Profile) -> bytes:
    """Return the UID or PUPI of a chip of this profile, as it is where it is not random."""
    serial = _historical(profile)[_SERIAL]
    if profile.radio_type is RadioType.B:
        return profile.pupi or serial
    return profile.uid or bytes((serial[0] & _PROPRIETARY_UID,)) + serial[1:]


def _identifier(profile: Profile, entropy: Entropy) -> bytes:
    """Return a UID or PUPI as the profile wants it."""
    if profile.uid_kind is UidKind.FIXED:
        return fixed_identifier(profile)
    return _RANDOM_UID + entropy(3) if profile.radio_type is RadioType.A else entropy(4)


def _historical(profile: Profile) -> bytes:
    return profile.historical_bytes or bytes(_HISTORICAL_SIZE)


def _byte(value: bytes) -> int | None:
    return value[0] if value else None

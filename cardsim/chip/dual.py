"""One card in two readers, one for each interface: who comes first has it (facts transit-campus-health-zones 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import Interface
from cardsim.chip.contactless import ContactlessPort, MutePort
from cardsim.chip.t0 import T0Port

if TYPE_CHECKING:
    from collections.abc import Callable

    from apdu import Activation, CardPort
    from cardsim.chip.card import Card
    from cardsim.chip.context import Entropy
    from cardsim.profiles import Profile

_NO_ANSWER: Final = b"\x6f\x00"


def port_for(card: Card, profile: Profile, entropy: Entropy, interface: Interface) -> CardPort:
    """Return the card's side of ``interface``: a mute one if the chip does not have it."""
    if interface not in profile.interfaces.all:
        return MutePort(interface)
    if interface is Interface.CONTACTLESS:
        return ContactlessPort(card, profile, entropy)
    return T0Port(card, profile)


class DualCard:
    """A card and its two sides. The side that gets power first works; the other is mute until that power is gone.

    Going from one side to the other is a reset. One thread uses both sides.
    """

    def __init__(self, card: Card, profile: Profile, entropy: Entropy) -> None:
        self._card = card
        self._working: Interface | None = None
        self.contact = Side(self, port_for(card, profile, entropy, Interface.CONTACT), Interface.CONTACT)
        """Where the contacts are."""
        field = port_for(card, profile, entropy, Interface.CONTACTLESS)
        self.contactless = (
            FieldSide(self, field) if isinstance(field, ContactlessPort) else Side(self, field, Interface.CONTACTLESS)
        )
        """Where the field is."""

    @property
    def working(self) -> Interface | None:
        """The interface that works now."""
        return self._working

    def claim(self, interface: Interface) -> bool:
        """Let ``interface`` work unless the other does; the sides ask."""
        if self._working is None:
            self._working = interface
            self._card.take(interface)
        return self._working is interface

    def release(self) -> None:
        """Let whoever comes next work."""
        self._working = None


class Side:
    """A :class:`apdu.CardPort`: one interface of a card that has two. Its ATR is empty while it is mute."""

    def __init__(self, dual: DualCard, port: CardPort, interface: Interface) -> None:
        self._dual = dual
        self._port = port
        self._interface = interface
        self._mute = False

    @property
    def atr(self) -> bytes:
        """Answer to reset; nothing if the other side was working when power came."""
        return b"" if self._mute else self._port.atr

    @property
    def interface(self) -> Interface:
        """This side's interface."""
        return self._interface

    @property
    def _working(self) -> bool:
        return self._dual.working is self._interface

    def power_on(self) -> bytes:
        """Supply power and return the ATR, or nothing."""
        return self._answer(self._port.power_on)

    def power_off(self) -> None:
        """Remove power: the other side may work."""
        self._mute = False
        if self._working:
            self._port.power_off()
            self._dual.release()

    def reset(self) -> bytes:
        """Reset the card if this side works, else see whether it does now."""
        return self._answer(self._port.reset)

    def transmit(self, command: bytes) -> bytes:
        """Return the card's response; 6F00 while the other side works, since a reader has to say something."""
        return self._port.transmit(command) if self._working else _NO_ANSWER

    def _answer(self, switch: Callable[[], bytes]) -> bytes:
        atr = switch() if self._port.atr and self._dual.claim(self._interface) else b""
        self._mute = not atr
        return atr


class FieldSide(Side):
    """The contactless side: a :class:`apdu.FieldPort`."""

    def __init__(self, dual: DualCard, port: ContactlessPort) -> None:
        super().__init__(dual, port, Interface.CONTACTLESS)
        self._field = port

    @property
    def activation(self) -> Activation:
        """How the card answered when it was activated last, or would."""
        return self._field.activation

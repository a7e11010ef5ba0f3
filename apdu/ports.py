"""The two seams of the program: `CardPort`, where a card meets the world, and `Connection`, where a terminal does."""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from apdu.activation import Activation


@unique
class Interface(Enum):
    """How a card is reached."""

    CONTACT = "contact"
    CONTACTLESS = "contactless"


@runtime_checkable
class CardPort(Protocol):
    """The card's side of one interface. One thread owns it; servers serialise.

    Power and resets are events without failure. :meth:`transmit` always answers at least a status word.
    """

    @property
    def atr(self) -> bytes:
        """Answer to reset, 2 to 33 bytes; known before power is on, since readers may ask at any time."""
        ...

    @property
    def interface(self) -> Interface:
        """The interface this port is."""
        ...

    def power_on(self) -> bytes:
        """Supply power (a cold reset) and return the ATR; volatile state is gone."""
        ...

    def power_off(self) -> None:
        """Remove power; volatile state is gone."""
        ...

    def reset(self) -> bytes:
        """Reset without removing power (a warm reset) and return the ATR; volatile state is gone."""
        ...

    def transmit(self, command: bytes) -> bytes:
        """Return the response APDU to ``command``: data and two bytes of status word."""
        ...


@runtime_checkable
class FieldPort(CardPort, Protocol):
    """A card's side of a field. Its ATR is the one that a reader makes up of the activation."""

    @property
    def activation(self) -> Activation:
        """How the card answered when it was activated last, or would."""
        ...


@runtime_checkable
class Connection(Protocol):
    """A terminal's side: a powered card, reached in some way. Layers wrap one and are one.

    Every method may raise the reader package's errors (card removed, reader gone).
    """

    @property
    def name(self) -> str:
        """What the user calls this connection: the reader's name, or the card file's."""
        ...

    @property
    def atr(self) -> bytes:
        """Answer to reset of the connected card."""
        ...

    def transmit(self, command: bytes) -> bytes:
        """Send one command APDU and return the response APDU."""
        ...

    def reset(self) -> bytes:
        """Reset the card and return the ATR."""
        ...

    def close(self) -> None:
        """Let go of the card; a second call does nothing."""
        ...

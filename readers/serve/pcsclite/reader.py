"""One reader of the service: the card in it, its power, who is connected, who holds the lock.

The states of power, and what moves them (pcsc-lite's own, which powers a card that nobody uses down after a while)::

    OFF    --power_on, reset-->  IN_USE           a client connects
    OFF    --insert-->           IDLE             the ATR is asked for
    IN_USE --last handle gone--> GRACE --tick--> IDLE --tick--> OFF
    GRACE, IDLE --power_on-->    IN_USE           the card stays powered and keeps its state

A shared card, one that another reader may want, goes OFF in place of GRACE and IDLE.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum, unique
from typing import TYPE_CHECKING, NamedTuple

from apdu.atr import Atr
from apdu.errors import AtrError
from readers.serve.pcsclite.messages import MAX_ATR, RECORD, SHARED_EXCLUSIVELY, CardState, Code, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from apdu.ports import CardPort
    from readers.serve.pcsclite.service import Client, Fields, Service

_ANSWERING = CardState.PRESENT | CardState.POWERED | CardState.NEGOTIABLE
_MUTE = CardState.PRESENT | CardState.SWALLOWED
_OFFERED = {0: Protocol.T0, 1: Protocol.T1}


@unique
class Power(Enum):
    """Power of the card."""

    OFF = "off"
    IN_USE = "in use"
    GRACE = "just let go"
    IDLE = "idle"


@dataclass(slots=True, eq=False)
class Handle:
    """One client's connection to the card. ``event`` is what it has to hear first: reset or removed, else SUCCESS."""

    number: int
    client: Client
    reader: Reader
    event: Code = Code.SUCCESS


class Waiter(NamedTuple):
    """A request that waits for a reader's lock, and the handle that wants it if there is one yet."""

    client: Client
    handle: Handle | None
    handler: Callable[[Service, Client, Fields], bytes]
    fields: Fields


class Reader:
    """A reader, empty at first.

    ``idle`` is the set it is in as long as :meth:`tick` has something to do. ``failed`` is called with the reader and
    the exception when a card raises one.
    """

    def __init__(self, name: str, number: int, idle: set[Reader], failed: Callable[[Reader, Exception], None]) -> None:
        self.name = name
        self.number = number
        self.port: CardPort | None = None
        self._shared = False
        self.atr = b""
        self.state = CardState.ABSENT
        self._power = Power.OFF
        self._idle = idle
        self.protocol = Protocol.UNSET
        self.events = 0
        self.handles: dict[int, Handle] = {}
        self.exclusive = False
        self.holder: Handle | None = None
        self.waiters: deque[Waiter] = deque()
        self._locks = 0
        self._failed = failed

    @property
    def record(self) -> bytes:
        """The reader's record in the table that clients ask for."""
        sharing = SHARED_EXCLUSIVELY if self.exclusive else len(self.handles)
        name, atr = self.name.encode(), self.atr
        return RECORD.pack(name, self.events, self.state, sharing, atr, len(atr), self.protocol)

    @property
    def power(self) -> Power:
        """Power of the card."""
        return self._power

    @power.setter
    def power(self, power: Power) -> None:
        self._power = power
        if power in (Power.GRACE, Power.IDLE):
            self._idle.add(self)
        else:
            self._idle.discard(self)

    # --- The card

    def insert(self, port: CardPort, *, shared: bool = False) -> None:
        """Put a card in and ask for its ATR. ``shared``: it loses its power as soon as nobody uses it."""
        self.port = port
        self._shared = shared
        self._count_event()
        self._power_up(port.power_on)
        if self.power is not Power.OFF:
            self.power = Power.IDLE
            if shared:
                self._sleep()

    def remove(self) -> None:
        """Take the card out, if there is one; every handle has to hear of it."""
        port, self.port = self.port, None
        if port is None:
            return
        self._count_event()
        self._forget()
        self.state = CardState.ABSENT
        self.tell(Code.REMOVED_CARD)
        try:
            port.power_off()
        except Exception as error:  # noqa: BLE001  a card may be anybody's code
            self._failed(self, error)

    def power_on(self) -> None:
        """Power the card, if it is not, since somebody uses it now."""
        if self.power is Power.OFF and self.port is not None:
            self._power_up(self.port.power_on)
        elif self.power is not Power.OFF:
            self.power = Power.IN_USE

    def power_off(self) -> None:
        """Take power away; the ATR stays known."""
        self.power = Power.OFF
        self.protocol = Protocol.UNSET
        if self.port is None:
            return
        self.state = CardState.PRESENT
        try:
            self.port.power_off()
        except Exception as error:  # noqa: BLE001  a card may be anybody's code
            self._failed(self, error)

    def reset(self, *, cold: bool) -> None:
        """Reset the card, warm or by taking power away; every handle has to hear of it."""
        self.tell(Code.RESET_CARD)
        if cold:
            self.power_off()
        if self.port is not None:
            self._power_up(self.port.power_on if cold or self.power is Power.OFF else self.port.reset)

    def transmit(self, command: bytes) -> bytes:
        """Return the card's response; empty when there is no card, or none any more when it answers."""
        port = self.port
        if port is None:
            return b""
        try:
            response = port.transmit(command)
        except Exception as error:  # noqa: BLE001  a card may be anybody's code
            self._failed(self, error)
            return b""
        return response if self.port is port else b""

    def tick(self) -> None:
        """Let time pass, some 0.4 s: a card that nobody has used for one to two ticks loses its power."""
        if self.power is Power.GRACE:
            self.power = Power.IDLE
        elif self.power is Power.IDLE:
            self._sleep()

    def _sleep(self) -> None:
        """Take power away; clients go on to see the card as it was: it is there, and will answer."""
        state = self.state
        self.power_off()
        self.state = state

    def choose_protocol(self, wished: int) -> Code:
        """Settle on a protocol that the card's ATR offers and ``wished`` allows; one that is in use stays.

        RAW needs no consent. T=1 goes first where both are possible, as pcsc-lite has it.
        """
        if wished & Protocol.RAW:
            self.protocol = Protocol.RAW
            return Code.SUCCESS
        if wished & Protocol.ANY_OLD:
            wished |= Protocol.T0 | Protocol.T1
        possible = wished & (self.protocol or offered_protocols(self.atr))
        for protocol in (Protocol.T1, Protocol.T0):
            if possible & protocol:
                self.protocol = protocol
                return Code.SUCCESS
        return Code.PROTO_MISMATCH

    def _power_up(self, switch: Callable[[], bytes]) -> None:
        port = self.port
        try:
            atr = switch()
        except Exception as error:  # noqa: BLE001  a card may be anybody's code
            self._failed(self, error)
            return
        if self.port is not port:
            return
        self._forget()
        if 0 < len(atr) <= MAX_ATR:
            self.atr, self.state, self.power = atr, _ANSWERING, Power.IN_USE
        else:
            self.state = _MUTE

    def _forget(self) -> None:
        self.atr, self.power, self.protocol = b"", Power.OFF, Protocol.UNSET

    def _count_event(self) -> None:
        self.events = (self.events + 1) & 0xFFFF

    # --- Its users

    def add(self, handle: Handle, *, exclusive: bool) -> None:
        """Let a client in."""
        self.handles[handle.number] = handle
        if exclusive:
            self.share_exclusively(handle)

    def drop(self, handle: Handle) -> None:
        """Let a client go, and its lock with it."""
        del self.handles[handle.number]
        if self.holder is handle:
            self.holder, self._locks = None, 0
        self.exclusive = False
        self.rest()

    def rest(self) -> None:
        """Let the card lose its power after a while if nobody uses it; a shared one at once."""
        if not self.handles and self.power is Power.IN_USE:
            if self._shared:
                self._sleep()
            else:
                self.power = Power.GRACE

    def share_exclusively(self, handle: Handle) -> None:
        """Give the reader to the only handle there is; it holds the lock until it shares again."""
        self.exclusive = True
        self.lock(handle)

    def share_again(self, handle: Handle) -> None:
        """Let others in too."""
        if self.exclusive:
            self.exclusive = False
            self.unlock(handle)

    def forget_waiters_of(self, client: Client) -> None:
        """Drop the requests of a client that is gone."""
        self.waiters = deque(waiter for waiter in self.waiters if waiter.client is not client)

    def tell(self, event: Code) -> None:
        """Let every handle hear of ``event`` before anything else."""
        for handle in self.handles.values():
            handle.event = event

    def locked_against(self, handle: Handle) -> bool:
        """Whether another handle holds the lock."""
        return self.holder is not None and self.holder is not handle

    def lock(self, handle: Handle) -> None:
        """Give ``handle`` the lock, once more if it has it."""
        self.holder = handle
        self._locks += 1

    def unlock(self, handle: Handle) -> bool:
        """Take the lock back, once; ``False`` when ``handle`` does not have it."""
        if self.holder is not handle:
            return False
        self._locks -= 1
        if not self._locks:
            self.holder = None
        return True


def offered_protocols(atr: bytes) -> Protocol:
    """Return T=0 and T=1 as far as ``atr`` offers them; a card in specific mode (TA2) offers one.

    Source: ISO/IEC 7816-3, 8.3.
    """
    try:
        parsed = Atr(atr)
    except AtrError:
        return Protocol.UNSET
    specific = [item.value & 0xF for item in parsed.interface_bytes if item.label == "TA2"]
    found = Protocol.UNSET
    for number in specific or parsed.protocols:
        found |= _OFFERED.get(number, Protocol.UNSET)
    return found

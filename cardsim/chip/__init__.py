"""The card itself, sans-IO: memory, files, security, dispatch, commands. Bytes in, bytes out."""

from __future__ import annotations

from cardsim.chip.card import Card
from cardsim.chip.contactless import ContactlessPort, MutePort
from cardsim.chip.dual import DualCard, port_for
from cardsim.chip.memory import Memory, NoJournal
from cardsim.chip.t0 import T0Port

__all__ = ["Card", "ContactlessPort", "DualCard", "Memory", "MutePort", "NoJournal", "T0Port", "port_for"]

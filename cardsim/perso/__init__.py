"""From declarations and a holder's data to a card's memory; pure."""

from __future__ import annotations

from cardsim.perso.holder import Holder
from cardsim.perso.image import CardImage, personalise

__all__ = ["CardImage", "Holder", "personalise"]

"""The card file: one card's memory on disk, whole after every command whatever happens to the process."""

from __future__ import annotations

from cardsim.store.cardfile import CardStore, create_card_file, read_card_file
from cardsim.store.errors import CardFileBusyError, CardFileDamagedError, CardFileUnwritableError, StoreError
from cardsim.store.format import Description

__all__ = [
    "CardFileBusyError",
    "CardFileDamagedError",
    "CardFileUnwritableError",
    "CardStore",
    "Description",
    "StoreError",
    "create_card_file",
    "read_card_file",
]

"""A PSAM as the security module of purchases from a purse: 80 70 in transit's dialect, 80 72.

Source: facts transit-campus-health-zones 3.8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardsim.zones.model import KeyAlgorithm
from keys.purse import SM4_ALGORITHM
from readers.terminal.psam import PsamError, finish_purchase, initialise_purchase

if TYPE_CHECKING:
    from keys.purse import Terms
    from keys.purse_hsm import Opened
    from readers.terminal.psam import Psam

_TRANSIT = 0x00


class PsamPurchases:
    """`keys.purse_hsm.PurchaseModule` from a PSAM.

    ``factors``: 8 bytes for each level that the PSAM's debit key stands above the card's, the card's first.
    """

    def __init__(self, psam: Psam, factors: bytes) -> None:
        self._psam = psam
        self._factors = factors

    def order(self, opened: Opened, terms: Terms, when: bytes) -> tuple[bytes, bytes]:
        """Return the PSAM's counter and MAC1. Raises :class:`PsamError`, also for another terminal's terms."""
        number = terms.terminal.hex()
        if number != self._psam.terminal_number:
            raise PsamError(
                f"the purchase is in the name of terminal {number}, the PSAM is that of {self._psam.terminal_number}",
                f"交易的终端机编号为 {number},PSAM 的终端机编号为 {self._psam.terminal_number}",
            )
        self._psam.select(KeyAlgorithm.SM4 if opened.algorithm == SM4_ALGORITHM else KeyAlgorithm.DES)
        data = opened.random + opened.counter.to_bytes(2, "big") + terms.value + bytes((terms.type,)) + when
        data += bytes((opened.version, opened.algorithm)) + self._factors
        return initialise_purchase(self._psam, _TRANSIT, data)

    def confirms(self, mac2: bytes) -> bool:
        """Return whether MAC2 is the card's. Raises :class:`PsamError` when nothing was ordered."""
        return finish_purchase(self._psam, mac2)

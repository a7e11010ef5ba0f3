"""PINs and keys for a card whose JSON has none: keys as the zone's authority gives them to this card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apdu import BilingualError, Text
from cardsim.chip.context import suites_of
from cardsim.chip.layout import Algorithm, KeyRecord, KeyType
from cardsim.zones.card_identification import CardIdentification
from cardsim.zones.factors import hrss_factors, key_name
from cardsim.zones.historical import HistoricalBytes
from cardsim.zones.model import KeyAlgorithm, KeyDeclaration, PinDeclaration
from keys.hsm import SoftwareHsm

if TYPE_CHECKING:
    from collections.abc import Callable

    from cardsim.perso.plain.checked import PlainError
    from cardsim.perso.plain.declared import Declared
    from cardsim.profiles import Profile
    from keys.keyring import Keyring

_PIN_SIZE = 8
_PIN_ENTRY = "hrss_pin"
"""The holder's entry for the PIN that everybody calls the PIN."""


class KeyringSecrets:
    """Values from a keyring, and a PIN if one is given.

    ``identification``: the card identification code that stands on the card, from which its factors follow.
    """

    def __init__(self, profile: Profile, identification: bytes, keyring: Keyring, pin: bytes | None = None) -> None:
        self._profile = profile
        self._identification = identification
        self._keyring = keyring
        self._pin = pin

    def value(self, declared: Declared, record: KeyRecord, where: Callable[[str, str], PlainError]) -> bytes:
        """Return the value of a PIN or a declared symmetric key; what is neither raises PlainError."""
        known = declared.credential(record.type, record.id)
        if record.type is KeyType.PIN:
            if isinstance(known, PinDeclaration) and known.holder_key != _PIN_ENTRY:
                raise where(
                    f"PIN {known.name} has no 'value': export with --keys",
                    f"PIN {known.name} 缺少 'value':请用 --keys 导出",
                )
            if self._pin is None:
                raise where(
                    "a PIN without 'value': give one with --pin, or export with --keys",
                    "PIN 缺少 'value':请用 --pin 给出,或用 --keys 导出",
                )
            return self._pin.ljust(_PIN_SIZE, b"\xff")
        if not (declared.zone and declared.df and isinstance(known, KeyDeclaration)):
            raise where(
                "a key without 'value' that no zone declares, so no keyring gives it: export with --keys",
                "密钥缺少 'value',且无区域定义,密钥库无法给出:请用 --keys 导出",
            )
        try:
            code = CardIdentification.parse(self._identification)
            factors = hrss_factors(code.region, HistoricalBytes.parse(self._profile.historical_bytes))
            algorithm = KeyAlgorithm.SM4 if record.algorithm == Algorithm.SM4 else KeyAlgorithm.DES
            suite = suites_of(self._profile)[record.algorithm]
            hsm = SoftwareHsm(suite, self._keyring.roots(algorithm.value))
            return hsm.card_key(key_name(declared.df, known, record.version, zone=declared.zone), factors)
        except (BilingualError, KeyError) as error:
            text = error.text if isinstance(error, BilingualError) else Text("unknown algorithm", "算法未知")
            raise where(f"its value can not be derived: {text.en}", f"无法分散密钥:{text.zh}") from error

"""The HRSS zone's diversification factors, and its keys' names in an authority's tree (facts hrss-card 4.1, 4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cardsim.zones.hrss import HRSS
from cardsim.zones.model import KeyAlgorithm
from cardsim.zones.registry import ZONES
from keys.des import DES
from keys.hsm import KeyName
from keys.sm import DEFAULT_FORMS, SmForms, SmSuite
from keys.tree import Factors

if TYPE_CHECKING:
    from cardsim.zones.authorities import Authority
    from cardsim.zones.historical import HistoricalBytes
    from cardsim.zones.model import Df, KeyDeclaration, Zone
    from keys.suite import CipherSuite

ALGORITHM_IDS: Final = {KeyAlgorithm.DES: 0x01, KeyAlgorithm.SM4: 0x03}
"""How cards and HSMs number algorithms (facts terminal-interface 2.1)."""
_CITY_TAIL: Final = b"sx"
_PROVINCE_TAIL: Final = b"0000sh"


def hrss_factors(region: str, historical: HistoricalBytes) -> Factors:
    """Return a card's factors, 8 bytes each.

    ``region``: the six digits at the start of the card identification code. Card: the last 8 historical bytes; city:
    the six digits and "sx"; province: the first two, "0000" and "sh".
    """
    province, city = region_factors(region)
    return Factors(province=province, city=city, card=historical.diversification_factor)


def region_factors(region: str) -> tuple[bytes, bytes]:
    """Return the factors of a province and a city, whose six digits these are."""
    return region[:2].encode("ascii") + _PROVINCE_TAIL, region.encode("ascii") + _CITY_TAIL


def suite_of(algorithm: KeyAlgorithm, forms: SmForms = DEFAULT_FORMS) -> CipherSuite:
    """Return the cipher of an algorithm, that of SM4 in ``forms``."""
    return DES if algorithm is KeyAlgorithm.DES else SmSuite(forms)


def key_name(df: Df, key: KeyDeclaration, version: int = 0, *, zone: Zone = HRSS) -> KeyName:
    """Return the name of ``key`` in the zone's tree: "HRSS/SSSE/RK", "HRSS/DF01/UK1"."""
    area = df.key_area or f"DF{df.fid & 0xFF:02X}"
    return KeyName(f"{zone.name}/{area}/{key.name}", key.levels, version)


def declared_keys(authority: Authority) -> tuple[KeyName, ...]:
    """Return the keys of the zone that ``authority`` runs; none while its files are not declared."""
    return tuple(
        key_name(df, key, zone=zone)
        for zone in ZONES.values()
        if zone.authority is authority
        for df in zone.application.walk()
        for key in df.keys
    )

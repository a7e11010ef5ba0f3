"""From zones' declarations and a holder to the bytes of a card's memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from apdu import parse_hex
from cardsim.chip.errors import MemoryFullError
from cardsim.chip.layout import (
    MF_FID,
    REST_OF_MEMORY,
    RIGHT_FREE,
    FileType,
    Header,
)
from cardsim.perso.builder import Builder
from cardsim.perso.certificates import authority_contents
from cardsim.profiles import ProfileError
from cardsim.zones.addresses import file_name
from cardsim.zones.card_identification import CardIdentification
from cardsim.zones.factors import hrss_factors, key_name
from cardsim.zones.historical import HistoricalBytes
from cardsim.zones.hrss import HRSS
from cardsim.zones.model import Certainty, KeyAlgorithm, VariableTlv
from cardsim.zones.registry import ZONES
from keys.des import DES
from keys.hsm import SoftwareHsm
from keys.keyring import TestKeyring
from keys.sm import SmForms, SmSuite

if TYPE_CHECKING:
    from collections.abc import Callable

    from cardsim.perso.holder import Holder
    from cardsim.profiles import Profile
    from cardsim.zones.layouts import Layout
    from cardsim.zones.model import Zone
    from keys.hsm import KeyName
    from keys.keyring import Keyring
    from keys.tree import Factors


@dataclass(frozen=True, slots=True)
class CardImage:
    """A card ready to be stored: its memory, the profile with everything filled in, and what is printed on it."""

    memory: bytes
    profile: Profile
    layout: Layout
    printed: dict[str, str]


def personalise(
    profile: Profile,
    layout: Layout,
    holder: Holder,
    *,
    keyring: Keyring | None = None,
    raw_elements: bool = False,
) -> CardImage:
    """Return a card with the profile's zones on it, keys and certificates from ``keyring`` (without one: TEST ones).

    ``raw_elements``: the values under ``elements`` are hexadecimal bytes, stored as they are, unchecked and unpadded.
    Raises HolderError, ProfileError or MemoryFullError; the message names key or setting.
    """
    if profile.mf_name == HRSS.application.aid:
        raise ProfileError(
            "setting 'mf_name' is the HRSS application's name; SELECT could not tell them apart",
            "设置 'mf_name' 与社保应用同名;SELECT 无法区分",
        )
    _check_element_sizes(profile)
    values = holder.values(profile, layout)
    historical = HistoricalBytes(profile.historical_bytes or _historical(profile, values))
    factors = hrss_factors(values["region_code"], historical)
    keyring = keyring or TestKeyring()
    builder = Builder(profile, layout, holder, values, raw=raw_elements)
    parts = []
    for zone in _zones(profile):
        contents = authority_contents(zone, layout, profile, keyring, values)
        parts.append(builder.zone(zone, _card_keys(profile, zone, keyring, factors), contents))
    builder.check_all_used()
    mf_header = Header(
        MF_FID, FileType.DIRECTORY, REST_OF_MEMORY, RIGHT_FREE, RIGHT_FREE, name_size=len(profile.mf_name)
    )
    memory = mf_header.encode() + profile.mf_name + b"".join(parts)
    if len(memory) > profile.memory_size:
        raise MemoryFullError(
            f"the card needs {len(memory)} bytes; the chip has {profile.memory_size}",
            f"卡片需要 {len(memory)} 字节;芯片只有 {profile.memory_size} 字节",
        )
    return CardImage(
        memory.ljust(profile.memory_size, b"\x00"),
        profile.override({"historical_bytes": historical.hex()}),
        layout,
        {key: values[key] for key in _PRINTED} | {"name": values["name"] + values["name_extension"]},
    )


_PRINTED: Final = ("name", "social_security_number", "card_number", "issue_date", "bank_account")
"""On the plastic: handbook Q6."""


def _historical(profile: Profile, values: dict[str, str]) -> bytes:
    """City and serial as on real cards, where they are those of the card identification code (facts hrss-card 7)."""
    code = CardIdentification.parse(parse_hex(values["card_identification"]))
    manufacturer = int.from_bytes(profile.manufacturer, "big")
    return HistoricalBytes.build(profile.chip_code, manufacturer, code.region[:4], code.serial)


def _check_element_sizes(profile: Profile) -> None:
    """Raise ProfileError when the setting names an element whose length is known, or none at all."""
    open_lengths = {
        f"{file_name(df, file)}/{element.tag:02X}"
        for df in HRSS.application.walk()
        for file in df.files
        if isinstance(file, VariableTlv)
        for element in file.records
        if element.sure is Certainty.LENGTH_UNKNOWN
    }
    for name in profile.element_sizes.plain():
        if name not in open_lengths:
            raise ProfileError(
                f"setting 'element_sizes': {name} is no element of unknown length; those are "
                f"{', '.join(sorted(open_lengths))}",
                f"设置 'element_sizes':{name} 不是长度未知的数据元;可用:{'、'.join(sorted(open_lengths))}",
            )


def _zones(profile: Profile) -> tuple[Zone, ...]:
    for name in profile.zones:
        if name not in ZONES:
            raise ProfileError(
                f"setting 'zones': there is no zone {name}; there are {', '.join(ZONES)}",
                f"设置 'zones':没有区域 {name};可用:{'、'.join(ZONES)}",
            )
    return tuple(ZONES[name] for name in dict.fromkeys(profile.zones))


def _card_keys(profile: Profile, zone: Zone, keyring: Keyring, factors: Factors) -> Callable[[KeyName], bytes]:
    """Return what gives a key of the zone on this card, by the algorithm that the key or its zone has."""
    own = {key_name(df, key, zone=zone).name: key.algorithm for df in zone.application.walk() for key in df.keys}
    hsms = {algorithm: zone_hsm(profile, zone, keyring, algorithm) for algorithm in {None, *own.values()}}
    return lambda name: hsms[own[name.name]].card_key(name, factors)


def zone_hsm(profile: Profile, zone: Zone, keyring: Keyring, algorithm: KeyAlgorithm | None = None) -> SoftwareHsm:
    """Return an HSM for the zone's keys: its algorithm or another, in the profile's forms, and its roots."""
    algorithm = algorithm or zone.algorithm or profile.hrss_algorithm
    suite = DES if algorithm is KeyAlgorithm.DES else SmSuite(SmForms(profile.sm4_extension, profile.sm4_fold))
    return SoftwareHsm(suite, keyring.roots(algorithm.value))

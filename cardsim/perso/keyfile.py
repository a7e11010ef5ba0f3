"""The internal key file of a directory: its PINs, and its keys as the zone's authority derives them for this card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cardsim.chip.layout import Algorithm, FileType, Header, KeyRecord, KeyType, tries_byte
from cardsim.zones.factors import key_name
from cardsim.zones.model import KeyAlgorithm, KeyUse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cardsim.profiles import Profile
    from cardsim.zones.model import Df, Zone
    from keys.hsm import KeyName

_FID: Final = 0xEF80
_PIN_VALUE_SIZE: Final = 8
"""Bytes kept for a PIN, FF behind it (facts native-card-os 8: the 8-byte PIN record)."""
_NO_KEY: Final = 0xFF
_TYPE_OF_USE: Final = {
    KeyUse.INTERNAL: KeyType.INTERNAL,
    KeyUse.EXTERNAL: KeyType.EXTERNAL,
    KeyUse.PROTECTION: KeyType.LINE,
    KeyUse.APPLICATION_LOCK: KeyType.APPLICATION_LOCK,
    KeyUse.CARD_LOCK: KeyType.CARD_LOCK,
}
_ALGORITHMS: Final = {KeyAlgorithm.DES: Algorithm.TRIPLE_DES, KeyAlgorithm.SM4: Algorithm.SM4}


def key_file(zone: Zone, df: Df, profile: Profile, pin: bytes, card_key: Callable[[KeyName], bytes]) -> bytes:
    """Return the key file of ``df``, header and body; nothing when it has neither PIN nor key.

    ``pin``: the value of its PINs. ``card_key``: gives the 16 bytes of a key on this card.
    """
    records = b"".join(record.encode() for record in (*_pins(df, profile, pin), *_keys(zone, df, profile, card_key)))
    return Header(_FID, FileType.KEYS, len(records)).encode() + records if records else b""


def _pins(df: Df, profile: Profile, pin: bytes) -> Iterator[KeyRecord]:
    value = pin.ljust(_PIN_VALUE_SIZE, b"\xff")
    references = {key.name: key.reference for key in df.keys}
    for declared in df.pins:
        guard = references.get(declared.unblocked_by, _NO_KEY)
        yield KeyRecord(KeyType.PIN, declared.reference, value, tries_byte(profile.pin_limit), file=guard)


def _keys(zone: Zone, df: Df, profile: Profile, card_key: Callable[[KeyName], bytes]) -> Iterator[KeyRecord]:
    tries = tries_byte(profile.key_limit)
    algorithm = _ALGORITHMS[zone.algorithm or profile.hrss_algorithm]
    for declared in df.keys:
        for version in profile.key_versions:
            yield KeyRecord(
                _TYPE_OF_USE[declared.use],
                declared.reference,
                card_key(key_name(df, declared, version, zone=zone)),
                tries,
                version=version,
                algorithm=algorithm,
                level=declared.levels,
            )

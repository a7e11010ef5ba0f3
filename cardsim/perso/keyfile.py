"""The internal key file of a directory: its PINs, and its keys as the zone's authority derives them for this card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cardsim.chip.layout import KEYS_FID, Algorithm, FileType, Header, KeyRecord, KeyType, tries_byte
from cardsim.zones.factors import key_name
from cardsim.zones.model import KeyAlgorithm, KeyUse, PinForm
from keys.sm3 import sm3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cardsim.profiles import Profile
    from cardsim.zones.layouts import Layout
    from cardsim.zones.model import Df, KeyDeclaration, PinDeclaration, Zone
    from keys.hsm import KeyName

_PIN_VALUE_SIZE: Final = 8
"""Bytes kept for a PIN, FF behind it (facts native-card-os 8: the 8-byte PIN record)."""
_HASH_SIZE: Final = 16
"""Bytes of SM3 kept for a PIN of the PKI application (facts hrss-card 8)."""
_NO_KEY: Final = 0xFF
_TYPE_OF_USE: Final = {
    KeyUse.INTERNAL: KeyType.INTERNAL,
    KeyUse.EXTERNAL: KeyType.EXTERNAL,
    KeyUse.PROTECTION: KeyType.LINE,
    KeyUse.APPLICATION_LOCK: KeyType.APPLICATION_LOCK,
    KeyUse.CARD_LOCK: KeyType.CARD_LOCK,
    KeyUse.LOAD: KeyType.LOAD,
    KeyUse.UNLOAD: KeyType.UNLOAD,
    KeyUse.PURCHASE: KeyType.PURCHASE,
    KeyUse.OVERDRAFT: KeyType.OVERDRAFT,
    KeyUse.TAC: KeyType.TAC,
}
_ALGORITHMS: Final = {KeyAlgorithm.DES: Algorithm.TRIPLE_DES, KeyAlgorithm.SM4: Algorithm.SM4}


def key_file(
    zone: Zone,
    df: Df,
    layout: Layout,
    profile: Profile,
    *,
    pin: Callable[[str], bytes],
    card_key: Callable[[KeyName], bytes],
) -> bytes:
    """Return the key file of ``df``, header and body; nothing when it has neither PIN nor key.

    ``pin`` gives a PIN by the holder's entry for it, packed. ``card_key``: gives the 16 bytes of a key on this card.
    """
    keys = tuple(key for key in df.keys if layout in key.layouts)
    found = (*_pins(df, profile, pin), *_keys(zone, df, keys, profile, card_key))
    records = b"".join(record.encode() for record in found)
    return Header(KEYS_FID, FileType.KEYS, len(records)).encode() + records if records else b""


def pin_value(declared: PinDeclaration, pin: bytes) -> bytes:
    """Return what the record of a PIN keeps of it, ``pin`` being packed."""
    return sm3(pin)[:_HASH_SIZE] if declared.form is PinForm.SM3 else pin.ljust(_PIN_VALUE_SIZE, b"\xff")


def _pins(df: Df, profile: Profile, pin: Callable[[str], bytes]) -> Iterator[KeyRecord]:
    keys = {key.name: key.reference for key in df.keys}
    pins = {other.name: other.reference for other in df.pins}
    for declared in df.pins:
        by_pin = declared.unblocked_by in pins
        yield KeyRecord(
            KeyType.PIN,
            declared.reference,
            pin_value(declared, pin(declared.holder_key)),
            tries_byte(getattr(profile, declared.limit)),
            file=(pins if by_pin else keys).get(declared.unblocked_by, _NO_KEY),
            algorithm=Algorithm.SM4 if declared.form is PinForm.SM3 else Algorithm.TRIPLE_DES,
            level=KeyType.PIN if by_pin else 0,
        )


def _keys(
    zone: Zone,
    df: Df,
    keys: tuple[KeyDeclaration, ...],
    profile: Profile,
    card_key: Callable[[KeyName], bytes],
) -> Iterator[KeyRecord]:
    tries = tries_byte(profile.key_limit)
    for declared in keys:
        algorithm = _ALGORITHMS[declared.algorithm or zone.algorithm or profile.hrss_algorithm]
        for version in profile.key_versions if declared.version is None else (declared.version,):
            yield KeyRecord(
                _TYPE_OF_USE[declared.use],
                declared.reference,
                card_key(key_name(df, declared, version, zone=zone)),
                tries,
                version=version,
                algorithm=algorithm,
                level=declared.levels,
            )

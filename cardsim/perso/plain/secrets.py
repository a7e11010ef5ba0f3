"""PINs and keys for a card whose JSON has none: keys as the zone's authority gives them to this card, pairs too."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from apdu import BilingualError, Text, format_hex
from cardsim.chip.context import suites_of
from cardsim.chip.layout import Algorithm, KeyRecord, KeyType
from cardsim.perso.keyfile import pin_value
from cardsim.zones.card_identification import CardIdentification
from cardsim.zones.factors import hrss_factors, key_name
from cardsim.zones.historical import HistoricalBytes
from cardsim.zones.model import KeyAlgorithm, KeyDeclaration, PairUse, PinDeclaration, Transparent
from cardsim.zones.pki import PRIVATE_HEAD, PUBLIC_HEAD
from keys.hsm import SoftwareHsm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cardsim.perso.plain.checked import PlainError
    from cardsim.perso.plain.declared import Declared
    from cardsim.profiles import Profile
    from cardsim.zones.model import Df
    from keys.keyring import Keyring

_IDENTIFICATION = ("EF05", "01")
"""File and tag of the card identification code."""
_PIN_ENTRY = "hrss_pin"
"""The holder's entry for the PIN that everybody calls the PIN."""
_OPTIONS = {_PIN_ENTRY: "--pin", "pki_user_pin": "--user-pin", "pki_admin_pin": "--admin-pin"}
"""What gives a PIN to `cardsim import`, by the holder's entry."""
_UNNAMED = PinDeclaration("", 0, "", "", holder_key=_PIN_ENTRY)
"""A PIN that no zone declares."""


class KeyringSecrets:
    """Values from a keyring, and PINs as far as they are given.

    ``card``: the JSON of the card. The factors of its keys follow from the card identification code in it, and its
    public keys tell whether the private ones are those that the authority gave it.
    """

    def __init__(self, profile: Profile, card: object, keyring: Keyring, pins: Mapping[str, bytes]) -> None:
        self._profile = profile
        self._identification = _identification(card)
        self._card = card
        self._keyring = keyring
        self._pins = pins

    def value(self, declared: Declared, record: KeyRecord, where: Callable[[str, str], PlainError]) -> bytes:
        """Return the value of a PIN or a declared symmetric key; what is neither raises PlainError."""
        known = declared.credential(record.type, record.id)
        if record.type is KeyType.PIN:
            return self._pin(known if isinstance(known, PinDeclaration) else _UNNAMED, where)
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

    def private_half(self, declared: Declared, fid: int, where: Callable[[str, str], PlainError]) -> bytes:
        """Return a private key that the authority gave this card; one made elsewhere raises PlainError."""
        file = declared.file(fid, None)
        half = file.key if isinstance(file, Transparent) else None
        if declared.zone and declared.df and half:
            public = _public_half(self._card, declared.df, half.pair)
            if public and not public.strip("0"):  # there is no key pair yet
                return bytes(len(PRIVATE_HEAD) + PRIVATE_HEAD[-1])
            second = half.pair is PairUse.ENCIPHERMENT
            for authority in self._keyring.authorities_of(declared.zone.authority.zone_id):
                key = authority.card_key(self._identification, encipherment=second)
                if public == format_hex(PUBLIC_HEAD + key.public[1:]):
                    return PRIVATE_HEAD + key
        raise where(
            "'body' is missing, and the key pair is none that the keyring's authority made: export it with --keys",
            "缺少 'body',且该密钥对并非密钥库机构所生成:请用 --keys 导出",
        )

    def _pin(self, declared: PinDeclaration, where: Callable[[str, str], PlainError]) -> bytes:
        if declared.holder_key in self._pins:
            return pin_value(declared, self._pins[declared.holder_key])
        name, option = f"PIN {declared.name}".rstrip(), _OPTIONS[declared.holder_key]
        raise where(
            f"{name} has no 'value': give it with {option}, or export with --keys",
            f"{name} 缺少 'value':请用 {option} 给出,或用 --keys 导出",
        )


def _identification(card: object) -> bytes:
    """Return the card identification code in the JSON, wherever its directory is; empty when there is none."""
    for _, file in _files(card, ""):
        records = file.get("records") if file.get("file") == _IDENTIFICATION[0] else ()
        for record in records if isinstance(records, list) else ():
            if isinstance(record, dict) and record.get("tag") == _IDENTIFICATION[1]:
                with contextlib.suppress(ValueError):
                    return bytes.fromhex(str(record.get("hex", record.get("value"))))
    return b""


def _public_half(card: object, df: Df, pair: PairUse) -> str:
    """Return the contents of the public half of a key pair, in hexadecimal; empty where there is none."""
    halves = (file for file in df.files if isinstance(file, Transparent) and file.key)
    fid = next(f"{file.fid:04X}" for file in halves if file.key and file.key.pair is pair and not file.key.private)
    found = (file for aid, file in _files(card, "") if aid == format_hex(df.aid) and file.get("file") == fid)
    return str(next(found, {}).get("body", "")).upper()


def _files(node: object, aid: str) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield every file in the JSON behind the name of its directory."""
    if not isinstance(node, dict):
        return
    if "file" in node:
        yield aid, node
    contents = node.get("contents")
    for child in contents if isinstance(contents, list) else ():
        yield from _files(child, str(node.get("aid", "")).upper())

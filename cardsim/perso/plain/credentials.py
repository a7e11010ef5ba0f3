"""PINs and keys as JSON, both ways: records of a key file, those of native directories too."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from apdu import BilingualError, format_hex
from cardsim.chip.context import suites_of
from cardsim.chip.layout import Algorithm, KeyRecord, KeyType
from cardsim.chip.native.keys import NativeKey
from cardsim.perso.plain.form import NATIVE_FIELDS, RECORD_FIELDS, field_names, member, parsed_fields, plain_fields
from keys.des import DES

if TYPE_CHECKING:
    from collections.abc import Callable

    from cardsim.perso.plain.checked import Checked, PlainError
    from cardsim.perso.plain.declared import Declared
    from cardsim.profiles import Profile

    Plain = dict[str, object]

_NAMES = ("name", "name_zh")
_KEYS = ("type", "reference", *_NAMES, "tries_left", "tries_limit", "algorithm", "kcv", "value")
_MAX_VALUE = 0xFF
_SYMMETRIC_SIZES = (8, 16)


class SecretSource(Protocol):
    """Where the values of PINs and keys come from that the JSON does not have."""

    def value(self, declared: Declared, record: KeyRecord, where: Callable[[str, str], PlainError]) -> bytes:
        """Return the value for ``record``, whose own is empty; raises what ``where`` makes of a message."""
        ...

    def private_half(self, declared: Declared, fid: int, where: Callable[[str, str], PlainError]) -> bytes:
        """Return the contents of a file with a private key; raises what ``where`` makes of a message."""
        ...


class NoSecrets:
    """The refusal to make up a PIN or key."""

    def value(self, declared: Declared, record: KeyRecord, where: Callable[[str, str], PlainError]) -> bytes:
        """Raise PlainError."""
        del declared, record
        raise where("'value' is missing: export it with --keys", "缺少 'value':请用 --keys 导出")

    def private_half(self, declared: Declared, fid: int, where: Callable[[str, str], PlainError]) -> bytes:
        """Raise PlainError."""
        del declared, fid
        raise where("'body' is missing: export it with --keys", "缺少 'body':请用 --keys 导出")


@dataclass(frozen=True, slots=True)
class Credentials:
    """Key files on a card with this profile; ``secrets`` fills in what is missing."""

    profile: Profile
    secrets: SecretSource

    def plain(self, body: bytes, declared: Declared, *, native: bool) -> list[Plain]:
        """Return the records of a key file; raises ValueError when one is damaged."""
        keys: list[Plain] = []
        offset = 0
        while offset < len(body) and body[offset]:
            record = (NativeKey if native else KeyRecord).parse(body[offset:])
            keys.append(
                self._native(record, declared) if isinstance(record, NativeKey) else self._own(record, declared)
            )
            offset += record.size
        return keys

    def body(self, node: Checked, declared: Declared) -> bytes:
        """Return the records of a key file; raises PlainError."""
        return b"".join(
            self._parsed_native(item) if "use" in item else self._parsed(item, declared)
            for item in node.objects("keys", "key")
        )

    def _own(self, record: KeyRecord, declared: Declared) -> Plain:
        plain: Plain = {"type": record.type.name, "reference": f"{record.id:02X}"}
        known = declared.credential(record.type, record.id)
        if known:
            plain |= {"name": known.name, "name_zh": known.name_zh}
        plain |= _tries(record.tries) | plain_fields(record, RECORD_FIELDS)
        if record.type is not KeyType.PIN or record.algorithm:
            plain["algorithm"] = _algorithm_name(record.algorithm)
        return self._with_value(plain, record.type, record.algorithm, record.value)

    def _native(self, key: NativeKey, declared: Declared) -> Plain:
        plain: Plain = {"type": key.type.name, "reference": f"{key.id:02X}"}
        known = declared.credential(key.type, key.id)
        if known:
            plain |= {"name": known.name, "name_zh": known.name_zh}
        plain |= _tries(key.b5) if key.counted else {"algorithm": _algorithm_name(key.b5)}
        plain |= plain_fields(key, NATIVE_FIELDS)
        default = Algorithm.SM4 if self.profile.native_algorithm.value == Algorithm.SM4.name else Algorithm.TRIPLE_DES
        return self._with_value(plain, key.type, key.algorithm(default), key.value)

    def _with_value(self, plain: Plain, kind: KeyType, algorithm: int, value: bytes) -> Plain:
        kcv = "" if kind is KeyType.PIN else self._kcv(algorithm, value)
        return plain | ({"kcv": kcv} if kcv else {}) | {"value": format_hex(value)}

    def _kcv(self, algorithm: int, value: bytes) -> str:
        """Return the check value of a symmetric key, empty where there is none."""
        if len(value) not in _SYMMETRIC_SIZES:
            return ""
        try:
            return format_hex(suites_of(self.profile).get(algorithm, DES).kcv(value))
        except BilingualError:
            return ""

    def _parsed(self, item: Checked, declared: Declared) -> bytes:
        item.only(*_KEYS, *field_names(KeyRecord, RECORD_FIELDS))
        item.remarks(*_NAMES)
        record = KeyRecord(
            member(item, "type", KeyType),
            item.byte("reference"),
            item.octets("value", most=_MAX_VALUE) if "value" in item else b"",
            _parsed_tries(item),
            algorithm=_algorithm(item),
            **parsed_fields(KeyRecord, item, RECORD_FIELDS),
        )
        if "value" not in item:

            def where(en: str, zh: str) -> PlainError:
                return item.error("", en, zh)

            record = replace(record, value=self.secrets.value(declared, record, where))
        self._check(item, "" if record.type is KeyType.PIN else self._kcv(record.algorithm, record.value))
        return record.encode()

    def _parsed_native(self, item: Checked) -> bytes:
        item.only(*_KEYS, *field_names(NativeKey, NATIVE_FIELDS))
        item.remarks(*_NAMES)
        if "value" not in item:
            raise item.error("", "'value' is missing: export it with --keys", "缺少 'value':请用 --keys 导出")
        b5 = _algorithm(item) if "algorithm" in item else _parsed_tries(item)
        values = parsed_fields(NativeKey, item, NATIVE_FIELDS)
        for name in ("use", "modify", "b4"):
            values[name] = item.byte(name)
        key = NativeKey(
            member(item, "type", KeyType),
            item.byte("reference"),
            item.octets("value", most=_MAX_VALUE),
            b5=b5,
            **values,
        )
        if "kcv" in item:
            item.text("kcv")
        return key.encode()

    def _check(self, item: Checked, is_now: str) -> None:
        if "kcv" not in item:
            return
        wanted = item.text("kcv").upper()
        if wanted != is_now:
            raise item.error(
                "kcv",
                f"{wanted}, but the key has {is_now or 'none'}: it is another key (take 'kcv' out if it should be)",
                f"{wanted},而密钥的校验值为 {is_now or '无'}:不是同一密钥(如确需更换请删去 'kcv')",
            )


def _tries(byte: int) -> Plain:
    return {"tries_left": byte & 0xF, "tries_limit": byte >> 4}


def _parsed_tries(item: Checked) -> int:
    return item.number("tries_limit", 0, 15) << 4 | item.number("tries_left", 0, 15)


def _algorithm_name(number: int) -> str:
    try:
        return Algorithm(number).name
    except ValueError:
        return f"{number:02X}"


def _algorithm(item: Checked) -> int:
    name = item.text("algorithm", Algorithm(0).name)
    return Algorithm[name] if name in Algorithm.__members__ else item.byte("algorithm")

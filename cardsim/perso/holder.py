"""The holder of a test card: what ``holder.json`` says, checked, and synthetic defaults that belong to nobody."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass, field
from datetime import MAXYEAR
from typing import TYPE_CHECKING, Final, TypeVar

from apdu import BilingualError, Text, parse_hex
from cardsim.errors import ElementError, HolderError
from cardsim.zones import bank_account, card_number
from cardsim.zones.addresses import Address, file_key
from cardsim.zones.card_identification import CardIdentification
from cardsim.zones.fields import An, date_text, encode_gbk, parse_date
from cardsim.zones.historical import HistoricalBytes
from cardsim.zones.hrss import EF05, EF06
from cardsim.zones.identification_check import identification_with_check
from cardsim.zones.layouts import Layout
from cardsim.zones.nations import Sex
from cardsim.zones.social_security_number import SocialSecurityNumber
from keys.testkeys import TEST_IRK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from cardsim.profiles import Profile

T = TypeVar("T")

# Region 639900 is assigned to no county, so no citizen has this number; the sheets' documentation sample uses it too.
_DEFAULT_REGION: Final = "639900"
_DEFAULT_BIRTH_DATE: Final = "19900307"
_DEFAULTS: Final = {
    "name": "测试用户",
    "nation": "01",
    "issue_date": "20240101",
    "category": "3",
    "card_number": card_number.complete("T0000001"),
    "bank_account": bank_account.complete("620000000000000000"),
    "hrss_pin": "123456",
    "pki_user_pin": "123456",
    "pki_admin_pin": "12345678",
}
_FILES: Final = ("photo", "fingerprint")
_MAY_BE_EMPTY: Final = ("name_extension",)
"""Empty, it keeps a long name from being split."""
PIN_KEYS: Final = ("hrss_pin", "pki_user_pin", "pki_admin_pin")
_SHORT_PIN: Final = 12
_LONG_PIN: Final = 16
"""Digits of the PKI application's PINs, which do not cross in clear (inferred)."""
TEXT_KEYS: Final = (
    "name",
    "name_extension",
    "social_security_number",
    "sex",
    "nation",
    "birthplace",
    "birth_date",
    "issue_date",
    "expiry_date",
    "region_code",
    "institution",
    "category",
    "card_number",
    "bank_account",
    "card_identification",
    *PIN_KEYS,
)
KEYS: Final = (*TEXT_KEYS, *_FILES, "elements")
_VALIDITY_YEARS: Final = 10
"""At most, and by default (handbook Q12)."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A holder as given: texts by key, the contents of files, and values for any other element.

    ``elements`` maps a file ("EF05", "DF01/EF06", or run together as terminals write it) to the place of a value
    in it to the value.
    """

    given: Mapping[str, str] = field(default_factory=dict)
    contents: Mapping[str, bytes] = field(default_factory=dict)
    elements: Mapping[str, Mapping[Address, str]] = field(default_factory=dict)

    @classmethod
    def from_plain(cls, plain: object, read_file: Callable[[str], bytes]) -> Holder:
        """Return the holder that parsed JSON describes; ``read_file`` brings the files it names.

        Raises :class:`HolderError` for unknown keys and values that are no text.
        """
        if not isinstance(plain, dict):
            raise HolderError("holder data must be a JSON object { ... }", "持卡人数据应为 JSON 对象 { ... }")
        for key in plain:
            if key not in KEYS:
                near = difflib.get_close_matches(key, KEYS, 1)
                hint = (f"; did you mean {near[0]!r}?", f";是否为 {near[0]!r}?") if near else ("", "")
                raise HolderError(f"unknown key {key!r}{hint[0]}", f"未知的键 {key!r}{hint[1]}")
        texts = {key: _filled(key, plain[key]) for key in TEXT_KEYS if key in plain}
        contents = {key: _content(key, _filled(key, plain[key]), read_file) for key in _FILES if key in plain}
        return cls(texts, contents, _elements(plain.get("elements", {})))

    def pin(self, key: str) -> bytes:
        """Return the PIN that the entry ``key`` gives, two digits a byte, an odd last one with F."""
        most = _SHORT_PIN if key == "hrss_pin" else _LONG_PIN
        return coded_pin(self.given.get(key, _DEFAULTS[key]), Text(key, key), most)

    def values(self, profile: Profile, layout: Layout) -> dict[str, str]:
        """Return the value of every element that has a name of its own, checked, defaults filled in.

        On a blank card what is not given is empty. Raises :class:`HolderError` naming the key.
        """
        if profile.blank_identification:
            return self._values_of_blank(profile, layout)
        given = self.given
        number = _number(given)
        values = {key: given.get(key, default) for key, default in _DEFAULTS.items() if key not in PIN_KEYS}
        _checked("card_number", card_number.validate, values)
        _checked("bank_account", bank_account.validate_luhn, values)
        _checked("bank_account", bank_account.validate_form, values)
        values |= _identification(given, _serial(profile, values["card_number"]))
        values["social_security_number"] = number
        values["sex"] = _sex(given.get("sex"), number.sex)
        values["birthplace"] = given.get("birthplace") or number.region or values["region_code"]
        values["birth_date"] = _birth_date(given.get("birth_date"), number.birth_date)
        values["expiry_date"] = _expiry(values["issue_date"], given.get("expiry_date"))
        values["institution"] = given.get("institution") or _institution(values["region_code"])
        values["spec_version"] = profile.spec_version_for(layout)
        values["name"], values["name_extension"] = _split_name(values["name"], given.get("name_extension"), layout)
        return values

    def _values_of_blank(self, profile: Profile, layout: Layout) -> dict[str, str]:
        code = {"card_identification": profile.blank_identification.hex()}
        values = {key: self.given.get(key, "") for key in TEXT_KEYS if key not in PIN_KEYS}
        values |= _identification({**code, **self.given}, b"")
        values["spec_version"] = profile.spec_version_for(layout)
        return values


def coded_pin(digits: str, name: Text, most: int = _SHORT_PIN) -> bytes:
    """Return a PIN as the card compares it: two digits a byte, an odd last one with F (facts hrss-card 5).

    Raises HolderError, which calls it ``name`` and never repeats what was given.
    """
    if not (digits.isascii() and digits.isdigit() and 4 <= len(digits) <= most):
        raise HolderError(f"{name.en}: a PIN is 4 to {most} digits", f"{name.zh}:PIN 为 4 至 {most} 位数字")
    return bytes.fromhex(digits + "F" * (len(digits) % 2))


def _text(key: str, value: object) -> str:
    if not isinstance(value, str):
        # The value itself stays out of the message: it may be a PIN.
        raise HolderError(f"{key}: the value must be text in quotes", f"{key}:值应为带引号的文本")
    return value


def _filled(key: str, value: object) -> str:
    text = _text(key, value)
    if not text and key not in _MAY_BE_EMPTY:
        raise HolderError(
            f"{key}: empty; leave the key out for the default, or empty the element under elements",
            f"{key}:为空;省略该键即用缺省值,或在 elements 中将数据元置空",
        )
    return text


def _content(key: str, name: str, read_file: Callable[[str], bytes]) -> bytes:
    try:
        return read_file(name)
    except BilingualError as error:
        raise HolderError(f"{key}: {error}", f"{key}:{error.text.zh}") from error


def _elements(plain: object) -> dict[str, dict[Address, str]]:
    if not isinstance(plain, dict):
        raise HolderError("elements: must be { file: { tag: value } }", "elements:应为 { 文件: { 标签: 值 } }")
    elements: dict[str, dict[Address, str]] = {}
    for file, records in plain.items():
        if not isinstance(records, dict):
            raise HolderError(f"elements: {file} must be {{ tag: value }}", f"elements:{file} 应为 {{ 标签: 值 }}")
        by_address = elements.setdefault(file_key(file), {})
        for name, value in records.items():
            address = _checked(f"elements: {file}", Address.parse, {f"elements: {file}": name})
            if address in by_address:
                raise HolderError(
                    f"elements: {file_key(file)}/{address} is given twice",
                    f"elements:{file_key(file)}/{address} 重复给出",
                )
            by_address[address] = _text(f"elements: {file}/{name}", value)
    return elements


def _checked(key: str, check: Callable[[str], T], values: Mapping[str, str], default: str | None = None) -> T:
    try:
        return check(values.get(key, default or ""))
    except BilingualError as error:
        raise HolderError(f"{key}: {error}", f"{key}:{error.text.zh}") from error


def _serial(profile: Profile, number: str) -> bytes:
    """Return the 4 bytes that tell cards apart: those of the chip's ATR, where it has one (facts hrss-card 7)."""
    if profile.historical_bytes:
        return HistoricalBytes(profile.historical_bytes).serial
    return hashlib.sha256(number.encode()).digest()[:4]


def _identification(given: Mapping[str, str], serial: bytes) -> dict[str, str]:
    """Return region_code and card_identification; each follows from the other when only one is given."""
    code = given.get("card_identification")
    if code is None:
        region = given.get("region_code", _DEFAULT_REGION)
        built = _checked(
            "region_code", lambda text: identification_with_check(text, serial, TEST_IRK), {"region_code": region}
        )
        return {"region_code": region, "card_identification": built.hex().upper()}
    parsed = _checked("card_identification", lambda text: CardIdentification.parse(parse_hex(text)), given)
    region = given.get("region_code", parsed.region)
    if region != parsed.region:
        raise HolderError(
            f"region_code: {region} contradicts card_identification, which begins with {parsed.region}",
            f"region_code:{region} 与卡识别码开头的 {parsed.region} 不一致",
        )
    return {"region_code": region, "card_identification": parsed.hex().upper()}


def _number(given: Mapping[str, str]) -> SocialSecurityNumber:
    """Return the number that is given, or one made up that agrees with the birth date and sex that are."""
    if "social_security_number" in given:
        return _checked("social_security_number", SocialSecurityNumber.parse, given)
    born = _checked("birth_date", parse_date, given, _DEFAULT_BIRTH_DATE)
    sex = _checked("sex", Sex.parse, given, Sex.MALE.value)
    return SocialSecurityNumber.complete(f"{_DEFAULT_REGION}{date_text(born)}00{2 if sex is Sex.FEMALE else 1}")


def _sex(given: str | None, from_number: Sex | None) -> str:
    if given is None:
        return (from_number or Sex.UNSTATED).value
    sex = _checked("sex", Sex.parse, {"sex": given})
    if from_number and sex not in (from_number, Sex.UNSTATED):
        raise _contradiction("sex", given, "0A")
    return given


def _birth_date(given: str | None, from_number: date | None) -> str:
    if given is None:
        return date_text(from_number) if from_number else ""
    day = _checked("birth_date", parse_date, {"birth_date": given})
    if from_number and day != from_number:
        raise _contradiction("birth_date", given, "0D")
    return given


def _contradiction(key: str, given: str, tag: str) -> HolderError:
    return HolderError(
        f"{key}: {given} contradicts social_security_number; if meant, set it under elements (EF06, {tag})",
        f"{key}:{given} 与社会保障号码不一致;若有意为之,请用 elements(EF06,{tag})设置",
    )


def _expiry(issue: str, expiry: str | None) -> str:
    start = _checked("issue_date", parse_date, {"issue_date": issue})
    last_year = min(start.year + _VALIDITY_YEARS, MAXYEAR)
    try:
        latest = start.replace(year=last_year)
    except ValueError:  # 29 February
        latest = start.replace(year=last_year, day=28)
    end = _checked("expiry_date", parse_date, {"expiry_date": expiry}) if expiry else latest
    if not start <= end <= latest:
        raise HolderError(
            f"expiry_date: {date_text(end)} must lie between the issue date {date_text(start)} and "
            f"{_VALIDITY_YEARS} years later, {date_text(latest)}",
            f"expiry_date:{date_text(end)} 应在发卡日期 {date_text(start)} 与其后 {_VALIDITY_YEARS} 年"
            f"({date_text(latest)})之间",
        )
    return date_text(end)


def _institution(region: str) -> str:
    """Return prefix, region, province capital and vendor in the inferred reading of facts hrss-card 7."""
    return f"9156000002{region}{region[:2]}010001"


def _split_name(name: str, extension: str | None, layout: Layout) -> tuple[str, str]:
    """Return the name and its extension; a long name goes on in the extension where the layout has one.

    The cut falls between characters, so a GBK pair is never split.
    """
    room = _room("name")
    extension_room = _room("name_extension") if Layout.V1_00 is not layout else 0
    try:
        size = len(encode_gbk(name))
    except ElementError as error:
        raise HolderError(f"name: {error}", f"name:{error.text.zh}") from error
    if extension and not extension_room:
        raise HolderError(
            f"name_extension: layout {layout.text} has no such element",
            f"name_extension:布局 {layout.text} 没有该数据元",
        )
    if size <= room or extension is not None:
        return name, extension or ""
    cut = min(len(name), room)
    while len(encode_gbk(name[:cut])) > room:
        cut -= 1
    if len(encode_gbk(name[cut:])) > extension_room:
        raise HolderError(
            f"name: {size} bytes in GBK; layout {layout.text} holds {room}"
            + (f" and {extension_room} more in the extension, no character split" if extension_room else ""),
            f"name:GBK 编码 {size} 字节;布局 {layout.text} 最多 {room} 字节"
            + (f",扩展另有 {extension_room} 字节(不拆分字符)" if extension_room else ""),
        )
    return name[:cut], name[cut:]


def _room(name: str) -> int:
    element = next(element for file in (EF05, EF06) for element in file.records if element.name == name)
    if not isinstance(element.type, An):
        raise TypeError(f"{name} is not text")
    return element.type.size

"""What a setting is, and how values from TOML or JSON become settings."""

from __future__ import annotations

import re
from dataclasses import MISSING, dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from apdu import HexError, Text, format_hex, parse_hex
from cardsim.errors import CardsimError
from cardsim.profiles.table import Table

if TYPE_CHECKING:
    from dataclasses import Field


class ProfileError(CardsimError):
    """A setting that does not exist, or a value that it can not take."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a setting is, for whoever reads or overrides it.

    ``low`` and ``high``: bounds of a number; ``high`` also the most characters of a text. ``sizes``: lengths in bytes.
    ``names``: the names of a table, or the texts of a list, as a regular expression, and an ``example`` of one entry.
    ``needed``: a list may not be empty.
    """

    text: Text
    source: str
    low: int | None = None
    high: int | None = None
    sizes: tuple[int, ...] = ()
    names: str = ""
    needed: bool = False
    example: str = ""


def setting(default: Any, en: str, zh: str, source: str, **bounds: Any) -> Any:  # noqa: ANN401  dataclasses.field's own type
    """Return a profile field with its description."""
    return field(default=default, metadata={"setting": Setting(Text(en, zh), source, **bounds)})


def plain_value(value: object) -> object:
    """Return a setting's value as JSON and TOML can hold it."""
    if isinstance(value, bytes):
        return format_hex(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Table):
        return value.plain()
    return list(value) if isinstance(value, tuple) else value


def converted(entry: Field[Any], value: object) -> object:
    """Return ``value``, as TOML gives it, as the setting takes it; raises :class:`ProfileError`."""
    setting: Setting = entry.metadata["setting"]
    default = entry.default
    if default is MISSING:  # pragma: no cover  every setting has one
        raise AssertionError(entry.name)
    result: object
    if isinstance(default, bool):
        result = _expect(entry.name, value, bool, "true or false", "true 或 false")
    elif isinstance(default, int):
        result = _number(entry.name, value, setting)
    elif isinstance(default, bytes):
        result = _octets(entry.name, value, setting)
    elif isinstance(default, tuple) and setting.names:
        texts = _expect(entry.name, value, list, "a list of texts", "文本列表")
        result = tuple(_named(entry.name, text, setting) for text in texts)
    elif isinstance(default, tuple):
        result = _numbers(entry.name, value, setting)
    elif isinstance(default, Enum):
        result = _choice(entry.name, value, type(default))
    elif isinstance(default, Table):
        result = _table(entry.name, value, setting)
    else:
        text: str = _expect(entry.name, value, str, "a text", "文本")
        if len(text) > (setting.high or 0) or not (text.isascii() and text.isprintable()):
            raise _bad(
                entry.name, value, f"at most {setting.high} ASCII characters", f"至多 {setting.high} 个 ASCII 字符"
            )
        result = text
    return result


def _numbers(name: str, value: object, setting: Setting) -> tuple[int, ...]:
    listed = _expect(name, value, list, "a list of numbers", "数字列表")
    if setting.needed and not listed:
        raise _bad(name, value, "at least one number", "至少一个数字")
    return tuple(_number(name, number, setting) for number in listed)


def _number(name: str, value: object, setting: Setting) -> int:
    number: int = _expect(name, value, int, "a number", "整数")
    low = 0 if setting.low is None else setting.low
    high = 0xFFFF_FFFF if setting.high is None else setting.high
    if isinstance(value, bool) or not low <= number <= high:
        raise _bad(name, value, f"a number from {low} to {high}", f"{low} 至 {high} 的整数")
    return number


def _octets(name: str, value: object, setting: Setting) -> bytes:
    text: str = _expect(name, value, str, "hexadecimal digits in quotes", "带引号的十六进制数字")
    try:
        octets = parse_hex(text)
    except HexError as error:
        raise ProfileError(f"setting {name!r}: {error}", f"设置 {name!r}:{error.text.zh}") from error
    if setting.sizes and len(octets) not in setting.sizes:
        sizes = ", ".join(map(str, setting.sizes))
        raise _bad(name, value, f"of length {sizes} bytes", f"{sizes} 字节")
    return octets


def _named(name: str, value: object, setting: Setting) -> str:
    text: str = _expect(name, value, str, "a list of texts", "文本列表")
    if not re.fullmatch(setting.names, text):
        raise _bad(name, value, f"of the form {setting.names}", f"{setting.names} 的形式")
    return text


def _table(name: str, value: object, setting: Setting) -> Table:
    example = f"{{ {setting.example} }}"
    table: dict[str, object] = _expect(name, value, dict, f"a table: {example}", f"表:{example}")
    for key in table:
        if not re.fullmatch(setting.names, key):
            raise _bad(name, key, f"named as in {example}", f"{example} 的形式")
    return Table(tuple(sorted((key, _number(name, number, setting)) for key, number in table.items())))


def _choice(name: str, value: object, kind: type[Enum]) -> Enum:
    try:
        return kind(value)
    except ValueError:
        choices = ", ".join(repr(choice.value) for choice in kind)
        raise _bad(name, value, f"one of {choices}", f"{choices} 之一") from None


def _expect(name: str, value: object, kind: type, en: str, zh: str) -> Any:  # noqa: ANN401  the checked type is an argument
    if not isinstance(value, kind):
        raise _bad(name, value, en, zh)
    return value


def _bad(name: str, value: object, en: str, zh: str) -> ProfileError:
    return ProfileError(
        f"setting {name!r} is {value!r}; it must be {en}", f"设置 {name!r} 的值 {value!r} 有误;应为{zh}"
    )

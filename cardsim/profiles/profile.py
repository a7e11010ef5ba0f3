"""A chip profile: everything that differs between real cards, or that no source settles, as named settings.

Each setting has a documented default, the values it takes and where the default comes from; nothing in the program asks
for a vendor. A TOML file overrides settings by name: ``cardsim profile`` prints one with every setting explained.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import MISSING, dataclass, field, fields, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Self

from apdu import HexError, Text, format_hex, parse_hex
from cardsim.errors import CardsimError
from cardsim.profiles.choices import (
    BlockedSelect,
    Case4Answer,
    ChallengeLifetime,
    LeRule,
    LineMac,
    Tag60,
    VerifyQuery,
    WriteProtection,
    WrongMac,
)
from cardsim.profiles.table import Table
from cardsim.zones.layouts import Layout

if TYPE_CHECKING:
    from collections.abc import Mapping
    from dataclasses import Field


_ELEMENT: Final = r"(?:SSSE|DF[0-9A-F]{2})/EF[0-9A-F]{2}/[0-9A-F]{2}"
_ZONE: Final = r"[A-Z][A-Z0-9_]{0,15}"
_MAX_ELEMENT: Final = 253
"""Bytes of the longest element that one UPDATE RECORD carries, tag and length before it."""


class ProfileError(CardsimError):
    """A setting that does not exist, or a value that it can not take."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a setting is, for whoever reads or overrides it.

    ``low`` and ``high``: bounds of a number; ``high`` also the most characters of a text. ``sizes``: lengths in bytes.
    ``names``: the names of a table, as a regular expression, and an ``example`` of one entry.
    """

    text: Text
    source: str
    low: int | None = None
    high: int | None = None
    sizes: tuple[int, ...] = ()
    names: str = ""
    example: str = ""


def _setting(default: Any, en: str, zh: str, source: str, **bounds: Any) -> Any:  # noqa: ANN401  dataclasses.field's own type
    return field(default=default, metadata={"setting": Setting(Text(en, zh), source, **bounds)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The settings of one chip. Instances are values; :meth:`override` makes changed ones."""

    chip: str = _setting(
        "gen2", "name of the profile, up to 16 characters", "配置名称,至多 16 字符", "design page", high=16
    )
    memory_size: int = _setting(
        32_768,
        "bytes of memory, headers included",
        "存储器字节数(含文件头)",
        "handbook Q10: 32 K",
        low=2_048,
        high=262_144,
    )
    historical_bytes: bytes = _setting(
        b"",
        "the 13 historical bytes of the ATR; empty: 00, chip_code, manufacturer, city, serial of the card",
        "ATR 的 13 字节历史字节;为空则由 00、chip_code、manufacturer、城市代码、卡序列号组成",
        "hrss-card 7",
        sizes=(0, 13),
    )
    chip_code: bytes = _setting(
        bytes.fromhex("81544C92"),
        "chip and COS code in the ATR",
        "ATR 中的芯片与 COS 代码",
        "hrss-card 7, a v2.00 row",
        sizes=(4,),
    )
    manufacturer: bytes = _setting(
        bytes.fromhex("8684"),
        "manufacturer code in the ATR",
        "ATR 中的厂商代码",
        "hrss-card 7, a v2.00 row",
        sizes=(2,),
    )
    mf_name: bytes = _setting(
        b"1PAY.SYS.DDF01",
        "name of the MF (hexadecimal), empty for none",
        "MF 的名称(十六进制),可为空",
        "hrss-card 9 G3",
        sizes=(0, *range(5, 17)),
    )
    hrss_fid: int = _setting(
        0xDDF1, "FID of the HRSS application", "社保应用的文件标识符", "hrss-card 1 [1]", low=0x0001, high=0xFFFE
    )
    dir_sfi: int = _setting(
        0,
        "SFI of the HRSS application's DIR; 0: 0B with layout 1.00, 1E later",
        "社保应用目录文件 SFI;0 表示 1.00 用 0B,其后用 1E",
        "hrss-card 1",
        low=0,
        high=30,
    )
    spec_version: str = _setting(
        "",
        "text of EF05 tag 03, up to 4 characters; empty: the layout's",
        "EF05 标签 03 规范版本文本,至多 4 字符;为空则与布局一致",
        "hrss-card 2.1 (1.00, 2.00, 2.0, 2.01, 3.00 are met)",
        high=4,
    )
    an_padding: int = _setting(
        0x00,
        "byte behind short text: 00, or 20 as on a real V1.00 card",
        "文本右侧填充字节:00,或实卡上的 20",
        "hrss-card 2",
        low=0,
        high=255,
    )
    cn_padding: int = _setting(
        0xF,
        "digit behind short numbers: F, or 0 as on some blank cards",
        "数字右侧填充:F,或部分空白卡的 0",
        "hrss-card 2",
        low=0,
        high=15,
    )
    pin_limit: int = _setting(
        6,
        "wrong entries until the HRSS PIN is blocked",
        "社保 PIN 允许的连续错误次数",
        "hrss-card 5 [inf]",
        low=1,
        high=15,
    )
    verify_query: VerifyQuery = _setting(
        VerifyQuery.TRIES_LEFT,
        "answer to VERIFY without data",
        "不带数据的 VERIFY 的响应",
        "ISO/IEC 7816-4, 11.6.6; unknown on real cards",
    )
    failed_verify_revokes: bool = _setting(
        False,
        "a wrong PIN takes back an earlier right one",
        "PIN 错误时撤销先前的验证状态",
        "native-card-os 3: failure never changes state",
    )
    state_survives_reselect: bool = _setting(
        True,
        "selecting the same application again keeps PINs and keys verified",
        "重新选择同一应用时保留安全状态",
        "terminal-interface 2.3 [inf]",
    )
    element_sizes: Table = _setting(
        Table(),
        'bytes of elements whose length no source gives, each 20 otherwise: { "DF05/EF05/A0" = 30 }',
        '长度未知的数据元的字节数(缺省各 20):{ "DF05/EF05/A0" = 30 }',
        "hrss-card 2.3, 2.8, 12",
        low=1,
        high=_MAX_ELEMENT,
        names=_ELEMENT,
        example='"DF05/EF05/A0" = 30',
    )
    certificate_fids: Table = _setting(
        Table(),
        "file of a zone that carries the card's certificate, where no standard says which: { CAMPUS = 0xEF0E }",
        "无标准规定时,各区域存放卡证书的文件标识符:{ CAMPUS = 0xEF0E }",
        "no source; EF0E otherwise",
        low=0x0001,
        high=0xFFFE,
        names=_ZONE,
        example="CAMPUS = 0xEF0E",
    )
    tag_60_file: Tag60 = _setting(
        Tag60.AS_LISTED,
        "file that has the date with tag 60; as listed: DF02/EF06, with layout 1.00 both",
        "含标签 60(日期)的文件;as listed 表示 DF02/EF06,1.00 布局则两者皆有",
        "hrss-card 2.6; 11: exactly one of the two",
    )
    mf_select_first: bool = _setting(
        False,
        "refuse names until 3F00 has been selected",
        "选择 3F00 之前拒绝按名选择",
        "hrss-card 3: Hengbao cards [1]",
    )
    sfi_makes_current: bool = _setting(
        True,
        "addressing a file by SFI makes it the current EF",
        "以 SFI 访问后该文件成为当前文件",
        "ISO/IEC 7816-4, 7.1.2",
    )
    challenge_sizes: tuple[int, ...] = _setting(
        (4, 8), "lengths that GET CHALLENGE gives", "GET CHALLENGE 支持的长度", "hrss-card 4.3", low=1, high=255
    )
    challenge_lifetime: ChallengeLifetime = _setting(
        ChallengeLifetime.UNTIL_USED, "how long a challenge can be used", "随机数的有效期", "hrss-card 4.3, 8"
    )
    key_limit: int = _setting(
        3,
        "wrong cryptograms or MACs until a key is blocked",
        "密钥允许的连续错误次数",
        "terminal-interface 3.2: 63C2 is the most met",
        low=1,
        high=15,
    )
    key_versions: tuple[int, ...] = _setting(
        (0,), "versions of every key on the card", "卡上每个密钥的版本号", "hrss-card 4.1: 00 to 03", high=255
    )
    line_mac: LineMac = _setting(
        LineMac.SESSION, "key and IV of the MAC of protected commands", "安全报文 MAC 的密钥与初始向量", "hrss-card 4.5"
    )
    wrong_mac: WrongMac = _setting(
        WrongMac.SM_OBJECT_WRONG,
        "status word for a wrong MAC",
        "MAC 错误的状态字",
        "native-card-os 15.3; 9302 in hrss-card 3",
    )
    write_protection: WriteProtection = _setting(
        WriteProtection.NONE,
        "what a write to a file under an update key must carry",
        "受更新密钥控制的文件写入时的线路保护",
        "hrss-card 6 (S7 alone has MAC)",
    )
    blocked_select: BlockedSelect = _setting(
        BlockedSelect.LOCKED,
        "answer to SELECT of a blocked application",
        "选择已锁定应用的响应",
        "hrss-card 3 [inf]; native-card-os 13",
    )
    case4_answer: Case4Answer = _setting(
        Case4Answer.FETCH,
        "how SELECT and other case-4 answers leave a T=0 card",
        "T=0 下情形 4 响应的方式",
        "hrss-card 3, 9 (6118)",
    )
    le_zero: LeRule = _setting(
        LeRule.REPEAT,
        "answer of a T=0 card to Le = 00 (256 wanted, fewer there)",
        "T=0 下 Le=00 的响应",
        "ISO/IEC 7816-3, 12.2; hrss-card 3",
    )
    le_larger: LeRule = _setting(
        LeRule.REPEAT,
        "answer of a T=0 card to a Le larger than the answer",
        "T=0 下 Le 大于实际长度时的响应",
        "hrss-card 3",
    )

    @classmethod
    def settings(cls) -> dict[str, Setting]:
        """Every setting's description by its name, in the order they are declared."""
        return {entry.name: entry.metadata["setting"] for entry in fields(cls)}

    def override(self, values: Mapping[str, object]) -> Self:
        """Return the profile with ``values`` (as TOML or JSON gives them) in place of its own.

        Raises :class:`ProfileError` naming the setting, for an unknown name or a value outside its bounds.
        """
        known = {entry.name: entry for entry in fields(self)}
        changes: dict[str, Any] = {}
        for name, value in values.items():
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint, hint_zh = (f"; did you mean {near[0]!r}?", f";是否为 {near[0]!r}?") if near else ("", "")
                raise ProfileError(f"there is no setting {name!r}{hint}", f"没有名为 {name!r} 的设置{hint_zh}")
            changes[name] = _convert(known[name], value)
        return replace(self, **changes)

    def plain(self) -> dict[str, object]:
        """Return all settings as JSON and TOML can hold them; :meth:`override` takes them back."""
        return {entry.name: plain_value(getattr(self, entry.name)) for entry in fields(self)}

    def dir_sfi_for(self, layout: Layout) -> int:
        """Return the SFI of the HRSS DIR."""
        return self.dir_sfi or (0x0B if layout is Layout.V1_00 else 0x1E)

    def tag_60_files_for(self, layout: Layout) -> tuple[str, ...]:
        """Return the files that have tag 60."""
        if self.tag_60_file is not Tag60.AS_LISTED:
            return (self.tag_60_file.value,)
        both = (Tag60.DF02_EF06.value, Tag60.DF03_EF05.value)
        return both if layout is Layout.V1_00 else both[:1]

    def spec_version_for(self, layout: Layout) -> str:
        """Return the text of EF05 tag 03."""
        return self.spec_version or layout.text


def plain_value(value: object) -> object:
    """Return a setting's value as JSON and TOML can hold it."""
    if isinstance(value, bytes):
        return format_hex(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Table):
        return value.plain()
    return list(value) if isinstance(value, tuple) else value


def _convert(entry: Field[Any], value: object) -> object:
    setting: Setting = entry.metadata["setting"]
    default = entry.default
    if default is MISSING:  # pragma: no cover  every setting has one
        raise AssertionError(entry.name)
    converted: object
    if isinstance(default, bool):
        converted = _expect(entry.name, value, bool, "true or false", "true 或 false")
    elif isinstance(default, int):
        converted = _number(entry.name, value, setting)
    elif isinstance(default, bytes):
        converted = _octets(entry.name, value, setting)
    elif isinstance(default, tuple):
        numbers = _expect(entry.name, value, list, "a list of numbers", "数字列表")
        converted = tuple(_number(entry.name, number, setting) for number in numbers)
    elif isinstance(default, Enum):
        converted = _choice(entry.name, value, type(default))
    elif isinstance(default, Table):
        converted = _table(entry.name, value, setting)
    else:
        text: str = _expect(entry.name, value, str, "a text", "文本")
        if len(text) > (setting.high or 0) or not (text.isascii() and text.isprintable()):
            raise _bad(
                entry.name, value, f"at most {setting.high} ASCII characters", f"至多 {setting.high} 个 ASCII 字符"
            )
        converted = text
    return converted


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

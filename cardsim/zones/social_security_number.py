"""The social-security number (社会保障号码): nationally unique and lifelong (facts handbook, Q7 and Q8).

Three families. Eighteen characters with a birth date and an ISO/IEC 7064 MOD 11-2 check character (GB 11643-1999):
citizens, holders of residence permits of Hong Kong, Macao and Taiwan (810000, 820000, 830000 in place of the region)
and of the foreigners' permanent residence card since 2023 (9, province 2 digits, country 3 digits). Twelve characters
made from a travel permit: HKG, MAC, TWN. Fifteen characters on the foreigners' older card.

The check detects every change of one character and every swap of two neighbours.
"""

from __future__ import annotations

import re
from datetime import date
from enum import Enum, unique
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from apdu.text import Text
from cardsim.errors import NumberError
from cardsim.zones.nations import Sex

if TYPE_CHECKING:
    from typing import Self

_CHECK_CHARACTERS = "0123456789X"
_BODY = re.compile(r"[0-9]{17}")
# GB/T 2260, digits 1 and 2. Hong Kong, Macao and residents of Taiwan are told by their whole prefix instead.
_PROVINCES = frozenset(
    (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71)
)


@unique
class NumberKind(Enum):
    """The document that a social-security number is taken from."""

    CITIZEN = Text("citizen identity number", "公民身份号码")
    HONG_KONG_RESIDENT = Text("residence permit, Hong Kong", "香港居民居住证")
    MACAO_RESIDENT = Text("residence permit, Macao", "澳门居民居住证")
    TAIWAN_RESIDENT = Text("residence permit, Taiwan", "台湾居民居住证")
    FOREIGN_RESIDENT = Text("foreigner's permanent residence card", "外国人永久居留身份证")
    FOREIGN_RESIDENT_OLD = Text("foreigner's permanent residence card before 2023", "外国人永久居留身份证(2023 年前)")
    HONG_KONG_PERMIT = Text("travel permit, Hong Kong", "港澳居民来往内地通行证(香港)")
    MACAO_PERMIT = Text("travel permit, Macao", "港澳居民来往内地通行证(澳门)")
    TAIWAN_PERMIT = Text("travel permit, Taiwan", "台湾居民来往大陆通行证")

    @property
    def text(self) -> Text:
        """The document's name."""
        return self.value

    @property
    def has_check(self) -> bool:
        """True for the eighteen-character numbers, which carry a birth date, the sex and a check character."""
        return self in _CHECKED


_CHECKED = frozenset(
    {
        NumberKind.CITIZEN,
        NumberKind.HONG_KONG_RESIDENT,
        NumberKind.MACAO_RESIDENT,
        NumberKind.TAIWAN_RESIDENT,
        NumberKind.FOREIGN_RESIDENT,
    }
)

# In this order: the citizens' pattern holds the more special ones before it too.
_SHAPES: Final = MappingProxyType(
    {
        NumberKind.HONG_KONG_RESIDENT: re.compile(r"810000[0-9]{11}[0-9X]"),
        NumberKind.MACAO_RESIDENT: re.compile(r"820000[0-9]{11}[0-9X]"),
        NumberKind.TAIWAN_RESIDENT: re.compile(r"830000[0-9]{11}[0-9X]"),
        NumberKind.FOREIGN_RESIDENT: re.compile(r"9[0-9]{16}[0-9X]"),
        NumberKind.CITIZEN: re.compile(r"[0-9]{17}[0-9X]"),
        NumberKind.FOREIGN_RESIDENT_OLD: re.compile(r"[A-Z]{3}[0-9]{12}"),
        NumberKind.HONG_KONG_PERMIT: re.compile(r"HKG0[0-9]{8}"),
        NumberKind.MACAO_PERMIT: re.compile(r"MAC0[0-9]{8}"),
        NumberKind.TAIWAN_PERMIT: re.compile(r"TWN0[0-9]{8}"),
    }
)

# Eight digits for life, then, on some permits, two that count the re-issues.
_PERMITS: Final = MappingProxyType(
    {
        NumberKind.HONG_KONG_PERMIT: (
            "HKG0",
            re.compile(r"H([0-9]{8})([0-9]{2})?"),
            Text("H and 8 or 10 digits", "H 加 8 或 10 位数字"),
        ),
        NumberKind.MACAO_PERMIT: (
            "MAC0",
            re.compile(r"M([0-9]{8})([0-9]{2})?"),
            Text("M and 8 or 10 digits", "M 加 8 或 10 位数字"),
        ),
        NumberKind.TAIWAN_PERMIT: (
            "TWN0",
            re.compile(r"([0-9]{8})([0-9]{2})?"),
            Text("8 or 10 digits", "8 或 10 位数字"),
        ),
    }
)


class SocialSecurityNumber(str):
    """A checked social-security number, exactly as the card stores it, before padding: 12, 15 or 18 characters.

    The constructor raises :class:`NumberError` saying what is wrong, without repeating the number, which names a
    person. A small x is refused, not turned into X: on a card it is a mistake that a test bench has to show. There is
    no clock here, so a birth date in the future passes.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Return ``text`` as a social-security number, if it is one."""
        _validate(text)
        return super().__new__(cls, text)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the number that ``text`` is.

        Raises :class:`NumberError` for a wrong form, province, birth date or check character. The foreigners' older
        form is accepted by its shape alone, three letters and twelve digits: no source at hand states its check.
        """
        return cls(text)

    @classmethod
    def complete(cls, body: str) -> Self:
        """Return the number whose first seventeen digits are ``body``.

        Raises :class:`NumberError` as :meth:`parse` and :func:`check_character` do.
        """
        return cls(body + check_character(body))

    @classmethod
    def from_travel_permit(cls, kind: NumberKind, permit_number: str) -> Self:
        """Return the number for a holder with a travel permit: HKG, MAC or TWN, a reserved 0, eight of its digits.

        Hong Kong and Macao: positions 2-9 of H or M and digits; Taiwan: positions 1-8 (facts handbook, Q8).
        Raises :class:`NumberError` for another kind, or a permit number that is not of its kind's form.
        """
        if kind not in _PERMITS:
            raise NumberError(
                f"a number is not made from a travel permit for: {kind.text.en}", f"{kind.text.zh}不由通行证号码生成"
            )
        prefix, form, wanted = _PERMITS[kind]
        match = form.fullmatch(permit_number)
        if not match:
            raise NumberError(
                f"the number is not one of a {kind.text.en}: {wanted.en} are needed",
                f"号码不是{kind.text.zh}号码:应为 {wanted.zh}",
            )
        return cls(prefix + match[1])

    @property
    def kind(self) -> NumberKind:
        """The document this number is taken from."""
        return _kind(self)

    @property
    def region(self) -> str | None:
        """The six digits in the region's place; ``None`` for foreigners' and travel-permit numbers, which have none."""
        kind = self.kind
        return self[:6] if kind.has_check and kind is not NumberKind.FOREIGN_RESIDENT else None

    @property
    def birth_date(self) -> date | None:
        """The date of birth, where the number carries it with its century."""
        return _birth_date(self) if self.kind.has_check else None

    @property
    def sex(self) -> Sex | None:
        """From the parity of the seventeenth digit: odd male, even female; ``None`` where there is none."""
        if not self.kind.has_check:
            return None
        return Sex.MALE if int(self[16]) % 2 else Sex.FEMALE


def check_character(body: str) -> str:
    """Return the check character, 0-9 or X, of the seventeen digits ``body`` (ISO/IEC 7064 MOD 11-2).

    Raises :class:`NumberError` when ``body`` is not seventeen digits; region and date are not looked at.
    """
    if not _BODY.fullmatch(body):
        raise NumberError(
            f"the check character is computed over 17 digits; these {len(body)} characters are not",
            f"校验码由 17 位数字计算;这 {len(body)} 个字符不符",
        )
    total = 0
    for digit in body:
        total = (total + int(digit)) * 2
    return _CHECK_CHARACTERS[(1 - total) % 11]


def _validate(text: str) -> None:
    kind = _kind(text)
    if not kind.has_check:
        return
    if kind is NumberKind.CITIZEN:
        _validate_province(text, 0)
    if kind is NumberKind.FOREIGN_RESIDENT:
        _validate_province(text, 1)
    _birth_date(text)
    expected = check_character(text[:17])
    if text[17] != expected:
        raise NumberError(
            f"the check character is {text[17]}, expected {expected}: one of the 18 characters is wrong",
            f"校验码为 {text[17]},应为 {expected}:18 个字符中有误",
        )


def _kind(text: str) -> NumberKind:
    for kind, shape in _SHAPES.items():
        if shape.fullmatch(text):
            return kind
    raise _shape_error(text)


def _validate_province(text: str, offset: int) -> None:
    province = text[offset : offset + 2]
    if int(province) not in _PROVINCES:
        raise NumberError(
            f"digits {offset + 1} and {offset + 2} are {province}, which is no province's code (GB/T 2260)",
            f"第 {offset + 1}、{offset + 2} 位为 {province},不是省级行政区划代码(GB/T 2260)",
        )


def _birth_date(text: str) -> date:
    year, month, day = text[6:10], text[10:12], text[12:14]
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise NumberError(
            f"digits 7 to 14 are {year}-{month}-{day}, which is no date",
            f"第 7 至 14 位为 {year}-{month}-{day},不是有效日期",
        ) from None


def _shape_error(text: str) -> NumberError:
    if len(text) == 18:
        position, bad = next(
            (i, c) for i, c in enumerate(text, 1) if c not in (_CHECK_CHARACTERS if i == 18 else "0123456789")
        )
        if position == 18 and bad == "x":
            return NumberError("the check character is a small x; write a capital X", "校验码为小写 x;请写大写 X")
        return NumberError(
            f"character {position} is {bad!r}; an 18-character number is 17 digits and a check character 0-9 or X",
            f"第 {position} 个字符为 {bad!r};18 位号码为 17 位数字加校验码 0-9 或 X",
        )
    return NumberError(
        f"{len(text)} characters of no known form: 17 digits and a check character; HKG0, MAC0 or TWN0 and 8 digits; "
        "3 letters and 12 digits",
        f"{len(text)} 个字符,形式未知:17 位数字加校验码;HKG0、MAC0 或 TWN0 加 8 位数字;3 个字母加 12 位数字",
    )

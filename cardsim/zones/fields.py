"""The data types of elements: how text, digits, dates and bytes stand in a record of fixed length.

Source of types and padding: facts hrss-card 2 (an, cn, b); Chinese text is GBK.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Protocol

from apdu import HexError, SimpleTlv, TlvError, format_hex, parse_hex, parse_simple
from cardsim.errors import ElementError

Value = str | date | bytes | None
"""What an element holds once decoded; ``None`` when it is empty (padding only)."""

_GBK: Final = "gbk"


@dataclass(frozen=True, slots=True)
class Padding:
    """The bytes behind short values: ``an`` a byte, ``cn`` a digit (profile settings an_padding and cn_padding)."""

    an: int = 0x00
    cn: int = 0xF


class FieldType(Protocol):
    """One data type with its length."""

    @property
    def size(self) -> int:
        """Length in bytes."""
        ...

    @property
    def name(self) -> str:
        """The type as the sheets write it, "an30"."""
        ...

    def encode(self, text: str, padding: Padding) -> bytes:
        """Return ``size`` bytes; raises ElementError when ``text`` does not fit the type."""
        ...

    def decode(self, raw: bytes) -> Value:
        """Return the value in ``raw``; raises ElementError when it is none of this type."""
        ...


@dataclass(frozen=True, slots=True)
class An:
    """Text: GBK, left aligned, padded on the right. ``size`` counts bytes, so 15 Chinese characters fill an30."""

    size: int

    @property
    def name(self) -> str:
        return f"an{self.size}"

    def encode(self, text: str, padding: Padding) -> bytes:
        raw = encode_gbk(text)
        if len(raw) > self.size:
            raise ElementError(
                f"{text!r} takes {len(raw)} bytes in GBK; there is room for {self.size}",
                f"{text!r} 的 GBK 编码为 {len(raw)} 字节,最多 {self.size} 字节",
            )
        return raw.ljust(self.size, bytes((padding.an,)))

    def decode(self, raw: bytes) -> Value:
        # Both paddings are met on real cards, and every client trims both.
        used = raw.rstrip(b"\x00 ")
        if not used:
            return None
        try:
            return used.decode(_GBK)
        except UnicodeDecodeError as error:
            raise ElementError(f"{format_hex(raw)} is not GBK text", f"{format_hex(raw)} 不是 GBK 文本") from error


@dataclass(frozen=True, slots=True)
class Cn:
    """Digits, two a byte, left aligned, padded with F; ``size`` counts bytes. Empty is all padding."""

    size: int

    @property
    def name(self) -> str:
        return f"cn{self.size}"

    def encode(self, text: str, padding: Padding) -> bytes:
        if not (text.isascii() and (text.isdigit() or not text)) or len(text) > 2 * self.size:
            raise ElementError(
                f"{text!r} must be at most {2 * self.size} digits", f"{text!r} 应为至多 {2 * self.size} 位数字"
            )
        return bytes.fromhex(text.ljust(2 * self.size, f"{padding.cn:X}"))

    def decode(self, raw: bytes) -> Value:
        digits = raw.hex().rstrip("f")
        # Blank cards carry zeros where the specification has F (facts hrss-card 2).
        if not digits.strip("0"):
            return None
        if not digits.isdigit():
            raise ElementError(f"{format_hex(raw)} is not a row of digits", f"{format_hex(raw)} 不是数字串")
        return digits


@dataclass(frozen=True, slots=True)
class CnDate:
    """A date as eight digits YYYYMMDD in four bytes."""

    size: int = 4

    @property
    def name(self) -> str:
        return "cn4 date"

    def encode(self, text: str, padding: Padding) -> bytes:
        if text:
            parse_date(text)
        return Cn(self.size).encode(text, padding)

    def decode(self, raw: bytes) -> Value:
        digits = Cn(self.size).decode(raw)
        return None if digits is None else parse_date(str(digits))


@dataclass(frozen=True, slots=True)
class Bcd(Cn):
    """Exactly ``2 * size`` digits, where one byte of zeros is a value: codes such as the nationality."""

    def encode(self, text: str, padding: Padding) -> bytes:
        if text and len(text) != 2 * self.size:
            raise ElementError(f"{text!r} must be {2 * self.size} digits", f"{text!r} 应为 {2 * self.size} 位数字")
        return Cn(self.size).encode(text, padding)


@dataclass(frozen=True, slots=True)
class Octets:
    """Bytes without further meaning here, written as hexadecimal digits; short values are filled with 00."""

    size: int

    @property
    def name(self) -> str:
        return f"b{self.size}"

    def encode(self, text: str, padding: Padding) -> bytes:  # noqa: ARG002  the shape all types share
        try:
            raw = parse_hex(text)
        except HexError as error:
            raise ElementError(str(error), error.text.zh) from error
        if len(raw) > self.size:
            raise ElementError(
                f"{text!r} is {len(raw)} bytes; there is room for {self.size}",
                f"{text!r} 为 {len(raw)} 字节,最多 {self.size} 字节",
            )
        return raw.ljust(self.size, b"\x00")

    def decode(self, raw: bytes) -> Value:
        return raw if raw.strip(b"\x00") else None


@dataclass(frozen=True, slots=True)
class Number:
    """An unsigned number in bytes, most significant first: sequence numbers, amounts in fen.

    No source states how the type dec4 is coded; the medical debit command sends amounts so (facts hrss-card 2).
    """

    size: int

    @property
    def name(self) -> str:
        return f"number{self.size}"

    def encode(self, text: str, padding: Padding) -> bytes:  # noqa: ARG002  the shape all types share
        if not (text.isascii() and (text.isdigit() or not text)) or int(text or 0) >= 1 << 8 * self.size:
            raise ElementError(
                f"{text!r} must be a whole number below {1 << 8 * self.size}",
                f"{text!r} 应为小于 {1 << 8 * self.size} 的整数",
            )
        return int(text or 0).to_bytes(self.size, "big")

    def decode(self, raw: bytes) -> Value:
        return str(int.from_bytes(raw, "big"))


@dataclass(frozen=True, slots=True)
class Part:
    """One field inside a composite value; ``tag`` only inside a template."""

    type: FieldType
    name: str
    name_zh: str
    tag: int = 0


_PART_SEPARATOR: Final = "^"
"""Between the fields of a composite value as terminals write it (facts terminal-interface 5)."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """Fields that follow one another without tags: the records of cyclic files."""

    parts: tuple[Part, ...]

    @property
    def size(self) -> int:
        return sum(part.type.size for part in self.parts)

    @property
    def name(self) -> str:
        return " ".join(part.type.name for part in self.parts)

    def encode(self, text: str, padding: Padding) -> bytes:
        return b"".join(
            part.type.encode(value, padding) for part, value in zip(self.parts, _split(text, self.parts), strict=True)
        )

    def decode(self, raw: bytes) -> Value:
        texts: list[str] = []
        for part in self.parts:
            texts.append(value_text(part.type.decode(raw[: part.type.size])))
            raw = raw[part.type.size :]
        return _PART_SEPARATOR.join(texts) if any(texts) else None


@dataclass(frozen=True, slots=True)
class Template:
    """A B-TLV: fields with tag and length inside one record's value."""

    parts: tuple[Part, ...]

    @property
    def size(self) -> int:
        return sum(2 + part.type.size for part in self.parts)

    @property
    def name(self) -> str:
        return f"B-TLV{self.size}"

    def encode(self, text: str, padding: Padding) -> bytes:
        return b"".join(
            SimpleTlv(part.tag, part.type.encode(value, padding)).encode()
            for part, value in zip(self.parts, _split(text, self.parts), strict=True)
        )

    def decode(self, raw: bytes) -> Value:
        try:
            found = parse_simple(raw)
        except TlvError as error:
            raise ElementError(str(error), error.text.zh) from error
        if [item.tag for item in found] != [part.tag for part in self.parts]:
            raise ElementError(f"{format_hex(raw)} has other tags inside", f"{format_hex(raw)} 内部标签不符")
        texts = [value_text(part.type.decode(item.value)) for part, item in zip(self.parts, found, strict=True)]
        return _PART_SEPARATOR.join(texts) if any(texts) else None


def _split(text: str, parts: tuple[Part, ...]) -> list[str]:
    if not text:
        return [""] * len(parts)
    values = text.split(_PART_SEPARATOR)
    if len(values) != len(parts):
        names = _PART_SEPARATOR.join(part.name for part in parts)
        names_zh = _PART_SEPARATOR.join(part.name_zh for part in parts)
        raise ElementError(
            f"{text!r} has {len(values)} fields, {len(parts)} are needed: {names}",
            f"{text!r} 有 {len(values)} 个字段,需要 {len(parts)} 个:{names_zh}",
        )
    return values


def encode_gbk(text: str) -> bytes:
    """Return ``text`` in GBK; raises ElementError naming the first character that GBK does not have."""
    try:
        return text.encode(_GBK)
    except UnicodeEncodeError as error:
        character = text[error.start]
        raise ElementError(
            f"{character!r} (U+{ord(character):04X}) in {text!r} is not in GBK, the cards' character set",
            f"{text!r} 中的 {character!r}(U+{ord(character):04X})不在卡片字符集 GBK 内",
        ) from error


def parse_date(text: str) -> date:
    """Return the date that eight digits YYYYMMDD name; raises ElementError when there is no such day."""
    try:
        if len(text) != 8 or not (text.isascii() and text.isdigit()):
            raise ValueError(text)  # noqa: TRY301  the same message as for a day that does not exist
        return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007  a calendar day has no time zone
    except ValueError as error:
        raise ElementError(f"{text!r} is no date YYYYMMDD", f"{text!r} 不是 YYYYMMDD 形式的日期") from error


def value_text(value: Value) -> str:
    """Return a decoded value as text that :meth:`FieldType.encode` takes back."""
    if value is None:
        return ""
    if isinstance(value, date):
        return f"{value:%Y%m%d}"
    return format_hex(value) if isinstance(value, bytes) else value

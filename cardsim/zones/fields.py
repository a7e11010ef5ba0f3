"""The data types of elements: how text, digits, dates and bytes stand in a record of fixed length.

Source of types and padding: facts hrss-card 2 (an, cn, b); Chinese text is GBK.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from apdu import HexError, SimpleTlv, TlvError, format_hex, parse_hex, parse_simple
from cardsim.errors import ElementError

Value = str | date | bytes | None
"""What an element holds once decoded; ``None`` when it is empty (padding only)."""

_GBK: Final = "gbk"
_PADDING_BYTES: Final = b"\x00\xff "
"""What stands in a record that nobody has filled: both paddings of text, that of numbers, zeros of blank cards."""
_LONGEST_SHOWN: Final = 40


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
                f"{_shown(text)} takes {len(raw)} bytes in GBK; there is room for {self.size}",
                f"{_shown(text)} 的 GBK 编码为 {len(raw)} 字节,最多 {self.size} 字节",
            )
        return raw.ljust(self.size, bytes((padding.an,)))

    def decode(self, raw: bytes) -> Value:
        # Both paddings are met on real cards, and every client trims both.
        used = raw.rstrip(b"\x00 ")
        if not used:
            return None
        try:
            text = used.decode(_GBK)
        except UnicodeDecodeError as error:
            raise ElementError(f"{format_hex(raw)} is not GBK text", f"{format_hex(raw)} 不是 GBK 文本") from error
        if _control_position(text) is not None:
            raise ElementError(f"{format_hex(raw)} has control characters", f"{format_hex(raw)} 含控制字符")
        return text


@dataclass(frozen=True, slots=True)
class Cn:
    """Digits, two a byte, left aligned, padded with F; ``size`` counts bytes. Empty is all padding."""

    size: int

    @property
    def name(self) -> str:
        return f"cn{self.size}"

    def encode(self, text: str, padding: Padding) -> bytes:
        if not _digits_only(text) or len(text) > 2 * self.size:
            raise ElementError(
                f"{_shown(text)} must be at most {2 * self.size} digits",
                f"{_shown(text)} 应为至多 {2 * self.size} 位数字",
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
    """Exactly ``2 * size`` digits, or none: codes of a fixed length, such as nation and region."""

    def encode(self, text: str, padding: Padding) -> bytes:
        if text and len(text) != 2 * self.size:
            raise self._incomplete(_shown(text))
        return Cn(self.size).encode(text, padding)

    def decode(self, raw: bytes) -> Value:
        digits = Cn(self.size).decode(raw)
        if digits is not None and len(str(digits)) != 2 * self.size:
            raise self._incomplete(format_hex(raw))
        return digits

    def _incomplete(self, shown: str) -> ElementError:
        return ElementError(f"{shown} must be {2 * self.size} digits", f"{shown} 应为 {2 * self.size} 位数字")


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
                f"{_shown(text)} is {len(raw)} bytes; there is room for {self.size}",
                f"{_shown(text)} 为 {len(raw)} 字节,最多 {self.size} 字节",
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
        limit = 1 << 8 * self.size
        # The length first: Python refuses to read a number of thousands of digits.
        if not _digits_only(text) or len(text) > len(str(limit)) or int(text or 0) >= limit:
            raise ElementError(
                f"{_shown(text)} must be a whole number below {limit}", f"{_shown(text)} 应为小于 {limit} 的整数"
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
        if len(raw) != self.size:
            raise ElementError(
                f"{format_hex(raw)} is {len(raw)} bytes; the record has {self.size}",
                f"{format_hex(raw)} 为 {len(raw)} 字节;记录应为 {self.size} 字节",
            )
        if not raw.strip(_PADDING_BYTES):
            return None
        texts: list[str] = []
        for part in self.parts:
            texts.append(value_text(part.type.decode(raw[: part.type.size])))
            raw = raw[part.type.size :]
        return _PART_SEPARATOR.join(texts)


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
        if not b"".join(item.value for item in found).strip(_PADDING_BYTES):
            return None
        texts = [value_text(part.type.decode(item.value)) for part, item in zip(self.parts, found, strict=True)]
        return _PART_SEPARATOR.join(texts)


def _split(text: str, parts: tuple[Part, ...]) -> list[str]:
    if not text:
        return [""] * len(parts)
    values = text.split(_PART_SEPARATOR)
    if len(values) != len(parts):
        names = _PART_SEPARATOR.join(part.name for part in parts)
        names_zh = _PART_SEPARATOR.join(part.name_zh for part in parts)
        raise ElementError(
            f"{_shown(text)} has {len(values)} fields, {len(parts)} are needed: {names}",
            f"{_shown(text)} 有 {len(values)} 个字段,需要 {len(parts)} 个:{names_zh}",
        )
    return values


def encode_gbk(text: str) -> bytes:
    """Return ``text`` in GBK; raises ElementError naming the first character that is not in GBK, or a control."""
    position = _control_position(text)
    if position is not None:
        raise ElementError(
            f"character {position + 1} of {_shown(text)} is a control character (U+{ord(text[position]):04X})",
            f"{_shown(text)} 的第 {position + 1} 个字符为控制字符(U+{ord(text[position]):04X})",
        )
    try:
        return text.encode(_GBK)
    except UnicodeEncodeError as error:
        character = text[error.start]
        raise ElementError(
            f"{character!r} (U+{ord(character):04X}) in {_shown(text)} is not in GBK, the cards' character set",
            f"{_shown(text)} 中的 {character!r}(U+{ord(character):04X})不在卡片字符集 GBK 内",
        ) from error


def _control_position(text: str) -> int | None:
    """Return where the first control character stands: GBK has those of ASCII, and no text on a card needs one."""
    return next((at for at, character in enumerate(text) if character < " " or character == "\x7f"), None)


def _digits_only(text: str) -> bool:
    return not text or (text.isascii() and text.isdigit())


def _shown(text: str) -> str:
    """Return ``text`` as a message quotes it: whole, unless it is a flood."""
    return repr(text) if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]!r}..."


def parse_date(text: str) -> date:
    """Return the date that eight digits YYYYMMDD name; raises ElementError when there is no such day."""
    try:
        if len(text) != 8 or not _digits_only(text):
            raise ValueError(text)  # noqa: TRY301  the same message as for a day that does not exist
        return date.fromisoformat(text)
    except ValueError as error:
        raise ElementError(f"{_shown(text)} is no date YYYYMMDD", f"{_shown(text)} 不是 YYYYMMDD 形式的日期") from error


def date_text(day: date) -> str:
    """Return ``day`` as eight digits YYYYMMDD (strftime leaves out the zeros of early years)."""
    return day.isoformat().replace("-", "")


def value_text(value: Value) -> str:
    """Return a decoded value as text that :meth:`FieldType.encode` takes back."""
    if value is None:
        return ""
    if isinstance(value, date):
        return date_text(value)
    return format_hex(value) if isinstance(value, bytes) else value

"""Values that a field type takes, for every type there is: text as it is given, and as it is read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from cardsim.zones.fields import An, Bcd, Cn, CnDate, Number, Octets, Padding, Sequence, Template

if TYPE_CHECKING:
    from cardsim.zones.fields import FieldType

GBK = st.characters(codec="gbk", exclude_categories=["Cc"])
NO_SEPARATOR = st.characters(codec="gbk", exclude_categories=["Cc"], exclude_characters="^")
DIGITS = "0123456789"

Pair = tuple[str, str]
"""What is encoded, and what decoding gives back."""


def values_of(kind: FieldType) -> st.SearchStrategy[Pair]:
    match kind:
        case An():
            return _texts(kind.size, GBK)
        case Bcd():
            return _same(st.text(DIGITS, min_size=2 * kind.size, max_size=2 * kind.size).filter(_not_zeros))
        case Cn():
            return _same(st.text(DIGITS, max_size=2 * kind.size).filter(_not_zeros))
        case CnDate():
            return _same(st.dates().map(lambda day: f"{day.year:04}{day.month:02}{day.day:02}"))
        case Octets():
            return st.binary(max_size=kind.size).map(lambda raw: (raw.hex(), _octets(raw, kind.size)))
        case Number():
            return st.integers(0, 256**kind.size - 1).map(lambda number: (str(number), str(number)))
        case Sequence() | Template():
            parts = [
                _texts(p.type.size, NO_SEPARATOR) if isinstance(p.type, An) else values_of(p.type) for p in kind.parts
            ]
            return st.tuples(*parts).filter(lambda pairs: _not_blank(kind, pairs)).map(_joined)
        case _:
            raise AssertionError(f"{kind!r} is a new field type: say here what it takes")


def _texts(size: int, alphabet: st.SearchStrategy[str]) -> st.SearchStrategy[Pair]:
    def fit(text: str) -> str:
        while len(text.encode("gbk")) > size:
            text = text[:-1]
        return text

    return st.text(alphabet, max_size=size).map(fit).map(lambda text: (text, text.rstrip(" ")))


def _same(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Pair]:
    return texts.map(lambda text: (text, text))


def _not_zeros(digits: str) -> bool:
    return not digits or bool(digits.strip("0"))


def _octets(raw: bytes, size: int) -> str:
    return raw.hex().upper().ljust(2 * size, "0") if any(raw) else ""


def _joined(pairs: tuple[Pair, ...]) -> Pair:
    return "^".join(given for given, _ in pairs), "^".join(back for _, back in pairs)


def _not_blank(kind: Sequence | Template, pairs: tuple[Pair, ...]) -> bool:
    """Tell whether some byte is no padding: a composite of nothing else is read back as empty."""
    fields = (part.type.encode(given, Padding()) for part, (given, _) in zip(kind.parts, pairs, strict=True))
    return any(field.strip(b"\x00\xff ") for field in fields)

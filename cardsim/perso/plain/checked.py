"""JSON from a person's hand: every value is asked for by name and kind, and a wrong one is told with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from apdu import HexError, parse_hex
from cardsim.errors import CardsimError

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_SHOWN = 60


class PlainError(CardsimError):
    """Something in the JSON of a card from which no card can be made; the message begins with its place."""


class Checked:
    """One JSON object and where it stands, "3F00/DF01/EF05".

    Every method that takes a key raises :class:`PlainError` when its value is missing or of another kind.
    """

    __slots__ = ("_plain", "place")

    def __init__(self, plain: object, place: str) -> None:
        self.place = place
        if not isinstance(plain, dict):
            self._fail(place, plain, "an object { }", "对象 { }")
        self._plain: dict[str, object] = plain

    def __contains__(self, key: str) -> bool:
        return key in self._plain

    @property
    def plain(self) -> dict[str, object]:
        """The object itself."""
        return self._plain

    def only(self, *keys: str) -> None:
        """Refuse keys that nobody would look at: a misspelt one must not be lost silently."""
        for key in self._plain:
            if key not in keys:
                known = ", ".join(keys)
                raise PlainError(
                    f"{self.place}: there is no {key!r} here; there may be {known}",
                    f"{self.place}:此处没有 {key!r};可用:{known}",
                )

    def remarks(self, *keys: str) -> None:
        """Refuse what is no text under keys that are there for people alone."""
        for key in keys:
            if key in self._plain:
                self.text(key)

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text."""
        value = self._get(key, default)
        if not isinstance(value, str):
            self._fail(self._at(key), value, "a text", "文本")
        return value

    def number(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """Return a whole number within bounds."""
        value = self._get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self._fail(self._at(key), value, f"a number from {low} to {high}", f"{low} 至 {high} 的整数")
        return value

    def flag(self, key: str) -> bool:
        """Return true or false."""
        value = self._get(key)
        if not isinstance(value, bool):
            self._fail(self._at(key), value, "true or false", "true 或 false")
        return value

    def octets(self, key: str, *, size: int | None = None, most: int = 0xFFFF) -> bytes:
        """Return the bytes that a text of hexadecimal digits spells."""
        text = self.text(key)
        try:
            raw = parse_hex(text)
        except HexError as error:
            raise self.error(key, str(error), error.text.zh) from error
        if size is not None and len(raw) != size:
            self._fail(self._at(key), text, f"{2 * size} hexadecimal digits", f"{2 * size} 位十六进制数字")
        if len(raw) > most:
            raise self.error(key, f"{len(raw)} bytes; at most {most}", f"{len(raw)} 字节,最多 {most} 字节")
        return raw

    def octets_in(self, key: str, size: int) -> Iterator[bytes]:
        """Yield the bytes of each text in a list, all of ``size``."""
        for number, item in enumerate(self.items(key), 1):
            yield Checked({str(number): item}, self._at(key)).octets(str(number), size=size)

    def byte(self, key: str) -> int:
        """Return the number that two hexadecimal digits spell."""
        return self.octets(key, size=1)[0]

    def word(self, key: str) -> int:
        """Return the number that four hexadecimal digits spell."""
        return int.from_bytes(self.octets(key, size=2), "big")

    def inside(self, key: str) -> Checked:
        """Return an object inside this one."""
        return Checked(self._get(key), self._at(key))

    def objects(self, key: str, name: str = "") -> Iterator[Checked]:
        """Yield the objects of a list; each goes by its number from 1, ``name`` in front."""
        for number, item in enumerate(self.items(key), 1):
            yield Checked(item, f"{self.place}/{name or key} {number}")

    def items(self, key: str) -> list[object]:
        """Return a list."""
        value = self._get(key)
        if not isinstance(value, list):
            self._fail(self._at(key), value, "a list [ ]", "列表 [ ]")
        return value

    def texts(self, key: str) -> dict[str, str]:
        """Return an object whose values are texts."""
        found = self.inside(key)
        return {name: found.text(name) for name in found.plain}

    def error(self, key: str, en: str, zh: str) -> PlainError:
        """Return an error about the value of ``key``, about the object itself for ""."""
        place = self._at(key) if key else self.place
        return PlainError(f"{place}: {en}", f"{place}:{zh}")

    def _get(self, key: str, default: object = None) -> object:
        if key not in self._plain and default is None:
            raise PlainError(f"{self.place}: {key!r} is missing", f"{self.place}:缺少 {key!r}")
        return self._plain.get(key, default)

    def _at(self, key: str) -> str:
        return f"{self.place}/{key}"

    @staticmethod
    def _fail(place: str, value: object, en: str, zh: str) -> NoReturn:
        shown = repr(value)
        if len(shown) > _LONGEST_SHOWN:
            shown = f"{shown[:_LONGEST_SHOWN]}..."
        raise PlainError(f"{place} is {shown}; it must be {en}", f"{place} 的值 {shown} 有误;应为{zh}")

"""Access conditions as values: who may read or update a file or record.

``FREE``, ``NEVER``, ``Pin("HRSS")``, ``Key("RK")``, ``On(Interface.CONTACT)``, combined with ``&`` and ``|``.
The shape follows facts hrss-card 4.1 (read control and write control of a file) and 6 (classes of files).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from apdu import Interface, Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Access:
    """One access condition; the subclasses are the whole vocabulary."""

    __slots__ = ()

    def __and__(self, other: Access) -> Access:
        return AllOf(_flatten(AllOf, self, other))

    def __or__(self, other: Access) -> Access:
        return AnyOf(_flatten(AnyOf, self, other))

    @property
    def text(self) -> Text:
        """The condition in words."""
        return _describe(self)

    def __str__(self) -> str:
        return self.text.en


@dataclass(frozen=True, slots=True)
class Free(Access):
    """Anybody, at any time."""


@dataclass(frozen=True, slots=True)
class Never(Access):
    """Nobody."""


@dataclass(frozen=True, slots=True)
class Pin(Access):
    """After VERIFY of the PIN of this name, as the zone declares it."""

    name: str


@dataclass(frozen=True, slots=True)
class Key(Access):
    """After EXTERNAL AUTHENTICATE with the key of this name, as the zone declares it."""

    name: str


@dataclass(frozen=True, slots=True)
class On(Access):
    """Through this interface only."""

    interface: Interface


@dataclass(frozen=True, slots=True)
class AllOf(Access):
    """Every part must hold."""

    parts: tuple[Access, ...]


@dataclass(frozen=True, slots=True)
class AnyOf(Access):
    """One part must hold."""

    parts: tuple[Access, ...]


FREE = Free()
NEVER = Never()


def _flatten(kind: type[AllOf | AnyOf], left: Access, right: Access) -> tuple[Access, ...]:
    parts: list[Access] = []
    for side in (left, right):
        parts.extend(side.parts if isinstance(side, kind) else (side,))
    return tuple(parts)


def _describe(access: Access) -> Text:
    match access:
        case Free():
            return Text("free", "自由")
        case Pin(name):
            return Text(f"PIN {name}", f"PIN {name}")
        case Key(name):
            return Text(f"key {name}", f"密钥 {name}")
        case On(interface):
            zh = "接触界面" if interface is Interface.CONTACT else "非接触界面"
            return Text(f"{interface.value} interface", zh)
        case AllOf(parts):
            return _joined(parts, " and ", "且")
        case AnyOf(parts):
            return _joined(parts, " or ", "或")
        case _:
            return Text("never", "禁止")


def _joined(parts: tuple[Access, ...], en: str, zh: str) -> Text:
    def inner(part: Access) -> Text:
        text = part.text
        return Text(f"({text.en})", f"({text.zh})") if isinstance(part, AllOf | AnyOf) else text

    texts = [inner(part) for part in parts]
    return Text(en.join(text.en for text in texts), zh.join(text.zh for text in texts))


def terms(access: Access) -> Iterator[Access]:
    """Yield the single conditions that ``access`` is combined of."""
    match access:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from terms(part)
        case _:
            yield access


def rename(access: Access, names: Mapping[Access, Access]) -> Access:
    """Return ``access`` with every PIN and key that ``names`` knows replaced."""
    match access:
        case AllOf(parts):
            return AllOf(tuple(rename(part, names) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(rename(part, names) for part in parts))
        case _:
            return names.get(access, access)

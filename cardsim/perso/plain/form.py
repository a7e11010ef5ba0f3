"""What the JSON of a card looks like, for both directions: its keys, and how headers and key records become them.

Fields of a header or a key record that are not named here come and go by their own names, so that one which the chip
gets later needs nothing here.
"""

from __future__ import annotations

from dataclasses import fields
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from apdu import format_hex
from cardsim.chip.layout import FileType
from cardsim.chip.rules import encode_rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cardsim.perso.plain.checked import Checked

FORMAT: Final = "cardsim card 1"
TOP: Final = ("format", "profile", "layout", "printed", "memory", "card", "rest")
PLACE_FIELDS: Final = ("fid", "type", "size", "name_size")
"""Fields of a header that follow from the place in the JSON and from the contents."""
RIGHT_FIELDS: Final = ("right1", "right2")
RECORD_FIELDS: Final = ("type", "id", "value", "tries", "algorithm")
NATIVE_FIELDS: Final = ("type", "id", "value", "b5")
_OPEN: Final = frozenset(
    kind.name
    for kind in (
        FileType.TRANSPARENT,
        FileType.VARIABLE,
        FileType.CYCLIC,
        FileType.FIXED,
        FileType.PURSE,
        FileType.PUBLIC_KEY,
        FileType.RULES,
        FileType.APPLICATION,
    )
)
"""Types of files without a secret in them; all others, those to come too, are taken for secret."""
_SECRET_SETTINGS: Final = ("native_transport_key",)


def secret_keys(node: Mapping[str, object]) -> tuple[str, ...]:
    """Return the keys of an object of the JSON whose values are PINs or keys, or bytes that may hold one."""
    if "reference" in node:  # a PIN or a key
        return ("value",)
    if "file" in node:
        return () if node.get("type") in _OPEN else ("body", "raw")
    if "directory" in node or "format" in node:  # what is left in erased memory
        return ("rest", "raw")
    return _SECRET_SETTINGS if "chip" in node else ()


def without_secrets(node: Mapping[str, object]) -> dict[str, object]:
    """Return what anybody may see of an export or an object in it."""
    secret = secret_keys(node)
    return {key: _without_secrets(value) for key, value in node.items() if key not in secret}


def _without_secrets(value: object) -> object:
    if isinstance(value, list):
        return [_without_secrets(item) for item in value]
    return without_secrets(value) if isinstance(value, dict) else value


_RIGHT_KEYS: Final = {FileType.PRIVATE_KEY: ("right1", "right2"), FileType.PURSE: ("use", "load")}


def right_keys(kind: FileType) -> tuple[str, ...]:
    """Return what the two rights of an elementary file are called, nothing for an internal file."""
    if kind.internal or kind is FileType.DIRECTORY:
        return ()
    return _RIGHT_KEYS.get(kind, ("read", "update"))


def handled_fields(kind: FileType) -> tuple[str, ...]:
    """Return the fields of a file's header that have a form of their own in the JSON."""
    with_length = kind in (FileType.CYCLIC, FileType.FIXED)
    return PLACE_FIELDS + (RIGHT_FIELDS if right_keys(kind) else ()) + (("extra",) if with_length else ())


def plain_fields(value: Any, handled: tuple[str, ...]) -> dict[str, object]:  # noqa: ANN401  any dataclass
    """Return the fields of a dataclass that are not ``handled`` and not as they usually are."""
    plain: dict[str, object] = {}
    for entry in fields(value):
        item = getattr(value, entry.name)
        if entry.name in handled or item == entry.default:
            continue
        if isinstance(item, bool):
            plain[entry.name] = item
        elif isinstance(item, Enum):
            plain[entry.name] = item.name
        elif isinstance(item, bytes):
            plain[entry.name] = format_hex(item)
        else:
            plain[entry.name] = f"{item:02X}"
    return plain


def field_names(kind: Any, handled: tuple[str, ...]) -> tuple[str, ...]:  # noqa: ANN401  any dataclass
    """Return the names that :func:`plain_fields` gives."""
    return tuple(entry.name for entry in fields(kind) if entry.name not in handled)


def parsed_fields(kind: Any, node: Checked, handled: tuple[str, ...]) -> dict[str, Any]:  # noqa: ANN401  any dataclass
    """Return the fields that ``node`` has, for the constructor of a dataclass."""
    values: dict[str, Any] = {}
    for entry in fields(kind):
        if entry.name in handled or entry.name not in node:
            continue
        if isinstance(entry.default, bool):
            values[entry.name] = node.flag(entry.name)
        elif isinstance(entry.default, Enum):
            values[entry.name] = member(node, entry.name, type(entry.default))
        elif isinstance(entry.default, bytes):
            values[entry.name] = node.octets(entry.name)
        else:
            values[entry.name] = node.byte(entry.name)
    return values


def member(node: Checked, key: str, kind: Any) -> Any:  # noqa: ANN401  any enum
    """Return the member of an enum that ``node`` names; raises PlainError with all names."""
    name = node.text(key)
    if name not in kind.__members__:
        names = ", ".join(kind.__members__)
        raise node.error(key, f"{name!r} is none of {names}", f"{name!r} 不在 {names} 之中")
    return kind[name]


class RuleBook:
    """The rules that a directory's files may name, as the chip numbers them, from 1."""

    def __init__(self, encoded: list[bytes]) -> None:
        self.encoded = encoded
        self.extended = False

    @classmethod
    def parse(cls, body: bytes) -> RuleBook:
        """Return the book in the body of a rules file that the chip has loaded."""
        encoded, offset = [], 0
        while offset < len(body):
            end = offset + 1 + body[offset]
            encoded.append(body[offset + 1 : end])
            offset = end
        return cls(encoded)

    def number(self, rule: bytes) -> int:
        """Return the number of ``rule``; one that is new is written behind the others."""
        if rule not in self.encoded:
            self.encoded = [*self.encoded, rule]
            self.extended = True
        return self.encoded.index(rule) + 1

    def body(self) -> bytes:
        """Return the body of the rules file."""
        return encode_rules(self.encoded)

"""Access conditions as the chip keeps and checks them.

In memory a rule is prefix code: F0 free, EF never, 01 id = PIN, 02 id = key, 03 n = interface (1 contact,
2 contactless), 10 n = all of the n that follow, 11 n = any of them, 20 n = per record: a default, then n pairs of tag
and rule. Rules stand in an internal file, each behind its length; a header names one by its number, from 1.
At selection a rule is compiled to masks over the session's granted bits: it holds when one mask is wholly granted.
The encoding is on no wire and is our own, as facts hrss-card 4.1 only says what a rule can express.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, unique
from typing import TYPE_CHECKING, Final

from apdu import Interface
from cardsim.zones.access import FREE, NEVER, Access, AllOf, AnyOf, Free, Key, Never, On, Pin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Masks = tuple[int, ...]
"""A compiled rule: satisfied when ``granted & mask == mask`` for one of them. ``(0,)`` is free, ``()`` is never."""

_MAX_DEPTH = 8
_INTERFACES: Final = {1: Interface.CONTACT, 2: Interface.CONTACTLESS}


@unique
class Op(IntEnum):
    """First byte of each term."""

    PIN = 0x01
    KEY = 0x02
    INTERFACE = 0x03
    ALL = 0x10
    ANY = 0x11
    BY_RECORD = 0x20
    NEVER = 0xEF
    FREE = 0xF0


@dataclass(frozen=True, slots=True)
class Rule:
    """A file's condition, and the records (by tag) that have one of their own."""

    default: Access
    by_tag: Mapping[int, Access] = field(default_factory=dict)

    def of(self, tag: int) -> Access:
        """Return the condition of the record with ``tag``."""
        return self.by_tag.get(tag, self.default)

    def encode(self, references: Mapping[Access, int]) -> bytes:
        """Return the prefix code; ``references`` gives the chip's number of every PIN and key named."""
        if not self.by_tag:
            return _encode(self.default, references)
        pairs = b"".join(bytes((tag,)) + _encode(rule, references) for tag, rule in sorted(self.by_tag.items()))
        return bytes((Op.BY_RECORD, len(self.by_tag))) + _encode(self.default, references) + pairs

    @classmethod
    def parse(cls, raw: bytes) -> Rule:
        """Return the rule in ``raw``; PINs and keys are named by their number ("0A").

        Raises ValueError when the code is cut off, unknown or nests too deep.
        """
        reader = _Reader(raw)
        if reader.peek() != Op.BY_RECORD:
            rule = cls(reader.access())
        else:
            reader.byte()
            count = reader.byte()
            default = reader.access()
            rule = cls(default, {reader.byte(): reader.access() for _ in range(count)})
        if reader.left:
            raise ValueError(f"{reader.left} bytes behind the end of a rule")
        return rule


def reference_name(number: int) -> str:
    """Return the name by which a PIN or key without a declaration goes: its number."""
    return f"{number:02X}"


def encode_rules(rules: Sequence[bytes]) -> bytes:
    """Return the body of a rules file."""
    return b"".join(bytes((len(rule),)) + rule for rule in rules)


def parse_rules(body: bytes) -> tuple[Rule, ...]:
    """Return the rules of a rules file; raises ValueError when it is damaged."""
    rules: list[Rule] = []
    offset = 0
    while offset < len(body):
        size = body[offset]
        if not size or offset + 1 + size > len(body):
            raise ValueError(f"rule {len(rules) + 1} is cut off")
        rules.append(Rule.parse(body[offset + 1 : offset + 1 + size]))
        offset += 1 + size
    return tuple(rules)


def compile_access(access: Access, bit_of: Callable[[Access], int | None]) -> Masks:
    """Return the masks of ``access``; ``bit_of`` maps a PIN, key or interface to its bit, None when there is none."""
    match access:
        case Free():
            return (0,)
        case Never():
            return ()
        case AllOf(parts):
            masks: Masks = (0,)
            for part in parts:
                # Reduced after every part: the full product of a long rule would never end.
                choices = compile_access(part, bit_of)
                masks = _smallest(mask | choice for mask in masks for choice in choices)
            return masks
        case AnyOf(parts):
            return _smallest(mask for part in parts for mask in compile_access(part, bit_of))
        case _:
            bit = bit_of(access)
            return () if bit is None else (bit,)


def _smallest(masks: Iterable[int]) -> Masks:
    """Drop every mask that another one is part of."""
    unique_masks = set(masks)
    return tuple(sorted(mask for mask in unique_masks if not any(o != mask and o & mask == o for o in unique_masks)))


def _encode(access: Access, references: Mapping[Access, int]) -> bytes:
    match access:
        case Free():
            return bytes((Op.FREE,))
        case Never():
            return bytes((Op.NEVER,))
        case Pin():
            return bytes((Op.PIN, references[access]))
        case Key():
            return bytes((Op.KEY, references[access]))
        case On(interface):
            return bytes((Op.INTERFACE, 1 if interface is Interface.CONTACT else 2))
        case AllOf(parts) | AnyOf(parts):
            op = Op.ALL if isinstance(access, AllOf) else Op.ANY
            return bytes((op, len(parts))) + b"".join(_encode(part, references) for part in parts)
        case _:
            raise TypeError(f"{access!r} has no code")


class _Reader:
    """Reads prefix code front to back."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._offset = 0

    @property
    def left(self) -> int:
        return len(self._raw) - self._offset

    def peek(self) -> int:
        if not self.left:
            raise ValueError("a rule is cut off")
        return self._raw[self._offset]

    def byte(self) -> int:
        value = self.peek()
        self._offset += 1
        return value

    def access(self, depth: int = 0) -> Access:
        if depth > _MAX_DEPTH:
            raise ValueError("a rule nests too deep")
        op = Op(self.byte())
        match op:
            case Op.FREE:
                return FREE
            case Op.NEVER:
                return NEVER
            case Op.PIN:
                return Pin(reference_name(self.byte()))
            case Op.KEY:
                return Key(reference_name(self.byte()))
            case Op.INTERFACE:
                return On(self._interface())
            case Op.ALL | Op.ANY:
                parts = tuple(self.access(depth + 1) for _ in range(self.byte()))
                if not parts:
                    raise ValueError("a group of no terms in a rule")
                return AllOf(parts) if op is Op.ALL else AnyOf(parts)
            case Op.BY_RECORD:
                raise ValueError("a per-record rule inside another rule")

    def _interface(self) -> Interface:
        number = self.byte()
        if number not in _INTERFACES:
            raise ValueError(f"a rule names interface {number:02X}")
        return _INTERFACES[number]

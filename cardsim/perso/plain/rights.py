"""Access conditions as text that comes back: ``free``, ``never``, ``pin(00)``, ``key(0A)``, ``contact``, ``&``, ``|``.

PINs and keys go by their number, so that a text means the same whatever the zones declare later. A rule with
conditions of single records is an object: ``{"*": "free", "07": "key(0A)"}``, ``*`` for all others.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from apdu import Interface
from cardsim.chip.rules import Rule, reference_name
from cardsim.zones.access import FREE, NEVER, Access, AllOf, AnyOf, Free, Key, Never, On, Pin

if TYPE_CHECKING:
    from collections.abc import Mapping

OTHERS: Final = "*"
REFERENCES: Final[Mapping[Access, int]] = {
    kind(reference_name(number)): number for number in range(256) for kind in (Pin, Key)
}
"""The number of every PIN and key, by the names they have where no declaration takes part."""
_TOKEN: Final = re.compile(r"\s*(?:(pin|key)\(([0-9A-Fa-f]{2})\)|([a-z]+|[&|()]))")
_WORDS: Final[Mapping[str, Access]] = {
    "free": FREE,
    "never": NEVER,
    "contact": On(Interface.CONTACT),
    "contactless": On(Interface.CONTACTLESS),
}


def access_text(access: Access) -> str:
    """Return ``access`` as an expression."""
    match access:
        case Free():
            return "free"
        case Never():
            return "never"
        case Pin(name):
            return f"pin({name})"
        case Key(name):
            return f"key({name})"
        case On(interface):
            return "contact" if interface is Interface.CONTACT else "contactless"
        case AllOf(parts) | AnyOf(parts):
            sign = " & " if isinstance(access, AllOf) else " | "
            return sign.join(f"({access_text(p)})" if isinstance(p, AllOf | AnyOf) else access_text(p) for p in parts)
        case _:
            raise TypeError(f"{access!r} has no text")


def rule_plain(rule: Rule) -> str | dict[str, str]:
    """Return ``rule`` as JSON has it."""
    if not rule.by_tag:
        return access_text(rule.default)
    own = {f"{tag:02X}": access_text(access) for tag, access in sorted(rule.by_tag.items())}
    return {OTHERS: access_text(rule.default), **own}


def parse_rule(plain: object) -> Rule:
    """Return the rule that JSON spells; raises ValueError."""
    if isinstance(plain, str):
        return Rule(parse_access(plain))
    if not isinstance(plain, dict) or OTHERS not in plain:
        raise ValueError(f"{plain!r} is no access expression, and no object of them with {OTHERS!r}")
    texts = {tag: text for tag, text in plain.items() if tag != OTHERS}
    for tag, text in plain.items():
        if not isinstance(text, str):
            raise ValueError(f"{text!r} is no access expression")  # noqa: TRY004  one error for all that is wrong
        if tag != OTHERS and not re.fullmatch("[0-9A-Fa-f]{2}", tag):
            raise ValueError(f"{tag!r} is no tag of two hexadecimal digits")
    return Rule(parse_access(plain[OTHERS]), {int(tag, 16): parse_access(text) for tag, text in texts.items()})


def parse_access(text: str) -> Access:
    """Return the condition that ``text`` spells; raises ValueError."""
    tokens: list[Access | str] = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if not match or (match[3] and match[3] not in _WORDS and match[3] not in "&|()"):
            raise ValueError(f"{text!r} is no access expression: {text[at:].strip()!r}")
        if match[1]:
            tokens.append((Pin if match[1] == "pin" else Key)(match[2].upper()))
        else:
            tokens.append(_WORDS.get(match[3], match[3]))
        at = match.end()
    tokens.append("")
    access = _group(tokens, text)
    if tokens != [""]:
        raise ValueError(f"{text!r} is no access expression: {tokens[0]!r} too much")
    return access


def _group(tokens: list[Access | str], text: str) -> Access:
    """Return the terms up to a closing parenthesis or the end, all joined by one sign."""
    parts = [_term(tokens, text)]
    sign = tokens[0]
    if sign not in ("&", "|"):
        return parts[0]
    while tokens[0] == sign:
        tokens.pop(0)
        parts.append(_term(tokens, text))
    if tokens[0] in ("&", "|"):
        raise ValueError(f"{text!r} mixes & and |: parentheses say which comes first")
    return AllOf(tuple(parts)) if sign == "&" else AnyOf(tuple(parts))


def _term(tokens: list[Access | str], text: str) -> Access:
    first = tokens.pop(0)
    if isinstance(first, Access):
        return first
    if first == "(":
        inside = _group(tokens, text)
        if tokens[0] == ")":
            tokens.pop(0)
            return inside
    raise ValueError(f"{text!r} is no access expression: something is missing")

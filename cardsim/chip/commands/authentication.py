"""INTERNAL AUTHENTICATE and EXTERNAL AUTHENTICATE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import Case, Sw
from cardsim.chip.dispatch import ISO, CommandSpec, wrong_length, wrong_p1p2
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.layout import KeyType
from cardsim.chip.protection import CHALLENGE_SIZE, compare, cryptogram, use_challenge

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.chip.context import Context
    from cardsim.chip.credentials import Credential

_FACTOR: Final = 8
_SOURCE: Final = 8


def internal_authenticate(context: Context, command: Command) -> bytes:
    """Prove the key that P2 names: data = process factor 8, source 8 (and a version), answer the cryptogram.

    That has 8 bytes, or 16 where the profile folds nothing of SM4. Leaves the terminal's challenge as it is (facts
    hrss-card 4.3).
    """
    key = _key(context, command, "INTERNAL AUTHENTICATE", KeyType.INTERNAL)
    return cryptogram(context, key, command.data[:_FACTOR], command.data[_FACTOR : _FACTOR + _SOURCE])


def external_authenticate(context: Context, command: Command) -> bytes:
    """Check the terminal's proof of the key that P2 names: data = cryptogram, source 8 (and a version).

    The process factor is the challenge fetched last, and is used up; right: what the key protects opens.
    """
    key = _key(context, command, "EXTERNAL AUTHENTICATE", KeyType.EXTERNAL)
    if len(context.challenge) != CHALLENGE_SIZE:
        raise Refusal(Sw.REFERENCE_DATA_NOT_USABLE, Reason.NO_CHALLENGE)
    size = context.suite(key).cryptogram_size
    given, source = command.data[:size], command.data[size : size + _SOURCE]
    expected = cryptogram(context, key, use_challenge(context), source)
    compare(context, key, given, expected, Reason.KEY_WRONG)
    context.memory.commit()  # a store that fails now answers 6581, which must not leave the key authenticated
    context.granted |= key.bit
    return b""


def _key(context: Context, command: Command, name: str, kind: KeyType) -> Credential:
    if command.p1:
        raise wrong_p1p2(name, command)
    reference = command.p2
    if kind is KeyType.EXTERNAL and not reference:
        reference = context.profile.external_key_00
    key = context.directory.key(kind, reference)
    size = _FACTOR + _SOURCE
    if kind is KeyType.EXTERNAL and key is not None:
        size = context.suite(key).cryptogram_size + _SOURCE
    if len(command.data) not in (size, size + 1):
        raise wrong_length(name, f"{size} or {size + 1}", command)
    if len(command.data) > size:
        key = context.directory.key(kind, reference, command.data[size])
    if key is None:
        raise Refusal(Sw.REFERENCE_NOT_FOUND, Reason.KEY_MISSING, command.p2, context.directory.label)
    return key


COMMANDS = (
    CommandSpec(
        "INTERNAL AUTHENTICATE",
        ISO,
        0x88,
        Case.DATA_IN_OUT,
        internal_authenticate,
        "facts hrss-card 4.3; ISO/IEC 7816-4, 11.6.1",
    ),
    CommandSpec(
        "EXTERNAL AUTHENTICATE",
        ISO,
        0x82,
        Case.DATA_IN,
        external_authenticate,
        "facts hrss-card 4.3; ISO/IEC 7816-4, 11.6.4",
    ),
)

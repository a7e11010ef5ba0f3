"""The master key: authentication with it, and its update."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import Case, Sw, Text
from cardsim.chip.commands.pki.line import PROOF_SIZE, checked, proof
from cardsim.chip.dispatch import ISO, PROPRIETARY_PROTECTED, CommandSpec, wrong_length, wrong_p1p2
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.layout import KeyType
from cardsim.chip.protection import compare

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.chip.context import Context
    from cardsim.chip.credentials import Credential

_SEALED: Final = 32
_HEAD: Final = bytes(3)
"""Stands in front of the key; its meaning is unknown."""


def external_authenticate(context: Context, command: Command) -> bytes:
    """Check the challenge under the key that P2 names; right: what it protects opens, wrong: 63Cx, then 6983."""
    if command.p1:
        raise wrong_p1p2("EXTERNAL AUTHENTICATE", command)
    key = _key(context, command.p2)
    if len(command.data) != PROOF_SIZE:
        raise wrong_length("EXTERNAL AUTHENTICATE", str(PROOF_SIZE), command)
    compare(context, key, command.data, proof(context, key), Reason.KEY_WRONG)
    context.memory.commit()  # a store that fails now answers 6581, which must not leave the key authenticated
    context.granted |= key.bit
    return b""


def update_key(context: Context, command: Command) -> bytes:
    """Replace the key that P2 names; the new one comes sealed, three bytes 00 before it, with a MAC, under the old."""
    if command.p1 != 0x01:
        raise wrong_p1p2("UPDATE KEY", command)
    key = _key(context, command.p2)
    plain = checked(context, command, "UPDATE KEY", key, _SEALED)
    new = plain.removeprefix(_HEAD)
    if len(plain) - len(new) != len(_HEAD) or len(new) != key.value_size:
        text = Text("000000 and 16 bytes of key are wanted", "应为 000000 加 16 字节密钥")
        raise Refusal(Sw.WRONG_DATA, Reason.KEY_VALUE_WRONG, text)
    context.memory.write(key.value, new)
    return b""


def _key(context: Context, reference: int) -> Credential:
    key = context.directory.key(KeyType.EXTERNAL, reference)
    if key is None:
        raise Refusal(Sw.REFERENCE_NOT_FOUND, Reason.KEY_MISSING, reference, context.directory.label)
    return key


_SOURCE = "facts hrss-card 8"
COMMANDS = (
    CommandSpec("EXTERNAL AUTHENTICATE", ISO, 0x82, Case.DATA_IN, external_authenticate, _SOURCE),
    CommandSpec("UPDATE KEY", PROPRIETARY_PROTECTED, 0xD4, Case.DATA_IN, update_key, _SOURCE),
)

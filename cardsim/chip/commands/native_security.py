"""GET CHALLENGE, EXTERNAL and INTERNAL AUTHENTICATE of the native card operating system (facts native-card-os 3, 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import Case, Sw
from cardsim.chip.dispatch import ISO, CommandSpec, wrong_length, wrong_p1p2
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.layout import KeyType
from cardsim.chip.native.line import check_length, usable_key
from cardsim.chip.native.rights import moved
from cardsim.chip.protection import MAC_SIZE, compare, key_value, use_challenge

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.chip.context import Context
    from cardsim.chip.credentials import Credential

_PROOF_SIZES: Final = (8, 16)
_ENCRYPT, _DECRYPT, _MAC = 0x00, 0x01, 0x02
_KIND_OF_P1: Final = {_ENCRYPT: KeyType.INTERNAL, _DECRYPT: KeyType.DECRYPT, _MAC: KeyType.MAC}
_ANY: Final = range(1, 256)


def get_challenge(context: Context, command: Command) -> bytes:
    """Return Le random bytes, 4 or 8, good for the next command alone."""
    if command.p1 or command.p2:
        raise wrong_p1p2("GET CHALLENGE", command)
    sizes = context.profile.native_challenge_sizes
    if command.le not in sizes:
        raise Refusal(Sw.WRONG_LENGTH, Reason.LE_WRONG, "GET CHALLENGE", "/".join(map(str, sizes)), command.le or 0)
    context.challenge = context.entropy(command.le)
    return context.challenge


def external_authenticate(context: Context, command: Command) -> bytes:
    """Check the challenge enciphered under key 39 / P2, filled up with 00 to a block; right: its state is there."""
    if command.p1:
        raise wrong_p1p2("EXTERNAL AUTHENTICATE", command)
    check_length(context, command, "EXTERNAL AUTHENTICATE", _PROOF_SIZES, "8, or 16 with SM4")
    key = usable_key(context, KeyType.EXTERNAL, command.p2, "EXTERNAL AUTHENTICATE")
    suite = context.suite(key)
    if len(command.data) != suite.block:
        raise wrong_length("EXTERNAL AUTHENTICATE", str(suite.block), command)
    challenge = use_challenge(context)
    if len(challenge) > suite.block:
        raise Refusal(Sw.REFERENCE_DATA_NOT_USABLE, Reason.NO_CHALLENGE)
    expected = suite.encrypt(key_value(context, key), challenge.ljust(suite.block, b"\x00"))
    compare(context, key, command.data, expected, Reason.KEY_WRONG)
    follow(context, key)
    return b""


def internal_authenticate(context: Context, command: Command) -> bytes:
    """Return the data enciphered (P1 00), deciphered (01) or its MAC (02) under key 30, 31 or 32 / P2.

    Data that fills no whole blocks is padded first; the MAC always pads, and has 4 bytes.
    """
    kind = _KIND_OF_P1.get(command.p1)
    if kind is None:
        raise wrong_p1p2("INTERNAL AUTHENTICATE", command)
    check_length(context, command, "INTERNAL AUTHENTICATE", _ANY, "1-239")
    key = usable_key(context, kind, command.p2, "INTERNAL AUTHENTICATE")
    suite, value, data = context.suite(key), key_value(context, key), command.data
    if kind is KeyType.MAC:
        return suite.mac(value, data)[:MAC_SIZE]
    blocks = data if len(data) % suite.block == 0 else suite.pad(data)
    if len(blocks) > context.profile.native_max_length:
        raise wrong_length("INTERNAL AUTHENTICATE", "fewer", command)
    return suite.encrypt(value, blocks) if kind is KeyType.INTERNAL else suite.decrypt(value, blocks)


def follow(context: Context, key: Credential) -> None:
    """Take the state that a right proof of ``key`` leads to."""
    context.memory.commit()  # a store that fails now answers 6581, which must not leave a new state
    state = key.native.follow_up if key.native else 0
    context.granted = moved(context.granted, state, mf=context.directory.parent is None)


_SOURCE = "facts native-card-os 4"
COMMANDS = (
    CommandSpec("GET CHALLENGE", ISO, 0x84, Case.DATA_OUT, get_challenge, _SOURCE, when_blocked=True),
    CommandSpec("EXTERNAL AUTHENTICATE", ISO, 0x82, Case.DATA_IN, external_authenticate, _SOURCE),
    CommandSpec("INTERNAL AUTHENTICATE", ISO, 0x88, Case.DATA_IN_OUT, internal_authenticate, _SOURCE),
)

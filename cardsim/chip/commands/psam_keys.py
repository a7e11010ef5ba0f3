"""BF DE and 80 FA of a PSAM: a work key from one of its root keys, and what is computed under it.

The work key is volatile: reset and SELECT of a directory take it away. Source: facts hrss-card 4.1 to 4.3,
terminal-interface 4.4.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from apdu import Case, Sw, Text
from cardsim.chip.dispatch import PROPRIETARY, CommandSpec, wrong_length, wrong_p1p2
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.layout import KeyType
from cardsim.chip.protection import key_value
from cardsim.zones.psam import Usage
from keys.tree import FACTOR_SIZE, card_key

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.chip.context import Context
    from cardsim.chip.credentials import Credential
    from keys.suite import CipherSuite

_DELIVER_CLA, _DELIVER_INS = 0xBF, 0xDE
_ENCIPHER, _MAC = 0x00, 0x05
_SOURCE_SIZE: Final = 8
_ENCIPHERING: Final = Text("enciphering", "加密")
_MACS: Final = Text("MACs", "计算 MAC")
_DELIVERY: Final = Text("BF DE", " BF DE")


@dataclass(frozen=True, slots=True)
class WorkKey:
    """The session key of one card and challenge, and what its root key may do."""

    suite: CipherSuite
    value: bytes = field(repr=False)
    usage: Usage


def deliver_key(context: Context, command: Command) -> bytes:
    """Make the work key: P1 usage, P2 key id; data = a factor of 8 bytes a level, the card's first, then a challenge.

    Refuses with 6A88 (no such key), 6A86 (its usage is another: other levels or purpose; INFERRED), 6985 (nothing that
    80 FA does is its purpose), 6700.
    """
    usage = Usage(command.p1)
    key = context.directory.key(KeyType.PSAM, command.p2)
    if key is None:
        raise Refusal(Sw.REFERENCE_NOT_FOUND, Reason.KEY_MISSING, command.p2, context.directory.label)
    if key.usage != usage:
        raise Refusal(Sw.WRONG_P1P2, Reason.USAGE_WRONG, command.p2, key.usage, usage)
    if not (usage.purpose and (usage.purpose.enciphers or usage.purpose.makes_macs)):
        raise Refusal(Sw.CONDITIONS_NOT_SATISFIED, Reason.USAGE_FORBIDS, usage, _DELIVERY)
    size = (usage.levels + 1) * FACTOR_SIZE
    if len(command.data) != size:
        raise wrong_length("BF DE", str(size), command)
    factors, challenge = command.data[:-FACTOR_SIZE], command.data[-FACTOR_SIZE:]
    suite = context.suite(key)
    context.work = WorkKey(suite, suite.session_key(below(context, key, factors), challenge), usage)
    return b""


def below(context: Context, key: Credential, factors: bytes) -> bytes:
    """Return the card's key below ``key``; ``factors``: 8 bytes a level, the lowest level's, the card's, first."""
    path = (factors[start : start + FACTOR_SIZE] for start in range(0, len(factors), FACTOR_SIZE))
    return card_key(context.suite(key), key_value(context, key), tuple(path)[::-1])


def compute(context: Context, command: Command) -> bytes:
    """Return what the work key makes of the data: P1 00 it enciphered, P1 05 a block of MAC over it.

    Enciphering takes 8 bytes, an authentication's source, or whole blocks. A MAC takes an IV and whole blocks, padded
    by the terminal; its leftmost 4 bytes are what cards check.
    """
    if command.p1 not in (_ENCIPHER, _MAC) or command.p2:
        raise wrong_p1p2("80 FA", command)
    work = context.work
    if not isinstance(work, WorkKey):
        raise Refusal(Sw.CONDITIONS_NOT_SATISFIED, Reason.NO_WORK_KEY)
    return _enciphered(work, command) if command.p1 == _ENCIPHER else _mac(work, command)


def _enciphered(work: WorkKey, command: Command) -> bytes:
    if not (work.usage.purpose and work.usage.purpose.enciphers):
        raise Refusal(Sw.CONDITIONS_NOT_SATISFIED, Reason.USAGE_FORBIDS, work.usage, _ENCIPHERING)
    data = command.data
    if len(data) == _SOURCE_SIZE:
        return work.suite.cryptogram(work.value, data)
    if not data or len(data) % work.suite.block:
        raise wrong_length("80 FA 00", f"{_SOURCE_SIZE} or {work.suite.block}n", command)
    return work.suite.encrypt(work.value, data)


def _mac(work: WorkKey, command: Command) -> bytes:
    if not (work.usage.purpose and work.usage.purpose.makes_macs):
        raise Refusal(Sw.CONDITIONS_NOT_SATISFIED, Reason.USAGE_FORBIDS, work.usage, _MACS)
    block, data = work.suite.block, command.data
    if len(data) < 2 * block or len(data) % block:
        raise wrong_length("80 FA 05", f"{2 * block} + {block}n", command)
    return work.suite.mac_blocks(work.value, data[block:], data[:block])


_SOURCE = "facts hrss-card 4.3; terminal-interface 4.4"
COMMANDS = (
    CommandSpec("DELIVER KEY", _DELIVER_CLA, _DELIVER_INS, Case.DATA_IN, deliver_key, _SOURCE),
    CommandSpec("COMPUTE", PROPRIETARY, 0xFA, Case.DATA_IN_OUT, compute, _SOURCE),
)

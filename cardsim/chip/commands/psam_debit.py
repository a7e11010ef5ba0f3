"""80 70 and 80 72 of a PSAM: the terminal's half of a purchase.

A zone's terminals speak a dialect of it, told apart by P1; the HRSS zone's and transit's are known. Source: facts
hrss-card 8, terminal-interface 4.5, transit-campus-health-zones 3.4, 3.6 to 3.8.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from apdu import Case, Sw
from cardsim.chip.commands.psam_keys import below
from cardsim.chip.dispatch import PROPRIETARY, CommandSpec, wrong_length, wrong_p1p2
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.files import ElementaryFile
from cardsim.chip.layout import Algorithm, KeyType
from cardsim.chip.protection import MAC_SIZE
from cardsim.zones.psam import COUNTER, TERMINAL_NUMBER, Purpose
from keys.sm import Extension, SmForms, SmSuite
from keys.tree import FACTOR_SIZE

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.chip.context import Context
    from cardsim.chip.credentials import Credential
    from keys.suite import CipherSuite

_ALGORITHMS: Final = {
    0x00: Algorithm.TRIPLE_DES,
    0x01: Algorithm.TRIPLE_DES,
    0x03: Algorithm.SM4,
    0x04: Algorithm.SM4,
}
"""What cards call their algorithm: 01 and 03 in the HRSS zone, 00 and 04 in transit, where 01 also means triple DES."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a zone's terminals speak: bytes of amounts, and how its SM4 extends a session's 8 bytes to a block.

    Without ``extension`` that is as the profile sets it.
    """

    amounts: int
    extension: Extension | None = None

    @property
    def head(self) -> int:
        """Bytes before the factors: random 4, counter 2, amounts, type 1, time 7, key version 1, algorithm 1."""
        return 4 + 2 + self.amounts + 1 + 7 + 1 + 1


DIALECTS: Final = {0x01: Dialect(amounts=12), 0x00: Dialect(amounts=4, extension=Extension.COMPLEMENT)}
"""By P1: 01 HRSS, three amounts; 00 transit, one."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction that waits for the card's MAC2."""

    mac2: bytes = field(repr=False)


def initialise_purchase(context: Context, command: Command) -> bytes:
    """Return terminal counter 4, MAC1 4; data = the dialect's head, then a factor of 8 bytes a level, the card's first.

    The counter is stored one higher before the answer leaves, so that no number is ever given twice. Session key: from
    random, card counter and the counter's low 2 bytes; MAC1 over amounts, type, terminal number and time, MAC2 over
    the amounts. Refuses with 6A86, 6700, 9403 (no such debit key), 9402 (counter at its end), 6A82.
    """
    dialect = DIALECTS.get(command.p1)
    if dialect is None or command.p2:
        raise wrong_p1p2("INIT SAM FOR PURCHASE", command)
    data, size = command.data, dialect.head
    if len(data) < size:
        raise wrong_length("INIT SAM FOR PURCHASE", f"{size} + 8n", command)
    key = _debit_key(context, version=data[size - 2], algorithm=data[size - 1])
    if len(data) != (wanted := size + key.usage.levels * FACTOR_SIZE):
        raise wrong_length("INIT SAM FOR PURCHASE", str(wanted), command)
    terminal_file = _file(context, TERMINAL_NUMBER.fid)
    terminal = context.memory.read(terminal_file.body, terminal_file.size)
    counter = _next_number(context)
    suite = _suite(context, key, dialect)
    session = suite.session_key(below(context, key, data[size:]), data[:6] + counter[-2:])
    amounts, kind_and_time = data[6 : 6 + dialect.amounts], data[6 + dialect.amounts : size - 2]
    mac1 = suite.mac(session, amounts + kind_and_time[:1] + terminal + kind_and_time[1:])[:MAC_SIZE]
    context.memory.commit()  # a store that fails now answers 6581, which must leave no transaction behind
    context.work = Transaction(suite.mac(session, amounts)[:MAC_SIZE])
    return counter + mac1


def check_purchase(context: Context, command: Command) -> bytes:
    """Check the card's MAC2: once for each 80 70, right or wrong (9302). Refuses with 6985 when none is awaited."""
    if command.p1 or command.p2:
        raise wrong_p1p2("CREDIT SAM FOR PURCHASE", command)
    if len(command.data) != MAC_SIZE:
        raise wrong_length("CREDIT SAM FOR PURCHASE", str(MAC_SIZE), command)
    transaction = context.work
    if not isinstance(transaction, Transaction):
        raise Refusal(Sw.CONDITIONS_NOT_SATISFIED, Reason.NO_TRANSACTION)
    context.work = None
    if not hmac.compare_digest(command.data, transaction.mac2):
        raise Refusal(Sw.MAC_WRONG, Reason.MAC_WRONG, "MAC2")
    return b""


def _debit_key(context: Context, version: int, algorithm: int) -> Credential:
    wanted = _ALGORITHMS.get(algorithm)
    for (kind, _), versions in context.directory.keys.items():
        key = versions.get(version)
        if kind is KeyType.PSAM and key and key.usage.purpose is Purpose.CONSUME and key.algorithm == wanted:
            return key
    raise Refusal(Sw.KEY_INDEX_UNSUPPORTED, Reason.NO_DEBIT_KEY, version, algorithm, context.directory.label)


def _suite(context: Context, key: Credential, dialect: Dialect) -> CipherSuite:
    suite = context.suite(key)
    if dialect.extension and isinstance(suite, SmSuite):
        return SmSuite(SmForms(dialect.extension))
    return suite


def _next_number(context: Context) -> bytes:
    """Return the counter, and write the number after it."""
    file = _file(context, COUNTER.fid)
    counter = context.memory.read(file.body, file.size)
    following = int.from_bytes(counter, "big") + 1
    if following >> 8 * file.size:
        raise Refusal(Sw.TRANSACTION_COUNTER_EXHAUSTED, Reason.COUNTER_AT_END)
    context.memory.write(file.body, following.to_bytes(file.size, "big"))
    return counter


def _file(context: Context, fid: int) -> ElementaryFile:
    """Return the transparent file of the current directory, or of one above."""
    for directory in context.directory.upwards():
        file = directory.by_fid.get(fid)
        if isinstance(file, ElementaryFile) and file.transparent:
            return file
    raise Refusal(Sw.FILE_NOT_FOUND, Reason.FILE_MISSING, fid, context.directory.label)


_SOURCE = "facts hrss-card 8; transit-campus-health-zones 3.8"
COMMANDS = (
    CommandSpec("INIT SAM FOR PURCHASE", PROPRIETARY, 0x70, Case.DATA_IN_OUT, initialise_purchase, _SOURCE),
    CommandSpec("CREDIT SAM FOR PURCHASE", PROPRIETARY, 0x72, Case.DATA_IN, check_purchase, _SOURCE),
)

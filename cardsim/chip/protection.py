"""Keys at work on the card: retry counters, authentication cryptograms, the MAC and cipher of the line.

A try is charged, and committed, before anything is compared, and given back when it was right (facts native-card-os
15.7). The line MAC runs over the command header, Lc (MAC included) and the data before it (native-card-os 5.1,
hrss-card 4.5).
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from apdu import Sw
from cardsim.chip.errors import Reason, Refusal
from cardsim.profiles.choices import LineMac
from keys.errors import SealError
from keys.suite import proof

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.chip.context import Context
    from cardsim.chip.credentials import Credential
    from cardsim.chip.layout import KeyType
    from keys.suite import CipherSuite

MAC_SIZE: Final = 4
CHALLENGE_SIZE: Final = 8
_MAX_LC: Final = 255


def key_value(context: Context, key: Credential) -> bytes:
    """Return the key itself."""
    return context.memory.read(key.value, key.value_size)


def compare(context: Context, credential: Credential, given: bytes, right: bytes, wrong: Reason) -> None:
    """Charge a try, compare, give all tries back. Refuses with 63Cx, with 6983 when no try is left."""
    left = charge(context, credential)
    if not hmac.compare_digest(given, right):
        raise Refusal(0x63C0 | left, wrong, credential.reference, left)
    give_back(context, credential)


def charge(context: Context, credential: Credential) -> int:
    """Take one try, committed at once, and return how many are left. Refuses with 6983 when there is none."""
    memory = context.memory
    tries = memory.view[credential.tries_offset]
    left = tries & 0x0F
    if not left:
        raise Refusal(Sw.AUTHENTICATION_BLOCKED, Reason.CREDENTIAL_BLOCKED, credential.term)
    memory.charge(credential.tries_offset, bytes((tries - 1,)))
    return left - 1


def give_back(context: Context, credential: Credential) -> None:
    """Restore all tries, as part of the command."""
    limit = context.memory.view[credential.tries_offset] >> 4
    context.memory.write(credential.tries_offset, bytes((limit << 4 | limit,)))


def query(context: Context, pin: Credential) -> bytes:
    """Say how ``pin`` stands and charge nothing: 9000 verified, else 63Cx with the tries left, 6983 with none."""
    left = context.memory.view[pin.tries_offset] & 0x0F
    if not left:
        raise Refusal(Sw.AUTHENTICATION_BLOCKED, Reason.CREDENTIAL_BLOCKED, pin.term)
    if context.granted & pin.bit:
        return b""
    raise Refusal(0x63C0 | left, Reason.PIN_NOT_VERIFIED, pin.reference)


def use_challenge(context: Context) -> bytes:
    """Return the challenge and use it up. Refuses with 6984 when there is none."""
    challenge, context.challenge = context.challenge, b""
    if not challenge:
        raise Refusal(Sw.REFERENCE_DATA_NOT_USABLE, Reason.NO_CHALLENGE)
    return challenge


def cryptogram(context: Context, key: Credential, process: bytes, source: bytes) -> bytes:
    """Return the authentication cryptogram of ``source`` under the session key of ``process``."""
    return proof(context.suite(key), key_value(context, key), process, source)


@dataclass(frozen=True, slots=True)
class Line:
    """The line protection of one command: the session of its challenge, in the form that the profile sets."""

    suite: CipherSuite
    key: bytes
    iv: bytes

    def mac(self, data: bytes) -> bytes:
        """Return the 4-byte MAC of ``data``."""
        return self.suite.mac(self.key, data, self.iv)[:MAC_SIZE]


def checked_data(context: Context, command: Command, kind: KeyType, *, sealed: bool = False) -> bytes:
    """Check the MAC that ends the command's data and return the data before it, deciphered if ``sealed``.

    Refuses with 6987 (no MAC), 6700 (extended length) and 6984 (no challenge, or one longer than the cipher's block);
    then, the challenge used up whatever the outcome, with 6A88, 6983, the profile's word for a wrong MAC, or 6988 when
    what was sealed makes no sense.
    """
    return checked(context, command, kind, sealed=sealed)[0]


def checked(context: Context, command: Command, kind: KeyType, *, sealed: bool = False) -> tuple[bytes, Line]:
    """Do what :func:`checked_data` does; return the line too, for an answer that is protected."""
    size = len(command.data)
    if size < MAC_SIZE:
        raise Refusal(Sw.SM_OBJECT_MISSING, Reason.MAC_MISSING)
    if size > _MAX_LC:  # the MAC runs over an Lc of one byte
        raise Refusal(Sw.WRONG_LENGTH, Reason.DATA_LENGTH, f"CLA {command.cla:02X}", f"{MAC_SIZE}-{_MAX_LC}", size)
    challenge = use_challenge(context)
    key = context.protection_key(kind)
    if len(challenge) > context.suite(key).block:  # no IV and no factor: no cipher of the line has room for it
        raise Refusal(Sw.REFERENCE_DATA_NOT_USABLE, Reason.NO_CHALLENGE)
    data, mac = command.data[:-MAC_SIZE], command.data[-MAC_SIZE:]
    charge(context, key)
    line = _line(context, key, challenge)
    if not hmac.compare_digest(mac, line.mac(command.header + bytes((size,)) + data)):
        raise Refusal(context.profile.wrong_mac.value, Reason.MAC_WRONG, key.term)
    give_back(context, key)
    context.memory.commit()  # a right MAC costs no try, also where the command is refused for something else
    if not sealed:
        return data, line
    try:
        return line.suite.unseal(line.key, data), line
    except SealError as error:
        raise Refusal(Sw.SM_OBJECT_WRONG, Reason.SEAL_WRONG, error.text) from error


def _line(context: Context, key: Credential, challenge: bytes) -> Line:
    suite, value = context.suite(key), key_value(context, key)
    if context.profile.line_mac is LineMac.SESSION:
        return Line(suite, suite.session_key(value, challenge.ljust(CHALLENGE_SIZE, b"\x00")), bytes(suite.block))
    return Line(suite, value, challenge.ljust(suite.block, b"\x00"))

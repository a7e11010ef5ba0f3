"""Rights and line protection of native commands (facts native-card-os 3, 5).

The key is the file's own (type 36) or the directory's master key (39/00); the IV is the challenge, filled up with 00.
"""

from __future__ import annotations

import hmac
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from apdu import Sw
from cardsim.chip.dispatch import wrong_length
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.layout import KeyType, LifeCycle
from cardsim.chip.protection import MAC_SIZE, Line, charge, give_back, key_value, use_challenge
from cardsim.profiles.native import MissingMac
from keys.errors import SealError

if TYPE_CHECKING:
    from collections.abc import Container

    from apdu import Command
    from cardsim.chip.context import Context
    from cardsim.chip.credentials import Credential
    from cardsim.chip.native.rights import Right
    from cardsim.chip.rules import Masks
    from cardsim.zones.access import Access

LOCKING: Final = (Reason.MAC_WRONG, Reason.CREDENTIAL_BLOCKED)
"""Why a command that locks does so, where no try is left; the second behind a power cut between the two."""
PROTECTED_BIT: Final = 0x04
"""Of CLA: the command carries a MAC."""


def check_length(context: Context, command: Command, name: str, sizes: Container[int], wanted: str) -> None:
    """Refuse with 6700 a data field that has none of ``sizes`` (told as ``wanted``), or Lc or Le above the limit."""
    limit = context.profile.native_max_length
    if len(command.data) not in sizes or len(command.data) > limit or (command.le or 0) > limit:
        raise wrong_length(name, wanted, command)


def require(context: Context, masks: Masks, needed: Access, name: str, what: str) -> None:
    """Refuse with 6982 where the registers do not satisfy ``masks``; in the free phase nothing is asked for."""
    if context.free:
        return
    granted = context.granted
    if not any(granted & mask == mask for mask in masks):
        raise Refusal(Sw.SECURITY_STATUS_NOT_SATISFIED, Reason.STATE_REFUSED, name, what, needed)


def require_right(context: Context, right: Right, name: str) -> None:
    """Do what :func:`require` does, for a right of the current directory."""
    require(context, right.masks, right, name, context.directory.label)


def find_key(context: Context, kind: KeyType, number: int) -> Credential:
    """Return a key of the current directory. Refuses with 6A82 (no key file) or 6A88."""
    directory = context.directory
    if directory.key_file is None:
        raise Refusal(Sw.FILE_NOT_FOUND, Reason.KEY_FILE_MISSING, directory.label)
    versions = directory.keys.get((kind, number))
    if versions is None and context.profile.native_any_key_id:
        same = [found for (other, _), found in directory.keys.items() if other is kind]
        versions = same[0] if len(same) == 1 else None
    if versions is None:
        raise Refusal(Sw.REFERENCE_NOT_FOUND, Reason.KEY_MISSING, number, directory.label)
    return versions[min(versions)]


def usable_key(context: Context, kind: KeyType, number: int, name: str) -> Credential:
    """Return a key of the current directory whose use right is satisfied. Refuses with 6A82, 6A88 or 6982."""
    key = find_key(context, kind, number)
    if key.native is not None:
        needed = context.files.right(key.native.use)
        require(context, key.use, needed, name, f"{kind:02X}/{number:02X}")
    return key


def missing_mac(context: Context, what: str) -> Refusal:
    """Return the refusal of a command that should have carried a MAC."""
    classes = context.profile.native_missing_mac is MissingMac.CLASS
    sw = Sw.CLA_DOES_NOT_MATCH_PROTECTION if classes else Sw.SM_OBJECT_MISSING
    return Refusal(sw, Reason.MAC_NEEDED, what)


def line_of(context: Context, key: Credential, challenge: bytes) -> Line:
    """Return the line protection of one command under ``key``. Refuses with 6984 a challenge longer than a block."""
    suite = context.suite(key)
    if len(challenge) > suite.block:
        raise Refusal(Sw.REFERENCE_DATA_NOT_USABLE, Reason.NO_CHALLENGE)
    return Line(suite, key_value(context, key), challenge.ljust(suite.block, b"\x00"))


def checked(context: Context, command: Command, key: Credential, wrong: Sw = Sw.SM_OBJECT_WRONG) -> tuple[bytes, Line]:
    """Check the MAC that ends the command's data and return what is before it, as it came, and the line.

    Refuses with 6987 (no room for a MAC), 6984 (no challenge), 6983, and with ``wrong`` for a wrong MAC.
    """
    if len(command.data) < MAC_SIZE:
        raise Refusal(Sw.SM_OBJECT_MISSING, Reason.MAC_MISSING)
    line = line_of(context, key, use_challenge(context))
    data, mac = command.data[:-MAC_SIZE], command.data[-MAC_SIZE:]
    charge(context, key)
    if not hmac.compare_digest(mac, line.mac(command.header + bytes((len(command.data),)) + data)):
        raise Refusal(wrong, Reason.MAC_WRONG, key.term)
    give_back(context, key)
    context.memory.commit()  # a right MAC costs no try, also where the command is refused for something else
    return data, line


def exhausted(context: Context, key: Credential) -> bool:
    """Return whether ``key`` has no try left."""
    return not context.memory.view[key.tries_offset] & 0x0F


def block_for_ever(context: Context) -> None:
    """Block the current application; committed at once, as the try was: the command is refused all the same."""
    here = context.directory
    header = replace(here.stored(context.memory), state=LifeCycle.BLOCKED_FOR_EVER)
    context.memory.charge(here.offset, header.encode())
    context.look_for_blocks()


def opened(line: Line, data: bytes) -> bytes:
    """Return what was sealed. Refuses with 6988 what makes no sense."""
    try:
        return line.suite.unseal(line.key, data)
    except SealError as error:
        raise Refusal(Sw.SM_OBJECT_WRONG, Reason.SEAL_WRONG, error.text) from error


def sealed(context: Context, line: Line, data: bytes) -> bytes:
    """Return ``data`` enciphered for an answer."""
    plain = bytes((len(data),)) + data
    if context.profile.native_full_padding and len(plain) % line.suite.block == 0:
        return line.suite.encrypt(line.key, line.suite.pad(plain))
    return line.suite.seal(line.key, data)


def line_key(context: Context, number: int, name: str) -> Credential:
    """Return the line protection key with this number."""
    return usable_key(context, KeyType.LINE, number, name)

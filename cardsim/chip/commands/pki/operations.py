"""PERFORM SECURITY OPERATION: signing and deciphering with the card's private keys, enciphering for it.

Inferred: no source has these commands of the PKI application. Their P1 P2 are those of ISO/IEC 7816-8, 11.3 and
following; the rights, and the forms r || s and C1 || C3 || C2 (C1 without 04), are those of the application's other
commands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import Case, Sw
from cardsim.chip.commands.pki.objects import check_use, key_of_pair, private_key, public_key
from cardsim.chip.dispatch import ISO, CommandSpec, wrong_length, wrong_p1p2
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.layout import FileType
from cardsim.zones.model import PairUse
from keys.errors import Sm2Error
from keys.sm2 import OWN_ENGINE, RandomNonces, decrypt, encrypt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from apdu import Command
    from cardsim.chip.context import Context

_NAME: Final = "PERFORM SECURITY OPERATION"
_DIGEST: Final = 32
_ADDED: Final = 64 + 32
"""Bytes by which a ciphertext is longer than its text: C1 and C3."""
_MAX_DATA: Final = 255
_UNCOMPRESSED: Final = b"\x04"


def perform(context: Context, command: Command) -> bytes:
    """Do what P1 P2 says: 9E9A sign, 8086 decipher, 8680 encipher."""
    operation = _OPERATIONS.get(command.header[2:])
    if operation is None:
        raise wrong_p1p2(_NAME, command)
    return operation(context, command)


def _sign(context: Context, command: Command) -> bytes:
    """Return the signature, r and s, of the digest e = SM3(Z || M) that comes; Z and M are the terminal's matter."""
    file = key_of_pair(context, FileType.PRIVATE_KEY, PairUse.SIGNATURE)
    _check_length(command, _DIGEST, _DIGEST)
    check_use(context, file)
    return OWN_ENGINE.sign_digest(private_key(context, file), command.data, RandomNonces(context.entropy))


def _decipher(context: Context, command: Command) -> bytes:
    file = key_of_pair(context, FileType.PRIVATE_KEY, PairUse.ENCIPHERMENT)
    _check_length(command, _ADDED + 1, _MAX_DATA)
    check_use(context, file)
    try:
        return decrypt(private_key(context, file), _UNCOMPRESSED + command.data)
    except Sm2Error as error:
        raise Refusal(Sw.WRONG_DATA, Reason.CIPHERTEXT_WRONG, error.text) from error


def _encipher(context: Context, command: Command) -> bytes:
    """Free: everybody can read the public key and do it himself. What comes out fits into one command again."""
    file = key_of_pair(context, FileType.PUBLIC_KEY, PairUse.ENCIPHERMENT)
    _check_length(command, 1, _MAX_DATA - _ADDED)
    return encrypt(public_key(context, file), command.data, nonces=RandomNonces(context.entropy))[1:]


def _check_length(command: Command, least: int, most: int) -> None:
    if not least <= len(command.data) <= most:
        raise wrong_length(_NAME, str(least) if least == most else f"{least}-{most}", command)


_OPERATIONS: Final[Mapping[bytes, Callable[[Context, Command], bytes]]] = {
    b"\x9e\x9a": _sign,
    b"\x80\x86": _decipher,
    b"\x86\x80": _encipher,
}
COMMANDS = (CommandSpec(_NAME, ISO, 0x2A, Case.DATA_IN_OUT, perform, "inferred; ISO/IEC 7816-8, 11.3"),)

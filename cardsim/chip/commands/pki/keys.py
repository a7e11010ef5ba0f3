"""Key pairs: generated in the card (signature), or imported under a session key (encryption).

Source: facts hrss-card 8, with the commands of two makers. Inferred: which key pair is generated and which imported;
the rights, those of writing the files; that the first maker's answer has the form in which a public key is imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import Case, Sw, Text
from cardsim.chip.commands.pki.objects import (
    PRIVATE_FILE,
    PUBLIC_FILE,
    VALUE,
    check_replacing,
    key_file,
    key_of_pair,
    objects,
    private_key,
    public_key,
)
from cardsim.chip.dispatch import PROPRIETARY, CommandSpec, wrong_length, wrong_p1p2
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.layout import FileType
from cardsim.zones.model import PairUse
from cardsim.zones.pki import PRIVATE_HEAD, PUBLIC_HEAD
from keys.errors import Sm2Error
from keys.sm import SM
from keys.sm2 import PrivateKey, PublicKey, decrypt

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.chip.context import Context

SESSION_KEY_SIZE: Final = 16
_NO_P1P2: Final = b"\x00\x00"
_GENERATE, _GIVE = b"\x82\x00", b"\x82\x80"
_ENVELOPE: Final = b"\x00\x01"
_LOAD: Final = b"\x02\x10"
_PUBLIC, _PRIVATE = b"\x40\x00", b"\xc0\x01"
_PUBLIC_TAG, _PRIVATE_TAG = PUBLIC_HEAD[0], PRIVATE_HEAD[0]
_PUBLIC_SIZE, _PRIVATE_SIZE = PUBLIC_HEAD[1], PRIVATE_HEAD[1]
_UNCOMPRESSED: Final = b"\x04"
_ENVELOPE_SIZE: Final = 64 + 32 + SESSION_KEY_SIZE


class SessionKey(bytes):
    """The key that an encryption private key is imported under; gone with reset and SELECT of a directory."""

    __slots__ = ()


def generate_first(context: Context, command: Command) -> bytes:
    """One maker's command: P1 P2 8200 generates, 8280 gives the public key of the signature pair, CA 40 X Y."""
    if command.header[2:] == _GENERATE:
        return _generate(context, command)
    if command.header[2:] != _GIVE:
        raise wrong_p1p2("GENERATE KEY PAIR", command)
    if command.data:
        raise wrong_length("GENERATE KEY PAIR", "0", command)
    file = key_of_pair(context, FileType.PUBLIC_KEY, PairUse.SIGNATURE)
    return PUBLIC_HEAD + public_key(context, file)[1:]


def generate_second(context: Context, command: Command) -> bytes:
    """Generate by the other maker's command; the public key is read from its file."""
    if command.header[2:] != _NO_P1P2:
        raise wrong_p1p2("GENERATE KEY PAIR (2)", command)
    return _generate(context, command)


def open_envelope(context: Context, command: Command) -> bytes:
    """Decipher 16 bytes with a private key, keep them as the session key, and return them."""
    if command.header[2:] != _ENVELOPE:
        raise wrong_p1p2("OPEN ENVELOPE", command)
    fid, envelope = objects(command, "OPEN ENVELOPE", PRIVATE_FILE, VALUE)
    file = key_file(context, fid, FileType.PRIVATE_KEY)
    check_replacing(context, file)
    _check_size(envelope, _ENVELOPE_SIZE)
    try:
        session_key = decrypt(private_key(context, file), _UNCOMPRESSED + envelope)
    except Sm2Error as error:
        raise Refusal(Sw.WRONG_DATA, Reason.CIPHERTEXT_WRONG, error.text) from error
    context.work = SessionKey(session_key)
    return session_key


def load_session_key(context: Context, command: Command) -> bytes:
    """Take a session key for the import of the encryption key pair; who may not import may not load one."""
    if command.header[2:] != _LOAD:
        raise wrong_p1p2("LOAD SESSION KEY", command)
    (session_key,) = objects(command, "LOAD SESSION KEY", VALUE)
    check_replacing(context, key_of_pair(context, FileType.PRIVATE_KEY, PairUse.ENCIPHERMENT))
    _check_size(session_key, SESSION_KEY_SIZE)
    context.work = SessionKey(session_key)
    return b""


def import_key(context: Context, command: Command) -> bytes:
    """Write half of the encryption key pair: P1 P2 4000 its public key, C001 its private key under the session key."""
    if command.header[2:] == _PUBLIC:
        _import_public(context, command)
    elif command.header[2:] == _PRIVATE:
        _import_private(context, command)
    else:
        raise wrong_p1p2("IMPORT KEY", command)
    return b""


def _import_public(context: Context, command: Command) -> None:
    fid, value = objects(command, "IMPORT KEY", PUBLIC_FILE, _PUBLIC_TAG)
    file = key_file(context, fid, FileType.PUBLIC_KEY, PairUse.ENCIPHERMENT)
    check_replacing(context, file)
    _check_size(value, _PUBLIC_SIZE)
    try:
        PublicKey.parse(value)
    except Sm2Error as error:
        raise Refusal(Sw.WRONG_DATA, Reason.KEY_VALUE_WRONG, error.text) from error
    context.memory.write(file.body, PUBLIC_HEAD + value)


def _import_private(context: Context, command: Command) -> None:
    """Whether it belongs to the public key is not looked at: either half may come first."""
    fid, value = objects(command, "IMPORT KEY", PRIVATE_FILE, _PRIVATE_TAG)
    file = key_file(context, fid, FileType.PRIVATE_KEY, PairUse.ENCIPHERMENT)
    check_replacing(context, file)
    if not isinstance(context.work, SessionKey):
        raise Refusal(Sw.CONDITIONS_NOT_SATISFIED, Reason.NO_SESSION_KEY)
    _check_size(value, _PRIVATE_SIZE)
    try:
        key = PrivateKey(SM.decrypt(context.work, value))
    except Sm2Error as error:
        raise Refusal(Sw.WRONG_DATA, Reason.KEY_VALUE_WRONG, error.text) from error
    context.memory.write(file.body, PRIVATE_HEAD + key)


def _generate(context: Context, command: Command) -> bytes:
    """Put a new key pair into its two files, both or neither."""
    public_fid, private_fid = objects(command, "GENERATE KEY PAIR", PUBLIC_FILE, PRIVATE_FILE)
    public = key_file(context, public_fid, FileType.PUBLIC_KEY, PairUse.SIGNATURE)
    private = key_file(context, private_fid, FileType.PRIVATE_KEY, PairUse.SIGNATURE)
    check_replacing(context, public)
    check_replacing(context, private)
    key = PrivateKey.generate(context.entropy)
    context.memory.write(public.body, PUBLIC_HEAD + key.public[1:])
    context.memory.write(private.body, PRIVATE_HEAD + key)
    return b""


def _check_size(value: bytes, size: int) -> None:
    if len(value) != size:
        text = Text(f"{size} bytes are wanted, {len(value)} came", f"应为 {size} 字节,收到 {len(value)} 字节")
        raise Refusal(Sw.WRONG_DATA, Reason.OBJECTS_WRONG, text)


_SOURCE = "facts hrss-card 8"
COMMANDS = (
    CommandSpec(
        "GENERATE KEY PAIR", PROPRIETARY, 0xC9, Case.DATA_IN_OUT, generate_first, _SOURCE, also_without_data=True
    ),
    CommandSpec("GENERATE KEY PAIR (2)", PROPRIETARY, 0x40, Case.DATA_IN, generate_second, _SOURCE),
    CommandSpec("OPEN ENVELOPE", PROPRIETARY, 0x4E, Case.DATA_IN_OUT, open_envelope, f"{_SOURCE}, 9 (G7)"),
    CommandSpec("LOAD SESSION KEY", PROPRIETARY, 0x4A, Case.DATA_IN, load_session_key, _SOURCE),
    CommandSpec("IMPORT KEY", PROPRIETARY, 0xC2, Case.DATA_IN, import_key, _SOURCE),
)

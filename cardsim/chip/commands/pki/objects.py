"""What the data of PKI commands is made of: data objects, and key halves that they name by their files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import Sw, Text, TlvError, parse_ber
from cardsim.chip.commands.addressing import allowed, check_update
from cardsim.chip.dispatch import wrong_length
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.files import ElementaryFile
from cardsim.chip.layout import FileType
from cardsim.zones.model import PairUse
from cardsim.zones.pki import PRIVATE_HEAD, PUBLIC_HEAD
from keys.sm2 import PrivateKey, PublicKey

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.chip.context import Context

PUBLIC_FILE: Final = 0xC0
PRIVATE_FILE: Final = 0xC2
VALUE: Final = 0xC1
_HEAD_SIZE: Final = 2
_FID_SIZE: Final = 2
_HALVES: Final = {FileType.PUBLIC_KEY: Text("public key", "公钥"), FileType.PRIVATE_KEY: Text("private key", "私钥")}
_PAIRS: Final = {
    PairUse.SIGNATURE: Text("a signature key pair", "签名密钥对"),
    PairUse.ENCIPHERMENT: Text("an encryption key pair", "加密密钥对"),
    None: Text("a key pair", "密钥对"),
}


def objects(command: Command, name: str, *tags: int) -> tuple[bytes, ...]:
    """Return the values of the data objects, which are those of ``tags`` in this order and nothing else.

    Refuses with 6700 (no data) and 6A80.
    """
    if not command.data:
        raise wrong_length(name, "1-255", command)
    try:
        found = parse_ber(command.data)
    except TlvError:
        found = ()  # what exactly is wrong would repeat data, which may be a PIN's digits
    if tuple(item.tag for item in found) != tags:
        wanted = " ".join(f"{tag:02X}" for tag in tags)
        raise Refusal(Sw.WRONG_DATA, Reason.OBJECTS_WRONG, Text(f"{name} takes {wanted}", f"{name} 需要 {wanted}"))
    return tuple(item.value for item in found)


def key_file(context: Context, fid: bytes, kind: FileType, pair: PairUse | None = None) -> ElementaryFile:
    """Return the file with this half of a key pair. Refuses with 6A80, 6A82, and 6981 where it is another's."""
    if len(fid) != _FID_SIZE:
        text = Text(f"a file has 2 bytes, not {len(fid)}", f"文件标识符为 2 字节,而非 {len(fid)}")
        raise Refusal(Sw.WRONG_DATA, Reason.OBJECTS_WRONG, text)
    number = int.from_bytes(fid, "big")
    file = context.directory.by_fid.get(number)
    if not isinstance(file, ElementaryFile):
        raise Refusal(Sw.FILE_NOT_FOUND, Reason.FILE_MISSING, number, context.directory.label)
    if file.header.type is not kind or pair not in (None, file.header.extra):
        raise Refusal(Sw.INCOMPATIBLE_FILE, Reason.NOT_A_KEY_FILE, number, _HALVES[kind], _PAIRS[pair])
    return file


def key_of_pair(context: Context, kind: FileType, pair: PairUse) -> ElementaryFile:
    """Return the file of the current directory with this half of its pair. Refuses with 6A88."""
    for file in context.directory.files:
        if file.header.type is kind and file.header.extra == pair:
            return file
    raise Refusal(Sw.REFERENCE_NOT_FOUND, Reason.KEY_HALF_MISSING, _HALVES[kind], context.directory.label)


def check_replacing(context: Context, file: ElementaryFile) -> None:
    """Refuse with 6982 whoever may not have a key put into ``file``."""
    check_update(context, file, file.update, file.rules[1].default)


def check_use(context: Context, file: ElementaryFile) -> None:
    """Refuse with 6982 whoever may not have the card compute with the private key in ``file``."""
    rule, masks = file.use
    if not allowed(context.granted, masks):
        raise Refusal(Sw.SECURITY_STATUS_NOT_SATISFIED, Reason.KEY_USE_REFUSED, file.fid, rule.default)


def public_key(context: Context, file: ElementaryFile) -> PublicKey:
    """Return the key in ``file``. Refuses with 6985 while there is none."""
    return PublicKey.parse(_value(context, file, PUBLIC_HEAD))


def private_key(context: Context, file: ElementaryFile) -> PrivateKey:
    """Return the key in ``file``. Refuses with 6985 while there is none."""
    return PrivateKey(_value(context, file, PRIVATE_HEAD))


def _value(context: Context, file: ElementaryFile, head: bytes) -> bytes:
    content = context.memory.read(file.body, file.size)
    if content[:_HEAD_SIZE] != head:
        raise Refusal(Sw.CONDITIONS_NOT_SATISFIED, Reason.NO_KEY_YET, file.fid)
    return content[_HEAD_SIZE:]

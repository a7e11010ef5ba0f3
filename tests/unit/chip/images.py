"""Card memories laid out by hand: no zone declaration takes part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardsim.chip.layout import (
    NO_FCI_BYTE,
    REST_OF_MEMORY,
    RIGHT_FREE,
    RIGHT_NEVER,
    Algorithm,
    FileType,
    Header,
    KeyRecord,
    KeyType,
    Protection,
    tries_byte,
)
from cardsim.chip.rules import Rule, encode_rules
from cardsim.zones.access import FREE, Access, Key, Pin

if TYPE_CHECKING:
    from collections.abc import Mapping


def file(
    fid: int,
    body: bytes,
    kind: FileType = FileType.TRANSPARENT,
    *,
    right: int = RIGHT_FREE,
    update: int = RIGHT_NEVER,
    protection: Protection = Protection.NONE,
) -> bytes:
    return Header(fid, kind, len(body), right, update, protection=protection).encode() + body


def records(fid: int, *tlvs: str, right: int = RIGHT_FREE, update: int = RIGHT_NEVER, spare: int = 0) -> bytes:
    """A variable file with room for ``spare`` more bytes."""
    body = bytes.fromhex("".join(tlvs))
    return file(fid, len(body).to_bytes(2, "big") + body + bytes(spare), FileType.VARIABLE, right=right, update=update)


def cyclic(fid: int, *oldest_first: str, update: int = RIGHT_NEVER) -> bytes:
    body = bytes.fromhex("".join(f"{number:02X}{record}" for number, record in enumerate(oldest_first, 1)))
    header = Header(fid, FileType.CYCLIC, len(body), RIGHT_FREE, update, extra=len(oldest_first[0]) // 2)
    return header.encode() + body


def pin(reference: int, digits: str, limit: int = 6, size: int = 8, unblocked_by: int = 0xFF) -> bytes:
    value = bytes.fromhex(digits).ljust(size, b"\xff")
    return KeyRecord(KeyType.PIN, reference, value, tries_byte(limit), file=unblocked_by).encode()


def key(
    reference: int,
    value: bytes = bytes(16),
    kind: KeyType = KeyType.EXTERNAL,
    algorithm: Algorithm = Algorithm.TRIPLE_DES,
) -> bytes:
    return KeyRecord(kind, reference, value, tries_byte(3), algorithm=algorithm).encode()


def keys(*key_records: bytes) -> bytes:
    return file(0xEF80, b"".join(key_records), FileType.KEYS)


def rules(*conditions: Access | Rule, references: Mapping[Access, int] | None = None) -> bytes:
    """A rules file; terms are named by their number ("0A") unless ``references`` says otherwise."""
    names: dict[Access, int] = {kind(f"{number:02X}"): number for number in range(256) for kind in (Pin, Key)}
    encoded = [
        (condition if isinstance(condition, Rule) else Rule(condition)).encode({**names, **(references or {})})
        for condition in conditions
    ]
    return file(0xEF81, encode_rules(encoded), FileType.RULES)


def directory(fid: int, name: bytes, *children: bytes, dir_sfi: int = NO_FCI_BYTE) -> bytes:
    body = b"".join(children)
    header = Header(fid, FileType.DIRECTORY, len(body), RIGHT_NEVER, RIGHT_NEVER, extra=dir_sfi, name_size=len(name))
    return header.encode() + name + body


def card(*children: bytes, name: bytes = b"1PAY.SYS.DDF01", size: int = 4096) -> bytes:
    header = Header(0x3F00, FileType.DIRECTORY, REST_OF_MEMORY, RIGHT_FREE, RIGHT_FREE, name_size=len(name))
    return (header.encode() + name + b"".join(children)).ljust(size, b"\x00")


def binary(size: int) -> bytes:
    """Bytes in which every place can be told from its neighbours."""
    return b"".join(number.to_bytes(2, "big") for number in range((size + 1) // 2))[:size]


def tree(algorithm: Algorithm = Algorithm.TRIPLE_DES) -> bytes:
    """MF { 0003, A001 { EF05-EF10, DF01 { EF05, EF08, EF09, D101 { EF05 } }, DF02 { EF05 } }, A002 { EF0A, EF0B } }.

    ``algorithm``: of its keys.
    """
    return card(
        file(0x0003, b"MF FILE"),
        directory(
            0xA001,
            b"APPLICATION ONE",
            keys(
                pin(0x00, "123456", unblocked_by=0x0A),
                key(0x0A, b"EXTERNAL KEY 00A", algorithm=algorithm),
                key(0x00, b"INTERNAL KEY 000", KeyType.INTERNAL, algorithm),
                key(0x00, b"LINE KEY NUMBER1", KeyType.LINE, algorithm),
                key(0x00, b"APPLICATION LOCK", KeyType.APPLICATION_LOCK, algorithm),
                key(0x00, b"CARD LOCK KEY 01", KeyType.CARD_LOCK, algorithm),
            ),
            rules(Pin("00"), Key("0A"), Rule(FREE, {0x33: Pin("00")})),
            records(0xEF1E, "7003610141"),
            # The tags are not the numbers, 22 is there twice, and 03 is a number as well as a tag.
            records(0xEF05, "2202AAAA", "0301BB", "2203CCCCCC", "2100", update=1),
            records(0xEF06, "3102DDDD", "3301EE", "3201FF", right=3),
            file(0xEF07, binary(0x300)),
            file(0xEF08, binary(0x20), right=1, update=1),
            file(0xEF09, binary(0x20), right=2, update=2),
            records(0xEF0B, "0101AA", update=1, spare=4),
            cyclic(0xEF0C, "A1A1", "A2A2", "A3A3", update=1),
            file(0xEF0D, binary(8), update=1, protection=Protection.MAC),
            file(0xEF10, binary(8), update=1, protection=Protection.CIPHER),
            directory(
                0xDF01,
                b"CHILD ONE",
                keys(pin(0x81, "4321")),
                rules(Pin("81"), Pin("00") & Pin("81")),
                records(0xEF05, "0101C1"),
                file(0xEF08, binary(0x10), right=1),
                file(0xEF09, binary(0x10), right=2),
                directory(0xD101, b"GRANDCHILD", records(0xEF05, "0101D1")),
            ),
            directory(0xDF02, b"CHILD TWO", records(0xEF05, "0101C2")),
            dir_sfi=0x1E,
        ),
        directory(
            0xA002,
            b"APPLICATION TWO",
            keys(pin(0x00, "888888")),
            records(0xEF0A, "0101A2"),
            file(0xEF0B, bytes(4), update=RIGHT_FREE),
        ),
    )


TREE = tree()
TREE_SM4 = tree(Algorithm.SM4)

ONE = "00A404000F4150504C49434154494F4E204F4E45"
TWO = "00A404000F4150504C49434154494F4E2054574F"
CHILD_ONE = "00A4010002DF01"
CHILD_TWO = "00A4010002DF02"
GRANDCHILD = "00A4010002D101"
MF = "00A40000023F00"
VERIFY_ONE = "0020000003123456"
VERIFY_CHILD = "00200081024321"

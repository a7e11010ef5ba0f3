"""Cards for the tests of their JSON: real ones, and any that the chip's layout allows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from cardsim.chip.layout import (
    REST_OF_MEMORY,
    FileType,
    Header,
    KeyRecord,
    KeyType,
    LifeCycle,
    Protection,
)
from cardsim.perso.image import CardImage
from cardsim.perso.plain import export_card, import_card
from cardsim.profiles import GEN2
from cardsim.store import read_card_file
from cardsim.zones.layouts import Layout

GOLDEN = Path(__file__).parents[2] / "golden" / "format-1-gen2-2.00.card"
_SIZE = 8192
_MF_NAME = b"1PAY.SYS.DDF01"


def golden_image() -> CardImage:
    description, memory = read_card_file(GOLDEN)
    return CardImage(memory, description.profile, description.layout, description.printed)


def exported(image: CardImage, *, secrets: bool = True) -> Any:
    """Return the JSON of a card, written and read again."""
    return json.loads(json.dumps(export_card(image, secrets=secrets), ensure_ascii=False))


def there_and_back(image: CardImage) -> CardImage:
    return import_card(exported(image))


def credentials(directory: Any) -> list[Any]:
    """Return the PINs and keys of a directory of an export, and of all below it."""
    found: list[Any] = []
    for child in directory["contents"]:
        found += child.get("keys", [])
        if "contents" in child:
            found += credentials(child)
    return found


def image_of(memory: bytes, size: int = _SIZE) -> CardImage:
    profile = GEN2.override({"memory_size": max(size, 2048)})
    return CardImage(memory.ljust(size, b"\x00"), profile, Layout.V2_00, {"name": "测试用户"})


# Any tree of files: what a chip's memory may hold, whether a zone declares it or not.

_bytes = st.binary(max_size=20)
_fids = st.integers(0xEF01, 0xEFFF)
_numbered = st.builds(lambda op, number: bytes((op, number)), st.sampled_from([1, 2]), st.integers(0, 255))
_accesses = st.recursive(
    st.sampled_from([b"\xf0", b"\xef"]) | _numbered,
    lambda inner: st.builds(
        lambda op, parts: bytes((op, len(parts))) + b"".join(parts),
        st.sampled_from([0x10, 0x11]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=4,
)


def _by_record(default: bytes, own: dict[int, bytes]) -> bytes:
    pairs = b"".join(bytes((tag,)) + rule for tag, rule in own.items())
    return bytes((0x20, len(own))) + default + pairs


_by_records = st.builds(_by_record, _accesses, st.dictionaries(st.integers(0, 255), _accesses, min_size=1, max_size=3))
_rules = st.lists((_accesses | _by_records).filter(lambda rule: len(rule) < 256), max_size=4)
_key_records = st.builds(
    KeyRecord,
    st.sampled_from(KeyType),
    st.integers(0, 255),
    st.sampled_from([8, 16, 5, 32, 0]).flatmap(lambda size: st.binary(min_size=size, max_size=size)),
    st.integers(0, 255),
    version=st.integers(0, 255),
    file=st.integers(0, 255),
    algorithm=st.integers(0, 255),
    level=st.integers(0, 255),
)


def _with_header(kind: FileType, body: bytes, rights: tuple[int, int], **more: Any) -> bytes:
    return Header(more.pop("fid"), kind, len(body), *rights, **more).encode() + body


@st.composite
def _files(draw: st.DrawFn, rules: int) -> bytes:
    right = st.sampled_from([0xF0, 0xEF, *range(1, rules + 1)])
    common = {"fid": draw(_fids), "protection": draw(st.sampled_from(Protection))}
    rights = (draw(right), draw(right))
    match draw(st.integers(0, 3)):
        case 0:
            return _with_header(FileType.TRANSPARENT, draw(_bytes) + bytes(draw(st.integers(0, 9))), rights, **common)
        case 1:
            records = b"".join(
                bytes((draw(st.integers(0, 255)), len(value))) + value for value in draw(st.lists(_bytes, max_size=4))
            )
            spare = draw(st.just(b"") | st.just(bytes(7)) | _bytes)
            body = len(records).to_bytes(2, "big") + records + spare
            return _with_header(FileType.VARIABLE, body, rights, **common)
        case 2:
            size, count = draw(st.integers(1, 9)), draw(st.integers(1, 5))
            body = draw(st.binary(min_size=(size + 1) * count, max_size=(size + 1) * count))
            return _with_header(FileType.CYCLIC, body, rights, extra=size, **common)
        case _:
            key_area = b"".join(record.encode() for record in draw(st.lists(_key_records, max_size=3)))
            spare = draw(st.just(b"") | st.just(bytes(9)) | _bytes.map(lambda raw: b"\x00" + raw))
            return Header(0xEF80, FileType.KEYS, len(key_area + spare)).encode() + key_area + spare


@st.composite
def _directories(draw: st.DrawFn, level: int = 0) -> bytes:
    rules = draw(_rules)
    parts = [draw(_files(len(rules))) for _ in range(draw(st.integers(0, 4)))]
    if level < 2:
        parts += [draw(_directories(level + 1)) for _ in range(draw(st.integers(0, 2)))]
    if rules:
        body = b"".join(bytes((len(rule),)) + rule for rule in rules)
        parts.append(Header(0xEF81, FileType.RULES, len(body)).encode() + body)
    if draw(st.booleans()):
        fci = draw(_bytes)
        parts.append(Header(0xEF82, FileType.APPLICATION, len(fci), 0xF0, extra=0).encode() + fci)
    left = draw(st.sampled_from([b"", bytes(30), bytes(12) + b"old"]))
    body = b"".join(draw(st.permutations(parts))) + left
    if not level:
        name = _MF_NAME
        return (
            Header(0x3F00, FileType.DIRECTORY, REST_OF_MEMORY, 0xF0, 0xF0, name_size=len(name)).encode() + name + body
        )
    name = draw(st.binary(max_size=16))
    header = Header(
        draw(st.integers(0x1000, 0x3EFF)),
        FileType.DIRECTORY,
        len(body),
        draw(st.integers(0, 255)),
        draw(st.integers(0, 255)),
        extra=draw(st.integers(0, 255)),
        name_size=len(name),
        state=draw(st.sampled_from(LifeCycle)),
    )
    return header.encode() + name + body


any_card = _directories().filter(lambda memory: len(memory) <= _SIZE)
"""The used part of a memory; :func:`image_of` makes a card of it."""

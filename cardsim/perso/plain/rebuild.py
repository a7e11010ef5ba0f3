"""From the JSON of a card back to its memory."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, unique
from typing import TYPE_CHECKING, Any, Final

from apdu import BilingualError
from cardsim.chip.layout import MF_FID, REST_OF_MEMORY, RIGHT_FREE, RIGHT_NEVER, RULES_FID, FileType, Header
from cardsim.perso.plain.checked import Checked, PlainError
from cardsim.perso.plain.credentials import NoSecrets
from cardsim.perso.plain.declared import element_of, type_of
from cardsim.perso.plain.form import (
    PLACE_FIELDS,
    RIGHT_FIELDS,
    RuleBook,
    field_names,
    handled_fields,
    member,
    parsed_fields,
    right_keys,
)
from cardsim.perso.plain.purses import PURSE_KEYS, purse_body
from cardsim.perso.plain.rights import REFERENCES, parse_rule
from cardsim.zones.fields import value_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cardsim.perso.plain.credentials import Credentials
    from cardsim.perso.plain.declared import Declared
    from cardsim.zones.fields import FieldType, Padding
    from cardsim.zones.layouts import Layout
    from cardsim.zones.model import FileDeclaration

_MAX_FILE = 0xFFFE
_MAX_RECORD = 0xFF
_NAMES = ("name", "name_zh")
_RIGHTS_IN_WORDS = ("rights", "rights_zh")
_OWN_KEYS: Final[Mapping[FileType, tuple[str, ...]]] = {
    FileType.TRANSPARENT: ("size", "content"),
    FileType.VARIABLE: ("size", "uncounted", "records"),
    FileType.FIXED: ("size", "record_size", "records"),
    FileType.CYCLIC: ("size", "record_size", "newest_at", "records"),
    FileType.KEYS: ("size", "keys"),
    FileType.RULES: ("rules",),
    FileType.PURSE: PURSE_KEYS,
}
"""What a file of a type has beside its header; every other type has its "body"."""


@unique
class Prefer(Enum):
    """Which of a record's two spellings counts where they differ."""

    HEX = "hex"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes the bytes of files and directories."""

    layout: Layout
    padding: Padding
    credentials: Credentials
    prefer: Prefer | None = None

    def directory(self, node: Checked, above: Declared, inherited: RuleBook, *, is_mf: bool = False) -> bytes:
        """Return a directory: header, name and everything in it."""
        extras = field_names(Header, PLACE_FIELDS)
        if "raw" in node:
            node.only("directory", "raw")
            return node.octets("raw", most=1 << 24)
        node.only("directory", "aid", *_NAMES, "contents", "free", "rest", *extras)
        node.remarks(*_NAMES)
        fid = node.word("directory")
        if (fid == MF_FID) != is_mf:
            raise node.error("directory", "the card is 3F00, and nothing else is", "卡为 3F00,其他均不是")
        name = node.octets("aid", most=16)
        declared = above.below(name)
        body = self._contents(node, declared, inherited)
        rest = node.octets("rest", most=1 << 24) if "rest" in node else b""
        if is_mf and "free" not in node:
            size = REST_OF_MEMORY
            body += rest
        else:
            free = node.number("free", 0, _MAX_FILE, 0)
            if len(rest) > free:
                raise node.error("rest", f"{len(rest)} bytes where {free} are free", f"{len(rest)} 字节,仅余 {free}")
            body += rest.ljust(free, b"\x00")
            size = len(body)
            if size > _MAX_FILE:
                raise node.error("", f"{size} bytes; a directory has at most {_MAX_FILE}", f"{size} 字节,超出上限")
        values = parsed_fields(Header, node, PLACE_FIELDS)
        return Header(fid, FileType.DIRECTORY, size, name_size=len(name), **values).encode() + name + body

    def _contents(self, node: Checked, declared: Declared, inherited: RuleBook) -> bytes:
        """Build the files before the directories below, which see all rules of this one."""
        children = [_labelled(child, node.place) for child in node.objects("contents")]
        own = next((child for child in children if child.plain.get("type") == FileType.RULES.name), None)
        book = RuleBook(_rules(own) if own else list(inherited.encoded))
        parts = {child: self.file(child, declared, book) for child in children if "directory" not in child}
        parts |= {child: self.directory(child, declared, book) for child in children if "directory" in child}
        if own:
            parts[own] = _encode(own, FileType.RULES, book.body(), parsed_fields(Header, own, PLACE_FIELDS))
        new = b""
        if book.extended and not own:
            new = Header(RULES_FID, FileType.RULES, len(book.body())).encode() + book.body()
        return new + b"".join(parts[child] for child in children)

    def file(self, node: Checked, declared: Declared, book: RuleBook) -> bytes:
        """Return a file: header and body."""
        if "raw" in node:
            node.only("file", "type", "raw")
            return node.octets("raw")
        kind: FileType = member(node, "type", FileType)
        handled, rights = handled_fields(kind), right_keys(kind)
        keys = ("file", "type", *_NAMES, *field_names(Header, handled), *rights, *(_RIGHTS_IN_WORDS if rights else ()))
        values = parsed_fields(Header, node, handled)
        for name, key in zip(RIGHT_FIELDS, rights, strict=False):
            values[name] = _right(node, key, book)
        if "extra" in handled:
            keys += ("record_size",)
            values["extra"] = node.number("record_size", 0, _MAX_RECORD)
        own = ("body",) if "body" in node else _OWN_KEYS.get(kind, ("body",))
        node.only(*dict.fromkeys((*keys, *own)))
        node.remarks(*_NAMES, *_RIGHTS_IN_WORDS)
        if "body" in node:
            body = node.octets("body")
        elif "body" in own:
            body = self._secret_body(node, kind, declared)
        else:
            body = self._body(node, kind, declared, book)
        return _encode(node, kind, body, values)

    def _secret_body(self, node: Checked, kind: FileType, declared: Declared) -> bytes:
        """Return what an export without secrets does not have."""

        def where(en: str, zh: str) -> PlainError:
            return node.error("", en, zh)

        source = self.credentials.secrets if kind is FileType.PRIVATE_KEY else NoSecrets()
        return source.private_half(declared, node.word("file"), where)

    def _body(self, node: Checked, kind: FileType, declared: Declared, book: RuleBook) -> bytes:
        file = declared.file(node.word("file"), None)
        match kind:
            case FileType.VARIABLE:
                return _filled(node, self._variable(node, file))
            case FileType.FIXED | FileType.CYCLIC:
                return _filled(node, self._numbered(node, file))
            case FileType.KEYS:
                return _filled(node, self.credentials.body(node, declared))
            case FileType.RULES:
                return book.body()
            case FileType.PURSE:
                return purse_body(node)
            case _:
                return _filled(node, node.octets("content"))

    def _variable(self, node: Checked, file: FileDeclaration | None) -> bytes:
        body = b""
        for record in node.objects("records", "record"):
            record.only("tag", *_NAMES, "hex", "value")
            record.remarks(*_NAMES)
            tag = record.byte("tag")
            data = self._value(record, type_of(file, tag, self.layout), file, tag)
            if len(data) > _MAX_RECORD:
                raise record.error("", f"{len(data)} bytes; at most {_MAX_RECORD}", f"{len(data)} 字节,超出上限")
            body += bytes((tag, len(data))) + data
        if len(body) > _MAX_FILE:
            raise node.error("records", f"{len(body)} bytes are too many", f"{len(body)} 字节过多")
        uncounted = "uncounted" in node and node.flag("uncounted")
        return body if uncounted else len(body).to_bytes(2, "big") + body

    def _numbered(self, node: Checked, file: FileDeclaration | None) -> bytes:
        """Return records of one length, each behind its number; those of a cyclic file are listed from the newest."""
        records = list(node.objects("records", "record"))
        size = node.number("record_size", 0, _MAX_RECORD)
        cyclic = "newest_at" in node
        newest = node.number("newest_at", 0, len(records) - 1) if cyclic else 0
        places = [b""] * len(records)
        for at, record in enumerate(records):
            record.only("number", "hex", "value")
            data = self._value(record, type_of(file, 0, self.layout), file, 0)
            if len(data) != size:
                raise record.error(
                    "", f"{len(data)} bytes; record_size says {size}", f"{len(data)} 字节;record_size 为 {size}"
                )
            place = (newest - at) % len(records) if cyclic else at
            places[place] = bytes((record.number("number", 0, 255),)) + data
        return b"".join(places)

    def _value(self, record: Checked, kind: FieldType | None, file: FileDeclaration | None, tag: int) -> bytes:
        """Return what "hex" spells, or "value" as its declared type has it; both have to say the same."""
        if "value" not in record:
            return record.octets("hex")
        text = record.text("value")
        if kind is None:
            raise record.error("value", "no zone declares this record: give 'hex'", "没有区域定义该记录:请给出 'hex'")
        if "hex" in record and self.prefer is not Prefer.VALUE:
            raw = record.octets("hex")
            if self.prefer is Prefer.HEX or _decodes_to(kind, raw, text):
                return raw
            raise record.error(
                "value",
                f"{text!r} is not what 'hex' says: take out the one that is old, or decide for all with --prefer",
                f"{text!r} 与 'hex' 不符:请删去旧的一项,或用 --prefer 统一指定",
            )
        if "hex" in record and _decodes_to(kind, record.octets("hex"), text):
            return record.octets("hex")  # as it was: two paddings of one value are two different cards
        element = element_of(file, tag, self.layout)
        try:
            if text and element and element.check:
                element.check(text)
            return kind.encode(text, self.padding)
        except BilingualError as error:
            raise record.error("value", str(error), error.text.zh) from error


def _labelled(child: Checked, place: str) -> Checked:
    """Return ``child`` under the name that people know it by, its FID, where it has one."""
    name = child.plain.get("directory", child.plain.get("file"))
    return Checked(child.plain, f"{place}/{name}") if isinstance(name, str) else child


def _rules(node: Checked) -> list[bytes]:
    encoded = []
    for number, item in enumerate(node.items("rules"), 1):
        place = f"rules/rule {number}"
        if isinstance(item, dict) and set(item) == {"raw"}:
            encoded.append(Checked(item, f"{node.place}/{place}").octets("raw", most=255))
            continue
        encoded.append(_encoded_rule(node, place, item))
    return encoded


def _encoded_rule(node: Checked, key: str, plain: object) -> bytes:
    try:
        encoded = parse_rule(plain).encode(REFERENCES)
    except ValueError as error:
        raise node.error(key, str(error), str(error)) from error
    if len(encoded) > _MAX_RECORD:
        raise node.error(key, f"takes {len(encoded)} bytes; at most 255", f"需要 {len(encoded)} 字节,最多 255")
    return encoded


def _right(node: Checked, key: str, book: RuleBook) -> int:
    """Return the byte for a right: an expression, or "byte 03" as it is."""
    plain = node.plain.get(key)
    if plain is None:
        raise node.error("", f"{key!r} is missing", f"缺少 {key!r}")
    if isinstance(plain, str) and plain.startswith("byte "):
        try:
            return int.from_bytes(bytes.fromhex(plain.removeprefix("byte ")), "big") & 0xFF
        except ValueError:
            raise node.error(key, f"{plain!r} is no byte", f"{plain!r} 不是字节") from None
    encoded = _encoded_rule(node, key, plain)
    fixed = {_encoded_rule(node, key, "free"): RIGHT_FREE, _encoded_rule(node, key, "never"): RIGHT_NEVER}
    return fixed[encoded] if encoded in fixed else book.number(encoded)


def _encode(node: Checked, kind: FileType, body: bytes, values: dict[str, Any]) -> bytes:
    if len(body) > _MAX_FILE:
        raise node.error("", f"{len(body)} bytes; a file has at most {_MAX_FILE}", f"{len(body)} 字节,超出上限")
    return Header(node.word("file"), kind, len(body), **values).encode() + body


def _filled(node: Checked, body: bytes) -> bytes:
    size = node.number("size", 0, _MAX_FILE)
    if len(body) > size:
        raise node.error("size", f"{size}, the contents take {len(body)} bytes", f"{size},而内容需 {len(body)} 字节")
    return body.ljust(size, b"\x00")


def _decodes_to(kind: FieldType, raw: bytes, text: str) -> bool:
    try:
        return value_text(kind.decode(raw)) == text
    except BilingualError:
        return False

"""From the memory of a card to its JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from apdu import BilingualError, format_hex
from cardsim.chip.filesystem import FileSystem
from cardsim.chip.layout import HEADER_SIZE, REST_OF_MEMORY, RIGHT_FREE, RIGHT_NEVER, FileType, Header
from cardsim.chip.memory import Memory, NoJournal
from cardsim.chip.purse.file import PurseFile
from cardsim.chip.rules import Rule
from cardsim.perso.plain.checked import Checked
from cardsim.perso.plain.credentials import Credentials, NoSecrets
from cardsim.perso.plain.declared import Declared, element_of, type_of
from cardsim.perso.plain.form import (
    FORMAT,
    PLACE_FIELDS,
    RuleBook,
    handled_fields,
    plain_fields,
    right_keys,
    without_secrets,
)
from cardsim.perso.plain.purses import purse_plain
from cardsim.perso.plain.rebuild import Maker
from cardsim.perso.plain.rights import REFERENCES, parse_rule, rule_plain
from cardsim.profiles import PROFILES, Profile
from cardsim.zones.access import FREE, NEVER, rename
from cardsim.zones.fields import Padding, value_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cardsim.chip.files import Directory, ElementaryFile
    from cardsim.perso.image import CardImage
    from cardsim.perso.plain.credentials import SecretSource
    from cardsim.perso.plain.rebuild import Prefer
    from cardsim.zones.fields import FieldType
    from cardsim.zones.layouts import Layout
    from cardsim.zones.model import FileDeclaration

Plain = dict[str, object]
_ZH: Final = {"read": "读", "update": "写", "use": "使用", "load": "圈存"}


def export_card(image: CardImage, *, secrets: bool) -> Plain:
    """Return the card as JSON can hold it; :func:`import_card` gives the same card back.

    ``secrets``: with the values of PINs and keys, and whatever may hold one (:func:`secret_keys`). Without them the
    JSON says how many tries each has left and, of keys, the check value. Raises MemoryDamagedError.
    """
    memory = Memory(image.memory, NoJournal())
    files = FileSystem(memory, image.profile)
    exporter = _Exporter(image.profile, image.layout, memory)
    # A blank chip has no MF yet, and nothing else.
    card = exporter.directory(files.mf, Declared(), RuleBook([]), len(memory)) if files.formatted else None
    usual = PROFILES.get(image.profile.chip, Profile()).plain()
    settings = image.profile.plain()
    plain: Plain = {
        "format": FORMAT,
        "profile": {key: value for key, value in settings.items() if key == "chip" or value != usual[key]},
        "layout": image.layout.text,
        "printed": dict(image.printed),
        "memory": len(memory),
        "card": card,
    }
    if files.mf.header.size != REST_OF_MEMORY:
        behind = memory.read(_end(files.mf, 0) if files.formatted else 0, len(memory)).rstrip(b"\x00")
        if behind:
            plain["rest"] = format_hex(behind)
    return plain if secrets else without_secrets(plain)


def maker_for(
    profile: Profile, layout: Layout, secrets: SecretSource | None = None, prefer: Prefer | None = None
) -> Maker:
    """Return what makes bytes of JSON; without ``secrets`` of one that has everything in it."""
    padding = Padding(profile.an_padding, profile.cn_padding)
    return Maker(layout, padding, Credentials(profile, secrets or NoSecrets()), prefer)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a file stands: what is declared there, the rules its rights name, and the file as the chip has it."""

    declared: Declared
    book: RuleBook
    file: FileDeclaration | None
    node: ElementaryFile | None
    native: bool


class _Exporter:
    """Takes directories and files apart, and whatever would not come back the same as it is."""

    def __init__(self, profile: Profile, layout: Layout, memory: Memory) -> None:
        self._layout = layout
        self._memory = memory
        self._maker = maker_for(profile, layout)

    def directory(self, directory: Directory, above: Declared, inherited: RuleBook, limit: int) -> Plain:
        header, declared = directory.header, above.below(directory.name)
        is_mf = directory.parent is None
        name = self._memory.read(directory.offset + HEADER_SIZE, header.name_size)
        start = directory.offset + HEADER_SIZE + header.name_size
        end = _end(directory, limit)
        plain: Plain = {"directory": f"{directory.fid:04X}", "aid": format_hex(name)}
        if declared.df:
            plain |= {"name": declared.df.name, "name_zh": declared.df.name_zh}
        plain |= plain_fields(header, PLACE_FIELDS)
        children = list(self._children(start, start + directory.used))
        book = inherited
        for offset, child in children:
            if child.type is FileType.RULES:
                book = RuleBook.parse(self._memory.read(offset + HEADER_SIZE, child.size))
        below = {child.offset: child for child in directory.children}
        files = {file.offset: file for file in directory.files}
        contents: list[Plain] = []
        for offset, child in children:
            if offset in below:
                contents.append(self.directory(below[offset], declared, book, end))
            else:
                file = declared.file(child.fid, directory.dir_sfi)
                place = _Place(declared, book, file, files.get(offset), directory.native)
                contents.append(self._file(offset, child, place))
        plain["contents"] = contents
        if not (is_mf and header.size == REST_OF_MEMORY):
            plain["free"] = end - start - directory.used
        rest = self._memory.read(start + directory.used, end - start - directory.used).rstrip(b"\x00")
        if rest:
            plain["rest"] = format_hex(rest)
        return plain

    def _children(self, offset: int, end: int) -> Iterator[tuple[int, Header]]:
        while offset < end:
            header = Header.parse(self._memory.read(offset, HEADER_SIZE))
            yield offset, header
            offset += HEADER_SIZE + header.name_size + header.size

    def _file(self, offset: int, header: Header, place: _Place) -> Plain:
        raw = self._memory.read(offset, HEADER_SIZE + header.name_size + header.size)
        body = raw[HEADER_SIZE + header.name_size :]
        plain: Plain = {"file": f"{header.fid:04X}", "type": header.type.name}
        if place.file:
            plain |= {"name": place.file.name, "name_zh": place.file.name_zh}
        handled = handled_fields(header.type)
        plain |= plain_fields(header, handled)
        if right_keys(header.type):
            plain |= _rights(header, place)
        if "extra" in handled:
            plain["record_size"] = header.extra
        forms: list[Plain] = [{"body": format_hex(body)}]
        if taken_apart := self._taken_apart(header, body, place):
            forms.insert(0, taken_apart)
        for form in forms:
            if self._comes_back(plain | form, place, raw):
                return plain | form
        return {"file": plain["file"], "type": plain["type"], "raw": format_hex(raw)}

    def _comes_back(self, plain: Plain, place: _Place, raw: bytes) -> bool:
        try:
            return self._maker.file(Checked(plain, ""), place.declared, RuleBook(place.book.encoded)) == raw
        except (BilingualError, ValueError):
            return False

    def _taken_apart(self, header: Header, body: bytes, place: _Place) -> Plain | None:
        node, file = place.node, place.file
        match header.type:
            case FileType.TRANSPARENT:
                return {"size": header.size, "content": format_hex(body.rstrip(b"\x00"))}
            case FileType.VARIABLE if node:
                try:
                    records = [self._record(body, file, r.offset - node.body, r.tag, r.size) for r in node.records]
                except BilingualError:  # damaged, and shown as it is
                    return None
                uncounted: Plain = {"uncounted": True} if place.native else {}
                return {"size": header.size} | uncounted | {"records": records}
            case FileType.FIXED | FileType.CYCLIC if node:
                return self._numbered(header, body, node, file)
            case FileType.KEYS:
                keys = self._maker.credentials.plain(body, place.declared, native=place.native)
                return {"size": header.size, "keys": keys}
            case FileType.RULES:
                return {"rules": [_shown_rule(rule) for rule in RuleBook.parse(body).encoded]}
            case FileType.PURSE:
                return purse_plain(body)
            case _:
                return None

    def _record(self, body: bytes, file: FileDeclaration | None, start: int, tag: int, size: int) -> Plain:
        value = body[start + 2 : start + size]
        plain: Plain = {"tag": f"{tag:02X}"}
        kind = type_of(file, tag, self._layout)
        if element := element_of(file, tag, self._layout):
            plain |= {"name": element.name, "name_zh": element.name_zh}
        return plain | {"hex": format_hex(value)} | _value(kind, value)

    def _numbered(
        self, header: Header, body: bytes, node: ElementaryFile, file: FileDeclaration | None
    ) -> Plain | None:
        kind = type_of(file, 0, self._layout)
        step = header.extra + 1
        places = list(range(0, node.record_room - step + 1, step))
        plain: Plain = {"size": header.size}
        if node.cyclic:
            newest = (node.records[0].offset - 1 - node.body) // step if node.records else len(places) - 1
            plain["newest_at"] = newest
            places = [places[(newest - back) % len(places)] for back in range(len(places))]
        records: list[Plain] = []
        for place in places:
            value = body[place + 1 : place + step]
            records.append({"number": body[place], "hex": format_hex(value)} | _value(kind, value))
        return plain | {"records": records}


def _rights(header: Header, place: _Place) -> Plain:
    """Return the rights of an elementary file as expressions, and in words."""
    plain: Plain = {}
    words, words_zh = [], []
    for at, (key, right) in enumerate(zip(right_keys(header.type), (header.right1, header.right2), strict=True)):
        rule = _rule(right, place.book)
        if rule is None:
            plain[key] = f"byte {right:02X}"
            if place.node:
                text = _conditions(place.node)[at].default.text
                words.append(f"{key}: {text.en}")
                words_zh.append(f"{_ZH.get(key, key)}:{text.zh}")
            continue
        plain[key] = rule_plain(rule)
        names = place.declared.names
        for tag, access in ((None, rule.default), *sorted(rule.by_tag.items())):
            text = rename(access, names).text
            tag_at = "" if tag is None else f" {tag:02X}"
            words.append(f"{key}{tag_at}: {text.en}")
            words_zh.append(f"{_ZH.get(key, key)}{tag_at}:{text.zh}")
    return plain | {"rights": "; ".join(words), "rights_zh": ";".join(words_zh)}


def _conditions(node: ElementaryFile) -> tuple[Rule, ...]:
    """Return the rules of the two rights; of a native purse, what a load needs is in no right byte."""
    return (node.use[0], node.load[0]) if isinstance(node, PurseFile) else node.rules


def _end(directory: Directory, limit: int) -> int:
    start = directory.offset + HEADER_SIZE + directory.header.name_size
    if directory.parent is None and directory.header.size == REST_OF_MEMORY:
        return limit
    return start + directory.header.size


def _rule(right: int, book: RuleBook) -> Rule | None:
    """Return the rule that a right byte names, None where it names none or would come back as another."""
    if right in (RIGHT_FREE, RIGHT_NEVER):
        return Rule(FREE if right == RIGHT_FREE else NEVER)
    if not 1 <= right <= len(book.encoded):
        return None
    encoded = book.encoded[right - 1]
    rule = Rule.parse(encoded)
    plain = not rule.by_tag and rule.default in (FREE, NEVER)
    same = not plain and _comes_back(rule, encoded) and book.encoded.index(encoded) == right - 1
    return rule if same else None


def _comes_back(rule: Rule, encoded: bytes) -> bool:
    return parse_rule(rule_plain(rule)).encode(REFERENCES) == encoded


def _shown_rule(encoded: bytes) -> object:
    rule = Rule.parse(encoded)
    return rule_plain(rule) if _comes_back(rule, encoded) else {"raw": format_hex(encoded)}


def _value(kind: FieldType | None, raw: bytes) -> Plain:
    """Return the value in ``raw`` in words, nothing where it makes no sense."""
    if kind is None:
        return {}
    try:
        return {"value": value_text(kind.decode(raw))}
    except BilingualError:
        return {}

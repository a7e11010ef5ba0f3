"""From a zone's declaration and a holder to the bytes of a card's memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from apdu import BilingualError, HexError, SimpleTlv, encode_ber, parse_hex
from cardsim.chip.errors import MemoryFullError
from cardsim.chip.layout import (
    MF_FID,
    NO_FCI_BYTE,
    REST_OF_MEMORY,
    RIGHT_FREE,
    RIGHT_NEVER,
    FileType,
    Header,
    KeyRecord,
    KeyType,
    tries_byte,
)
from cardsim.chip.rules import Rule, encode_rules
from cardsim.errors import HolderError
from cardsim.perso.holder import file_key
from cardsim.zones.access import FREE, NEVER, Access, Key, Pin
from cardsim.zones.card_identification import CardIdentification
from cardsim.zones.fields import Padding
from cardsim.zones.historical import HistoricalBytes
from cardsim.zones.hrss import HRSS
from cardsim.zones.model import Cyclic, Directory, Transparent, VariableTlv

if TYPE_CHECKING:
    from cardsim.perso.holder import Holder
    from cardsim.profiles import Profile
    from cardsim.zones.layouts import Layout
    from cardsim.zones.model import Df, Element, FileDeclaration

_KEYS_FID: Final = 0xEF80
_RULES_FID: Final = 0xEF81
_PIN_VALUE_SIZE: Final = 8
"""Bytes kept for a PIN, FF behind it (facts native-card-os 8: the 8-byte PIN record)."""
_MAX_RECORD: Final = 254


@dataclass(frozen=True, slots=True)
class CardImage:
    """A card ready to be stored: its memory, the profile with everything filled in, and what is printed on it."""

    memory: bytes
    profile: Profile
    layout: Layout
    printed: dict[str, str]


def personalise(profile: Profile, layout: Layout, holder: Holder, *, raw_elements: bool = False) -> CardImage:
    """Return a card with the HRSS zone on it.

    ``raw_elements``: the values under ``elements`` are hexadecimal bytes, stored as they are, unchecked and unpadded.
    Raises HolderError, ProfileError or MemoryFullError; the message names key or setting.
    """
    values = holder.values(profile, layout)
    builder = _Builder(profile, layout, holder, values, raw=raw_elements)
    zone = builder.directory(HRSS.application, references={})
    builder.check_all_used()
    mf_header = Header(
        MF_FID, FileType.DIRECTORY, REST_OF_MEMORY, RIGHT_FREE, RIGHT_FREE, name_size=len(profile.mf_name)
    )
    memory = mf_header.encode() + profile.mf_name + zone
    if len(memory) > profile.memory_size:
        raise MemoryFullError(
            f"the card needs {len(memory)} bytes; the chip has {profile.memory_size}",
            f"卡片需要 {len(memory)} 字节;芯片只有 {profile.memory_size} 字节",
        )
    historical = profile.historical_bytes or _historical(profile, values)
    return CardImage(
        memory.ljust(profile.memory_size, b"\x00"),
        profile.override({"historical_bytes": historical.hex()}),
        layout,
        {key: values[key] for key in _PRINTED},
    )


_PRINTED: Final = ("name", "social_security_number", "card_number", "issue_date", "bank_account")
"""On the plastic: handbook Q6."""


def _historical(profile: Profile, values: dict[str, str]) -> bytes:
    """City and serial as on real cards, where they are those of the card identification code (facts hrss-card 7)."""
    code = CardIdentification.parse(parse_hex(values["card_identification"]))
    manufacturer = int.from_bytes(profile.manufacturer, "big")
    return HistoricalBytes.build(profile.chip_code, manufacturer, code.region[:4], code.serial)


class _Builder:
    """Builds one application, keeping count of what the holder gave and what was used of it."""

    def __init__(self, profile: Profile, layout: Layout, holder: Holder, values: dict[str, str], *, raw: bool) -> None:
        self._profile = profile
        self._layout = layout
        self._holder = holder
        self._values = values
        self._raw = raw
        self._padding = Padding(profile.an_padding, profile.cn_padding)
        self._used: set[tuple[str, int]] = set()
        self._used_contents: set[str] = set()

    def check_all_used(self) -> None:
        """Refuse a holder with something in it that has no place on this card: nothing is lost silently."""
        for file, records in self._holder.elements.items():
            for tag in records:
                if (file, tag) not in self._used:
                    raise HolderError(
                        f"elements: layout {self._layout.text} has no element {file}/{tag:02X}",
                        f"elements:布局 {self._layout.text} 没有数据元 {file}/{tag:02X}",
                    )
        for key in self._holder.contents:
            if key not in self._used_contents:
                raise HolderError(
                    f"{key}: layout {self._layout.text} has no file for it",
                    f"{key}:布局 {self._layout.text} 没有相应文件",
                )

    def directory(self, df: Df, references: dict[Access, int]) -> bytes:
        """Return a directory and everything in it. ``references`` are the PINs and keys of those above."""
        references = references | {Pin(pin.name): pin.reference for pin in df.pins}
        references |= {Key(key.name): key.reference for key in df.keys}
        rules = _Rules(references)
        files = [self._file(df, file, rules) for file in df.files if self._layout in file.layouts]
        dir_sfi = NO_FCI_BYTE
        if any(isinstance(file, Directory) for file in df.files):
            dir_sfi = self._profile.dir_sfi_for(self._layout)
        children = [self.directory(child, references) for child in df.children if self._layout in child.layouts]
        body = self._keys(df) + rules.file() + b"".join(files) + b"".join(children)
        fid = self._profile.hrss_fid if df is HRSS.application else df.fid
        header = Header(
            fid, FileType.DIRECTORY, len(body), RIGHT_NEVER, RIGHT_NEVER, extra=dir_sfi, name_size=len(df.aid)
        )
        return header.encode() + df.aid + body

    def _keys(self, df: Df) -> bytes:
        records = [
            KeyRecord(
                KeyType.PIN,
                pin.reference,
                self._holder.pin.ljust(_PIN_VALUE_SIZE, b"\xff"),
                tries_byte(self._profile.pin_limit),
            ).encode()
            for pin in df.pins
        ]
        return _file(Header(_KEYS_FID, FileType.KEYS, sum(map(len, records))), b"".join(records)) if records else b""

    def _file(self, df: Df, file: FileDeclaration, rules: _Rules) -> bytes:
        match file:
            case VariableTlv():
                return self._variable(df, file, rules)
            case Cyclic():
                return self._cyclic(file, rules)
            case Transparent():
                return self._transparent(file, rules)
            case Directory():
                return self._dir(df, file, rules)

    def _variable(self, df: Df, file: VariableTlv, rules: _Rules) -> bytes:
        elements = file.elements(self._layout)
        key = file_key(f"{'SSSE' if df is HRSS.application else f'DF{df.fid & 0xFF:02X}'}/EF{file.fid & 0xFF:02X}")
        body = b"".join(self._record(key, element).encode() for element in elements)
        own = {element.tag: element.read_in(self._layout, file.read) for element in elements}
        read = Rule(file.read, {tag: access for tag, access in own.items() if access != file.read})
        return _file(
            Header(file.fid, FileType.VARIABLE, 2 + len(body), rules.right(read), rules.right(Rule(file.update))),
            len(body).to_bytes(2, "big") + body,
        )

    def _record(self, file: str, element: Element) -> SimpleTlv:
        given = self._holder.elements.get(file, {}).get(element.tag)
        where = f"elements: {file}/{element.tag:02X}" if given is not None else element.name
        if given is not None:
            self._used.add((file, element.tag))
        try:
            if given is not None and self._raw:
                value = _raw_value(given)
            else:
                text = self._values.get(element.name, "") if given is None else given
                if text and element.check:
                    element.check(text)
                value = element.type.encode(text, self._padding)
        except BilingualError as error:
            raise HolderError(f"{where}: {error}", f"{where}:{error.text.zh}") from error
        return SimpleTlv(element.tag, value)

    def _cyclic(self, file: Cyclic, rules: _Rules) -> bytes:
        """Every record is there from the start, empty (facts hrss-card 1); a byte before each says how new it is."""
        count = file.counts[self._layout]
        empty = file.record.encode("", self._padding)
        body = b"".join(bytes((number,)) + empty for number in range(1, count + 1))
        read, update = rules.right(Rule(file.read)), rules.right(Rule(file.update))
        return _file(Header(file.fid, FileType.CYCLIC, len(body), read, update, extra=len(empty)), body)

    def _transparent(self, file: Transparent, rules: _Rules) -> bytes:
        size = file.sizes[self._layout]
        content = self._holder.contents.get(file.content or "", b"")
        if file.content:
            self._used_contents.add(file.content)
        if len(content) > size:
            raise HolderError(
                f"{file.content}: {len(content)} bytes; file {file.fid:04X} holds {size}",
                f"{file.content}:{len(content)} 字节;文件 {file.fid:04X} 只能存 {size} 字节",
            )
        read, update = rules.right(Rule(file.read)), rules.right(Rule(file.update))
        return _file(Header(file.fid, FileType.TRANSPARENT, size, read, update), content.ljust(size, b"\x00"))

    def _dir(self, df: Df, file: Directory, rules: _Rules) -> bytes:
        sfi = self._profile.dir_sfi_for(self._layout)
        fid = 0xEF00 | sfi
        if any(not isinstance(other, Directory) and other.fid == fid for other in df.files):
            raise HolderError(
                f"setting dir_sfi: SFI {sfi:02X} belongs to file {fid:04X}",
                f"设置 dir_sfi:SFI {sfi:02X} 已属于文件 {fid:04X}",
            )
        applications = [df, *(child for child in df.children if self._layout in child.layouts)]
        body = b"".join(
            encode_ber(
                0x70, encode_ber(0x61, encode_ber(0x4F, entry.aid) + encode_ber(0x50, entry.label.encode("gbk")))
            )
            for entry in applications
        )
        read, update = rules.right(Rule(file.read)), rules.right(Rule(file.update))
        return _file(Header(fid, FileType.VARIABLE, 2 + len(body), read, update), len(body).to_bytes(2, "big") + body)


class _Rules:
    """Collects the distinct rules of a directory's files and hands out their numbers."""

    def __init__(self, references: dict[Access, int]) -> None:
        self._references = references
        self._encoded: list[bytes] = []

    def right(self, rule: Rule) -> int:
        """Return the right byte for ``rule``."""
        if not rule.by_tag and rule.default in (FREE, NEVER):
            return RIGHT_FREE if rule.default == FREE else RIGHT_NEVER
        encoded = rule.encode(self._references)
        if encoded not in self._encoded:
            self._encoded.append(encoded)
        return self._encoded.index(encoded) + 1

    def file(self) -> bytes:
        """Return the internal file with all rules, or nothing."""
        body = encode_rules(self._encoded)
        return _file(Header(_RULES_FID, FileType.RULES, len(body)), body) if body else b""


def _file(header: Header, body: bytes) -> bytes:
    return header.encode() + body


def _raw_value(text: str) -> bytes:
    try:
        raw = parse_hex(text)
    except HexError as error:
        raise HolderError(str(error), error.text.zh) from error
    if len(raw) > _MAX_RECORD:
        raise HolderError(
            f"a record holds {_MAX_RECORD} bytes, these are {len(raw)}",
            f"记录最多 {_MAX_RECORD} 字节,此处 {len(raw)} 字节",
        )
    return raw

"""Building one application's part of a card's memory from its zone's declaration."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from apdu import BilingualError, HexError, Interface, SimpleTlv, encode_ber, parse_hex
from cardsim.chip.files import INTERFACE_BITS
from cardsim.chip.layout import (
    APPLICATION_FID,
    MF_FID,
    NO_FCI_BYTE,
    RIGHT_COMPOUND,
    RIGHT_FREE,
    RIGHT_NEVER,
    RULES_FID,
    FileType,
    Header,
    Protection,
)
from cardsim.chip.purse.body import new_body
from cardsim.chip.rules import Rule, encode_rules
from cardsim.errors import HolderError
from cardsim.perso.holder import PIN_KEYS
from cardsim.perso.keyfile import key_file
from cardsim.profiles import ProfileError, WriteProtection
from cardsim.profiles.purse import PurseProofs
from cardsim.zones.access import FREE, NEVER, Access, Key, Pin
from cardsim.zones.addresses import Address, file_name
from cardsim.zones.factors import ALGORITHM_IDS
from cardsim.zones.fields import An, Padding
from cardsim.zones.hrss import EF0C, HRSS
from cardsim.zones.model import Certainty, CommandSet, Cyclic, Directory, Transparent, VariableTlv

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cardsim.perso.holder import Holder
    from cardsim.profiles import Profile
    from cardsim.zones.fields import FieldType
    from cardsim.zones.layouts import Layout
    from cardsim.zones.model import Df, Element, FileDeclaration, Purse, Zone
    from keys.hsm import KeyName

_MAX_RECORD: Final = 254
_PROTECTION: Final = {
    WriteProtection.NONE: Protection.NONE,
    WriteProtection.MAC: Protection.MAC,
    WriteProtection.CIPHER: Protection.CIPHER,
}
_WHOLE_FILE: Final = Address(1)
"""What the holder's elements call the content of a transparent file."""


class Builder:
    """Builds one application, keeping count of what the holder gave and what was used of it."""

    def __init__(
        self,
        profile: Profile,
        layout: Layout,
        holder: Holder,
        values: dict[str, str],
        *,
        raw: bool,
    ) -> None:
        self._profile = profile
        self._layout = layout
        self._holder = holder
        self._values = values
        self._zone = HRSS
        self._issued: Mapping[str, bytes] = {}
        self._raw = raw
        self._padding = Padding(profile.an_padding, profile.cn_padding)
        self._places: dict[str, tuple[Address, ...]] = {}
        self._used_contents: set[str] = set()
        self._used_pins: set[str] = set()

    def check_all_used(self) -> None:
        """Refuse a holder with something in it that has no place on this card: nothing is lost silently."""
        layout = self._layout.text
        for file, records in self._holder.elements.items():
            if file not in self._places:
                raise HolderError(
                    f"elements: layout {layout} has no file {file}; it has {', '.join(self._places)}",
                    f"elements:布局 {layout} 没有文件 {file};可用:{'、'.join(self._places)}",
                )
            for address in records:
                if address not in self._places[file]:
                    known = " ".join(map(str, self._places[file]))
                    raise HolderError(
                        f"elements: layout {layout} has no element {file}/{address}; the file has {known}",
                        f"elements:布局 {layout} 没有数据元 {file}/{address};该文件有 {known}",
                    )
        for key in PIN_KEYS:
            if key in self._holder.given and key not in self._used_pins:
                raise HolderError(
                    f"{key}: no zone of this card has such a PIN (setting 'zones')",
                    f"{key}:该卡的区域没有此 PIN(设置 'zones')",
                )
        for key in self._holder.contents:
            if key not in self._used_contents:
                raise HolderError(
                    f"{key}: layout {layout} has no file for it",
                    f"{key}:布局 {layout} 没有相应文件",
                )

    def zone(self, zone: Zone, card_key: Callable[[KeyName], bytes], issued: Mapping[str, bytes]) -> bytes:
        """Return the zone's application.

        ``card_key`` gives the 16 bytes of a key on this card, ``issued`` the contents that the zone's authority made.
        """
        self._zone, self._issued = zone, issued
        return self._directory(zone, zone.application, {}, card_key)

    def _directory(
        self, zone: Zone, df: Df, references: dict[Access, int], card_key: Callable[[KeyName], bytes]
    ) -> bytes:
        """Return a directory and everything in it. ``references`` are the PINs and keys of those above."""
        references = references | {Pin(pin.name): pin.reference for pin in df.pins}
        references |= {Key(key.name): key.reference for key in df.keys}
        rules = _Rules(references)
        files = [self._file(df, file, rules) for file in df.files if self._layout in file.layouts]
        files += [self._purse(purse, rules) for purse in df.purses if self._layout in purse.layouts]
        erase = rules.right(Rule(df.erase))
        dir_sfi = NO_FCI_BYTE
        if any(isinstance(file, Directory) for file in df.files):
            dir_sfi = self._profile.dir_sfi_for(self._layout)
        children = [
            self._directory(zone, child, references, card_key) for child in df.children if self._layout in child.layouts
        ]
        body = (
            self._application(zone, df)
            + key_file(zone, df, self._layout, self._profile, pin=self._pin, card_key=card_key)
            + rules.file()
            + b"".join(files)
            + b"".join(children)
        )
        fid = self._profile.hrss_fid if df is HRSS.application else df.fid
        if fid == MF_FID:
            raise ProfileError("setting 'hrss_fid': 3F00 is the MF's", "设置 'hrss_fid':3F00 属于 MF")
        header = Header(fid, FileType.DIRECTORY, len(body), RIGHT_NEVER, erase, extra=dir_sfi, name_size=len(df.aid))
        return header.encode() + df.aid + body

    def _pin(self, key: str) -> bytes:
        self._used_pins.add(key)
        return self._holder.pin(key)

    def _application(self, zone: Zone, df: Df) -> bytes:
        """Return the internal file that says what commands and interfaces a directory has, and what its FCI is."""
        fci = df.fci
        if df is HRSS.application and self._profile.algorithm_in_fci:
            number = ALGORITHM_IDS[self._profile.hrss_algorithm]
            sfi = self._profile.dir_sfi_for(self._layout)
            fci = encode_ber(0xA5, encode_ber(0x88, bytes((sfi,))) + encode_ber(0x9F0C, bytes((0x86, 0x01, number))))
        interfaces = df.interfaces
        if zone.name in self._profile.contact_only_zones:
            interfaces = tuple(interface for interface in interfaces if interface is Interface.CONTACT)
        everywhere = len(interfaces) == len(Interface)
        if not fci and everywhere and df.commands is CommandSet.HRSS:
            return b""
        reached = RIGHT_FREE if everywhere else sum(INTERFACE_BITS[interface] for interface in interfaces)
        header = Header(APPLICATION_FID, FileType.APPLICATION, len(fci), reached, extra=df.commands)
        return header.encode() + fci

    def _file(self, df: Df, file: FileDeclaration, rules: _Rules) -> bytes:
        match file:
            case VariableTlv():
                return self._variable(df, file, rules)
            case Cyclic():
                return self._cyclic(df, file, rules)
            case Transparent():
                return self._transparent(df, file, rules)
            case Directory():
                return self._dir(df, file, rules)

    def _variable(self, df: Df, file: VariableTlv, rules: _Rules) -> bytes:
        place = file_name(df, file)
        whole = place in self._profile.tag_60_files_for(self._layout)
        records = tuple(record for record in file.numbered(self._layout) if whole or not record[0].optional)
        self._places[place] = tuple(Address(element.tag, number) for element, number in records)
        body = b"".join(self._record(place, element, number).encode() for element, number in records)
        own = {element.tag: self._read(df, element, file) for element, _ in records}
        read = Rule(file.read, {tag: access for tag, access in own.items() if access != file.read})
        body = len(body).to_bytes(2, "big") + body
        return self._with_header(file, FileType.VARIABLE, body, rules, read)

    def _read(self, df: Df, element: Element, file: VariableTlv) -> Access:
        if self._profile.card_number_free and df is HRSS.application and element.name == "card_number":
            return file.read
        return element.read_in(self._layout, file.read)

    def _with_header(
        self, file: VariableTlv | Cyclic | Transparent, kind: FileType, body: bytes, rules: _Rules, read: Rule
    ) -> bytes:
        writable = file.update not in (FREE, NEVER) and self._zone is HRSS
        extra = NO_FCI_BYTE
        if isinstance(file, Cyclic):
            extra = file.record.size
        elif isinstance(file, Transparent) and file.key:
            extra = file.key.pair
        header = Header(
            file.fid,
            kind,
            len(body),
            rules.right(read),
            RIGHT_COMPOUND if _is_compound(file) else rules.right(Rule(file.update)),
            extra=extra,
            protection=_PROTECTION[self._profile.write_protection] if writable else Protection.NONE,
        )
        return _file(header, body)

    def _record(self, place: str, element: Element, number: int) -> SimpleTlv:
        address = Address(element.tag, number)
        given = self._holder.elements.get(place, {}).get(address)
        where = f"elements: {place}/{address}" if given is not None else element.name
        try:
            if given is not None and self._raw:
                value = _raw_value(given)
            else:
                text = self._values.get(element.name, "") if given is None else given
                if text and element.check:
                    element.check(text)
                value = self._type(place, element).encode(text, self._padding)
        except BilingualError as error:
            raise HolderError(f"{where}: {error}", f"{where}:{error.text.zh}") from error
        return SimpleTlv(element.tag, value)

    def _type(self, place: str, element: Element) -> FieldType:
        size = self._profile.element_sizes.get(f"{place}/{element.tag:02X}")
        return An(size) if size and element.sure is Certainty.LENGTH_UNKNOWN else element.type

    def _cyclic(self, df: Df, file: Cyclic, rules: _Rules) -> bytes:
        """Every record is there from the start (facts hrss-card 1), oldest first; a byte before each counts them."""
        place, count = file_name(df, file), file.counts[self._layout]
        self._places[place] = tuple(Address(0, number) for number in range(1, count + 1))
        body = b"".join(
            bytes((written,)) + self._entry(place, file, count + 1 - written) for written in range(1, count + 1)
        )
        return self._with_header(file, FileType.CYCLIC, body, rules, Rule(file.read))

    def _entry(self, place: str, file: Cyclic, number: int) -> bytes:
        """Return record ``number`` of a cyclic file; 1 is the newest."""
        address = Address(0, number)
        given = self._holder.elements.get(place, {}).get(address, "")
        try:
            if not (given and self._raw):
                return file.record.encode(given, self._padding)
            value = _raw_value(given)
            if len(value) != file.record.size:
                raise HolderError(
                    f"a record has {file.record.size} bytes, these are {len(value)}",
                    f"记录为 {file.record.size} 字节,此处 {len(value)} 字节",
                )
        except BilingualError as error:
            raise HolderError(
                f"elements: {place}/{address}: {error}", f"elements:{place}/{address}:{error.text.zh}"
            ) from error
        return value

    def _transparent(self, df: Df, file: Transparent, rules: _Rules) -> bytes:
        size = self._profile.ef0c_size if file is EF0C else file.sizes[self._layout]
        key = file.content or ""
        content = self._holder.contents.get(key, self._issued.get(key, b""))
        self._used_contents.add(key)
        if self._zone is HRSS:  # holders and command lines know no other zone's files
            place = file_name(df, file)
            self._places[place] = (_WHOLE_FILE,)
            given = self._holder.elements.get(place, {}).get(_WHOLE_FILE)
            if given is not None:
                key = f"elements: {place}/{_WHOLE_FILE}"
                try:
                    content = parse_hex(given)
                except HexError as error:
                    raise HolderError(f"{key}: {error}", f"{key}:{error.text.zh}") from error
        if len(content) > size:
            raise HolderError(
                f"{key}: {len(content)} bytes; file {file.fid:04X} holds {size}",
                f"{key}:{len(content)} 字节;文件 {file.fid:04X} 只能存 {size} 字节",
            )
        if file.content == "certificate":
            file = replace(file, fid=self._certificate_fid(df, file))
        kind, read = FileType.TRANSPARENT, file.read
        if file.key is not None:
            kind = FileType.PRIVATE_KEY if file.key.private else FileType.PUBLIC_KEY
            read = file.key.use if file.key.private else file.read
        return self._with_header(file, kind, content.ljust(size, b"\x00"), rules, Rule(read))

    def _certificate_fid(self, df: Df, file: Transparent) -> int:
        """Return the FID that the file with the card's certificate has: a setting's, where no source states one."""
        name = self._zone.name
        fid = self._zone.authority.certificate_fid(self._profile.certificate_fids.get(name)) or file.fid
        others = (other for other in (*df.files, *df.children) if not isinstance(other, Directory))
        taken = {other.fid for other in others if other is not file}
        if fid in taken or fid == 0xEF00 | self._profile.dir_sfi_for(self._layout):
            raise ProfileError(
                f"setting 'certificate_fids': {name} has another file {fid:04X}",
                f"设置 'certificate_fids':{name} 已有文件 {fid:04X}",
            )
        return fid

    def _purse(self, purse: Purse, rules: _Rules) -> bytes:
        body = new_body(purse.fid, proof_for_each_type=self._profile.purse_proofs is PurseProofs.EACH)
        rights = rules.right(Rule(purse.use)), rules.right(Rule(purse.load))
        return _file(Header(purse.fid, FileType.PURSE, len(body), *rights, extra=purse.log & 0x1F), body)

    def _dir(self, df: Df, file: Directory, rules: _Rules) -> bytes:
        sfi = self._profile.dir_sfi_for(self._layout)
        fid = 0xEF00 | sfi
        if any(not isinstance(other, Directory) and other.fid == fid for other in df.files):
            raise ProfileError(
                f"setting 'dir_sfi': SFI {sfi:02X} belongs to file {fid:04X}",
                f"设置 'dir_sfi':SFI {sfi:02X} 已属于文件 {fid:04X}",
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


def _is_compound(file: VariableTlv | Cyclic | Transparent) -> bool:
    return not isinstance(file, Transparent) and file.compound


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
        return _file(Header(RULES_FID, FileType.RULES, len(body)), body) if body else b""


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

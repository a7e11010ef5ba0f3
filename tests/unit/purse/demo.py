"""A bank's purse application from declarations, as the published script of facts native-card-os 1.4 (a) has it.

Beside it what transit cards have: city records and a cyclic record file for compound purchases, and SM4 keys 41.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from apdu import encode_ber
from cardsim.chip.filesystem import FileSystem
from cardsim.chip.layout import MF_FID, REST_OF_MEMORY, RIGHT_FREE, FileType, Header
from cardsim.chip.memory import Memory, NoJournal
from cardsim.chip.purse.file import PurseFile
from cardsim.perso.builder import Builder
from cardsim.perso.holder import Holder
from cardsim.profiles import GEN2, Profile
from cardsim.zones.access import Pin
from cardsim.zones.authorities import Authority
from cardsim.zones.fields import Octets, Part, Sequence
from cardsim.zones.layouts import Layout
from cardsim.zones.model import (
    CommandSet,
    Cyclic,
    Df,
    Element,
    KeyAlgorithm,
    KeyDeclaration,
    KeyUse,
    PinDeclaration,
    Purse,
    Transparent,
    VariableTlv,
    Zone,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cardsim.chip.purse.body import PurseState
    from keys.hsm import KeyName

AID: Final = bytes.fromhex("A00000000386980701")
EF15: Final = bytes.fromhex("915600000000000003010000000000112233445520240101203401010000")
SOURCE: Final = "native-card-os 1.4 (a)"
BLOG: Final = "00112233445566778899AABBCCDDEEFF"
KEYS: Final = {
    "DTK": BLOG,
    "DLK": BLOG,
    "DLK2": "3F02" * 8,
    "DPK": BLOG,
    "DPK2": "3E02" * 8,
    "DULK": "3D01" * 8,
    "DUK": "3C01" * 8,
    "DAMK": "36" * 16,
    "MK": "39" * 16,
    "DTK40": "34" * 16,
    "DLK41": BLOG,
    "DPK41": BLOG,
}


def _key(name: str, reference: int, use: KeyUse, version: int | None = None) -> KeyDeclaration:
    return KeyDeclaration(name=name, reference=reference, name_zh="", use=use, levels=1, version=version, source=SOURCE)


def _sm4(name: str, reference: int, use: KeyUse) -> KeyDeclaration:
    return KeyDeclaration(
        name=name,
        reference=reference,
        name_zh="",
        use=use,
        levels=1,
        algorithm=KeyAlgorithm.SM4,
        version=0x41,
        source="transit-campus-health-zones 2.6",
    )


LOG: Final = Sequence((Part(Octets(23), "transaction", "交易"),))
TRAVEL: Final = Sequence((Part(Octets(48), "travel", "行程"),))
PURSE: Final = Df(
    fid=0x3F01,
    aid=AID,
    label="POBC",
    key_area="ADF",
    name="Purse",
    name_zh="钱包",
    commands=CommandSet.PURSE,
    fci=encode_ber(0xA5, encode_ber(0x9F0C, EF15)),
    files=(
        Transparent(fid=0x0015, name="Public data", name_zh="公共信息", sizes=dict.fromkeys(Layout, 30), source=SOURCE),
        Transparent(
            fid=0x0016, name="Holder's data", name_zh="持卡人信息", sizes=dict.fromkeys(Layout, 39), source=SOURCE
        ),
        VariableTlv(
            fid=0x0017,
            name="City records",
            name_zh="城市记录",
            compound=True,
            records=(
                Element(0x31, Octets(6), "metro", "地铁"),
                Element(0x32, Octets(6), "bus", "公交"),
            ),
            source="native-card-os 1.4 (b)",
        ),
        Cyclic(
            fid=0x0018,
            name="Transactions",
            name_zh="交易明细",
            record=LOG,
            counts=dict.fromkeys(Layout, 10),
            read=Pin("EP"),
            source=SOURCE,
        ),
        Cyclic(
            fid=0x001E,
            name="Travel",
            name_zh="行程",
            record=TRAVEL,
            counts=dict.fromkeys(Layout, 3),
            compound=True,
            source="transit-campus-health-zones 2.5",
        ),
    ),
    purses=(
        Purse(fid=0x0001, name="Passbook", name_zh="电子存折", log=0x18, use=Pin("EP"), load=Pin("EP"), source=SOURCE),
        Purse(fid=0x0002, name="Wallet", name_zh="电子钱包", log=0x18, load=Pin("EP"), source=SOURCE),
    ),
    pins=(PinDeclaration("EP", 0x00, "个人密码", SOURCE),),
    keys=(
        _key("DTK", 0x01, KeyUse.TAC),
        _key("DAMK", 0x00, KeyUse.PROTECTION),
        _key("MK", 0x00, KeyUse.EXTERNAL),
        _key("DPK", 0x01, KeyUse.PURCHASE),
        _key("DPK2", 0x02, KeyUse.PURCHASE, version=0x02),
        _key("DLK", 0x01, KeyUse.LOAD),
        _key("DLK2", 0x02, KeyUse.LOAD, version=0x02),
        _key("DULK", 0x01, KeyUse.UNLOAD, version=0x01),
        _key("DUK", 0x01, KeyUse.OVERDRAFT, version=0x01),
        _sm4("DTK40", 0x40, KeyUse.TAC),
        _sm4("DPK41", 0x41, KeyUse.PURCHASE),
        _sm4("DLK41", 0x41, KeyUse.LOAD),
    ),
    source=SOURCE,
)
ZONE: Final = Zone(
    authority=Authority(name="DEMO", name_zh="演示", aid=AID, levels=("card",), source=SOURCE),
    application=PURSE,
    algorithm=KeyAlgorithm.DES,
)


def image(
    profile: Profile = GEN2,
    keys: Mapping[str, str] | None = None,
    states: Mapping[int, PurseState] | None = None,
    application: Df = PURSE,
) -> bytes:
    """Return the memory of a card with ``application``, other keys than KEYS under their names, purses as given."""
    literal = {name: bytes.fromhex(value) for name, value in {**KEYS, **(keys or {})}.items()}
    holder = Holder.from_plain({"hrss_pin": "12345"}, lambda name: name.encode())

    def card_key(name: KeyName) -> bytes:
        return literal[name.name.rpartition("/")[2]]

    zone = replace(ZONE, application=application)
    directory = Builder(profile, Layout.V2_00, holder, {}, raw=False).zone(zone, card_key, {})
    header = Header(MF_FID, FileType.DIRECTORY, REST_OF_MEMORY, RIGHT_FREE, RIGHT_FREE, name_size=14)
    memory = Memory((header.encode() + b"1PAY.SYS.DDF01" + directory).ljust(4096, b"\x00"), NoJournal())
    for file in FileSystem(memory).mf.children[0].files:
        if isinstance(file, PurseFile) and states and file.fid in states:
            memory.write(file.body, states[file.fid].encode())
    return bytes(memory.view)

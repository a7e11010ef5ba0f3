"""Names for what stands on a chip as numbers: the zones' declarations, looked up by what the chip has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import Text
from cardsim.chip.layout import KeyType
from cardsim.chip.purse.body import PASSBOOK, WALLET
from cardsim.chip.rules import reference_name
from cardsim.zones.access import Access, Key, Pin
from cardsim.zones.psam import PSAM_DIRECTORIES
from cardsim.zones.registry import ZONES

if TYPE_CHECKING:
    from cardsim.chip.files import Directory
    from cardsim.zones.model import Df

PURSE_NAMES: Final = {PASSBOOK: Text("Passbook", "电子存折"), WALLET: Text("Wallet", "电子钱包")}
"""By the FID of the file (facts native-card-os 1.2)."""
KEY_NAMES: Final = {
    KeyType.INTERNAL: Text("internal key", "内部认证密钥"),
    KeyType.DECRYPT: Text("decryption key", "解密密钥"),
    KeyType.MAC: Text("MAC key", "MAC 密钥"),
    KeyType.TAC: Text("TAC key", "TAC 密钥"),
    KeyType.LINE: Text("line protection key", "线路保护密钥"),
    KeyType.UNBLOCK: Text("PIN unblock key", "PIN 解锁密钥"),
    KeyType.RELOAD: Text("PIN reload key", "PIN 重装密钥"),
    KeyType.EXTERNAL: Text("external authentication key", "外部认证密钥"),
    KeyType.PIN: Text("PIN", "PIN"),
    KeyType.OVERDRAFT: Text("overdraft key", "透支限额密钥"),
    KeyType.UNLOAD: Text("unload key", "圈提密钥"),
    KeyType.PURCHASE: Text("purchase key", "消费密钥"),
    KeyType.LOAD: Text("load key", "圈存密钥"),
}
"""Of native directories, where no declaration names a key (facts native-card-os 2.1)."""


def fen(amount: int) -> Text:
    """Return an amount in fen as people write it."""
    sign = "-" if amount < 0 else ""
    written = f"{sign}{abs(amount) // 100}.{abs(amount) % 100:02}"
    return Text(f"{written} yuan", f"{written} 元")


def declared_df(directory: Directory) -> Df | None:
    """Return the declaration whose name ``directory`` has."""
    declared = [df for zone in ZONES.values() for df in zone.application.walk()]
    return next((df for df in (*declared, *PSAM_DIRECTORIES.values()) if df.aid == directory.name), None)


def names_in(directory: Directory) -> dict[Access, Access]:
    """Return the declared PIN or key for every reference that rules in ``directory`` can use."""
    names: dict[Access, Access] = {}
    node: Directory | None = directory
    while node is not None:
        df = declared_df(node)
        for pin in df.pins if df else ():
            names.setdefault(Pin(reference_name(pin.reference)), Pin(pin.name))
        for key in df.keys if df else ():
            names.setdefault(Key(reference_name(key.reference)), Key(key.name))
        node = node.parent
    return names

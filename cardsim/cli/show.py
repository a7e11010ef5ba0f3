"""`cardsim show`: a card file from the inside, without putting it into a reader; private keys and PINs never."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from apdu import Interface, Text, format_hex
from cardsim.chip.card import ATR_PREFIX
from cardsim.chip.filesystem import FileSystem
from cardsim.chip.layout import Algorithm, FileType, KeyType
from cardsim.chip.memory import Memory, NoJournal
from cardsim.chip.purse.file import PurseFile
from cardsim.cli.console import aligned
from cardsim.cli.names import KEY_NAMES, PURSE_NAMES, declared_df, fen, names_in
from cardsim.cli.show_certificates import print_certificates
from cardsim.cli.show_field import print_field
from cardsim.cli.show_memory import print_memory, print_zones
from cardsim.profiles import PSAM
from cardsim.store import read_card_file
from cardsim.zones.access import rename
from cardsim.zones.model import Directory as DirDeclaration
from keys.des import DES
from keys.errors import KeySizeError
from keys.sm import SM

if TYPE_CHECKING:
    import argparse

    from cardsim.chip.credentials import Credential
    from cardsim.chip.files import Directory, ElementaryFile
    from cardsim.cli.console import Console
    from cardsim.store import Description
    from cardsim.zones.access import Access
    from cardsim.zones.model import Df, FileDeclaration
    from keys.suite import CipherSuite

_TWO_KEYS = 16
_SUITES: Final[dict[int, CipherSuite]] = {Algorithm.TRIPLE_DES: DES, Algorithm.DES: DES, Algorithm.SM4: SM}
_KINDS: Final = {
    FileType.TRANSPARENT: Text("transparent", "透明"),
    FileType.PUBLIC_KEY: Text("public key", "公钥"),
    FileType.PRIVATE_KEY: Text("private key", "私钥"),
}
_PRINTED: Final = {
    "name": Text("name", "姓名"),
    "social_security_number": Text("social-security number", "社会保障号码"),
    "card_number": Text("card number", "卡号"),
    "issue_date": Text("issue date", "发卡日期"),
    "bank_account": Text("bank account", "银行账号"),
    "terminal_number": Text("terminal number", "终端机编号"),
    "device_number": Text("terminal device number", "终端设备号"),
}


def run(options: argparse.Namespace, console: Console) -> int:
    """Print the file tree of a card file, with names where the zones have them, and what memory it uses."""
    description, image = read_card_file(Path(options.card))
    memory = Memory(image, NoJournal())
    files = FileSystem(memory, description.profile)
    what = _what(description, blank=not files.formatted)
    console.say(f"{options.card}: {what.en}", f"{options.card}:{what.zh}")
    _head(description, console)
    if not files.formatted:
        console.say(f"memory: {len(memory)} bytes, no MF in it", f"存储器:共 {len(memory)} 字节,其中没有 MF")
        return 0
    print_zones(files.mf, description.profile, console)
    _tree(files.mf, memory, console, depth=0)
    print_certificates(files, memory, console)
    print_memory(files.mf, len(memory), console)
    return 0


def _what(description: Description, *, blank: bool) -> Text:
    """Return what a card is: a chip without an MF, a PSAM, or a card with a layout; and its native commands."""
    profile = description.profile
    if profile.chip == PSAM.chip:
        return Text("PSAM", "PSAM")
    layout = description.layout.text
    en, zh = f"{profile.chip} chip, layout {layout}", f"{profile.chip} 芯片,布局 {layout}"
    if blank:
        en, zh = f"blank {profile.chip} chip", f"{profile.chip} 空白芯片"
    if profile.blank:
        dialect = profile.native_dialect.value
        en, zh = f"{en}, native commands {dialect}", f"{zh},原生命令 {dialect}"
    return Text(en, zh)


def _head(description: Description, console: Console) -> None:
    profile = description.profile
    if Interface.CONTACT in profile.interfaces.all:
        console.line(f"ATR {format_hex(ATR_PREFIX + profile.historical_bytes, ' ')}")
    print_field(profile, console)
    # A card file of another version may have keys that are not known here.
    labels = _PRINTED | {key: Text(key, key) for key in description.printed if key not in _PRINTED}
    printed = description.printed
    rows = [(console.pick(label), printed[key]) for key, label in labels.items() if printed.get(key)]
    if rows:
        console.say("printed on the card:", "卡面信息:")
    for line in aligned(rows):
        console.line(f"  {line}")
    console.line()


def _tree(directory: Directory, memory: Memory, console: Console, depth: int) -> None:
    indent = "  " * depth
    declaration = declared_df(directory)
    name = console.pick(Text(declaration.name, declaration.name_zh)) if declaration else ""
    console.line(f"{indent}{directory.label}  {name}".rstrip())
    names = names_in(directory)
    credentials = (key for versions in directory.keys.values() for key in versions.values())
    for line in aligned(_credential_row(item, memory, names, console) for item in credentials):
        console.line(f"{indent}  {line}")
    lines = aligned(_row(file, declaration, names, console) for file in directory.files)
    for file, line in zip(directory.files, lines, strict=True):
        console.line(f"{indent}  {line}")
        for tag, access in file.rules[0].by_tag.items():
            text = rename(access, names).text
            console.say(f"{indent}        {tag:02X}  read: {text.en}", f"{indent}        {tag:02X}  读:{text.zh}")
    for child in directory.children:
        _tree(child, memory, console, depth + 1)


def _credential_row(
    credential: Credential, memory: Memory, names: dict[Access, Access], console: Console
) -> tuple[str, ...]:
    """Name, reference, version, tries, and of a key its algorithm and check value; never a PIN or a key itself."""
    native = credential.native
    text = names.get(credential.term, credential.term).text
    if native:  # its number says nothing without its type
        text = KEY_NAMES.get(native.type, Text(f"key of type {native.type:02X}", f"{native.type:02X} 类密钥"))
    texts = [text, Text(f"reference {credential.reference:02X}", f"引用号 {credential.reference:02X}")]
    if native and not native.counted:
        texts.append(Text("no tries", "无次数限制"))
    else:
        tries = memory.view[credential.tries_offset]
        left, limit = tries & 0xF, tries >> 4
        texts.append(Text(f"{left} of {limit} tries left", f"剩余 {left}/{limit} 次"))
    if credential.type is not KeyType.PIN:
        texts.append(Text(f"version {credential.version:02X}", f"版本 {credential.version:02X}"))
        texts += _algorithm_and_kcv(credential.algorithm, memory.read(credential.value, credential.value_size))
    return tuple(console.pick(item) for item in texts)


def _algorithm_and_kcv(algorithm: int, key: bytes) -> tuple[Text, ...]:
    """Return a key's algorithm and its check value; where algorithm or length are not known, these as numbers."""
    suite = _SUITES.get(algorithm)
    unknown = Text(f"algorithm {algorithm:02X}, {len(key)} bytes", f"算法 {algorithm:02X},{len(key)} 字节")
    if suite is None:
        return (unknown,)
    try:
        kcv = format_hex(suite.kcv(key))
    except KeySizeError:
        return (unknown,)
    if suite is SM:
        name = Text("SM4", "SM4")
    else:
        name = Text("triple DES", "3DES") if len(key) == _TWO_KEYS else Text("DES", "DES")
    return name, Text(f"KCV {kcv}", f"KCV {kcv}")


def _row(file: ElementaryFile, df: Df | None, names: dict[Access, Access], console: Console) -> tuple[str, ...]:
    """FID, name, size, structure, read and update condition; of a purse what it holds, conditions of use and load."""
    declared = _declared_file(file, df)
    name = Text(declared.name, declared.name_zh) if declared else Text("", "")
    size = Text(f"{file.size:>5} bytes", f"{file.size:>5} 字节")
    if isinstance(file, PurseFile):
        use, load = (rename(rule.default, names).text for rule in (file.use[0], file.load[0]))
        conditions = Text(f"use: {use.en}", f"使用:{use.zh}"), Text(f"load: {load.en}", f"圈存:{load.zh}")
        texts = (name if declared else PURSE_NAMES.get(file.fid, name), size, _held(file), *conditions)
        return f"{file.fid:04X}", *map(console.pick, texts)
    read, update = (rename(rule.default, names).text for rule in file.rules)
    texts = (
        name,
        size,
        _kind(file),
        Text(f"read: {read.en}", f"读:{read.zh}"),
        Text(f"update: {update.en}", f"更新:{update.zh}"),
    )
    return f"{file.fid:04X}", *map(console.pick, texts)


def _held(purse: PurseFile) -> Text:
    """Return what a purse holds and how often it was used."""
    state = purse.state
    balance, limit = fen(state.balance), fen(state.limit)
    en = f"purse: {balance.en}, limit {limit.en}, on line {state.online}, off line {state.offline}"
    return Text(en, f"钱包:{balance.zh},透支限额 {limit.zh},联机 {state.online} 次,脱机 {state.offline} 次")


def _kind(file: ElementaryFile) -> Text:
    if kind := _KINDS.get(file.header.type):
        return kind
    records = len(file.records)
    plural = "" if records == 1 else "s"
    cyclic, cyclic_zh = (", cyclic", ",循环") if file.cyclic else ("", "")
    return Text(f"{records} record{plural}{cyclic}", f"{records} 条记录{cyclic_zh}")


def _declared_file(file: ElementaryFile, df: Df | None) -> FileDeclaration | None:
    """Return the declaration of ``file``: by its FID, or by its SFI for the DIR."""
    for declared in df.files if df else ():
        if isinstance(declared, DirDeclaration):
            if file.header.sfi == file.directory.dir_sfi:
                return declared
        elif declared.fid == file.fid:
            return declared
    return None

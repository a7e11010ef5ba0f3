"""`cardsim show`: a card file from the inside, without putting it into a reader."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from apdu import Text, format_hex
from cardsim.chip.card import ATR_PREFIX
from cardsim.chip.files import FileSystem, credential_term
from cardsim.chip.layout import HEADER_SIZE
from cardsim.chip.memory import Memory, NoJournal
from cardsim.cli.names import declared_df, names_in
from cardsim.store import read_card_file
from cardsim.zones.access import rename
from cardsim.zones.model import Directory as DirDeclaration

if TYPE_CHECKING:
    import argparse

    from cardsim.chip.files import Directory, ElementaryFile
    from cardsim.cli.console import Console
    from cardsim.store import Description
    from cardsim.zones.access import Access
    from cardsim.zones.model import Df, FileDeclaration

_PRINTED = {
    "name": Text("name", "姓名"),
    "social_security_number": Text("social-security number", "社会保障号码"),
    "card_number": Text("card number", "卡号"),
    "issue_date": Text("issue date", "发卡日期"),
    "bank_account": Text("bank account", "银行账号"),
}


def run(options: argparse.Namespace, console: Console) -> int:
    """Print the file tree of a card file, with names where the zones have them, and what memory it uses."""
    description, image = read_card_file(Path(options.card))
    memory = Memory(image, NoJournal())
    files = FileSystem(memory)
    _head(options.card, description, console)
    _tree(files.mf, memory, console, depth=0)
    used = files.mf.used + HEADER_SIZE + len(files.mf.name)
    console.line()
    console.say(
        f"memory: {len(memory)} bytes, {used} used, {len(memory) - used} free",
        f"存储器:共 {len(memory)} 字节,已用 {used},剩余 {len(memory) - used}",
    )
    for directory in files.mf.children:
        declaration = declared_df(directory)
        name = declaration.name if declaration else directory.label
        name_zh = declaration.name_zh if declaration else directory.label
        size = HEADER_SIZE + len(directory.name) + directory.header.size
        console.say(f"  {name}: {size} bytes", f"  {name_zh}:{size} 字节")
    return 0


def _head(path: str, description: Description, console: Console) -> None:
    profile = description.profile
    console.say(
        f"{path}: {profile.chip} chip, layout {description.layout.text}",
        f"{path}:{profile.chip} 芯片,布局 {description.layout.text}",
    )
    console.line(f"ATR {format_hex(ATR_PREFIX + profile.historical_bytes, ' ')}")
    console.say("printed on the card:", "卡面信息:")
    for key, value in description.printed.items():
        label = _PRINTED.get(key, Text(key, key))
        console.line(f"  {console.pick(label)}: {value}")
    console.line()


def _tree(directory: Directory, memory: Memory, console: Console, depth: int) -> None:
    indent = "  " * depth
    declaration = declared_df(directory)
    name = console.pick(Text(declaration.name, declaration.name_zh)) if declaration else ""
    console.line(f"{indent}{directory.label}  {name}".rstrip())
    names = names_in(directory)
    for credential in directory.credentials.values():
        tries = memory.view[credential.tries_offset]
        term = names.get(credential_term(credential), credential_term(credential))
        console.say(
            f"{indent}  {term.text.en}: reference {credential.reference:02X}, {tries & 0xF} of {tries >> 4} tries left",
            f"{indent}  {term.text.zh}:引用号 {credential.reference:02X},剩余 {tries & 0xF}/{tries >> 4} 次",
        )
    for file in directory.files:
        _file(file, declaration, names, console, indent)
    for child in directory.children:
        _tree(child, memory, console, depth + 1)


def _file(file: ElementaryFile, df: Df | None, names: dict[Access, Access], console: Console, indent: str) -> None:
    records = 0 if file.transparent else len(file.records)
    kind = Text("transparent", "透明") if file.transparent else Text(f"{records} records", f"{records} 条记录")
    declared = _declared_file(file, df)
    name = Text(declared.name, declared.name_zh) if declared else Text("", "")
    read, update = file.rules
    read_text, update_text = rename(read.default, names).text, rename(update.default, names).text
    console.say(
        f"{indent}  {file.fid:04X} {name.en:<22} {file.size:>5} bytes  {kind.en:<12} "
        f"read: {read_text.en:<10} update: {update_text.en}",
        f"{indent}  {file.fid:04X} {name.zh} {file.size} 字节 {kind.zh} 读:{read_text.zh} 更新:{update_text.zh}",
    )
    for tag, access in read.by_tag.items():
        text = rename(access, names).text
        console.say(f"{indent}       {tag:02X} read: {text.en}", f"{indent}       {tag:02X} 读:{text.zh}")


def _declared_file(file: ElementaryFile, df: Df | None) -> FileDeclaration | None:
    """Return the declaration of ``file``: by its FID, or by its SFI for the DIR."""
    for declared in df.files if df else ():
        if isinstance(declared, DirDeclaration):
            if file.header.sfi == file.directory.dir_sfi:
                return declared
        elif declared.fid == file.fid:
            return declared
    return None

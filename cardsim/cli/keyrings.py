"""The keyring that options name: the TEST keys, or a keystore opened with a passphrase or a key file."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from apdu import Text
from cardsim.cli.cards import InputFileError, OptionError, read_bytes, read_text, read_toml
from cardsim.zones.authorities import AUTHORITIES, parse_authorities
from keys.container import KeyFile, Passphrase
from keys.keyring import TestKeyring
from keys.keystore import create_key_file, load, needs_passphrase

if TYPE_CHECKING:
    import argparse

    from cardsim.cli.console import Console
    from cardsim.zones.authorities import Authority
    from keys.container import Secret
    from keys.keyring import Keyring

PASSPHRASE_VARIABLE: Final = "CARDSIM_PASSPHRASE"  # noqa: S105  its name, not its value


def opened_keyring(options: argparse.Namespace, console: Console) -> Keyring:
    """Return the keys of ``--keystore``, the TEST keys without it."""
    if not options.keystore:
        for option in ("key_file", "passphrase_file"):
            if getattr(options, option):
                name = "--" + option.replace("_", "-")
                raise OptionError(f"{name} needs --keystore", f"{name} 需与 --keystore 同用")
        return TestKeyring()
    path = Path(options.keystore)
    return load(path, secret_of(options, console, path))


def secret_of(options: argparse.Namespace, console: Console, path: Path) -> Secret:
    """Return what opens the keystore ``path``; ask for it where nothing else gives it."""
    wanted = needs_passphrase(path)
    if options.key_file:
        if wanted:
            raise OptionError(f"{path} has a passphrase, not a key file", f"{path} 使用口令,而不是密钥文件")
        return KeyFile(read_bytes(Path(options.key_file)))
    if not wanted:
        raise OptionError(f"{path} needs its --key-file", f"{path} 需要 --key-file")
    return _given_passphrase(options) or Passphrase(_typed(console))


def new_secret(options: argparse.Namespace, console: Console) -> Secret:
    """Return what a new keystore will be opened with; a key file that is not there yet is made."""
    if options.key_file and options.passphrase_file:
        raise OptionError("a passphrase or a key file, not both", "口令与密钥文件只能选其一")
    if options.key_file:
        path = Path(options.key_file)
        if path.exists():
            return KeyFile(read_bytes(path))
        content = create_key_file(path)
        console.note(f"{path}: new key file; keep it apart from the keystore", f"{path}:新密钥文件;请与密钥库分开保存")
        return KeyFile(content)
    return _given_passphrase(options) or Passphrase(_typed(console, twice=True))


def declared_authorities(options: argparse.Namespace) -> tuple[Authority, ...]:
    """Return the built-in authorities and those of ``--zones``."""
    return AUTHORITIES + (parse_authorities(read_toml(Path(options.zones))) if options.zones else ())


def asked(console: Console, what: Text) -> str:
    """Return a secret typed without echo, or a line of standard input where nobody types."""
    if sys.stdin is None:
        raise InputFileError(f"{what.en}: standard input is closed", f"{what.zh}:标准输入已关闭")
    try:
        if sys.stdin.isatty():
            return getpass.getpass(f"{console.pick(what)}: ")
        return sys.stdin.readline().rstrip("\r\n")
    except (EOFError, UnicodeDecodeError):
        return ""


def _given_passphrase(options: argparse.Namespace) -> Passphrase | None:
    if options.passphrase_file:
        return Passphrase(_filled(read_text(Path(options.passphrase_file)).partition("\n")[0].rstrip("\r")))
    text = os.environ.get(PASSPHRASE_VARIABLE)
    return Passphrase(_filled(text)) if text is not None else None


def _typed(console: Console, *, twice: bool = False) -> str:
    text = _filled(asked(console, Text("keystore passphrase", "密钥库口令")))
    if twice and sys.stdin.isatty() and text != asked(console, Text("the same again", "再次输入口令")):
        raise InputFileError("the two passphrases are not the same", "两次输入的口令不一致")
    return text


def _filled(text: str) -> str:
    if not text:
        raise InputFileError("the passphrase is empty", "口令为空")
    return text

"""`cardsim keys`: an issuer's symmetric keys. Check values are shown; key values only where they are asked for."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Final

from apdu import HexError, Text, format_hex, parse_hex
from cardsim.cli.cards import InputFileError, OptionError
from cardsim.cli.console import aligned
from cardsim.cli.keyrings import asked, declared_authorities, new_secret, opened_keyring, secret_of
from cardsim.zones.authorities import find_authority
from cardsim.zones.factors import declared_keys
from keys.des import DES
from keys.keyring import ALGORITHMS, KEY_SIZE, MAX_VERSION, TEST_LABEL, RootId, StoredKeyring
from keys.keystore import create, load, update
from keys.pki.issue import Period
from keys.sm import SM

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from cardsim.cli.console import Console
    from cardsim.zones.authorities import Authority
    from keys.keyring import Keyring
    from keys.suite import CipherSuite

_SUITES: Final[dict[str, CipherSuite]] = {"DES": DES, "SM4": SM}
_AUTHORITY_DAYS: Final = 30 * 365
_MAX_LABEL: Final = 32


def run(options: argparse.Namespace, console: Console) -> int:
    """Do what the action says."""
    _ACTIONS[options.action](options, console)
    return 0


def _init(options: argparse.Namespace, console: Console) -> None:
    if not 0 < len(options.label) <= _MAX_LABEL or not options.label.isprintable():
        raise OptionError(f"--label: 1 to {_MAX_LABEL} characters", f"--label:1 至 {_MAX_LABEL} 个字符")
    if options.label == TEST_LABEL:
        raise OptionError(
            f"--label: {TEST_LABEL} are the keys that everybody has", f"--label:{TEST_LABEL} 是公开的测试密钥"
        )
    path = Path(options.file)
    keyring = StoredKeyring(options.label)
    for authority in declared_authorities(options):
        keyring = keyring.rotated(authority.name).with_authority(authority.zone_id, _from_now())
    create(path, keyring, new_secret(options, console))
    zones = " ".join(keyring.masters)
    console.say(f"{path}: new keys for {zones}", f"{path}:已为 {zones} 生成新密钥")


def _list(options: argparse.Namespace, console: Console) -> None:
    keyring = _marked(options, console)
    rows = [[console.pick(text) for text in _LIST_HEADING]]
    for authority in declared_authorities(options):
        if not (versions := keyring.versions(authority.name)):
            rows.append([authority.name, authority.name_zh, "-", "-", "-"])
            continue
        found = keyring.authority(authority.zone_id)
        levels = ("root", *authority.levels)
        rows.append(
            [
                authority.name,
                authority.name_zh,
                " > ".join(console.pick(Text(level, _LEVELS_ZH.get(level, level))) for level in levels),
                " ".join(map(str, versions)),
                f"{found.ca.certificate.name}, {found.ca.certificate.not_after:%Y-%m-%d}",
            ]
        )
    for line in aligned(rows):
        console.line(line)


_LEVELS_ZH: Final = {"root": "根", "province": "省", "city": "市", "issuer": "发行方", "card": "卡"}
_LIST_HEADING: Final = (
    Text("zone", "区域"),
    Text("", ""),
    Text("levels", "级"),
    Text("versions", "版本"),
    Text("certificates by, until", "证书机构及有效期"),
)


def _show(options: argparse.Namespace, console: Console) -> None:
    authority = _zone(options)
    keyring = _marked(options, console)
    if options.values:
        _warn(console)
    names = _names(keyring, authority)
    versions = keyring.versions(authority.name)
    rows = [[console.pick(text) for text in _SHOW_HEADING]]
    for name in names:
        for algorithm in (options.algorithm,) if options.algorithm else ALGORITHMS:
            for version in versions:
                key = keyring.roots(algorithm).root(name, version)
                shown = [format_hex(key)] if options.values else []
                rows.append([name, algorithm, str(version), _kcv(algorithm, key), *shown])
    for line in aligned(rows):
        console.line(line)


_SHOW_HEADING: Final = (Text("key", "密钥"), Text("algorithm", "算法"), Text("version", "版本"), Text("KCV", "校验值"))


def _names(keyring: Keyring, authority: Authority) -> Sequence[str]:
    """Return the names of the zone's declared keys, and of those that were imported besides."""
    declared = [key.name for key in declared_keys(authority)]
    imported = keyring.imported if isinstance(keyring, StoredKeyring) else ()
    more = {root.name for root in imported if root.zone == authority.name} - set(declared)
    return [*declared, *sorted(more)]


def _export(options: argparse.Namespace, console: Console) -> None:
    root = _root_id(options)
    keyring = _marked(options, console)
    _check_name(root, keyring, options)
    key = keyring.roots(root.algorithm).root(root.name, root.version)
    _warn(console)
    parts = [secrets.token_bytes(KEY_SIZE) for _ in range(options.components - 1)]
    parts.append(reduce(_xor, parts, key))
    if len(parts) > 1:
        for number, part in enumerate(parts, 1):
            _say_part(console, number, root.algorithm, part, shown=f"  {format_hex(part)}")
        _say_whole(console, root, key)
    else:
        _say_whole(console, root, key, shown=f"  {format_hex(key)}")


def _import(options: argparse.Namespace, console: Console) -> None:
    root = _root_id(options)
    expected = _hex(options.kcv, 3, Text("--kcv", "--kcv")) if options.kcv else None
    path = _keystore(options)
    secret = secret_of(options, console, path)
    keyring = load(path, secret)
    _check_name(root, keyring, options)
    keyring.with_root(root, bytes(KEY_SIZE), again=options.force)  # refuses before anybody types
    if root not in keyring.imported and root.version in keyring.versions(root.zone):
        console.note(
            f"{root.algorithm} key {root.name}, version {root.version}: the imported key takes the place of the one "
            "that the keystore made, and cards with that one will not open",
            f"{root.algorithm} 密钥 {root.name} 版本 {root.version}:导入的密钥将取代密钥库生成的密钥,"
            "使用原密钥的卡将无法打开",
        )
    parts = []
    for number in range(1, options.components + 1):
        what = Text(f"component {number}", f"分量 {number}")
        parts.append(_hex(asked(console, what), KEY_SIZE, what))
        _say_part(console, number, root.algorithm, parts[-1])
    key = reduce(_xor, parts)
    kcv = _SUITES[root.algorithm].kcv(key)
    if expected is not None and kcv != expected:
        raise InputFileError(
            f"the key's check value is {format_hex(kcv)}, not {format_hex(expected)}; nothing was imported",
            f"密钥校验值为 {format_hex(kcv)},而不是 {format_hex(expected)};未导入",
        )
    update(path, secret, lambda keyring: keyring.with_root(root, key, again=options.force))
    _say_whole(console, root, key)


def _rotate(options: argparse.Namespace, console: Console) -> None:
    authority = _zone(options)
    path = _keystore(options)
    zone = authority.zone_id

    def change(keyring: StoredKeyring) -> StoredKeyring:
        if not options.ca:
            keyring = keyring.rotated(zone.name)
        if options.ca or zone.name not in keyring.authorities:
            keyring = keyring.with_authority(zone, _from_now())
        return keyring

    keyring = update(path, secret_of(options, console, path), change)
    version, name = keyring.versions(zone.name)[-1:], keyring.authority(zone).ca.certificate.name
    if options.ca:
        console.say(f"{zone.name}: certificates now by {name}", f"{zone.name}:证书现由 {name} 签发")
    else:
        console.say(f"{zone.name}: key version {version[0]} added", f"{zone.name}:已增加密钥版本 {version[0]}")


_ACTIONS: Final[dict[str, Callable[[argparse.Namespace, Console], None]]] = {
    "init": _init,
    "list": _list,
    "show": _show,
    "export": _export,
    "import": _import,
    "rotate": _rotate,
}


def _marked(options: argparse.Namespace, console: Console) -> Keyring:
    keyring = opened_keyring(options, console)
    if keyring.is_test:
        console.note("TEST keys: everybody has them, they protect nothing", "测试密钥:人人皆知,不提供任何保护")
    return keyring


def _zone(options: argparse.Namespace) -> Authority:
    return find_authority(options.zone, declared_authorities(options))


def _keystore(options: argparse.Namespace) -> Path:
    if not options.keystore:
        raise OptionError(
            "the TEST keys do not change: name a --keystore (`cardsim keys init` makes one)",
            "测试密钥不可更改:请用 --keystore 指定密钥库(可用 `cardsim keys init` 创建)",
        )
    return Path(options.keystore)


def _root_id(options: argparse.Namespace) -> RootId:
    """Return the root that the options name; its zone must be a declared one."""
    zone, slash, rest = options.name.partition("/")
    authority = find_authority(zone, declared_authorities(options))
    if not (slash and rest and rest.isascii() and rest.isprintable()):
        raise OptionError(
            f"{options.name!r} is no key's name, such as HRSS/SSSE/RK",
            f"{options.name!r} 不是密钥名称(如 HRSS/SSSE/RK)",
        )
    if not 0 <= options.version <= MAX_VERSION:
        raise OptionError(f"--version: 0 to {MAX_VERSION}", f"--version:0 至 {MAX_VERSION}")
    return RootId(f"{authority.name}/{rest}", options.version, options.algorithm)


def _check_name(root: RootId, keyring: Keyring, options: argparse.Namespace) -> None:
    """Refuse a name that the zone does not have; where none of its keys is declared yet, any will do."""
    authority = find_authority(root.zone, declared_authorities(options))
    if declared_keys(authority) and root.name not in (names := _names(keyring, authority)):
        raise OptionError(
            f"zone {authority.name} has no key {root.name}; there are {', '.join(names)}",
            f"{authority.name} 区域没有密钥 {root.name};可用:{'、'.join(names)}",
        )


def _from_now() -> Period:
    now = datetime.now(UTC).replace(microsecond=0)
    return Period(now, now + timedelta(days=_AUTHORITY_DAYS))


def _hex(text: str, size: int, what: Text) -> bytes:
    """Return so many bytes; the message never repeats what was given."""
    try:
        value = parse_hex(text)
    except HexError:
        value = b""
    if len(value) != size:
        raise InputFileError(f"{what.en}: {2 * size} hexadecimal digits", f"{what.zh}:应为 {2 * size} 位十六进制数字")
    return value


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(left, right, strict=True))


def _kcv(algorithm: str, key: bytes) -> str:
    return format_hex(_SUITES[algorithm].kcv(key))


def _say_part(console: Console, number: int, algorithm: str, part: bytes, shown: str = "") -> None:
    kcv = _kcv(algorithm, part)
    console.say(f"component {number}  KCV {kcv}{shown}", f"分量 {number}  KCV {kcv}{shown}")


def _say_whole(console: Console, root: RootId, key: bytes, shown: str = "") -> None:
    what = f"{root.name} {root.algorithm}"
    kcv = _kcv(root.algorithm, key)
    console.say(f"{what} version {root.version}  KCV {kcv}{shown}", f"{what} 版本 {root.version}  KCV {kcv}{shown}")


def _warn(console: Console) -> None:
    console.note("warning: key values appear in clear", "警告:将显示明文密钥")

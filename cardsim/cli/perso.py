"""`cardsim perso run`: a blank card personalised by APDUs alone, emulated or real."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Final

from apdu import format_hex, parse_hex
from cardsim.cli.atr_list import AtrList
from cardsim.cli.cards import InputFileError, OptionError, connected, read_bytes, read_json, read_text, read_toml
from cardsim.cli.hsm import Proofs
from cardsim.perso.apdus import Playback, play, prove_keys, script_of
from cardsim.perso.holder import Holder
from cardsim.perso.image import personalise
from cardsim.profiles import PROFILES
from cardsim.zones.layouts import Layout
from readers.connect.layers import with_layers
from readers.terminal.script import run as run_script

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from apdu import Connection
    from cardsim.cli.console import Console
    from cardsim.perso.apdus import Section, Step
    from cardsim.perso.image import CardImage

_LAYOUTS: Final = {"gen2": "2.00", "gen3": "3.00"}
_HISTORICAL: Final = slice(4, 17)
_ATR_SIZE: Final = 17
_EMULATED: Final = ("Virtual PCD", "Cardsim ")
"""What the names of virtual readers begin with: vpcd's, and those of our own service."""
_HIDDEN: Final = "**"


def run(options: argparse.Namespace, console: Console) -> int:
    """Make the card, or with ``--dry-run`` show the commands that would."""
    transport = _transport_code(options.transport_code)
    if options.dry_run:
        return _dry_run(options, transport, console)
    with connected(options, console, secrets_used=True) as (bare, _, sink):
        if not options.card:
            _check_atr(bare, options)
        connection = with_layers(bare, trace=sink)
        image = _image(options, console, connection.atr)
        _personalise(connection, image, transport, options, console)
    return 0


def _personalise(
    connection: Connection, image: CardImage, transport: bytes, options: argparse.Namespace, console: Console
) -> None:
    playback = Playback(
        resume=options.resume, verify=options.verify, on_section=lambda section: _begin(section, console)
    )
    run_script(play(script_of(image.memory, transport), playback), connection)
    connection.reset()
    console.say(
        f"{playback.done} commands done, {playback.skipped} were done before",
        f"已执行 {playback.done} 条命令,{playback.skipped} 条此前已完成",
    )
    if options.verify:
        proved = run_script(prove_keys(image, secrets.token_bytes), connection)
        console.say(
            f"read back and equal: {playback.compared}; keys and PINs proved: {len(proved)}",
            f"读回一致:{playback.compared} 项;已验证密钥与 PIN:{len(proved)} 个",
        )


def _begin(section: Section, console: Console) -> None:
    console.note(f"{section.label} ...", f"{section.label} ……")


def _dry_run(options: argparse.Namespace, transport: bytes, console: Console) -> int:
    """Print every command; keys are masked unless ``--trace-secrets`` asks for them."""
    if options.reader or options.card:
        raise OptionError("--dry-run touches no card: leave --reader and --card out", "--dry-run 不访问卡,请省略读卡器")
    if options.resume or options.verify:
        raise OptionError("--dry-run neither resumes nor verifies", "--dry-run 不能与 --resume 或 --verify 同用")
    atr = parse_hex(options.atr) if options.atr else b""
    if options.trace_secrets:
        console.note("warning: keys appear in clear", "警告:将显示明文密钥")
    sections = script_of(_image(options, console, atr).memory, transport)
    for section in sections:
        for command in section.entering if section.path else ():
            console.line(format_hex(command.encode()))
        for step in section.steps:
            console.line(f"{_shown(step, secret=options.trace_secrets)}    # {console.pick(step.text)}")
    _count(sections, console)
    return 0


def _shown(step: Step, *, secret: bool) -> str:
    raw = step.command.encode()
    if secret or not step.secret:
        return format_hex(raw)
    return format_hex(raw[:5]) + _HIDDEN * (len(raw) - 5)


def _count(sections: Sequence[Section], console: Console) -> None:
    steps = sum(len(section.steps) for section in sections)
    console.note(f"{steps} commands in {len(sections)} parts", f"共 {steps} 条命令,{len(sections)} 部分")


def _image(options: argparse.Namespace, console: Console, atr: bytes) -> CardImage:
    """Return the card that the commands are to make; its keys are those of a card with this ATR."""
    profile = PROFILES[options.profile]
    if options.chip_profile:
        profile = profile.override(read_toml(Path(options.chip_profile)))
    if len(atr) == _ATR_SIZE:
        profile = profile.override({"historical_bytes": atr[_HISTORICAL].hex()})
    holder = Holder()
    if options.holder:
        path = Path(options.holder)
        holder = Holder.from_plain(read_json(path), lambda name: read_bytes(path.parent / name))
    layout = Layout.from_text(options.layout or _LAYOUTS[options.profile])
    return personalise(profile, layout, holder, keyring=Proofs.of(options, console).keyring)


def _transport_code(text: str) -> bytes:
    try:
        code = parse_hex(text)
    except ValueError:
        code = b""
    if len(code) != 8:
        raise OptionError("--transport-code: 16 hexadecimal digits", "--transport-code:应为 16 个十六进制数字")
    return code


def _check_atr(connection: Connection, options: argparse.Namespace) -> None:
    """Refuse a card that may be somebody's: a real one is written only if its ATR is on the list, or a flag says so."""
    if options.any_card or connection.name.startswith(_EMULATED):
        return
    path = Path(options.atr_list) if options.atr_list else _default_list()
    if options.atr_list or path.exists():
        allowed = AtrList.parse(read_text(path), str(path))
        if allowed.has(connection.atr):
            return
    atr = format_hex(connection.atr)
    raise InputFileError(
        f"the card in {connection.name} (ATR {atr}) is not on the list {path}; put its ATR there if it is a blank card "
        f"that may be written, or give --any-card",
        f"{connection.name} 中的卡(ATR {atr})不在列表 {path} 中;"
        f"若确为可写的空白卡,请将其 ATR 加入列表,或使用 --any-card",
    )


def _default_list() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "cardsim" / "blank-cards.txt"

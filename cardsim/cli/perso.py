"""`cardsim perso run`: a blank card personalised by APDUs alone, emulated or real."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from apdu import format_hex, parse_hex
from apdu.errors import HexError
from cardsim.cli.atr_list import check_atr
from cardsim.cli.cards import OptionError, connected
from cardsim.cli.perso_image import check_chip, image_of
from cardsim.perso.apdus import (
    Playback,
    PlaybackError,
    check_dialect,
    check_origin,
    compare_finished,
    has_master_file,
    key_count,
    play,
    prove_keys,
    prove_master_key,
    script_of,
    without_master_file,
)
from cardsim.perso.apdus.nodes import same_contents
from cardsim.store import CardStore, Description
from cardsim.zones.factors import suite_of
from readers.connect.layers import with_layers
from readers.errors import CardRefusedError, ReaderError
from readers.terminal.script import run as run_script
from readers.trace import TraceWriter

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from apdu import Connection
    from cardsim.cli.console import Console
    from cardsim.perso.apdus import Section, Step
    from cardsim.perso.apdus.play import Script
    from cardsim.perso.image import CardImage
    from readers.trace import TraceSink

_HIDDEN = "**"
_KEY_SIZES = (8, 16)
_NOT_DRY = ("trace", "resume", "verify", "transport_key", "atr_list", "any_card")


def run(options: argparse.Namespace, console: Console) -> int:
    """Make the card, or with ``--dry-run`` show the commands that would."""
    transport = _hex(options.transport_code, "--transport-code", (8,))
    if options.dry_run:
        return _dry_run(options, transport, console)
    _refuse(options, ("atr",), " without --dry-run")
    if options.card:
        _refuse(options, ("atr_list", "any_card"), " --card")
    equal = False
    with connected(options, console, secrets_used=True) as (bare, card, sink):
        if not card:
            check_atr(bare, options)
        image = image_of(options, console, bare.atr, card)
        check_chip(options, image, bare.atr, card)
        sections = script_of(image.memory, transport, erasable=options.erasable)
        keep_secret(sink, sections)
        _personalise(with_layers(bare, trace=sink), image, sections, options, console)
        equal = card is not None and same_contents(bytes(card.memory.view), image.memory)
    if options.card:
        _describe(Path(options.card), image, console, equal=equal)
    return 0


def _personalise(
    connection: Connection,
    image: CardImage,
    sections: tuple[Section, ...],
    options: argparse.Namespace,
    console: Console,
) -> None:
    if run_script(has_master_file(), connection):
        if not (options.resume or options.transport_key):
            raise CardRefusedError(
                "the card is not blank: it has an MF; nothing was written. --resume goes on with a run that was broken "
                "off on it, --transport-key proves the master key of an MF that is otherwise empty",
                "该卡不是空白卡:已有 MF;未写入任何内容。--resume 可继续中断的个人化;"
                "若 MF 为空且需主控密钥,请用 --transport-key",
            )
        sections = without_master_file(sections)
    elif options.transport_key:
        raise CardRefusedError(
            "the card is blank: it has no MF, and no master key that --transport-key could prove",
            "该卡为空白卡:没有 MF,也没有 --transport-key 可证明的主控密钥",
        )
    if options.resume:
        check_keys(connection, image)
    playback = playback_for(options, image, sections, console)
    playback.resume, playback.verify = options.resume, options.verify or options.resume
    run_playback(connection, sections, playback, console)
    if playback.done:
        console.say(
            f"{playback.done} commands done, {playback.skipped} were done before",
            f"已执行 {playback.done} 条命令,{playback.skipped} 条此前已完成",
        )
    else:
        console.say("the card was finished before; nothing was written", "该卡此前已完成;未写入任何内容")
    if playback.verify:
        _verify(connection, image, sections, playback, console)


def check_keys(connection: Connection, image: CardImage) -> None:
    """Raise CardRefusedError where the card has keys already, and others than ``image``."""
    _played(connection, check_origin(image, secrets.token_bytes))


def playback_for(
    options: argparse.Namespace, image: CardImage, sections: Sequence[Section], console: Console
) -> Playback:
    """Return a playback that tells of each directory and proves the key of ``--transport-key``, if there is one."""
    begun = iter(range(1, len(sections) + 1))

    def tell(section: Section) -> None:
        number = f"{next(begun)}/{len(sections)}"
        console.note(f"{number} {section.label} ...", f"{number} {section.label} ……")

    playback = Playback(on_section=tell)
    if options.transport_key:
        key = _hex(options.transport_key, "--transport-key", _KEY_SIZES)
        suite = suite_of(image.profile.native_algorithm)
        playback.unlock = lambda: prove_master_key(suite, key)
    return playback


def run_playback(connection: Connection, sections: Sequence[Section], playback: Playback, console: Console) -> None:
    """Play ``sections``, then reset the card. Raises CardRefusedError, ReaderError."""
    _played(connection, check_dialect())
    try:
        _played(connection, play(sections, playback))
    except ReaderError as error:
        if playback.done and not isinstance(error, CardRefusedError):
            console.note(
                f"{playback.done} commands were done: with the card back in the reader, --resume goes on from there",
                f"已执行 {playback.done} 条命令:把卡放回读卡器后,可用 --resume 继续",
            )
        raise
    connection.reset()


def _played(connection: Connection, script: Script) -> None:
    try:
        run_script(script, connection)
    except PlaybackError as error:  # a card that refuses, not a file that is wrong
        raise CardRefusedError(error.text.en, error.text.zh) from error


def _verify(
    connection: Connection, image: CardImage, sections: Sequence[Section], playback: Playback, console: Console
) -> None:
    def inside(path: tuple[int, ...]) -> Script:
        return compare_finished(sections, path, playback)

    try:
        proofs = run_script(prove_keys(image, secrets.token_bytes, inside), connection)
    except PlaybackError as error:
        raise CardRefusedError(error.text.en, error.text.zh) from error
    asked, others = sum(proof.asked for proof in proofs), key_count(image) - len(proofs)
    console.say(
        f"read back and equal: {playback.compared}; keys and PINs proved: {asked}, not asked for: {others}",
        f"读回一致:{playback.compared} 项;已验证密钥与 PIN:{asked} 个,未验证:{others} 个",
    )
    if asked < len(proofs):
        left = len(proofs) - asked
        console.note(f"not proved, since they have one try: {left}", f"因只有一次机会而未验证:{left} 个")


def keep_secret(sink: TraceSink | None, sections: Sequence[Section]) -> None:
    """Have a trace hide the keys among the commands of ``sections``."""
    if isinstance(sink, TraceWriter):
        steps = (step for section in sections for step in section.steps if step.secret)
        sink.secret_commands = frozenset(step.command.encode() for step in steps)


def _describe(path: Path, image: CardImage, console: Console, *, equal: bool) -> None:
    """Have the card file say what is on its card now; only where that is what was to be made."""
    if not equal:
        console.note(
            f"{path}: the card differs from what this run makes; what the file says about it stays as it was",
            f"{path}:卡内容与本次个人化结果不同;卡文件的说明保持不变",
        )
        return
    with CardStore.open(path) as store:
        store.describe(Description(image.profile, image.layout, image.printed))


def _dry_run(options: argparse.Namespace, transport: bytes, console: Console) -> int:
    """Print every command; keys are masked unless ``--trace-secrets`` asks for them."""
    _refuse(options, _NOT_DRY, " --dry-run")
    image = _dry_image(options, console)
    sections = script_of(image.memory, transport, erasable=options.erasable)
    for section in sections:
        for command in section.entering if section.path else ():
            console.line(format_hex(command.encode()))
        for step in section.steps:
            console.line(f"{_shown(step, secret=options.trace_secrets)}    # {console.pick(step.text)}")
    steps = sum(len(section.steps) for section in sections)
    serial = format_hex(image.profile.historical_bytes[-4:])
    console.note(
        f"{steps} commands in {len(sections)} parts; the keys are those of chip {serial}",
        f"共 {steps} 条命令,{len(sections)} 部分;密钥属于芯片 {serial}",
    )
    return 0


def _dry_image(options: argparse.Namespace, console: Console) -> CardImage:
    """Return what a run would make of the card that the options name, without one of a card with the ATR of --atr."""
    if options.card or options.reader:
        _refuse(options, ("atr",), " --card" if options.card else " --reader")
        with connected(options, console) as (bare, card, _):
            image = image_of(options, console, bare.atr, card)
            check_chip(options, image, bare.atr, card)
            if card:  # one in a reader is not touched
                _played(with_layers(bare), check_dialect())
            return image
    _refuse(options, ("interface",), " --dry-run")
    atr = _hex(options.atr, "--atr", range(2, 34)) if options.atr else b""
    if options.trace_secrets:
        console.note("warning: keys appear in clear", "警告:将显示明文密钥")
    return image_of(options, console, atr, None)


def _shown(step: Step, *, secret: bool) -> str:
    raw = step.command.encode()
    if secret or not step.secret:
        return format_hex(raw)
    return format_hex(raw[:5]) + _HIDDEN * (len(raw) - 5)


def _refuse(options: argparse.Namespace, names: tuple[str, ...], where: str) -> None:
    for name in names:
        if getattr(options, name):
            option = "--" + name.replace("_", "-")
            raise OptionError(f"perso run{where} has no use for {option}", f"perso run{where} 不使用 {option}")


def _hex(text: str, option: str, sizes: Sequence[int]) -> bytes:
    """Return the bytes that an option spells; the message never repeats them."""
    try:
        value = parse_hex(text)
    except HexError:
        value = b""
    if len(value) not in sizes:
        wanted = " / ".join(str(size * 2) for size in sizes) if len(sizes) < 4 else f"{sizes[0] * 2}-{sizes[-1] * 2}"
        raise OptionError(f"{option}: {wanted} hexadecimal digits", f"{option}:应为 {wanted} 个十六进制数字")
    return value

"""`cardsim zone`: the zones of an issued card: list, block, unblock, add, remove."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from apdu import Text
from cardsim.cli import zones_apdu
from cardsim.cli.cards import OptionError, connected
from cardsim.cli.console import aligned
from cardsim.cli.export import load_image
from cardsim.cli.holders import holder_from
from cardsim.cli.hsm import Proofs, meet_card
from cardsim.perso.surgery import (
    add_zone,
    holder_of,
    identification,
    made_by_commands,
    remove_zone,
    zone_called,
)
from cardsim.profiles import LAYOUTS
from cardsim.store import create_card_file
from readers.connect.layers import with_layers
from readers.terminal.hrss import select_hrss
from readers.terminal.locks import find_zones, lock_zone
from readers.terminal.script import run as play

if TYPE_CHECKING:
    import argparse

    from cardsim.cli.console import Console
    from cardsim.zones.model import Zone
    from readers.terminal.script import Script

_OF_TALKS: Final = frozenset(("trace", "interface"))
_OF_KEYSTORES: Final = frozenset(("keystore", "key_file", "passphrase_file"))
_OF_PROOFS: Final = _OF_TALKS | _OF_KEYSTORES | {"line_mac", "sm4_extension", "sm4_fold"}
_OF_SILENT_CARDS: Final = frozenset(("region", "algorithm", "key_version"))
_OF_ALLOWED: Final = frozenset(("atr_list", "any_card"))
_USES: Final = {
    "list": _OF_TALKS,
    "block": _OF_PROOFS,
    "unblock": _OF_PROOFS | _OF_SILENT_CARDS,
    "add": _OF_PROOFS | {"holder", "transport_key"},
    "remove": _OF_PROOFS | _OF_SILENT_CARDS,
}
"""The options that each action has a use for."""
_USES_IN_A_READER: Final = {"add": _OF_ALLOWED | {"profile", "layout", "chip_profile"}, "remove": _OF_ALLOWED}
_USES_IN_A_FILE: Final = {"add": _OF_KEYSTORES | {"holder"}, "remove": frozenset[str]()}
"""Of a card without native commands, where no command is sent."""
_OPTIONS: Final = sorted(frozenset[str]().union(*_USES.values(), *_USES_IN_A_READER.values()))


def run(options: argparse.Namespace, console: Console) -> int:
    """Do the action."""
    if options.auth == "psam" or options.psam or options.psam_reader:
        raise OptionError(
            "zone proves keys with a software HSM, not with a PSAM", "zone 只用软件加密机证明密钥,不用 PSAM"
        )
    if options.action == "list":
        return _list(options, console)
    if not options.zone:
        raise OptionError(f"zone {options.action} needs a zone's name", f"zone {options.action} 需要区域名称")
    zone = zone_called(options.zone)
    if options.action in ("add", "remove"):
        _change(options, zone, console)
    else:
        _check_options(options)
        _lock(options, zone, console)
    return 0


def _list(options: argparse.Namespace, console: Console) -> int:
    _check_options(options)
    wanted = zone_called(options.zone) if options.zone else None
    with connected(options, console) as (bare, _, sink):
        found = play(find_zones(), with_layers(bare, trace=sink))
    rows = (
        (item.zone.name, console.pick(Text(item.zone.name_zh, item.zone.name_zh)), console.pick(item.state.value))
        for item in found
        if item.zone is wanted or wanted is None
    )
    for line in aligned(rows):
        console.line(line)
    return 0


def _change(options: argparse.Namespace, zone: Zone, console: Console) -> None:
    """Add or remove a zone: by commands where the chip has native ones, else in the card file itself."""
    image = load_image(Path(options.card)) if options.card else None
    if image and image.profile.chip not in LAYOUTS:
        raise OptionError(
            f"{options.card} is a {image.profile.chip} chip, which has no zones",
            f"{options.card} 是 {image.profile.chip} 芯片,没有区域",
        )
    by_commands = image is None or made_by_commands(image)
    _check_options(options, by_commands=by_commands)
    if not by_commands:
        _surgery(options, zone, console)
    elif options.action == "add":
        zones_apdu.add(options, zone, console)
    else:
        zones_apdu.remove(options, zone, console)


def _check_options(options: argparse.Namespace, *, by_commands: bool = True) -> None:
    """Raise OptionError for what the action has no use for here."""
    useful = _USES[options.action] if by_commands else _USES_IN_A_FILE[options.action]
    if not options.card:
        useful |= _USES_IN_A_READER.get(options.action, frozenset())
    for name in _OPTIONS:
        given = getattr(options, name)
        if not (given is None or given is False or name in useful):
            option, where = "--" + name.replace("_", "-"), " --card" if options.card else ""
            raise OptionError(
                f"zone {options.action}{where} has no use for {option}", f"zone {options.action}{where} 不使用 {option}"
            )


def _surgery(options: argparse.Namespace, zone: Zone, console: Console) -> None:
    """Change the card file itself, as its issuer would."""
    path = Path(options.card)
    image = load_image(path)
    if options.action == "remove":
        changed = remove_zone(image, zone.name)
        said = Text(f"{path}: zone {zone.name} removed, keys and all", f"{path}:已移除 {zone.name} 区域(含密钥)")
    else:
        holder, given = holder_of(image), holder_from(options.holder, image.layout)
        holder = replace(given, given={**holder.given, **given.given})
        changed = add_zone(image, zone.name, holder, Proofs.of(options, console).keyring)
        said = Text(f"{path}: zone {zone.name} added", f"{path}:已加入 {zone.name} 区域")
    create_card_file(path, changed, overwrite=True)
    console.line(console.pick(said))


def _told(options: argparse.Namespace) -> zones_apdu.Told:
    """Return what a blocked zone does not tell: what options give, or of a card file what stands in it."""
    told = zones_apdu.told_by(options)
    if told:
        return told
    if not options.card:
        raise OptionError(
            "a blocked zone does not tell its card identification code: give the first six digits with --region",
            "已锁定的区域不给出卡识别码:请用 --region 指定其前六位",
        )
    image = load_image(Path(options.card))
    profile = image.profile
    return zones_apdu.Told(identification(image)[:6], profile.hrss_algorithm, min(profile.key_versions))


def _lock(options: argparse.Namespace, zone: Zone, console: Console) -> None:
    proofs = Proofs.of(options, console)
    unblock = options.action == "unblock"
    told = _told(options) if unblock else None
    with connected(options, console, secrets_used=True) as (bare, _, sink):
        connection = with_layers(bare, trace=sink)

        def script() -> Script[None]:
            if told:
                terminal = zones_apdu.terminal_for(connection.atr, told, proofs)
            else:
                fci = yield from select_hrss()
                terminal = yield from meet_card(connection.atr, fci, proofs)
            yield from lock_zone(terminal, zone, unblock=unblock)

        play(script(), connection)
    done, done_zh = ("unblocked", "解锁") if unblock else ("blocked", "锁定")
    console.say(f"zone {zone.name} {done}", f"{zone.name} 区域已{done_zh}")

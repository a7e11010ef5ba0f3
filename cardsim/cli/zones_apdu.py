"""`cardsim zone add` and `remove` by APDUs, on a card whose chip has native commands: under each zone's own keys."""

from __future__ import annotations

import contextlib
import re
import secrets
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from apdu import Command, format_hex
from cardsim.cli.atr_list import check_atr
from cardsim.cli.cards import InputFileError, OptionError, connected
from cardsim.cli.export import load_image
from cardsim.cli.holders import holder_from
from cardsim.cli.hsm import Proofs, meet_card
from cardsim.cli.perso import check_keys, keep_secret, playback_for, run_playback
from cardsim.cli.perso_image import profile_for
from cardsim.perso.apdus import script_of_application
from cardsim.perso.image import personalise
from cardsim.perso.surgery import holder_for, holder_of
from cardsim.profiles import LAYOUTS
from cardsim.store import CardStore, Description
from cardsim.zones.factors import hrss_factors, key_name, suite_of
from cardsim.zones.historical import IN_ATR, HistoricalBytes
from cardsim.zones.hrss import EF05, HRSS
from cardsim.zones.layouts import Layout
from cardsim.zones.model import CommandSet, KeyAlgorithm
from keys.errors import KeyringError
from keys.hsm import SoftwareHsm
from keys.keyring import TestKeyring
from readers.connect.layers import with_layers
from readers.errors import CardRefusedError
from readers.terminal.hrss import layout_of, read_version, select_hrss
from readers.terminal.locks import FoundZone, ZoneState, find_zones
from readers.terminal.pki import master_key_authenticate
from readers.terminal.removal import erase_unfinished, erase_zone
from readers.terminal.script import run as play
from readers.terminal.security import Terminal, expect, external_authenticate

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from apdu import Connection
    from cardsim.chip.card import Card
    from cardsim.cli.console import Console
    from cardsim.perso.image import CardImage
    from cardsim.zones.model import Df, KeyDeclaration, Zone
    from readers.terminal.script import Script

_DEFAULT = "gen3"
_REGION: Final = re.compile(r"[0-9]{6}")


def add(options: argparse.Namespace, zone: Zone, console: Console) -> None:
    """Make ``zone`` on a card that has room for it in its MF; goes on with an addition that was broken off."""
    with connected(options, console, secrets_used=True) as (bare, card, sink):
        if not card:
            check_atr(bare, options)
        connection = with_layers(bare, trace=sink)
        found = play(find_zones(), connection)
        if _state(found, zone) in (ZoneState.IN_USE, ZoneState.BLOCKED):
            raise InputFileError(f"zone {zone.name} is on the card already", f"卡上已有 {zone.name} 区域")
        hrss = _meet_hrss(connection, Proofs.of(options, console)) if _state(found, HRSS) is ZoneState.IN_USE else None
        image = _image(options, zone, connection.atr, card, console, hrss=hrss)
        if zone is HRSS:  # one that was begun under other keys is not gone on with
            check_keys(connection, image)
        sections = script_of_application(image.memory, zone.application.aid)
        keep_secret(sink, sections)
        playback = playback_for(options, image, sections, console)
        playback.resume = playback.verify = True
        run_playback(connection, sections, playback, console)
    _describe(options, zone, console, added=True)


def remove(options: argparse.Namespace, zone: Zone, console: Console) -> None:
    """Erase ``zone`` under its own key, which is proved once."""
    proofs, told = Proofs.of(options, console), told_by(options)
    with connected(options, console, secrets_used=True) as (bare, card, sink):
        if not card:
            check_atr(bare, options)
        connection = with_layers(bare, trace=sink)
        found = play(find_zones(), connection)
        state = _state(found, zone)
        if state is ZoneState.IN_USE and _state(found, HRSS) is not ZoneState.IN_USE and not told:
            raise CardRefusedError(
                "the HRSS zone does not tell the card identification code: give --region, and --algorithm in a reader",
                "HRSS 区域不给出卡识别码:请用 --region 指定;在读卡器中还需 --algorithm",
            )
        if state is ZoneState.IN_USE:
            play(_removal(connection.atr, zone, told, proofs), connection)
        elif not (state is ZoneState.UNFINISHED and play(erase_unfinished(zone), connection)):
            raise CardRefusedError(
                f"zone {zone.name} is not removed: {state.value.en}", f"{zone.name} 区域未移除:{state.value.zh}"
            )
    if state is ZoneState.IN_USE:
        _describe(options, zone, console, added=False)
    else:  # what the card file says is what its card is to become
        console.say(f"what there was of zone {zone.name} is erased", f"{zone.name} 区域已写入的部分已擦除")


def _removal(atr: bytes, zone: Zone, told: Told | None, proofs: Proofs) -> Script[None]:
    if told:
        terminal = terminal_for(atr, told, proofs)
    else:  # the card proves its key first, which costs no try
        fci = yield from select_hrss()
        terminal = yield from meet_card(atr, fci, proofs)

    def prove(df: Df, key: KeyDeclaration) -> Script[None]:
        if df.commands is CommandSet.PKI:
            algorithm = zone.algorithm or KeyAlgorithm.SM4
            roots = (proofs.keyring or TestKeyring()).roots(algorithm.value)
            hsm = SoftwareHsm(suite_of(algorithm, proofs.sm4_forms), roots)
            name = key_name(df, key, terminal.version, zone=zone)
            return master_key_authenticate(hsm.card_key(name, terminal.factors))
        return external_authenticate(terminal, df, key)

    yield from erase_zone(zone, prove)


class Told(NamedTuple):
    """What has to be known of a card that says nothing of itself but its ATR: region, algorithm and version of keys."""

    region: str
    algorithm: KeyAlgorithm
    version: int


def told_by(options: argparse.Namespace) -> Told | None:
    """Return what ``--region`` and its companions tell, if they are there; of a card file it tells the algorithm."""
    if not options.region:
        for name in ("algorithm", "key_version"):
            if getattr(options, name) is not None:
                option = "--" + name.replace("_", "-")
                raise OptionError(f"{option} goes with --region", f"{option} 需与 --region 同用")
        return None
    if not _REGION.fullmatch(options.region):
        raise OptionError("--region: six digits", "--region:应为六位数字")
    profile = load_image(Path(options.card)).profile if options.card else None
    if not (options.algorithm or profile):
        raise OptionError(
            "--region needs --algorithm, DES or SM4: a wrong guess would cost a key a try",
            "--region 需与 --algorithm(DES 或 SM4)同用:猜错会消耗密钥的一次尝试",
        )
    algorithm, version = options.algorithm, options.key_version
    if profile:
        algorithm = algorithm or profile.hrss_algorithm
        version = min(profile.key_versions) if version is None else version
    return Told(options.region, KeyAlgorithm(algorithm), version or 0)


def terminal_for(atr: bytes, told: Told, proofs: Proofs) -> Terminal:
    """Return a terminal for a card that says nothing of itself but its ATR."""
    roots = (proofs.keyring or TestKeyring()).roots(told.algorithm.value)
    suite = suite_of(told.algorithm, proofs.sm4_forms)
    hsm = SoftwareHsm(suite, roots, line_session=proofs.line_session)
    factors = hrss_factors(told.region, HistoricalBytes.parse(atr[IN_ATR]))
    return Terminal(hsm, factors, secrets.token_bytes, told.version)


def _state(found: Sequence[FoundZone], zone: Zone) -> ZoneState:
    return next(each.state for each in found if each.zone is zone)


class _Hrss(NamedTuple):
    """What the HRSS zone of a card tells: the identification code, the layout, the version of its keys if known."""

    code: str
    layout: Layout | None
    version: int | None


def _meet_hrss(connection: Connection, proofs: Proofs) -> _Hrss:
    """Ask a card whose HRSS zone is in use. Raises CardRefusedError."""

    def script() -> Script[_Hrss]:
        fci = yield from select_hrss()
        response = yield Command(0x00, 0xB2, 0x01, (EF05.fid & 0x1F) << 3 | 4, le=0)
        expect(response, "the card identification code can not be read", "无法读取卡识别码")
        text = yield from read_version()
        version = None
        with contextlib.suppress(CardRefusedError, KeyringError):  # whoever adds a zone may not have the keys of HRSS
            version = (yield from meet_card(connection.atr, fci, proofs)).version
        return _Hrss(format_hex(response.data[2:]), layout_of(text) if text else None, version)

    return play(script(), connection)


def _image(
    options: argparse.Namespace, zone: Zone, atr: bytes, card: Card | None, console: Console, *, hrss: _Hrss | None
) -> CardImage:
    """Return a card with ``zone``, for the holder of this one and with its keys."""
    own = hrss.layout if hrss else None
    if card:
        held = load_image(Path(options.card))
        layout, profile = own or held.layout, held.profile
        given = holder_from(options.holder, layout)
        holder = replace(holder_of(held), contents=given.contents, elements=given.elements)
        holder = replace(holder, given={**holder.given, **given.given})
    else:
        if not options.holder:
            raise OptionError("zone add in a reader needs --holder", "在读卡器上 zone add 需要 --holder")
        options.profile = options.profile or _DEFAULT
        layout = Layout.from_text(options.layout) if options.layout else own or LAYOUTS[options.profile]
        profile = profile_for(options, atr, None)
        if hrss and hrss.version is not None:
            profile = profile.override({"key_versions": [hrss.version]})
        holder = given = holder_from(options.holder, layout)
        if hrss:
            code = hrss.code
            if given.given.get("card_identification", code).upper() != code:
                raise OptionError(
                    f"the holder's card_identification is not that of the card, {code}",
                    f"持卡人数据的 card_identification 与卡上的 {code} 不同",
                )
            holder = replace(given, given={**given.given, "card_identification": code})
    profile = profile.override({"zones": list(dict.fromkeys((*profile.zones, zone.name)))})
    holder = holder_for(zone, holder, profile.zones)
    return personalise(profile, layout, holder, keyring=Proofs.of(options, console).keyring)


def _describe(options: argparse.Namespace, zone: Zone, console: Console, *, added: bool) -> None:
    done, done_zh = ("added", "加入") if added else ("removed, keys and all", "移除(含密钥)")
    where = options.card or "the card"
    if options.card:
        with CardStore.open(Path(options.card)) as store:
            said = store.description
            zones = [name for name in said.profile.zones if name != zone.name] + [zone.name] * added
            store.describe(Description(said.profile.override({"zones": zones}), said.layout, said.printed))
    console.say(f"{where}: zone {zone.name} {done}", f"{options.card or '卡'}:已{done_zh} {zone.name} 区域")

"""`cardsim clone`: a card file with the contents of another card."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from apdu import BilingualError, HexError, format_hex, parse_hex
from cardsim.cli.cards import InputFileError, OptionError, connected
from cardsim.cli.copying import area_of, check_trace, dumped, opened_secrets
from cardsim.cli.export import load_image
from cardsim.cli.holders import holder_from
from cardsim.cli.hsm import Proofs
from cardsim.perso.holder import Holder
from cardsim.perso.image import personalise
from cardsim.perso.plain import export_card, import_card
from cardsim.profiles import PROFILES
from cardsim.store import create_card_file
from cardsim.zones.card_identification import CardIdentification
from cardsim.zones.historical import IN_ATR, HistoricalBytes
from cardsim.zones.layouts import Layout
from cardsim.zones.registry import ZONES
from keys.keyring import TestKeyring
from readers.connect.layers import with_layers

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from cardsim.cli.console import Console
    from cardsim.perso.image import CardImage
    from keys.keyring import Keyring

_PSAM: Final = "psam"
_CLONE_PIN: Final = "123456FFFFFFFFFF"


def run(options: argparse.Namespace, console: Console) -> int:
    """Write the copy; what a card in a reader does not give is told."""
    if len(options.files) + bool(options.reader) != 2:
        raise OptionError(
            "name the card and the copy: clone CARD COPY, or clone --reader NAME COPY",
            "请指定源卡与副本:clone 卡 副本,或 clone --reader 名称 副本",
        )
    check_trace(options)
    out = Path(options.files[-1])
    if options.reader:
        if options.identification or options.holder:
            raise OptionError(
                "--identification and --holder are for a card file", "--identification 与 --holder 仅用于卡文件"
            )
        image, closed = _from_reader(options, console)
        console.note(
            "PINs and keys can not be read from a card: the copy has random keys and PIN 123456, and fails "
            f"identification; places that the card did not give: {', '.join(closed) or 'none'}",
            "PIN 与密钥不可读:副本使用随机密钥与 PIN 123456,无法通过身份识别;"
            f"未能读出的位置:{'、'.join(closed) or '无'}",
        )
    else:
        if options.auth or options.psam or options.psam_reader or options.pin is not None:
            raise OptionError(
                "--auth, --psam and --pin are for a card in a reader; a card file is copied with all that is in it",
                "--auth、--psam 与 --pin 仅用于读卡器中的卡;卡文件按原样全部复制",
            )
        image = load_image(Path(options.files[0]))
        keyring = Proofs.of(options, console).keyring
        if image.profile.chip == _PSAM and (options.holder or options.identification):
            raise OptionError(
                "--holder and --identification: a PSAM has neither a holder nor a card identification code",
                "--holder 与 --identification:PSAM 没有持卡人,也没有卡识别码",
            )
        if options.holder:
            image = _for_holder(image, options.holder, keyring)
        elif options.identification:
            image = _identified(image, options.identification, keyring)
            console.note(
                "key pairs and certificates are those of the source: they name the other card",
                "密钥对与证书仍为源卡的,所指为源卡",
            )
    create_card_file(out, image, overwrite=options.force)
    console.say(f"{out}: {image.profile.chip} card", f"{out}:{image.profile.chip} 卡")
    return 0


def _for_holder(image: CardImage, name: str, keyring: Keyring | None) -> CardImage:
    """Return a card of the same chip, layout and zones, issued to another holder."""
    holder = holder_from(name, image.layout)
    usual = PROFILES.get(image.profile.chip, image.profile)
    profile = image.profile.override({"historical_bytes": format_hex(usual.historical_bytes)})
    return personalise(profile, image.layout, holder, keyring=keyring)


def _identified(image: CardImage, code_text: str, keyring: Keyring | None) -> CardImage:
    """Return the same card under another card identification code: its keys are those of that card."""
    try:
        code = CardIdentification.parse(parse_hex(code_text))
    except (HexError, BilingualError) as error:
        raise OptionError(f"--identification: {error}", f"--identification:{error.text.zh}") from error
    plain = export_card(image, secrets=True)
    for directory, node in _nodes(plain["card"]):
        if "keys" in node:
            known = _declared_keys(directory)
            for key in node["keys"]:
                if key["type"] != "PIN" and (key["reference"], key.get("name")) in known:
                    key.pop("value")
                    key.pop("kcv", None)
        if node.get("file") == "EF05" and directory == format_hex(ZONES["HRSS"].application.aid):
            for record in node["records"]:
                if record["tag"] == "01":
                    record.pop("value", None)
                    record["hex"] = format_hex(code)
    new = HistoricalBytes.build(
        image.profile.chip_code, int.from_bytes(image.profile.manufacturer, "big"), code.region[:4], code.serial
    )
    profile: Any = plain["profile"]
    profile["historical_bytes"] = format_hex(new)
    return import_card(plain, keyring or TestKeyring())


def _declared_keys(aid: str) -> set[tuple[str, str]]:
    dfs = (df for zone in ZONES.values() for df in zone.application.walk() if format_hex(df.aid) == aid)
    return {(f"{key.reference:02X}", key.name) for df in dfs for key in df.keys}


def _nodes(node: Any, aid: str = "") -> Iterator[tuple[str, dict[str, Any]]]:  # noqa: ANN401  JSON
    """Yield every file of an export behind the AID of its directory."""
    for child in node["contents"]:
        if "contents" in child:
            yield from _nodes(child, child["aid"])
        else:
            yield aid or node["aid"], child


def _from_reader(options: argparse.Namespace, console: Console) -> tuple[CardImage, list[str]]:
    """Return a card with all that the card in the reader gives, and the places that it did not give."""
    with (
        opened_secrets(options, console) as given,
        connected(options, console, secrets_used=given.used) as (bare, _, sink),
    ):
        dump: Any = dumped(with_layers(bare, trace=sink), given)
    there = {directory["aid"]: directory for directory in dump["directories"]}
    zones = [zone.name for zone in ZONES.values() if _is_there(there.get(format_hex(zone.application.aid)))]
    if not zones:
        raise InputFileError("the card has no zone that is declared here", "该卡没有此处已定义的区域")
    layout = Layout.from_text(dump["layout"])
    chip = PROFILES["gen3" if layout is Layout.V3_00 else "gen2"]
    historical = parse_hex(dump["atr"])[IN_ATR]
    profile = chip.override({"zones": zones, "historical_bytes": format_hex(historical)})
    plain: Any = json.loads(json.dumps(export_card(personalise(profile, layout, Holder()), secrets=True)))
    areas = {format_hex(df.aid): area_of(df) for zone in ZONES.values() for df in zone.application.walk()}
    closed: list[str] = []
    for aid, node in _nodes(plain["card"]):
        closed += _overlay(node, f"{areas.get(aid, aid)}/{node['file']}", there.get(aid))
    plain["printed"] = {}
    return replace(import_card(plain), printed={}), closed


def _is_there(directory: dict[str, Any] | None) -> bool:
    return directory is not None and (directory["status"] == "9000" or bool(directory["fci"]))


def _overlay(node: dict[str, Any], place: str, directory: dict[str, Any] | None) -> list[str]:
    """Put into the file called ``place`` what the card gave of it; return the places that it did not give."""
    if "keys" in node:
        for key in node["keys"]:
            key.pop("kcv", None)
            is_pin = key["type"] == "PIN"
            size = len(key["value"]) // 2
            key["value"] = _CLONE_PIN if is_pin and size == len(_CLONE_PIN) // 2 else secrets.token_hex(size)
        return []
    if node["type"] == "PRIVATE_KEY":
        node["body"] = secrets.token_hex(len(node["body"]) // 2)
        return []
    files = directory["files"] if directory else ()
    read: dict[str, Any] = next((file for file in files if file["file"] == node["file"]), {})
    content = read.get("content")
    if "content" in node:
        node["content"] = (content or "")[: 2 * node["size"]]
        return [place] if content is None else []
    if node["type"] == "PUBLIC_KEY":
        size = len(node["body"])
        node["body"] = (content or "")[:size].ljust(size, "0")
        return [place] if content is None else []
    return _overlay_records(node, place, read)


def _overlay_records(node: dict[str, Any], place: str, read: dict[str, Any]) -> list[str]:
    if "records" not in node:
        return []
    records = {record["number"]: record["hex"] for record in read.get("records", ()) if "hex" in record}
    closed, seen = [], Counter[str]()
    for number, record in enumerate(node["records"], 1):
        record.pop("value", None)
        tag = record.get("tag", "")
        seen[tag] += 1
        found = records.get(number)
        value = found[4:] if found and tag else found
        if found is None or len(value or "") != len(record["hex"]) or (tag and found[:2] != tag):
            record["hex"] = "00" * (len(record["hex"]) // 2)
            closed.append(f"{place}/{tag}" if tag and seen[tag] == 1 else f"{place}/{tag}:{seen[tag]:02}")
        else:
            record["hex"] = value
    return [place] if len(closed) == len(node["records"]) else closed

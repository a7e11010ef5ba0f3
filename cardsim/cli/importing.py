"""`cardsim import`: a card file from the JSON of `cardsim export`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from apdu import BilingualError
from cardsim.cli.cards import InputFileError, read_json
from cardsim.cli.keyrings import opened_keyring
from cardsim.cli.pins import pin_bytes, pki_pin_bytes
from cardsim.perso.plain import Prefer, import_card
from cardsim.store import create_card_file
from readers.terminal.pki import PkiPin

if TYPE_CHECKING:
    import argparse

    from cardsim.cli.console import Console
    from cardsim.perso.image import CardImage


def run(options: argparse.Namespace, console: Console) -> int:
    """Make a card file; keys that the JSON does not have come from the keystore, from the TEST keys without one."""
    out = Path(options.out)
    if not out.name:
        raise InputFileError(f"--out {options.out!r} names no file", f"--out {options.out!r} 不是文件名")
    image = load_json(options, console)
    create_card_file(out, image, overwrite=options.force)
    console.say(
        f"{options.out}: {image.profile.chip} card, layout {image.layout.text}",
        f"{options.out}:{image.profile.chip} 卡,布局 {image.layout.text}",
    )
    return 0


def load_json(options: argparse.Namespace, console: Console) -> CardImage:
    """Return the card that the JSON file of ``options`` describes."""
    path = Path(options.json)
    plain = read_json(path)
    keyring = opened_keyring(options, console)
    pins = {}
    if options.pin is not None:
        pins["hrss_pin"] = pin_bytes(options.pin, console)
    for entry, given, which in (
        ("pki_user_pin", options.user_pin, PkiPin.USER),
        ("pki_admin_pin", options.admin_pin, PkiPin.ADMINISTRATOR),
    ):
        if given is not None:
            pins[entry] = pki_pin_bytes(given, console, which.text)
    try:
        image = import_card(plain, keyring, pins, Prefer(options.prefer) if options.prefer else None)
    except BilingualError as error:
        raise InputFileError(f"{path}: {error}", f"{path}:{error.text.zh}") from error
    if options.transport_key is None:
        return image
    return replace(image, profile=image.profile.override({"native_transport_key": options.transport_key}))

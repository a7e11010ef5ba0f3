"""How often a second a 3rd-generation card proves itself with DES, SM4 and SM2; part of scripts/bench."""

from __future__ import annotations

import os
import statistics
from typing import TYPE_CHECKING

from apdu import Response
from cardsim.chip import Card, Memory, NoJournal
from cardsim.perso import Holder, personalise
from cardsim.perso.image import zone_hsm
from cardsim.profiles import GEN3
from cardsim.zones.hrss import HRSS, SSSE
from cardsim.zones.layouts import Layout
from keys.keyring import TestKeyring
from readers.terminal.hrss import select_hrss
from readers.terminal.pki import PkiPin, select_pki, sign, verify_pin
from readers.terminal.security import external_authenticate, internal_authenticate, meet
from scripts.bench_keys import rates_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from readers.terminal.script import Result, Script

_PIN = bytes.fromhex("123456")
_DIGEST = bytes(32)
_CHALLENGES = 16
"""Bytes of the longest challenge."""


def authentications(rounds: int) -> None:
    """Print them side by side, whole commands through the whole card, in memory."""
    works = {"DES": _symmetric("DES"), "SM4": _symmetric("SM4"), "SM2": _sm2()}
    rates = rates_of(works, rounds)
    print(f"\nAuthentications of a 3rd-generation card, per second of processor time (median of {rounds} rounds)")
    for name, actions in rates.items():
        for action, figures in actions.items():
            print(f"  {name:<5}{action:<52}{statistics.median(figures):>10,.0f}")


def _symmetric(algorithm: str) -> dict[str, Callable[[], object]]:
    """Return mutual authentication with keys of the HRSS zone; the challenge is always the same, so is the proof."""
    card = _card(hrss_algorithm=algorithm)
    profile = GEN3.override({"hrss_algorithm": algorithm})
    hsm = zone_hsm(profile, HRSS, TestKeyring())
    played(card, select_hrss())
    terminal, _ = played(card, meet(hsm, card.atr, bytes))
    uk = next(key for key in SSSE.keys if key.name == "UK")
    right, internal = played(card, internal_authenticate(terminal))
    _, external = played(card, external_authenticate(terminal, SSSE, uk))
    if not right:
        raise ValueError(f"the card's {algorithm} proof is wrong")
    return {"INTERNAL, GET CHALLENGE, EXTERNAL AUTHENTICATE": _sending(card, [*internal, *external])}


def _sm2() -> dict[str, Callable[[], object]]:
    card = _card()
    played(card, select_pki())
    _, pin = played(card, verify_pin(PkiPin.USER, _PIN))
    _, signing = played(card, sign(_DIGEST))
    return {
        "COMPUTE DIGITAL SIGNATURE": _sending(card, signing),
        "GET CHALLENGE, VERIFY, COMPUTE DIGITAL SIGNATURE": _sending(card, [*pin, *signing]),
    }


def _card(**settings: object) -> Card:
    image = personalise(GEN3.override(settings), Layout.V3_00, Holder())
    return Card(Memory(image.memory, NoJournal()), image.profile, _entropy)


def _entropy(size: int) -> bytes:
    """Return a challenge that is always the same, at the price of a random one; what a key needs is random."""
    random = os.urandom(size)
    return random if size > _CHALLENGES else bytes(size)


def _sending(card: Card, commands: list[bytes]) -> Callable[[], object]:
    transmit = card.transmit

    def send() -> None:
        for command in commands:
            if transmit(command)[-2:] != b"\x90\x00":
                raise ValueError(f"the card refuses {command[:5].hex()}")

    return send


def played(card: Card, script: Script[Result]) -> tuple[Result, list[bytes]]:
    """Play a terminal's script on a card; return its result and what it sent."""
    sent = []
    try:
        command = next(script)
        while True:
            sent.append(command.encode())
            command = script.send(Response.parse(card.transmit(sent[-1])))
    except StopIteration as end:
        result: Result = end.value
        return result, sent

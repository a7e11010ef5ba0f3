"""The terminal's scripts for keys and PINs against the card: proofs, unblocking, blocking, line protection.

What a script sends is compared with openssl's cryptograms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from apdu import Command, CommandError, Response, StatusWord, parse_hex
from cardsim.zones.addresses import find_file
from cardsim.zones.hrss import HRSS, SSSE
from cardsim.zones.layouts import EVERY, L2
from cardsim.zones.model import KeyUse
from readers.errors import CardRefusedError
from readers.terminal.hrss import select_df
from readers.terminal.script import run
from readers.terminal.security import (
    change_pin,
    external_authenticate,
    internal_authenticate,
    protected,
    require_pin,
    unblock_pin,
    verify_pin,
)
from readers.terminal.writing import BY_TAG, Write, write_all
from tests.unit.hrss.desk import SOURCE, VERIFY, Desk, changes
from tests.unit.hrss.sheet import KEYS, KeyRow, key
from tests.unit.hrss.terminals import terminal_at

if TYPE_CHECKING:
    from cardsim.zones.model import Df, KeyDeclaration

pytestmark = pytest.mark.usefixtures("usual_layout")
PIN = parse_hex("123456")


def declared(row: KeyRow) -> tuple[Df, KeyDeclaration]:
    df = next(df for df in HRSS.application.walk() if row.directory in ("SSSE" if df is SSSE else f"{df.fid:04X}"))
    return df, next(each for each in df.keys if each.name == row.name)


# --- proofs ---


@pytest.mark.parametrize("row", [row for row in KEYS if row.use == "external" and row.layouts is EVERY], ids=str)
@pytest.mark.parametrize("version", [0, 2])
def test_every_key_is_proved(row: KeyRow, version: int) -> None:
    desk = Desk(key_versions=[0, 2])
    terminal = terminal_at(desk)
    df, declaration = declared(row)
    if df is not SSSE:
        assert run(select_df(df), desk.connection).ok
    script = external_authenticate(terminal, df, declaration, version)
    assert next(script) == Command(0x00, 0x84, 0x00, 0x00, le=8)
    challenge = desk.challenge()
    sent = script.send(Response(challenge, StatusWord(0x9000)))
    assert sent.encode().hex() == desk.proof(row, challenge, version or None).lower()
    with pytest.raises(StopIteration):
        script.send(Response.parse(desk.connection.transmit(sent.encode())))
    run(external_authenticate(terminal, df, declaration, version), desk.connection)


@pytest.mark.parametrize("version", [0, 1])
def test_the_card_proves_itself(version: int) -> None:
    desk = Desk(key_versions=[0, 1])
    assert run(internal_authenticate(terminal_at(desk), version), desk.connection)
    assert not run(internal_authenticate(terminal_at(desk, changed="HRSS/SSSE/IRK"), version), desk.connection)


def test_a_proof_that_is_refused_costs_one_try() -> None:
    desk = Desk()
    terminal = terminal_at(desk, changed="HRSS/SSSE/UK")
    df, declaration = declared(key("SSSE/UK"))
    before = desk.contents
    with pytest.raises(CardRefusedError, match="does not accept key UK: 63C2"):
        run(external_authenticate(terminal, df, declaration), desk.connection)
    assert changes(before, desk.contents) == [(0x33, 0x32)]


# --- PINs and blocking ---


def test_pins() -> None:
    desk = Desk()
    terminal_at(desk)
    assert str(run(verify_pin(parse_hex("999999")), desk.connection)) == "63C5"
    with pytest.raises(CardRefusedError, match="63C4"):
        run(require_pin(parse_hex("999999")), desk.connection)
    run(require_pin(PIN), desk.connection)
    assert str(run(change_pin(PIN, parse_hex("654321")), desk.connection)) == "9000"
    assert [desk.sw(VERIFY), desk.sw("0020000003654321")] == ["63C5", "9000"]


@pytest.mark.parametrize("line_mac", ["session", "challenge-iv"])
@pytest.mark.parametrize("new", [None, "654321"])
def test_a_blocked_pin_is_unblocked(line_mac: str, new: str | None) -> None:
    desk = Desk(line_mac=line_mac)
    terminal = terminal_at(desk)
    for _ in range(6):
        run(verify_pin(parse_hex("999999")), desk.connection)
    assert desk.sw(VERIFY) == "6983"
    run(unblock_pin(terminal, parse_hex(new) if new else None), desk.connection)
    assert desk.sw(f"0020000003{new or '123456'}") == "9000"


@pytest.mark.parametrize("changed", ["HRSS/SSSE/PUK", "HRSS/SSSE/STK"])
def test_unblocking_with_a_wrong_key_costs_one_try_of_it(changed: str) -> None:
    desk = Desk()
    terminal = terminal_at(desk, changed=changed)
    before = desk.contents
    with pytest.raises(CardRefusedError, match="63C2" if "PUK" in changed else "6988"):
        run(unblock_pin(terminal), desk.connection)
    assert changes(before, desk.contents) == [(0x33, 0x32)]


@pytest.mark.parametrize("line_mac", ["session", "challenge-iv"])
@pytest.mark.parametrize("sealed", [False, True])
def test_what_protected_sends(line_mac: str, sealed: bool) -> None:
    desk = Desk(line_mac=line_mac)
    terminal = terminal_at(desk)
    script = protected(terminal, Command(0x00, 0xDC, 0x02, 0x34, SOURCE), sealed=sealed)
    next(script)
    sent = script.send(Response(bytes.fromhex("A1A2A3A4A5A6A7A8"), StatusWord(0x9000)))
    expected = desk.under(bytes.fromhex("A1A2A3A4A5A6A7A8"), "04DC0234", SOURCE.hex(), seal=sealed)
    assert sent.encode().hex().upper() == expected


@pytest.mark.parametrize("sealed", [False, True])
def test_what_grows_too_long_is_not_sent(sealed: bool) -> None:
    """One byte less still goes: 251, or with its length 248 in blocks of 8, 240 in blocks of 16."""
    desk = Desk()
    terminal = terminal_at(desk)
    size = {8: 248, 16: 240}[desk.suite.block] if sealed else 252
    for length, fits in ((size - 1, True), (size, False)):
        script = protected(terminal, Command(0x00, 0xD6, 0x00, 0x00, bytes(length)), sealed=sealed)
        next(script)
        challenge = Response(SOURCE, StatusWord(0x9000))
        if fits:
            assert len(script.send(challenge).data) <= 255
        else:
            with pytest.raises(CommandError, match=r"carries 25\d|carries 26\d"):
                script.send(challenge)


def test_blocking_by_a_terminal() -> None:
    desk = Desk()
    terminal = terminal_at(desk)

    def send(ins: int, use: KeyUse) -> str:
        return str(run(protected(terminal, Command(0x84, ins, 0x00, 0x00), use=use), desk.connection).sw)

    assert send(0x1E, KeyUse.APPLICATION_LOCK) == "9000"
    assert desk.sw("00B2012C00") == "6A81"
    assert send(0x18, KeyUse.APPLICATION_LOCK) == "9000"
    assert desk.sw("00B2012C00") == "9000"
    assert send(0x16, KeyUse.CARD_LOCK) == "9000"
    assert desk.sw("00A40000") == "6A81"


def test_meeting_a_card_without_a_code() -> None:
    """EF05 01 holds what is no card identification code: nothing is derived, nothing is tried."""
    desk = Desk()
    df, entry = find_file("SSSE/EF05", L2)
    terminal = terminal_at(desk)
    run(write_all(terminal, [Write("EF05/01", df, entry, b"\xff" * 16, 0x01, BY_TAG)]), desk.connection)
    with pytest.raises(CardRefusedError, match="no keys can be derived"):
        terminal_at(desk)

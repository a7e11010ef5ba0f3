"""The forms of SM4 that no source settles (terminal-interface 2.5), on the card and at the terminal.

Settings sm4_extension and sm4_fold; what is expected is openssl's.
"""

from __future__ import annotations

from itertools import product

import pytest

from apdu import parse_hex
from cardsim.profiles import GEN3
from cardsim.zones.layouts import L3
from readers.terminal.hrss import algorithm_of, read_hrss, select_hrss
from readers.terminal.script import run
from readers.terminal.security import external_authenticate, internal_authenticate, require_pin, unblock_pin
from readers.terminal.writing import Protect, Written, write_all
from tests.unit.hrss.desk import SOURCE, VERIFY, Desk, is_open
from tests.unit.hrss.sheet import key
from tests.unit.hrss.terminals import terminal_at
from tests.unit.hrss.test_terminal_security import declared
from tests.unit.hrss.test_terminal_writing import writes_of

EXTENSIONS = ("zeros", "complement", "repeated")
FOLDS = ("xor-halves", "left-half", "whole")
FORMS = tuple(product(EXTENSIONS, FOLDS))
each_form = pytest.mark.parametrize(("extension", "fold"), FORMS, ids=[" ".join(form) for form in FORMS])
RK, UK, PUK, IRK = (key(f"SSSE/{name}") for name in ("RK", "UK", "PUK", "IRK"))


def at_ssse(extension: str, fold: str, **settings: object) -> Desk:
    desk = Desk(L3, None, sm4_extension=extension, sm4_fold=fold, **settings)
    desk.enter("SSSE")
    return desk


@each_form
def test_external_authenticate(extension: str, fold: str) -> None:
    """Lc 10, or 18 where the whole block is the cryptogram; a proof in every other form is wrong."""
    desk = at_ssse(extension, fold)
    assert not is_open(desk, RK)
    command = desk.proof(RK, desk.challenge())
    assert command[:10] == ("0082000A18" if fold == "whole" else "0082000A10")
    assert desk.sw(command) == "9000"
    assert is_open(desk, RK)
    for other in FORMS:
        if other != (extension, fold):
            foreign = Desk(L3, None, sm4_extension=other[0], sm4_fold=other[1])
            answer = desk.sw(foreign.proof(UK, desk.challenge()))
            assert answer == ("6700" if "whole" in (fold, other[1]) and fold != other[1] else "63C2")
            assert desk.prove(UK) == "9000"


@each_form
def test_external_authenticate_with_a_version(extension: str, fold: str) -> None:
    desk = at_ssse(extension, fold, key_versions=[0, 1])
    command = desk.proof(RK, desk.challenge(), 1)
    assert command[8:10] == ("19" if fold == "whole" else "11")
    assert desk.sw(command) == "9000"


@each_form
def test_internal_authenticate(extension: str, fold: str) -> None:
    """Factor and source have 8 bytes each whatever the form; the answer has 8 or 16."""
    desk = at_ssse(extension, fold)
    expected = desk.suite.proof(desk.key(IRK), bytes(8), SOURCE).hex().upper()
    assert len(expected) == (32 if fold == "whole" else 16)
    command = f"0088000010{'00' * 8}{SOURCE.hex()}"
    assert desk.do(command) == expected
    assert desk.port.transmit(bytes.fromhex(command)) == bytes((0x61, len(expected) // 2))


@each_form
@pytest.mark.parametrize("line_mac", ["session", "challenge-iv"])
def test_reload(extension: str, fold: str, line_mac: str) -> None:
    """842400 01 14: E 16, MAC 4 (terminal-interface 2.3); of the forms the session key alone depends."""
    desk = at_ssse(extension, fold, line_mac=line_mac)
    assert desk.prove(PUK) == "9000"
    command = desk.protected("84240001", "654321", seal=True)
    assert (command[:10], len(command)) == ("8424000114", 50)
    assert desk.sw(command) == "9000"
    assert [desk.sw(VERIFY), desk.sw("0020000003654321")] == ["63C5", "9000"]


@pytest.mark.parametrize("line_mac", ["session", "challenge-iv"])
def test_a_line_mac_for_a_challenge_of_a_whole_block(line_mac: str) -> None:
    """16 bytes are a block of SM4 as they are: nothing is filled up. A proof takes 8 alone."""
    desk = at_ssse("complement", "xor-halves", line_mac=line_mac)
    for row in (UK, RK):
        assert desk.prove(row) == "9000"
    challenge, value = desk.challenge(16), desk.key(key("SSSE/STK"))
    line = (desk.suite.ecb(value, challenge), b"") if line_mac == "session" else (value, challenge)
    start = bytes.fromhex("04D6870005AA")
    assert desk.sw((start + desk.suite.mac(line[0], start, line[1])).hex()) == "9000"
    assert desk.do("00B0870001") == "AA"
    process = desk.challenge(16)[:8]
    assert desk.sw(desk.proof(UK, process)) == "6984"


# --- terminals ---


@each_form
def test_a_terminal_in_the_same_form(extension: str, fold: str) -> None:
    """It proves keys, unblocks, reads and writes."""
    desk = at_ssse(extension, fold, write_protection="cipher")
    terminal = terminal_at(desk)
    assert run(internal_authenticate(terminal), desk.connection)
    for row in (RK, PUK):
        run(external_authenticate(terminal, *declared(row)), desk.connection)
        assert desk.tries[str(row)] == 3
    run(unblock_pin(terminal, parse_hex("8888")), desk.connection)
    run(require_pin(parse_hex("8888")), desk.connection)
    writes = [write for write in writes_of(L3, by_tag=True) if write.name.startswith("SSSE/EF0")]
    assert {write.name[:9] for write in writes} >= {"SSSE/EF05", "SSSE/EF06", "SSSE/EF08", "SSSE/EF0C", "SSSE/EF0D"}
    written = run(write_all(terminal, writes, Protect.CIPHER), desk.connection)
    assert written == [Written(write, readable=True, equal=True) for write in writes]
    assert set(desk.tries.values()) == {3}


def test_a_terminal_in_another_form_is_told_by_the_irk() -> None:
    """INTERNAL AUTHENTICATE does not come out, which costs no try."""
    desks = [at_ssse(*form) for form in FORMS]
    for desk in desks:
        for other in desks:
            terminal = terminal_at(other)
            run(select_hrss(), desk.connection)
            assert run(internal_authenticate(terminal), desk.connection) == (desk is other)
    assert {left for desk in desks for left in desk.tries.values()} == {3}


def test_the_forms_are_settings_of_the_profile() -> None:
    assert (GEN3.sm4_extension.value, GEN3.sm4_fold.value) == ("zeros", "xor-halves")
    assert {form.value for form in type(GEN3.sm4_extension)} == set(EXTENSIONS)
    assert {form.value for form in type(GEN3.sm4_fold)} == set(FOLDS)


@pytest.mark.parametrize("algorithm", ["DES", "SM4"])
@pytest.mark.parametrize("told", [True, False])
def test_a_layout_3_card_with_keys_of_either_algorithm(algorithm: str, told: bool) -> None:
    """The FCI says which (terminal-interface 2.5); without 9F0C a terminal takes DES."""
    desk = Desk(L3, None, hrss_algorithm=algorithm, algorithm_in_fci=told)
    fci = run(select_hrss(), desk.connection)
    assert algorithm_of(fci).value == (algorithm if told else "DES")
    assert desk.suite.block == (8 if algorithm == "DES" else 16)
    for row in (UK, RK):
        assert desk.prove(row) == "9000"
        assert is_open(desk, row)
    report = run(read_hrss(), desk.connection)
    assert report.version == "3.00"
    assert report.value("name") == "测试用户"

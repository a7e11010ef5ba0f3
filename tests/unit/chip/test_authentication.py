"""Keys at work: authentication, PIN unblock and reload, blocking. Cryptograms by the openssl command."""

from __future__ import annotations

import pytest

from cardsim.chip.layout import KeyType
from tests.unit.chip.bench import Bench, bench
from tests.unit.chip.images import CHILD_ONE, ONE, TWO, VERIFY_ONE, card, directory, key, keys, pin

CHALLENGE = "0084000008"
PROOF_1 = "0082000A1048FA42AB9FF0A4310102030405060708"  # of key 0A for challenge 11 x 8
PROOF_2 = "0082000A10DDE38CA9121565AC0102030405060708"  # for challenge 22 x 8
WRONG_PROOF = "0082000A10FFFFFFFFFFFFFFFF0102030405060708"
KEY_FILE = "00B0890004"
UNBLOCK = "84240000046422E81F"  # challenge 22 x 8
BLOCK, BLOCK_FOR_EVER, UNBLOCK_APPLICATION = "841E000004CB8B092D", "841E00010477804550", "8418000004{}"
CARD_BLOCK = "8416000004BED75794"


def test_internal_authenticate(tree: Bench) -> None:
    """Source 0102.. under the session key of factor A1A2.. (facts hrss-card 4.3); the challenge stays."""
    tree.run(ONE, CHALLENGE)
    assert tree.t0("0088000010A1A2A3A4A5A6A7A80102030405060708") == "6108"
    assert tree.t0("00C0000008") == "331D65307C49CED19000"
    assert tree.run("0088000011A1A2A3A4A5A6A7A8010203040506070800") == "331D65307C49CED19000"
    assert tree.send(PROOF_1) == "9000"


def test_external_authenticate_opens_what_the_key_protects(tree: Bench) -> None:
    assert tree.run(ONE, CHALLENGE, KEY_FILE) == "6982"
    assert tree.send(PROOF_1) == "9000"
    assert tree.send(KEY_FILE) == "000000019000"
    assert tree.run(CHILD_ONE, ONE, KEY_FILE)[-4:] == "9000"
    assert tree.run(TWO, ONE, KEY_FILE) == "6982"


def test_a_proof_is_for_the_challenge_obtained_last(tree: Bench) -> None:
    assert tree.run(ONE, CHALLENGE, CHALLENGE, PROOF_1) == "63C2"
    tree.drawn.clear()
    assert tree.run(CHALLENGE, CHALLENGE, PROOF_2) == "9000"


def test_three_wrong_proofs_block_the_key_and_a_right_one_restores_the_tries(tree: Bench) -> None:
    tree.run(ONE)
    assert [tree.run(CHALLENGE, WRONG_PROOF) for _ in range(2)] == ["63C2", "63C1"]
    tree.drawn.clear()
    assert tree.run(CHALLENGE, PROOF_1) == "9000"
    assert [tree.run(CHALLENGE, WRONG_PROOF) for _ in range(4)] == ["63C2", "63C1", "63C0", "6983"]


@pytest.mark.parametrize("fail_after", [0, 1])
def test_a_store_that_fails_authenticates_nobody(tree: Bench, fail_after: int) -> None:
    tree.run(ONE, CHALLENGE)
    tree.journal.fail_after = fail_after
    assert tree.send(PROOF_1) == "6581"
    assert tree.send(KEY_FILE) == "6982"


@pytest.mark.parametrize(("lifetime", "answer"), [("until used", "9000"), ("next command", "6984")])
def test_how_long_a_challenge_lives(lifetime: str, answer: str) -> None:
    bound = bench("tree", challenge_lifetime=lifetime)
    assert bound.run(ONE, CHALLENGE, "00B2012C00", PROOF_1) == answer


# --- PIN CHANGE/UNBLOCK ---


def _blocked(tree: Bench) -> None:
    tree.run(ONE)
    for left in range(5, -1, -1):
        assert tree.send("0020000003999999") == f"63C{left}"
    assert tree.send(VERIFY_ONE) == "6983"
    tree.run(CHALLENGE, PROOF_1, CHALLENGE)


def test_unblocking_keeps_the_pin(tree: Bench) -> None:
    """84 24 00 00 04 MAC behind the PUK (facts hrss-card 4.5)."""
    _blocked(tree)
    assert tree.send(UNBLOCK) == "9000"
    assert tree.run("00200000") == "63C6"
    assert tree.send(VERIFY_ONE) == "9000"


def test_reloading_sets_a_new_pin(tree: Bench) -> None:
    _blocked(tree)
    assert tree.send("842400010C19BE1DAF9A3EB916370F494C") == "9000"
    assert tree.send(VERIFY_ONE) == "63C5"
    assert tree.send("0020000003654321") == "9000"


def test_a_reloaded_pin_never_leaves_its_record() -> None:
    """The new PIN has four bytes, the record three; the key record behind it must stay what it is."""
    key_file = keys(
        pin(0x00, "1234", size=3, unblocked_by=0x0A),
        key(0x0A, b"EXTERNAL KEY 00A"),
        key(0x00, b"LINE KEY NUMBER1", KeyType.LINE),
    )
    small = Bench(card(directory(0xA001, b"SMALL PIN", key_file)))
    small.run("00A4000002A001", CHALLENGE, PROOF_1, CHALLENGE)
    before = bytes(small.memory.view)
    assert small.send("842400010C58E5B1022F07A8393408301D") == "6A80"
    assert bytes(small.memory.view) == before


# --- blocking ---


def test_a_blocked_application_answers_nothing_until_it_is_unblocked(tree: Bench) -> None:
    assert tree.run(ONE, CHALLENGE, BLOCK) == "9000"
    assert tree.send("00B2012C00") == "6A81"
    assert tree.send(ONE) == "6A81"
    assert tree.run(TWO, "00B2015400") == "0101A29000"
    tree.port.reset()
    assert tree.send(ONE) == "6A81"
    assert tree.send("00B2012C00") == "6A81"
    assert tree.run(CHALLENGE, UNBLOCK_APPLICATION.format("CD3EDE6C")) == "9000"
    assert tree.run(ONE, "00B2012C00") == "2202AAAA9000"


def test_an_application_blocked_for_ever(tree: Bench) -> None:
    assert tree.run(ONE, CHALLENGE, BLOCK_FOR_EVER) == "9000"
    assert tree.send(ONE) == "6A81"
    assert tree.run(CHALLENGE, UNBLOCK_APPLICATION.format("CD3EDE6C")) == "9303"
    assert tree.send("00B2012C00") == "6A81"


def test_a_blocked_card_answers_6a81_to_everything(tree: Bench) -> None:
    assert tree.run(ONE, CHALLENGE, CARD_BLOCK) == "9000"
    for _ in range(2):
        for command in (ONE, TWO, "00A40000", CHALLENGE, "00B2012C00", VERIFY_ONE):
            assert tree.send(command) == "6A81"
        tree.port.reset()
    assert Bench(bytes(tree.memory.view)).send(ONE) == "6A81"


@pytest.mark.parametrize("command", [BLOCK, CARD_BLOCK])
def test_a_store_that_fails_blocks_nothing(tree: Bench, command: str) -> None:
    tree.run(ONE, CHALLENGE)
    tree.journal.fail_after = 2
    assert tree.send(command) == "6581"
    assert tree.run("00B2012C00") == "2202AAAA9000"
    assert tree.run(ONE)[-4:] == "9000"

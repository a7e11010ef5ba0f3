"""The master key: authentication and update. Cryptograms by openssl."""

from __future__ import annotations

import pytest

from tests.unit.pki import openssl
from tests.unit.pki.lab import ADF, DDF, TEST_MK, PkiBench

NEW = b"ANOTHER MASTER K"


def authenticate(card: PkiBench, key: bytes) -> str:
    return card.send(f"0082000010{openssl.sm4(key, card.challenge()).hex()}")


def update(card: PkiBench, old: bytes, new: bytes) -> str:
    return card.protected("84D40100", old, openssl.sealed(old, bytes(3) + new))


def test_authentication() -> None:
    card = PkiBench()
    before = card.state.granted
    assert authenticate(card, NEW) == "63C2"
    assert card.state.granted == before
    assert authenticate(card, TEST_MK) == "9000"
    assert card.state.granted != before


def test_the_key_is_blocked_after_its_limit() -> None:
    card = PkiBench(key_limit=2)
    assert [authenticate(card, NEW) for _ in range(3)] == ["63C1", "63C0", "6983"]
    assert authenticate(card, TEST_MK) == "6983"
    assert update(card, TEST_MK, NEW) == "6983"


def test_update() -> None:
    card = PkiBench()
    assert update(card, TEST_MK, NEW) == "9000"
    assert authenticate(card, TEST_MK) == "63C2"
    assert authenticate(card, NEW) == "9000"
    card.port.power_on()
    card.run(DDF, ADF)
    assert authenticate(card, NEW) == "9000"


def test_a_wrong_key_updates_nothing() -> None:
    card = PkiBench()
    assert update(card, NEW, NEW) == "6988"
    assert authenticate(card, TEST_MK) == "9000"


def test_wrong_macs_block_the_key() -> None:
    card = PkiBench()
    assert [update(card, NEW, NEW) for _ in range(4)] == ["6988", "6988", "6988", "6983"]
    assert authenticate(card, TEST_MK) == "6983"


def test_the_command_that_the_sheet_prints_in_part() -> None:
    """84D4 01 00 24: SM4(old key, 13 000000, new key, 80 00..), MAC4."""
    card = PkiBench()
    challenge = card.challenge()
    command = openssl.protected("84D40100", TEST_MK, challenge, openssl.sealed(TEST_MK, bytes(3) + NEW))
    assert command.startswith("84d4010024")
    plain = bytes.fromhex("13000000") + NEW + bytes.fromhex("80") + bytes(11)
    assert command[10:74] == openssl.sm4(TEST_MK, plain).hex()
    assert card.send(command) == "9000"


@pytest.mark.parametrize("factors", [{"card_identification": "639900D15600000500BF7C7A48FB4966"}])
def test_a_new_card_has_the_master_key_of_the_keyring(factors: dict[str, object]) -> None:
    """TEST root PKI/DF01/MK, below it city and card: SM4(root, factor, NOT factor)."""
    card = PkiBench.of_holder(factors)
    key = openssl.sha256(b"cardsim TEST root PKI/DF01/MK 0 SM4")[:16]
    for factor in (b"639900sx", card.port.atr[9:17]):
        key = openssl.sm4(key, factor + bytes(byte ^ 0xFF for byte in factor))
    assert authenticate(card, key) == "9000"

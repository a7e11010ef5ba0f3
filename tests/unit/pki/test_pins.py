"""The PINs of the PKI application: proofs, counters, change, unblocking, reloading. Cryptograms by openssl."""

from __future__ import annotations

import pytest

from tests.unit.pki import openssl
from tests.unit.pki.lab import ADF, ADMINISTRATOR, ADMINISTRATOR_PIN, DDF, TEST_MK, USER, USER_PIN, PkiBench

EITHER = pytest.mark.parametrize(
    ("reference", "digits"), [(USER, USER_PIN), (ADMINISTRATOR, ADMINISTRATOR_PIN)], ids=["user", "administrator"]
)
WRONG = "000000"


def block(card: PkiBench, reference: str, limit: int = 6) -> None:
    for left in reversed(range(limit)):
        assert card.verify(reference, WRONG) == f"63C{left:X}"


def tries(card: PkiBench, reference: str) -> str:
    return card.send(f"002001{reference}")


@EITHER
def test_right_and_wrong(reference: str, digits: str) -> None:
    card = PkiBench()
    assert tries(card, reference) == "63C6"
    assert card.verify(reference, WRONG) == "63C5"
    assert card.verify(reference, digits) == "9000"
    assert tries(card, reference) == "9000"
    assert card.verify(reference, WRONG) == "63C5"


def test_the_other_pin_is_neither_verified_nor_charged() -> None:
    card = PkiBench()
    block(card, USER)
    assert tries(card, ADMINISTRATOR) == "63C6"
    assert card.verify(ADMINISTRATOR, ADMINISTRATOR_PIN) == "9000"
    assert tries(card, USER) == "6983"


@EITHER
def test_a_challenge_proves_once(reference: str, digits: str) -> None:
    card = PkiBench()
    command = f"002001{reference}10{openssl.proof(digits, card.challenge())}"
    assert card.send(command) == "9000"
    assert card.send(command) == "6984"
    command = f"002001{reference}10{openssl.proof(WRONG, card.challenge())}"
    assert card.send(command) == "63C5"
    assert card.send(command) == "6984"


@EITHER
def test_the_last_challenge_counts(reference: str, digits: str) -> None:
    card = PkiBench()
    earlier, later = card.challenge(), card.challenge()
    assert card.send(f"002001{reference}10{openssl.proof(digits, earlier)}") == "63C5"
    card.challenges = [later]
    assert card.verify(reference, digits) == "9000"


@pytest.mark.parametrize(
    ("reference", "setting"), [(USER, "pki_user_pin_limit"), (ADMINISTRATOR, "pki_admin_pin_limit")]
)
@pytest.mark.parametrize("limit", [1, 2, 15])
def test_each_pin_has_its_own_limit(reference: str, setting: str, limit: int) -> None:
    card = PkiBench(**{setting: limit})
    other = ADMINISTRATOR if reference == USER else USER
    assert tries(card, other) == "63C6"
    block(card, reference, limit)
    assert card.verify(reference, USER_PIN) == "6983"
    assert tries(card, other) == "63C6"


def test_the_limit_of_the_hrss_pin_is_another() -> None:
    assert tries(PkiBench(pin_limit=3), USER) == "63C6"


@pytest.mark.parametrize("revokes", [False, True])
def test_whether_a_failure_revokes(*, revokes: bool) -> None:
    card = PkiBench(failed_verify_revokes=revokes)
    card.login(USER, ADMINISTRATOR)
    card.send(f"0020018110{'00' * 16}")  # no challenge: no failure
    assert tries(card, USER) == "9000"
    assert card.verify(USER, WRONG) == "63C5"
    assert tries(card, USER) == ("63C5" if revokes else "9000")
    assert tries(card, ADMINISTRATOR) == "9000"


@pytest.mark.parametrize("new", ["9876", "654321", "12345", "1234567890123456", "0000000"])
@EITHER
def test_change(reference: str, digits: str, new: str) -> None:
    card = PkiBench()
    key, packed = openssl.pin_key(digits), bytes.fromhex(new + "F" * (len(new) % 2))
    assert card.protected(f"845E01{reference}", key, openssl.sealed(key, packed)) == "9000"
    assert card.verify(reference, digits) == "63C5"
    assert card.verify(reference, new) == "9000"
    card.port.power_on()
    card.run(DDF, ADF)
    assert card.verify(reference, new) == "9000"


def test_change_needs_no_verification_and_gives_tries_back() -> None:
    card = PkiBench()
    assert card.verify(USER, WRONG) == "63C5"
    key = openssl.pin_key(USER_PIN)
    assert card.protected("845E0181", key, openssl.sealed(key, bytes.fromhex("654321"))) == "9000"
    assert tries(card, USER) == "63C6"


def test_wrong_macs_block() -> None:
    card = PkiBench()
    key = openssl.pin_key(WRONG)
    for _ in range(6):
        assert card.protected("845E0181", key, openssl.sealed(key, bytes.fromhex("654321"))) == "6988"
    assert tries(card, USER) == "6983"


def test_unblock_keeps_the_value() -> None:
    card = PkiBench()
    block(card, USER)
    card.login(ADMINISTRATOR)
    assert card.protected("84240081", openssl.pin_key(ADMINISTRATOR_PIN)) == "9000"
    assert tries(card, USER) == "63C6"
    assert card.verify(USER, USER_PIN) == "9000"


def test_reload_sets_a_value() -> None:
    card = PkiBench()
    block(card, USER)
    card.login(ADMINISTRATOR)
    key = openssl.pin_key(ADMINISTRATOR_PIN)
    assert card.protected("84240181", key, openssl.sealed(key, bytes.fromhex("654321"))) == "9000"
    assert card.verify(USER, USER_PIN) == "63C5"
    assert card.verify(USER, "654321") == "9000"


def test_the_master_key_unblocks_and_reloads_the_administrator_pin() -> None:
    card = PkiBench()
    block(card, ADMINISTRATOR)
    assert card.send(f"0082000010{openssl.sm4(TEST_MK, card.challenge()).hex()}") == "9000"
    assert card.protected("84240000", TEST_MK) == "9000"
    assert card.verify(ADMINISTRATOR, ADMINISTRATOR_PIN) == "9000"
    assert card.protected("84240100", TEST_MK, openssl.sealed(TEST_MK, bytes.fromhex("87654321"))) == "9000"
    assert card.verify(ADMINISTRATOR, "87654321") == "9000"


def test_a_blocked_administrator_pin_unblocks_nothing() -> None:
    card = PkiBench()
    card.login(ADMINISTRATOR)
    block(card, ADMINISTRATOR)
    block(card, USER)
    assert card.protected("84240081", openssl.pin_key(ADMINISTRATOR_PIN)) == "6983"
    assert tries(card, USER) == "6983"


def test_unblocking_verifies_nothing() -> None:
    card = PkiBench()
    card.login(ADMINISTRATOR)
    assert card.protected("84240081", openssl.pin_key(ADMINISTRATOR_PIN)) == "9000"
    assert tries(card, USER) == "63C6"


@pytest.mark.parametrize("leave", ["00A40000023F00", "00A404000F7378312E73682EC9E7BBE1B1A3D5CF", DDF])
def test_leaving_the_application_forgets_both_pins(leave: str) -> None:
    card = PkiBench()
    card.login(USER, ADMINISTRATOR)
    card.run(leave, DDF, ADF)
    assert (tries(card, USER), tries(card, ADMINISTRATOR)) == ("63C6", "63C6")


def test_selecting_a_file_or_the_application_again_keeps_them() -> None:
    card = PkiBench()
    card.login(USER, ADMINISTRATOR)
    card.run("00A40000020018", ADF)
    assert (tries(card, USER), tries(card, ADMINISTRATOR)) == ("9000", "9000")


def test_a_reset_forgets_both() -> None:
    card = PkiBench()
    card.login(USER, ADMINISTRATOR)
    card.port.reset()
    card.run(DDF, ADF)
    assert (tries(card, USER), tries(card, ADMINISTRATOR)) == ("63C6", "63C6")


def test_the_holder_gives_the_pins() -> None:
    card = PkiBench.of_holder({"pki_user_pin": "1234567890123456", "pki_admin_pin": "98765"})
    assert card.verify(USER, "1234567890123456") == "9000"
    assert card.verify(ADMINISTRATOR, "98765") == "9000"

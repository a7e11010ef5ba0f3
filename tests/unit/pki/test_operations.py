"""Signing, deciphering, enciphering and hashing, judged by openssl and gmssl."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keys.sm2 import Ciphertext, PrivateKey, PublicKey, encrypt
from tests.unit.keys.engines import make_engine
from tests.unit.pki import openssl
from tests.unit.pki.lab import GENERATE, USER, PkiBench

if TYPE_CHECKING:
    from pathlib import Path

DIGESTS = [bytes(range(32)), bytes(32), b"\xff" * 32]
MESSAGES = [b"a", b"sixteen bytes 16", bytes(159)]


# --- hash: published values (hrss-card 8 and 9; GB/T 32905, A) ---


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        ("123456", "3DE741F445DD357BEA4E6C3FE6437036F62B5E3EC0F00D62796EDB4305ED627F"),
        ("12345678", "4D59306C7397E06DE3CD82A14A926FBAFED44352AD3EF88A06F5CBE600AF3DCF"),
        ("616263", "66C7F0F462EEEDD9D1F2D46BDC10E4E24167C4875CF2F7A2297DA02B8F4BA8E0"),
        ("61626364" * 16, "DEBE9FF92275B8A138604889C18E5A4D6FDB70E5387E5765293DCBA39C0C5732"),
        ("", "1AB21D8355CFA17F8E61194831E81A8F22BEC8C728FEFB747ED035EB5082AA2B"),
    ],
)
@pytest.mark.parametrize("le", ["", "00"])
def test_hash(message: str, digest: str, le: str) -> None:
    size = len(message) // 2
    command = f"80C40103{size + 2:02X}C1{size:02X}{message}{le}"
    assert PkiBench().send(command) == f"{digest}9000"


def test_hash_of_all_that_one_command_carries() -> None:
    message = bytes(range(252))
    answer = PkiBench().send(f"80C40103FFC181FC{message.hex()}")
    assert answer == f"{openssl.sm3(message).hex().upper()}9000"


# --- signing ---


@openssl.needs_sm2
@pytest.mark.parametrize("digest", DIGESTS, ids=bytes.hex)
@pytest.mark.parametrize("generated", [False, True])
def test_openssl_verifies_a_signature(tmp_path: Path, digest: bytes, *, generated: bool) -> None:
    card = PkiBench()
    card.login(USER)
    if generated:
        card.run(GENERATE)
    point = card.file("0012")[2:]
    answer = bytes.fromhex(card.send(f"002A9E9A20{digest.hex()}"))
    assert (len(answer), answer[-2:]) == (66, b"\x90\x00")
    assert openssl.verify_digest(tmp_path, point, digest, answer[:-2])
    assert not openssl.verify_digest(tmp_path, point, bytes(31) + b"\x01", answer[:-2])


def test_every_signature_has_a_nonce_of_its_own() -> None:
    """The card's random source gives it: two draws of 32 bytes."""
    card = PkiBench()
    card.login(USER)
    first, second = (card.send(f"002A9E9A20{DIGESTS[0].hex()}") for _ in range(2))
    assert first[:64] != second[:64]
    assert card.drawn[-2:] == [32, 32]


def test_t0_leaves_the_signature_for_get_response() -> None:
    card = PkiBench()
    card.login(USER)
    assert card.t0(f"002A9E9A20{DIGESTS[0].hex()}") == "6140"
    assert len(card.t0("00C0000040")) == 132


# --- deciphering and enciphering ---


@openssl.needs_sm2
@pytest.mark.parametrize("message", [b"a", b"sixteen bytes 16", b"x" * 159])
def test_what_openssl_enciphers(tmp_path: Path, message: bytes) -> None:
    card = PkiBench()
    card.login(USER)
    cipher = openssl.encrypt(tmp_path, card.file("0014")[2:], message)
    assert card.send(f"002A8086{len(cipher):02X}{cipher.hex()}") == f"{message.hex().upper()}9000"


@pytest.mark.parametrize("message", MESSAGES, ids=len)
def test_what_gmssl_enciphers(message: bytes) -> None:
    card = PkiBench()
    card.login(USER)
    public = PublicKey.parse(card.file("0014")[2:])
    cipher = encrypt(public, message, by=make_engine("gmssl"))[1:]
    assert card.send(f"002A8086{len(cipher):02X}{cipher.hex()}") == f"{message.hex().upper()}9000"


@pytest.mark.parametrize("message", MESSAGES, ids=len)
def test_gmssl_deciphers_what_the_card_enciphers(message: bytes) -> None:
    card = PkiBench()
    answer = bytes.fromhex(card.send(f"002A8680{len(message):02X}{message.hex()}"))
    private = PrivateKey(card.file("0015")[2:])
    assert make_engine("gmssl").decrypt(private, Ciphertext.parse(b"\x04" + answer[:-2])) == message


@pytest.mark.parametrize("message", MESSAGES, ids=len)
def test_the_card_deciphers_what_it_enciphers(message: bytes) -> None:
    card = PkiBench()
    cipher = card.send(f"002A8680{len(message):02X}{message.hex()}")[:-4]
    card.login(USER)
    assert card.send(f"002A8086{len(cipher) // 2:02X}{cipher}") == f"{message.hex().upper()}9000"


@pytest.mark.parametrize("place", [0, 40, 64, 95, 96, 98])
def test_a_changed_ciphertext_is_refused(place: int) -> None:
    card = PkiBench()
    card.login(USER)
    cipher = bytearray.fromhex(card.send("002A868003616263")[:-4])
    cipher[place] ^= 0x01
    assert card.send(f"002A8086{len(cipher):02X}{cipher.hex()}") == "6A80"

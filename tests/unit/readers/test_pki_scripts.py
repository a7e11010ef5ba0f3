"""The PKI application's commands as terminals send them: byte for byte those of the recorded session (G7), and errors.

PIN responses, the changed PIN and its MAC are G7's own (facts hrss-card 8, 9).
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu import Command, encode_ber
from keys.sm2 import Ciphertext, PrivateKey, decrypt
from readers.connect.inprocess import connect_inprocess
from readers.errors import CardRefusedError
from readers.terminal import pki
from readers.terminal.pki import KeyPair, Maker, PkiPin
from readers.terminal.script import run
from tests.unit.readers.fakes import FakeConnection, FakePort

if TYPE_CHECKING:
    from readers.terminal.script import Script

T = TypeVar("T")

USER, ADMIN, NEW_ADMIN = (bytes.fromhex(digits) for digits in ("123456", "12345678", "72923074"))
KEY = PrivateKey.derive(b"card")
XY = KEY.public[1:].hex().upper()
MASTER, NEW_MASTER = bytes(range(16)), bytes(range(16, 32))
CHALLENGE = "84B7B9199A29A245B2ADE3E80BE4EAF3"


def play(script: Script[T], *answers: str) -> tuple[T, list[str]]:
    """Play ``script`` on a card that gives these answers, and return its result and what it sent."""
    card = FakeConnection(*answers)
    return run(script, card), card.sent


def refused(script: Script[object], *answers: str) -> str:
    with pytest.raises(CardRefusedError) as caught:
        run(script, FakeConnection(*answers))
    assert caught.value.text.zh
    return str(caught.value)


def sm4(data: bytes, key: bytes, iv: bytes | None = None) -> bytes:
    """By openssl: ECB, or CBC where there is an IV."""
    mode = ["-sm4-ecb"] if iv is None else ["-sm4-cbc", "-iv", iv.hex()]
    words = ["openssl", "enc", *mode, "-nopad", "-K", key.hex()]
    return subprocess.run(words, input=data, capture_output=True, check=True, timeout=10).stdout


def mac(header: str, data: bytes, key: bytes) -> str:
    text = bytes.fromhex(header) + data + b"\x80"
    block = sm4(text + bytes(-len(text) % 16), key, bytes.fromhex(CHALLENGE))[-16:]
    words = [int.from_bytes(block[start : start + 4], "big") for start in range(0, 16, 4)]
    return f"{words[0] ^ words[1] ^ words[2] ^ words[3]:08X}"


def test_the_application_is_selected_in_two_steps() -> None:
    _, sent = play(pki.select_pki(), "9000")
    assert sent == ["00A404000C504B492EC9E7BBE1B1A3D5CF", "00A404000C53532E434552542E41444631"]
    _, sent = play(pki.select_pki(), "6A82", "9000")
    assert sent == [
        "00A404000C504B492EC9E7BBE1B1A3D5CF",
        "00A40000023F00",
        "00A404000C504B492EC9E7BBE1B1A3D5CF",
        "00A404000C53532E434552542E41444631",
    ]
    assert refused(pki.select_pki(), "6A82").startswith("this card has no PKI application")


@pytest.mark.parametrize(
    ("which", "pin", "challenge", "command"),
    [
        (PkiPin.USER, USER, "51780DDC9394E497EAE01B3D9CAB4A97", "0020018110C6CEE3CC430485E8676D2A6B10E52494"),
        (PkiPin.ADMINISTRATOR, ADMIN, "3D3ECC44607070F8935A64A15E8D95BA", "0020010010638C4E4E44182071BA0619F81D35C892"),
    ],
)
def test_a_pin_is_verified_by_challenge(which: PkiPin, pin: bytes, challenge: str, command: str) -> None:
    _, sent = play(pki.verify_pin(which, pin), challenge + "9000", "9000")
    assert sent == ["0084000010", command]


def test_a_refused_pin_tells_what_is_left() -> None:
    script = pki.verify_pin(PkiPin.USER, USER)
    assert "the user PIN: 63C1" in refused(script, CHALLENGE + "9000", "63C1")
    script = pki.verify_pin(PkiPin.ADMINISTRATOR, ADMIN)
    assert "the administrator PIN: 6983 (PIN or key is blocked)" in refused(script, CHALLENGE + "9000", "6983")
    assert "GET CHALLENGE is refused: 6A81" in refused(pki.verify_pin(PkiPin.USER, USER), "6A81")


def test_the_administrator_pin_is_changed_as_recorded() -> None:
    _, sent = play(pki.change_pin(PkiPin.ADMINISTRATOR, ADMIN, NEW_ADMIN), CHALLENGE + "9000", "9000")
    assert sent[1] == "845E01001491A41964F0736EB6F6003DD1934FFE11E48CEFB3"
    _, sent = play(pki.change_pin(PkiPin.USER, USER, USER), CHALLENGE + "9000", "9000")
    assert sent[1].startswith("845E018114")


def test_unblocking_and_reloading() -> None:
    key = pki.pin_key(ADMIN)
    assert key.hex().upper() == "4D59306C7397E06DE3CD82A14A926FBA"
    _, sent = play(pki.unblock_pin(PkiPin.USER, key), CHALLENGE + "9000", "9000")
    assert sent[1] == "8424008104" + mac("8424008104", b"", key)
    _, sent = play(pki.unblock_pin(PkiPin.ADMINISTRATOR, MASTER, ADMIN), CHALLENGE + "9000", "9000")
    sealed = sm4(bytes.fromhex("04123456788000000000000000000000"), MASTER)
    assert sent[1] == "8424010014" + sealed.hex().upper() + mac("8424010014", sealed, MASTER)


def test_the_master_key_is_proved_and_replaced() -> None:
    _, sent = play(pki.master_key_authenticate(MASTER), CHALLENGE + "9000", "9000")
    assert sent == ["0084000010", "0082000010" + sm4(bytes.fromhex(CHALLENGE), MASTER).hex().upper()]
    _, sent = play(pki.update_master_key(MASTER, NEW_MASTER), CHALLENGE + "9000", "9000")
    sealed = sm4(bytes.fromhex("13000000") + NEW_MASTER + b"\x80" + bytes(11), MASTER)
    assert sent[1] == "84D4010024" + sealed.hex().upper() + mac("84D4010024", sealed, MASTER)


def test_a_key_pair_is_generated_by_either_command() -> None:
    public, sent = play(pki.generate(), "9000", f"CA40{XY}9000")
    assert (public, sent) == (KEY.public, ["80C9820008C0020012C2020013", "80C9828000"])
    public, sent = play(pki.generate(Maker.SECOND), "9000", "9000", f"CA40{XY}9000")
    assert (public, sent) == (KEY.public, ["8040000008C0020012C2020013", "00A40000020012", "00B0000042"])
    assert "6982" in refused(pki.generate(), "6982")
    assert refused(pki.generate(), "9000", "CA40" + "00" * 64 + "9000") == (
        "the card gives no public key for its new pair"
    )


def test_public_keys_are_read() -> None:
    public, sent = play(pki.read_public_key(KeyPair.ENCRYPTION), "9000", f"CA40{XY}9000")
    assert (public, sent) == (KEY.public, ["00A40000020014", "00B0000042"])
    for content in ("00" * 66, "FF" * 66, ""):
        assert play(pki.read_public_key(KeyPair.SIGNATURE), "9000", content + "9000")[0] is None
    assert play(pki.read_public_key(KeyPair.SIGNATURE), "9000", "6982")[0] is None


def test_a_digest_is_signed() -> None:
    digest = bytes(range(32))
    signature, sent = play(pki.sign(digest), "11" * 32 + "22" * 32 + "9000")
    assert (signature, sent) == (b"\x11" * 32 + b"\x22" * 32, [f"002A9E9A20{digest.hex().upper()}00"])
    assert "the card does not sign: 6982" in refused(pki.sign(digest), "6982")
    assert "an SM2 signature is 64 bytes; these are 63" in refused(pki.sign(digest), "11" * 63 + "9000")


def test_ciphertexts_go_without_the_points_04() -> None:
    """Also one whose C1 has 04 as its first byte."""
    text, sent = play(pki.encipher(b"hello"), "04" + "33" * 100 + "9000")
    assert (text.hex(), sent) == ("0404" + "33" * 100, ["002A86800568656C6C6F00"])
    plain, sent = play(pki.decipher(text), b"hello".hex() + "9000")
    assert (plain, sent) == (b"hello", [f"002A80866504{'33' * 100}00"])
    assert "6A80" in refused(pki.decipher(text), "6A80")


def test_an_encryption_key_is_imported_under_a_session_key() -> None:
    session, own = bytes(range(0x40, 0x50)), PrivateKey.derive(b"encryption")
    script = pki.import_encryption_key(own, KEY.public, lambda size: session[:size])
    _, sent = play(script, session.hex() + "9000", "9000")
    envelope = bytes.fromhex("04" + sent[0][26:-2])
    assert sent[0].startswith("804E000178C2020013C1820070")
    assert decrypt(KEY, envelope) == session
    assert Ciphertext.parse(envelope).encode() == envelope
    private = int.from_bytes(own, "big").to_bytes(32, "big")
    assert sent[1:] == [
        f"804A021012C110{session.hex().upper()}",
        f"80C2400046C0020014CA40{own.public[1:].hex().upper()}",
        f"80C2C00126C2020015CB20{sm4(private, session).hex().upper()}",
    ]


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        (("6982",), "the session key: 6982"),
        (("00" * 16 + "9000",), "its signature keys are not a pair"),
        (("40" * 16 + "9000", "6A80"), "load the session key"),
        (("40" * 16 + "9000", "9000", "6982"), "public encryption key"),
        (("40" * 16 + "9000", "9000", "9000", "6982"), "private encryption key"),
    ],
)
def test_an_import_that_is_refused_says_where(answers: tuple[str, ...], why: str) -> None:
    script = pki.import_encryption_key(KEY, KEY.public, lambda size: b"\x40" * size)
    assert why in refused(script, *answers)


def test_certificates_go_in_pieces() -> None:
    certificate = bytes.fromhex("308200F0") + bytes(range(240))
    _, sent = play(pki.write_certificate(KeyPair.SIGNATURE, certificate), "9000")
    assert sent == [
        "00A40000020018",
        f"00D6000070{certificate[:0x70].hex().upper()}",
        f"00D6007070{certificate[0x70:0xE0].hex().upper()}",
        f"00D600E014{certificate[0xE0:].hex().upper()}",
    ]
    pieces = [certificate[:0x70], certificate[0x70:0xE0], certificate[0xE0:]]
    answers = [piece.hex() + "9000" for piece in pieces]
    read, sent = play(pki.read_certificate(KeyPair.ENCRYPTION), "9000", *answers)
    assert (read, sent) == (certificate, ["00A40000020019", "00B0000070", "00B0007070", "00B000E014"])
    script = pki.write_certificate(KeyPair.SIGNATURE, certificate)
    assert "bytes from 112 on: 6982" in refused(script, "9000", "9000", "6982")
    assert "0018 of the PKI application can not be selected: 6A82" in refused(
        pki.read_certificate(KeyPair.SIGNATURE), "6A82"
    )
    assert "0018 can not be read: 6982" in refused(pki.read_certificate(KeyPair.SIGNATURE), "9000", "6982")
    assert play(pki.read_certificate(KeyPair.SIGNATURE), "9000", "6B00")[0] == b""


@given(st.binary(max_size=0x3FC), st.sampled_from(KeyPair), st.integers(0, 0x500))
def test_a_certificate_that_was_written_is_read(content: bytes, pair: KeyPair, space: int) -> None:
    """Whatever its length, and whatever stands behind it in the file."""
    certificate = encode_ber(0x30, content)
    file = bytearray(b"\xff" * max(space, len(certificate)))

    def card(raw: bytes) -> bytes:
        command = Command.parse(raw)
        start = command.p1 << 8 | command.p2
        if command.ins == 0xD6:
            file[start : start + len(command.data)] = command.data
        if command.ins == 0xB0:
            piece = bytes(file[start : start + (command.le or 256)])
            return piece + (b"\x90\x00" if len(piece) == command.le else b"\x62\x82")
        return b"\x90\x00"

    connection = connect_inprocess(FakePort(card), "card")
    run(pki.write_certificate(pair, certificate), connection)
    assert run(pki.read_certificate(pair), connection) == certificate

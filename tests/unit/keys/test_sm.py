"""The SM4 suite against published traces, values made with other tools, the openssl command; never against itself."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.des import DES
from keys.errors import BlockSizeError, KeySizeError, SealError
from keys.sm import SM, Extension, Fold, SmForms, SmSuite
from keys.sm3 import sm3
from keys.suite import folded, proof

if TYPE_CHECKING:
    from collections.abc import Callable

    from keys.suite import CipherSuite

KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
CARD_KEY = bytes.fromhex("7904DC533E8BCA0C93D3C36DC8328866")

keys = st.binary(min_size=16, max_size=16)
blocks = st.integers(0, 4).flatmap(lambda count: st.binary(min_size=16 * count, max_size=16 * count))
factors = st.binary(min_size=8, max_size=8)


def h(text: str) -> bytes:
    return bytes.fromhex(text)


# --- a real card's PKI application: facts hrss-card 8 and 9 (G7) ---


@pytest.mark.parametrize(
    ("pin", "digest", "challenge", "response"),
    [
        (
            "123456",
            "3DE741F445DD357BEA4E6C3FE6437036F62B5E3EC0F00D62796EDB4305ED627F",
            "51780DDC9394E497EAE01B3D9CAB4A97",
            "C6CEE3CC430485E8676D2A6B10E52494",
        ),
        (
            "12345678",
            "4D59306C7397E06DE3CD82A14A926FBAFED44352AD3EF88A06F5CBE600AF3DCF",
            "3D3ECC44607070F8935A64A15E8D95BA",
            "638C4E4E44182071BA0619F81D35C892",
        ),
    ],
)
def test_a_pin_proved_to_the_pki_application(pin: str, digest: str, challenge: str, response: str) -> None:
    """The key is the start of SM3 over the PIN in BCD; the challenge fills a block."""
    assert sm3(h(pin)) == h(digest)
    assert SM.encrypt(sm3(h(pin))[:16], h(challenge)) == h(response)
    assert SmSuite(SmForms(fold=Fold.WHOLE)).cryptogram(sm3(h(pin))[:16], h(challenge)) == h(response)


def test_a_pin_change_in_the_pki_application() -> None:
    """845E010014: SM4(old key, 04, PIN, 80 00...), MAC folded to 4 bytes, IV the challenge of 16 bytes."""
    key = sm3(h("12345678"))[:16]
    sealed = h("91A41964F0736EB6F6003DD1934FFE11")
    assert SM.seal(key, h("72923074")) == sealed
    assert SM.unseal(key, sealed) == h("72923074")
    mac = SM.mac(key, h("845E010014") + sealed, h("84B7B9199A29A245B2ADE3E80BE4EAF3"))
    assert folded(mac) == h("E48CEFB3")


# --- values of facts native-card-os 5.3, made with another program, not from a real card ---


def test_a_diversified_key() -> None:
    assert SM.diversify(KEY, h("1122334455667788")) == CARD_KEY


def test_line_macs() -> None:
    iv = h("01020304").ljust(16, b"\0")
    assert SM.mac(CARD_KEY, h("04D6950008A1A2A3A4"), iv)[:4] == h("93BA1490")
    sealed = h("94F628FA3045AA305989522E463156E20454A553221411A0D98BC4CAD3417FE3")
    assert SM.mac(CARD_KEY, h("84D401FF24") + sealed, iv)[:4] == h("C7F70A92")


def test_a_sealed_key() -> None:
    plain = h("010100" + "00112233445566778899AABBCCDDEEFF")
    sealed = h("94F628FA3045AA305989522E463156E20454A553221411A0D98BC4CAD3417FE3")
    assert SM.seal(CARD_KEY, plain) == sealed
    assert SM.unseal(CARD_KEY, sealed) == plain


@pytest.mark.parametrize(
    ("challenge", "expected"),
    [("01020304", "80BC44353CEB86AE8A996FF64AD30938"), ("0102030405060708", "77587B44FAF5FA4EA766F21D7988B308")],
)
def test_external_authentication_of_a_native_card_os(challenge: str, expected: str) -> None:
    assert SM.session_key(CARD_KEY, h(challenge)) == h(expected)
    assert SmSuite(SmForms(fold=Fold.WHOLE)).cryptogram(CARD_KEY, h(challenge)) == h(expected)


# --- forms ---


def test_extensions_and_folds() -> None:
    data, block = h("0102030405060708"), h("00112233445566778899AABBCCDDEEFF")
    assert Extension.ZEROS.apply(data) == h("01020304050607080000000000000000")
    assert Extension.COMPLEMENT.apply(data) == h("0102030405060708FEFDFCFBFAF9F8F7")
    assert Extension.REPEATED.apply(data) == data + data
    for extension in Extension:
        assert extension.apply(block) == block
    assert Fold.XOR_HALVES.apply(block) == h("8888888888888888")
    assert Fold.LEFT_HALF.apply(block) == h("0011223344556677")
    assert Fold.WHOLE.apply(block) == block
    assert folded(block) == h("00000000")
    assert folded(h("01020408" + "10204080" + "00000001" + "80000000")) == h("91224489")


def test_the_default_proof_is_that_of_the_sheet() -> None:
    """Each step by the openssl command: E(E(key, factor 00...), source 00...), its halves added."""
    assert proof(SM, KEY, h("456FE02E253F817D"), h("A39FC0BF44CAEA80")) == h("7B70EFC78029B06A")


def test_every_form_gives_another_proof() -> None:
    forms = [SmForms(extension, fold) for extension in Extension for fold in Fold]
    proofs = {proof(SmSuite(form), KEY, h("0102030405060708"), h("1112131415161718")) for form in forms}
    assert len(proofs) == len(forms)


# --- against the openssl command ---


def openssl(mode: str, key: bytes, data: bytes, iv: bytes = b"") -> bytes:
    words = ["openssl", "enc", f"-sm4-{mode}", "-nopad", "-K", key.hex(), *(["-iv", iv.hex()] if iv else [])]
    return subprocess.run(words, input=data, capture_output=True, check=True, timeout=10).stdout


def has_sm4() -> bool:
    if shutil.which("openssl") is None:
        return False
    return b"sm4-ecb" in subprocess.run(["openssl", "enc", "-list"], capture_output=True, check=False).stdout


needs_openssl = pytest.mark.skipif(not has_sm4(), reason="needs the openssl command with SM4")


@needs_openssl
@settings(max_examples=15)
@given(keys, st.binary(max_size=60), keys)
def test_macs_are_those_of_openssl(key: bytes, data: bytes, iv: bytes) -> None:
    padded = (data + b"\x80").ljust((len(data) // 16 + 1) * 16, b"\0")
    assert SM.mac(key, data, iv) == openssl("cbc", key, padded, iv)[-16:]
    assert SM.mac(key, data) == openssl("cbc", key, padded, bytes(16))[-16:]


@needs_openssl
@settings(max_examples=15)
@given(keys, factors)
def test_keys_are_those_of_openssl(key: bytes, factor: bytes) -> None:
    complement = bytes(byte ^ 0xFF for byte in factor)
    assert SM.diversify(key, factor) == openssl("ecb", key, factor + complement)
    assert SM.session_key(key, factor) == openssl("ecb", key, factor + bytes(8))
    assert SM.kcv(key) == openssl("ecb", key, bytes(16))[:3]


# --- what every suite must do ---


def test_both_suites_are_suites() -> None:
    suites: list[CipherSuite] = [DES, SM]
    assert [(suite.name, suite.block, suite.algorithm_id) for suite in suites] == [("DES", 8, 1), ("SM4", 16, 3)]
    for suite in suites:
        assert len(proof(suite, KEY, bytes(8), bytes(8))) == 8
        assert len(suite.mac(KEY, b"")) == suite.block
        assert len(suite.kcv(KEY)) == 3
        assert len(suite.diversify(KEY, bytes(8))) == 16


@pytest.mark.parametrize("size", [0, 8, 15, 17, 24, 32])
def test_other_key_sizes_are_refused_whatever_is_asked(size: int) -> None:
    uses: list[Callable[[bytes, bytes], bytes]] = [
        SM.encrypt,
        SM.decrypt,
        SM.mac,
        SM.session_key,
        SM.cryptogram,
        SM.diversify,
        SM.seal,
        SM.unseal,
    ]
    for use in uses:
        with pytest.raises(KeySizeError, match=f"16 bytes, this one {size}") as caught:
            use(bytes(size), bytes(16))
        assert caught.value.text.zh != caught.value.text.en
    with pytest.raises(KeySizeError):
        SM.kcv(bytes(size))


@pytest.mark.parametrize("size", [1, 8, 15, 17])
def test_a_part_of_a_block_is_refused(size: int) -> None:
    for action in (SM.encrypt, SM.decrypt):
        with pytest.raises(BlockSizeError, match=f"{size} bytes are no whole blocks of 16"):
            action(KEY, bytes(size))


@given(st.binary(max_size=40))
def test_padding_is_80_and_zeros_and_never_nothing(data: bytes) -> None:
    padded = SM.pad(data)
    assert len(padded) % 16 == 0
    assert 1 <= len(padded) - len(data) <= 16
    assert padded[len(data) :] == b"\x80".ljust(len(padded) - len(data), b"\0")


@given(keys, blocks)
def test_decrypt_takes_encrypt_back(key: bytes, data: bytes) -> None:
    assert SM.decrypt(key, SM.encrypt(key, data)) == data


@given(keys, st.binary(max_size=255))
def test_seal_round_trip_and_the_form_that_always_pads(key: bytes, data: bytes) -> None:
    """Whether aligned data gets padding differs between cards, both are taken (facts native-card-os 5.1)."""
    sealed = SM.seal(key, data)
    assert len(sealed) == 16 * -(-(1 + len(data)) // 16)
    assert SM.unseal(key, sealed) == data
    assert SM.unseal(key, SM.encrypt(key, SM.pad(bytes((len(data),)) + data))) == data


@given(keys, st.binary(max_size=64))
def test_unsealing_anything_gives_data_or_its_own_error(key: bytes, data: bytes) -> None:
    with suppress(SealError):
        assert len(SM.unseal(key, data)) < len(data)


def test_what_can_not_be_sealed_or_unsealed() -> None:
    with pytest.raises(SealError, match="256 bytes"):
        SM.seal(KEY, bytes(256))
    for size in (0, 8, 17):
        with pytest.raises(SealError, match="whole blocks"):
            SM.unseal(KEY, bytes(size))
    for plain in ("10" + "AA" * 15, "0E" + "AA" * 14 + "00", "01AA80" + "00" * 29):
        with pytest.raises(SealError, match="length or padding"):
            SM.unseal(KEY, SM.encrypt(KEY, h(plain)))

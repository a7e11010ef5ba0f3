"""DES against published values and the openssl command, never against itself."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.des import DES
from keys.errors import BlockSizeError, KeySizeError, SealError

if TYPE_CHECKING:
    from collections.abc import Callable

SINGLE = st.binary(min_size=8, max_size=8)
DOUBLE = st.binary(min_size=16, max_size=16)
BLOCKS = st.integers(0, 5).flatmap(lambda count: st.binary(min_size=8 * count, max_size=8 * count))
NOW_ALL = b"Now is the time for all ".hex()
NOW_IT = b"Now is the time for it".hex()


def mac(key: str, data: str, iv: str = "") -> str:
    return DES.mac(bytes.fromhex(key), bytes.fromhex(data), bytes.fromhex(iv)).hex().upper()


# --- published MACs ---


@pytest.mark.parametrize(
    ("key", "data", "iv", "expected"),
    [
        # facts native-card-os 5.3: INTERNAL AUTHENTICATE P1=02
        ("1122334455667788", "0102030405060708", "", "A82A8CEB"),
        # WRITE KEY: header, Lc with the MAC, cryptogram; IV = challenge and 00
        ("FFFFFFFFFFFFFFFF", "84D40102147C87BC23140021B3AFEA67E6359DDCFE", "4C45BAB900000000", "D7C943F6"),
        ("FFFFFFFFFFFFFFFF", "84D43901147C87BC23140021B3AFEA67E6359DDCFE", "EF36481800000000", "9095E4E1"),
        ("FFFFFFFFFFFFFFFF", "84D4F902147E65DE142F66CA41AFEA67E6359DDCFE", "C0B3549C00000000", "012EF5F5"),
        # load into the wallet: MAC1 over balance, amount, type 02, terminal; MAC2 and TAC with the date
        ("7C45FBFB5B3A68F5", "000000000000200002001122334455", "", "EA411F90"),
        ("11FDF264E8AEEFA3", "000000000000200002001122334455", "", "03976C22"),
        ("11FDF264E8AEEFA3", "000020000200112233445520161216105800", "", "8AFA5718"),
        ("8888888888888888", "000020000000000020000200112233445520161216105800", "", "FA00066D"),
        # ISO/IEC 9797-1 annex B, algorithm 1, padding method 2
        ("0123456789ABCDEF", NOW_ALL, "", "10E1F0F1"),
        ("0123456789ABCDEF", NOW_IT, "", "A924C721"),
        # the same, algorithm 3; the first is printed CA3BEF96 in the standard, a known misprint
        ("0123456789ABCDEFFEDCBA9876543210", NOW_ALL, "", "E9086230CA3BE796"),
        ("0123456789ABCDEFFEDCBA9876543210", NOW_IT, "", "5A692CE64F404145"),
        # ICAO Doc 9303-11, worked example of basic access control
        (
            "7962D9ECE03D1ACD4C76089DCE131543",
            "72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F2",
            "",
            "5F1448EEA8AD90A7",
        ),
    ],
)
def test_published_macs(key: str, data: str, iv: str, expected: str) -> None:
    assert mac(key, data, iv)[: len(expected)] == expected


# --- published cryptograms ---


@pytest.mark.parametrize(
    ("key", "plain", "cipher"),
    [
        # facts native-card-os 5.3
        ("0102030405060708", "BB83BFF300000000", "74B0047DD681D96C"),
        ("1122334455667788", "0102030405060708", "178F59F8578E0D3F"),
        ("FFFFFFFFFFFFFFFF", "53FD1F262EC4E6E2", "A0DBBFC1192FF24A"),
        ("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", "53FD1F262EC4E6E2", "A0DBBFC1192FF24A"),
        # the first line of every DES table, and FIPS 81's "Now is the time for all "
        ("0000000000000000", "0000000000000000", "8CA64DE9C1B123A7"),
        ("0123456789ABCDEF", NOW_ALL, "3FA40E8A984D48156A271787AB8883F9893D51EC4B563B53"),
    ],
)
def test_published_cryptograms(key: str, plain: str, cipher: str) -> None:
    assert DES.encrypt(bytes.fromhex(key), bytes.fromhex(plain)).hex().upper() == cipher
    assert DES.decrypt(bytes.fromhex(key), bytes.fromhex(cipher)).hex() == plain.lower()


@pytest.mark.parametrize(
    ("challenge", "expected"), [("E0B8474800008000", "7C45FBFB5B3A68F5"), ("C903814D00008000", "11FDF264E8AEEFA3")]
)
def test_published_session_keys(challenge: str, expected: str) -> None:
    """Facts native-card-os 5.3: challenge, online counter 0000, 8000."""
    key = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
    assert DES.session_key(key, bytes.fromhex(challenge)).hex().upper() == expected


@pytest.mark.parametrize(
    ("plain", "sealed"),
    [
        ("F9F0F0AAFF1122334455667788", "7C87BC23140021B3AFEA67E6359DDCFE"),
        # F9 back to 39: the sheet prints the first of the two blocks, the second holds the same as above
        ("39F0F0AAFF1122334455667788", "7E65DE142F66CA41AFEA67E6359DDCFE"),
    ],
)
def test_published_sealed_keys(plain: str, sealed: str) -> None:
    """WRITE KEY: 0D, thirteen bytes, 80 00 (facts native-card-os 5.3)."""
    key = b"\xff" * 8
    assert DES.seal(key, bytes.fromhex(plain)).hex().upper() == sealed
    assert DES.unseal(key, bytes.fromhex(sealed)).hex().upper() == plain


@pytest.mark.parametrize(
    ("key", "kcv"), [("00000000000000000000000000000000", "8CA64D"), ("0123456789ABCDEFFEDCBA9876543210", "08D7B4")]
)
def test_published_key_check_values(key: str, kcv: str) -> None:
    assert DES.kcv(bytes.fromhex(key)).hex().upper() == kcv


# --- against the openssl command ---

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command")


def openssl(cipher: str, key: bytes, data: bytes, iv: bytes = b"") -> bytes:
    arguments = ["openssl", "enc", f"-{cipher}", "-nopad", "-K", key.hex(), *(["-iv", iv.hex()] if iv else [])]
    return subprocess.run(arguments, input=data, capture_output=True, check=True, timeout=10).stdout


def retail_mac(key: bytes, data: bytes, iv: bytes) -> bytes:
    """ISO/IEC 9797-1 algorithm 3 from its parts: DES-CBC to the last block, that one under triple DES."""
    padded = data + b"\x80"
    padded += b"\x00" * (-len(padded) % 8)
    chained = iv
    if len(padded) > 8:
        chained = openssl("des-ede3-cbc", key[:8] * 3, padded[:-8], iv)[-8:]
    return openssl("des-ede-cbc", key, padded[-8:], chained)


@needs_openssl
@settings(deadline=None, max_examples=25)
@given(DOUBLE, st.binary(max_size=40), SINGLE)
def test_retail_mac_is_that_of_openssl(key: bytes, data: bytes, iv: bytes) -> None:
    assert DES.mac(key, data, iv) == retail_mac(key, data, iv)


@needs_openssl
@settings(deadline=None, max_examples=15)
@given(SINGLE, st.binary(max_size=40), SINGLE)
def test_cbc_mac_is_that_of_openssl(key: bytes, data: bytes, iv: bytes) -> None:
    assert DES.mac(key, data, iv) == retail_mac(key * 2, data, iv)


@needs_openssl
@settings(deadline=None, max_examples=15)
@given(DOUBLE, SINGLE)
def test_diversified_keys_are_those_of_openssl(key: bytes, factor: bytes) -> None:
    """Left: the factor enciphered, right: its complement (facts native-card-os 6)."""
    complement = bytes(byte ^ 0xFF for byte in factor)
    assert DES.diversify(key, factor) == openssl("des-ede", key, factor + complement)
    assert DES.diversify(key[:8], factor) == openssl("des-ede3", key[:8] * 3, factor)


# --- forms ---


@pytest.mark.parametrize("size", [*range(8), *range(9, 16), 17, 24, 32])
def test_other_key_sizes_are_refused_whatever_is_asked(size: int) -> None:
    key = bytes(range(size))
    uses: list[Callable[[bytes, bytes], bytes]] = [
        DES.encrypt,
        DES.decrypt,
        DES.mac,
        DES.session_key,
        DES.diversify,
        DES.seal,
        DES.unseal,
    ]
    for use, blocks in product(uses, (1, 3)):
        with pytest.raises(KeySizeError, match=f"8 or 16 bytes, this one {size}"):
            use(key, bytes(8 * blocks))
    with pytest.raises(KeySizeError) as caught:
        DES.kcv(key)
    assert caught.value.text.zh != caught.value.text.en


@given(st.binary(max_size=40))
def test_padding_is_80_and_zeros_and_never_nothing(data: bytes) -> None:
    padded = DES.pad(data)
    assert len(padded) % 8 == 0
    assert 1 <= len(padded) - len(data) <= 8
    assert padded[len(data) :] == b"\x80".ljust(len(padded) - len(data), b"\x00")


@given(DOUBLE, BLOCKS)
def test_equal_halves_make_single_des(key: bytes, blocks: bytes) -> None:
    left = key[:8]
    assert DES.encrypt(left + left, blocks) == DES.encrypt(left, blocks)
    assert DES.mac(left + left, blocks) == DES.mac(left, blocks)


@given(SINGLE | DOUBLE, BLOCKS)
def test_decrypt_takes_encrypt_back(key: bytes, blocks: bytes) -> None:
    assert DES.decrypt(key, DES.encrypt(key, blocks)) == blocks


@given(SINGLE | DOUBLE, st.binary(max_size=255))
def test_seal_round_trip_and_the_form_that_always_pads(key: bytes, data: bytes) -> None:
    """Facts native-card-os 5.1: whether aligned data gets padding differs, both are taken."""
    assert DES.unseal(key, DES.seal(key, data)) == data
    padded = DES.encrypt(key, DES.pad(bytes((len(data),)) + data))
    assert DES.unseal(key, padded) == data


@given(SINGLE, st.binary(max_size=64))
def test_unsealing_anything_gives_data_or_its_own_error(key: bytes, blocks: bytes) -> None:
    with suppress(SealError):
        assert len(DES.unseal(key, blocks)) < len(blocks)


@pytest.mark.parametrize(
    "plain",
    [
        "08AAAAAAAAAAAAAA",  # more than there is
        "06AAAAAAAAAAAA00",  # padding without 80
        "05AAAAAAAAAA8001",  # something behind the 80
        "07AAAAAAAAAAAAAA0000000000000000",
        "01AA8000000000000000000000000000",  # more padding than one block
    ],
)
def test_a_wrong_length_or_padding_is_not_unsealed(plain: str) -> None:
    key = b"ANY KEY."
    with pytest.raises(SealError, match="length or padding"):
        DES.unseal(key, DES.encrypt(key, bytes.fromhex(plain)))


def test_what_can_not_be_sealed_or_unsealed() -> None:
    key = b"ANY KEY."
    with pytest.raises(SealError, match="256 bytes"):
        DES.seal(key, bytes(256))
    for size in (0, 1, 7, 9):
        with pytest.raises(SealError, match="whole blocks"):
            DES.unseal(key, bytes(size))


@pytest.mark.parametrize("size", [1, 7, 9, 15])
def test_a_part_of_a_block_is_refused(size: int) -> None:
    for action in (DES.encrypt, DES.decrypt):
        with pytest.raises(BlockSizeError, match=f"{size} bytes"):
            action(bytes(8), bytes(size))

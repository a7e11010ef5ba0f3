"""The published vectors of facts transit-campus-health-zones 3.6 and 3.7 and native-card-os 5.3, as literals."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.des import DES
from keys.purse import (
    DES_PURSE,
    SM4_PURSE,
    PurseCipher,
    Terms,
    TransactionType,
    offline_seed,
    online_seed,
    purse_cipher,
)
from keys.sm import SM

BLOG = "00112233445566778899AABBCCDDEEFF"
PAGE = "11223344556677888877665544332211"
KEY_C = "3F3F3F3F3F3F3F3F1122334455667788"
DIVERSIFIED_SM4 = "5A9F65876227746D95606233700543A9"


def octets(text: str) -> bytes:
    return bytes.fromhex(text)


@dataclass(frozen=True)
class Load:
    name: str
    cipher: PurseCipher
    key: str
    random: str
    counter: int
    balance: int
    amount: int
    type: int
    terminal: str
    when: str
    session: str = ""
    mac1: str = ""
    mac2: str = ""
    tac_key: str = ""
    tac: str = ""

    @property
    def terms(self) -> Terms:
        return Terms.of_amount(self.amount, TransactionType(self.type), octets(self.terminal))


A = ("001122334455", "20161216105800")
LOADS = (
    Load(
        "a", DES_PURSE, BLOG, "C903814D", 0, 0, 0x2000, 2, *A,
        "11FDF264E8AEEFA3", "03976C22", "8AFA5718", BLOG, "FA00066D",
    ),
    Load("a, the other random", DES_PURSE, BLOG, "E0B84748", 0, 0, 0x2000, 2, *A, "7C45FBFB5B3A68F5", "EA411F90"),
    Load(
        "b", DES_PURSE, "3F01" * 8, "06B825D7", 0x17, 0x1A, 1, 2, "112233445566", "20170310110734",
        "6E76E8541E217D9A", "684C81CE", "9C8A0625", "34" * 16, "16EAD516",
    ),
    Load(
        "c", DES_PURSE, KEY_C, "4E066548", 0, 0, 0x10, 2, "66" * 6, "20240411212121",
        "3B75C79CFA8C2327", "0D39ADBB", "097E98FE", "34" * 8 + "1122334455667788", "A802863E",
    ),
    Load(
        "PAGE-b", DES_PURSE, PAGE, "11223344", 0, 0, 0x1000, 1, "001122334455", "20111221214822",
        "9B1D924E05595603", "2988AE5A", "3A845BF0",
    ),
    Load(
        "SM4", SM4_PURSE, BLOG, "C903814D", 0, 0, 0x2000, 2, *A,
        "1636AAD1A02A21313EF7E2EE4239EAB0", "3AFF9AD7", "A48B2716", BLOG, "067CC953",
    ),
)  # fmt: skip


@pytest.mark.parametrize("load", LOADS, ids=attrgetter("name"))
def test_load(load: Load) -> None:
    session = load.cipher.session_key(octets(load.key), online_seed(octets(load.random), load.counter))
    assert session == octets(load.session)
    assert load.cipher.mac(session, load.terms.opening(load.balance)) == octets(load.mac1)
    when = octets(load.when)
    if load.mac2:
        assert load.cipher.mac(session, load.terms.order(when)) == octets(load.mac2)
    if load.tac:
        receipt = load.terms.online_receipt(load.balance + load.amount, load.counter, when)
        assert load.cipher.tac(octets(load.tac_key), receipt) == octets(load.tac)


@pytest.mark.parametrize(
    ("cipher", "session", "mac1", "mac2", "tac"),
    [
        (DES_PURSE, "C08346DF9F1D457A", "D45737C5", "66B54A6B", "8AF270DC"),
        (SM4_PURSE, "7308E1C8160542A4A79CF0EEF06F98B0", "76D2492F", "77871E89", "F72044D7"),
    ],
    ids=["3DES", "SM4"],
)
def test_purchase(cipher: PurseCipher, session: str, mac1: str, mac2: str, tac: str) -> None:
    key = BLOG
    terms = Terms.of_amount(1, TransactionType.PURCHASE_WALLET, octets("001122334455"))
    serial, when = bytes(4), octets("20161216134600")
    made = cipher.session_key(octets(key), offline_seed(octets("584633C9"), 0, serial))
    assert made == octets(session)
    assert cipher.mac(made, terms.order(when)) == octets(mac1)
    assert cipher.mac(made, terms.value) == octets(mac2)
    assert cipher.tac(octets(key), terms.offline_receipt(serial, when)) == octets(tac)


def test_diversification() -> None:
    root, factor = octets(BLOG), octets("1122334455667788")
    assert DES.diversify(root, factor) == octets("496BD7A3513644533100B54E71196528")
    assert SM.diversify(root, factor) == octets(DIVERSIFIED_SM4)
    other = octets("0123456789ABCDEFFEDCBA9876543210")
    assert SM.diversify(other, factor) == octets("7904DC533E8BCA0C93D3C36DC8328866")


@pytest.mark.parametrize(
    ("key", "iv", "data", "mac"),
    [
        ("FF" * 16, "44A47DEB", "04D600001411223344556677889900AABBCCDDEEFF", "F2F62231"),
        ("FF" * 16, "D0FE4FB9", "04B0000004", "F09C8A19"),
        (
            "36" * 16,
            "A3BBCFC8",
            "04D6950022000122000001FFFF01010000220000000000000620160101205012310000",
            "96E32EF1",
        ),
        (
            "FF" * 16,
            "88BBE4E3",
            "04D6850034000122000001FFFF22000000000000060001201610280000000000010001000000000000000000000000000020501231",
            "AE8D8774",
        ),
    ],
)
def test_line_macs_of_the_same_sheet(key: str, iv: str, data: str, mac: str) -> None:
    assert DES.mac(octets(key), octets(data), octets(iv).ljust(8, b"\x00"))[:4] == octets(mac)


def test_line_cipher_and_authentications_of_the_same_sheets() -> None:
    assert DES.seal(bytes(b"\xff" * 16), octets("F9F0F0AAFF1122334455667788")) == octets(
        "7C87BC23140021B3AFEA67E6359DDCFE"
    )
    assert DES.encrypt(octets("0102030405060708"), octets("BB83BFF300000000")) == octets("74B0047DD681D96C")
    assert DES.mac(octets("1122334455667788"), octets("0102030405060708"))[:4] == octets("A82A8CEB")
    assert DES.encrypt(b"\xff" * 8, octets("53FD1F262EC4E6E2")) == octets("A0DBBFC1192FF24A")
    assert DES.encrypt(b"\xff" * 16, octets("53FD1F262EC4E6E2")) == octets("A0DBBFC1192FF24A")


def test_the_tac_key_of_3des_is_the_halves_added() -> None:
    """8888888888888888 is what the published log has for this DTK; the openssl command gives the MAC under it."""
    receipt = octets("000020000000000020000200112233445520161216105800")
    assert DES_PURSE.tac(octets(BLOG), receipt) == octets("FA00066D")
    assert DES_PURSE.tac(b"\x88" * 8, receipt) == octets("FA00066D")
    assert DES_PURSE.tac(octets(BLOG), receipt, direct=True) != octets("FA00066D")


@pytest.mark.parametrize(
    ("algorithm", "cipher"), [(0x00, DES_PURSE), (0x01, DES_PURSE), (0x98, DES_PURSE), (0x04, SM4_PURSE)]
)
def test_algorithm_bytes(algorithm: int, cipher: PurseCipher) -> None:
    assert purse_cipher(algorithm) is cipher


@given(st.binary(min_size=4, max_size=4), st.integers(0, 0xFFFF), st.binary(min_size=4, max_size=4))
def test_seeds_have_eight_bytes(random: bytes, counter: int, serial: bytes) -> None:
    high, low = divmod(counter, 256)
    assert online_seed(random, counter) == random + bytes((high, low, 0x80, 0x00))
    assert offline_seed(random, counter, serial) == random + bytes((high, low)) + serial[2:]


def test_which_counter_counts_what() -> None:
    assert {kind.value for kind in TransactionType if kind.online} == {1, 2, 3, 7}
    assert {kind.value for kind in TransactionType if not kind.online} == {4, 5, 6, 9}

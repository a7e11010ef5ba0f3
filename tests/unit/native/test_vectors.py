"""Published cryptograms, on cards that draw the published challenges (native-card-os 5.3, transit 3.6)."""

from __future__ import annotations

import pytest

from cardsim.chip.protection import Line
from keys.des import DES
from keys.sm import SM
from tests.unit.native.cards import DF_KEYS, INTO_DF, KEYS, MF, MF_KEYS, Native, issued

WALLET = "80E03F0111381000F0F095FFFFA00000000386980701"
ISSUER = "000122000001FFFF01010000220000000000000620160101205012310000"
NAMES = "000122000001FFFF22000000000000060001201610280000000000010001000000000000000000000000000020501231"
SM4_KEY = "7904DC533E8BCA0C93D3C36DC8328866"
"""0123456789ABCDEFFEDCBA9876543210 diversified by 1122334455667788 (5.3)."""


def with_key(record: str, *more: str) -> Native:
    """A card with an MF, and this key in it as WRITE KEY has it behind P2, and further files."""
    card = Native()
    size = len(record) // 2 - 1
    assert card.run(MF, MF_KEYS, f"80D401{record[:2]}{size:02X}{record[2:]}", *more) == "9000"
    return card


def drawing(card: Native, challenge: str) -> Native:
    card.challenge = bytes.fromhex(challenge)
    assert card.fetch(len(challenge) // 2).hex().upper() == challenge
    return card


@pytest.mark.parametrize(
    ("key", "challenge", "proof"),
    [
        ("0102030405060708", "BB83BFF3", "74B0047DD681D96C"),
        ("FF" * 8, "53FD1F262EC4E6E2", "A0DBBFC1192FF24A"),
        ("FF" * 16, "53FD1F262EC4E6E2", "A0DBBFC1192FF24A"),
    ],
)
def test_external_authenticate(key: str, challenge: str, proof: str) -> None:
    card = drawing(with_key(f"0039F0F0AA33{key}"), challenge)
    assert card.send(f"0082000008{proof}") == "9000"


@pytest.mark.parametrize(
    ("kind", "p1", "data", "answer"),
    [
        ("30", "00", "0102030405060708", "178F59F8578E0D3F"),
        ("31", "01", "178F59F8578E0D3F", "0102030405060708"),
        ("32", "02", "0102030405060708", "A82A8CEB"),
    ],
)
def test_internal_authenticate(kind: str, p1: str, data: str, answer: str) -> None:
    card = with_key(f"00{kind}F0F000001122334455667788")
    assert card.send(f"0088{p1}0008{data}") == answer + "9000"


@pytest.mark.parametrize("master", ["FF" * 8, "FF" * 16])
def test_protected_key_writing(master: str) -> None:
    """Add F9/02, make 39/01 an F9, make F9/02 a 39 again."""
    card = with_key(f"0039F0F0AA33{master}", "80D401010D39F0F0AAFF1122334455667788")
    cipher = "7C87BC23140021B3AFEA67E6359DDCFE"
    assert drawing(card, "4C45BAB9").send(f"84D4010214{cipher}D7C943F6") == "9000"
    assert drawing(card, "EF364818").send(f"84D4390114{cipher}9095E4E1") == "9000"
    back = DES.seal(bytes.fromhex(master), bytes.fromhex("39F0F0AAFF1122334455667788")).hex().upper()
    assert back.startswith("7E65DE142F66CA41")
    assert drawing(card, "C0B3549C").send(f"84D4F90214{back}012EF5F5") == "9000"
    found = [next(iter(versions.values())).native for versions in card.card.context.directory.keys.values()]
    assert {key.id: key.marks for key in found if key} == {0: 0x00, 1: 0xC0, 2: 0x00}


@pytest.mark.parametrize(
    ("key", "challenge", "file", "command", "mac"),
    [
        ("FF" * 16, "44A47DEB", "0001A80020", "04D6000014112233445566778899 00AABBCCDDEEFF", "F2F62231"),
        ("36" * 16, "A3BBCFC8", "0015A8001E", f"04D6950022{ISSUER}", "96E32EF1"),
        ("FF" * 16, "88BBE4E3", "0005A80030", f"04D6850034{NAMES}", "AE8D8774"),
    ],
)
def test_update_binary_with_a_mac(key: str, challenge: str, file: str, command: str, mac: str) -> None:
    command = command.replace(" ", "")
    card = with_key(f"0036F0F0FF33{key}", f"80E0{file[:4]}07{file[4:]}F0F0FFFF", f"00A4000002{file[:4]}")
    assert drawing(card, challenge).send(command + "00000000") == "6988"
    assert drawing(card, challenge).send(command + mac) == "9000"
    assert card.send("00B0000002") == command[10:14] + "9000"


def test_read_binary_with_a_mac() -> None:
    card = with_key(f"0036F0F0FF33{'FF' * 16}", "80E00001072800 04F0F0FF7F".replace(" ", ""), "00A40000020001")
    card.send("00D600000401020304")
    assert card.send("00B0000004") == "6987"
    answer = drawing(card, "D0FE4FB9").send("04B0000004F09C8A19")
    assert answer[:8] == "01020304"
    assert len(answer) == 16 + 4


def test_load_into_a_wallet_that_native_commands_made() -> None:
    """The published log of 5.3: its MAC1, MAC2 and TAC need the wallet's own keys 3F/01 and 34/00."""
    card = issued("klks")
    card.run("00A40000023F01", "0020000003123456")
    card.challenge = bytes.fromhex("C903814D")
    key, dtk = bytes.fromhex(KEYS["K1"]), bytes.fromhex("8888888888888888")
    assert bytes(a ^ b for a, b in zip(key[:8], key[8:], strict=True)) == dtk
    assert card.send("805000020B010000200000112233445510") == "0000000000000001C903814D03976C229000"
    assert card.send("805200000B201612161058008AFA5718") == "FA00066D9000"
    assert card.send("805C000204") == "000020009000"


# --- SM4: self-made values of the sheet, made with another library ---


def test_sm4_line_mac() -> None:
    card = with_key(f"0036F0F00433{SM4_KEY}", "80E0001507A80004F0F0FFFF")
    assert drawing(card, "01020304").send("04D6950008A1A2A3A493BA1490") == "9000"


@pytest.mark.parametrize("size", [4, 8])
def test_sm4_external_authenticate(size: int) -> None:
    proof = {4: "80BC44353CEB86AE8A996FF64AD30938", 8: "77587B44FAF5FA4EA766F21D7988B308"}[size]
    card = Native(native_algorithm="SM4")
    card.run(MF, MF_KEYS, "80D401001539F0F0AA33" + SM4_KEY)
    assert drawing(card, "0102030405060708"[: 2 * size]).send(f"0082000010{proof}") == "9000"


def test_sm4_sealed_key() -> None:
    key = bytes.fromhex(SM4_KEY)
    sealed = SM.seal(key, bytes.fromhex("010100 00112233445566778899AABBCCDDEEFF"))
    assert sealed.hex().upper() == "94F628FA3045AA305989522E463156E20454A553221411A0D98BC4CAD3417FE3"
    line = Line(SM, key, bytes.fromhex("01020304").ljust(16, b"\x00"))
    assert line.mac(bytes.fromhex("84D401FF24") + sealed).hex().upper() == "C7F70A92"


def test_sealed_key_of_a_sam() -> None:
    """Transit 3.6, row (g): the cryptogram is printed in part."""
    key = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
    sealed = DES.seal(key, bytes.fromhex("220000") + key)
    assert sealed.hex().upper().startswith("DCC0BB57")
    assert sealed.hex().upper().endswith("D191DD")
    line = Line(DES, key, bytes.fromhex("5D72B3FD00000000"))
    assert line.mac(bytes.fromhex("84D400001C") + sealed).hex().upper() == "8A9D4ADB"


def test_a_wallet_has_its_own_keys() -> None:
    """The line key is that of the current directory, not of the one above."""
    card = with_key(f"0036F0F0FF33{'FF' * 16}", WALLET, INTO_DF, DF_KEYS, "80E0000107A80020F0F0FFFF", "00A40000020001")
    command = "04D600001411223344556677889900AABBCCDDEEFFF2F62231"
    assert drawing(card, "44A47DEB").send(command) == "6A88"

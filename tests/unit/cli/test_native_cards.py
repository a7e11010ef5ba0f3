"""Cards that native commands made, and purses: what show, export, dump and diff say about them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.cli.contents import commands

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.running import Runner

KEY = "00112233445566778899AABBCCDDEEFF"
SELECT = "00A4040009A00000000386980701"
SCRIPT = (
    "80E03F000D38FFFFF0F001FFFFFFFFFFFFFF",
    "80E00000073F005001F0FFFF",
    f"80D401001539F0F0AA33{KEY}",
    "80E00001072A0213F000FFFF",
    "00E200081361114F09A00000000386980701500450424F43",
    "80E03F011138036FF0F095FFFFA00000000386980701",
    SELECT,
    "80E00000073F010095F0FFFF",
    f"80D401001534F0020001{KEY}",
    f"80D40101153FF0020001{KEY}",
    "80D401000D3AF0EF013312345FFFFFFFFFFF",
    "80E00015072800A0F0F0FFFF",
    "80E00018072E0A17F1EFFFFF",
    "80E00001072F0208F100FF18",
    "80E00002072F0208F000FF18",
)
"""The purse application of facts native-card-os 1.4 (a), with fewer keys, and a longer file 0015."""


@pytest.fixture
def card(cardsim: Runner, tmp_path: Path) -> Path:
    path = tmp_path / "wallet.card"
    assert cardsim("new", "--chip", "gen2", "--blank", "--out", path).status == 0
    assert cardsim("apdu", "--card", path, *SCRIPT).status == 0
    return path


def dump(cardsim: Runner, card: Path) -> Any:
    ran = cardsim("dump", "--card", card, "--json")
    assert (ran.status, ran.err) == (0, "")
    return next(item for item in json.loads(ran.out)["directories"] if item["directory"] == "A00000000386980701")


def wallet_of(plain: Any) -> Any:
    application = plain["card"]["contents"][-1]
    return next(file for file in application["contents"] if file["file"] == "0002")


def test_show_says_that_a_chip_is_blank_and_what_commands_it_has(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    path = tmp_path / "blank.card"
    assert cardsim("new", "--chip", "gen2", "--blank", "--dialect", "extended", "--out", path).status == 0
    lines = cardsim("show", path).out.splitlines()
    assert lines[0] == f"{path}: blank gen2 chip, native commands extended"
    assert lines[1].startswith("ATR 3B 6D")
    assert lines[2:] == ["", "memory: 32768 bytes, no MF in it"]
    zh = cardsim("--lang=zh", "show", path).out
    assert f"{path}:gen2 空白芯片,原生命令 extended\n" in zh
    assert cardsim("show", card).out.startswith(f"{card}: gen2 chip, layout 2.00, native commands fmcos\nATR")


def test_show_names_keys_and_what_a_purse_holds(cardsim: Runner, card: Path) -> None:
    lines = [" ".join(line.split()) for line in cardsim("show", card).out.splitlines()]
    assert "external authentication key reference 00 3 of 3 tries left version 00 triple DES KCV FB0975" in lines
    assert "load key reference 01 no tries version 00 triple DES KCV FB0975" in lines
    assert (
        "0002 Wallet 22 bytes purse: 0.00 yuan, limit 0.00 yuan, on line 0, off line 0 "
        "use: free (F0) load: directory state 1-F (F1)"
    ) in lines
    said = cardsim("--lang", "zh", "show", card).out
    assert "圈存密钥" in said
    assert "电子钱包" in said


def test_a_dump_finds_the_application_and_asks_its_balances(cardsim: Runner, card: Path) -> None:
    found = dump(cardsim, card)
    assert found["purses"] == [
        {"purse": "0001", "name": "Passbook", "name_zh": "电子存折", "status": "6982"},
        {"purse": "0002", "name": "Wallet", "name_zh": "电子钱包", "status": "9000", "balance": 0},
    ]
    # What was never written comes with 6281; a purse is no file of records.
    assert [(file["file"], file["status"]) for file in found["files"]] == [("0015", "6281"), ("0018", "6982")]
    assert found["files"][0]["content"] == "00" * 0xA0
    said = cardsim("dump", "--card", card).out
    assert "  0002  Wallet  0.00 yuan\n" in said
    assert "  0001  Passbook  [6982 security status not satisfied]\n" in said


def test_a_social_security_card_is_not_asked_for_balances(cardsim: Runner, tmp_path: Path) -> None:
    cardsim("new", "--chip", "gen3", "--out", tmp_path / "card")
    assert cardsim("dump", "--card", tmp_path / "card", "--trace", tmp_path / "t").status == 0
    assert not any(command[2:4] == "5C" for command in commands(tmp_path / "t"))


def test_an_edited_balance(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    path, other = tmp_path / "wallet.json", tmp_path / "other.card"
    assert cardsim("export", card, "--keys", "--out", path).status == 0
    plain = json.loads(path.read_text(encoding="utf-8"))
    wallet = wallet_of(plain)
    assert wallet["rights"] == "use: free; load: directory state 1-F (F1)"
    assert wallet["proofs"] == ["00" * 11]
    assert cardsim("import", path, "--out", other).status == 0
    assert cardsim("diff", card, other).status == 0
    wallet |= {"balance": 123_456, "overdraft_limit": 0x1F4, "online_counter": 3, "offline_counter": 0xFFFF}
    path.write_text(json.dumps(plain), encoding="utf-8")
    assert cardsim("import", path, "--out", other, "--force").status == 0
    assert "purse: 1234.56 yuan, limit 5.00 yuan, on line 3, off line 65535" in cardsim("show", other).out
    assert dump(cardsim, other)["purses"][1]["balance"] == 123_456
    said = cardsim("diff", card, other)
    assert said.status == 1
    assert "3F01/0002/balance" in said.out
    assert "0 -> 123456" in said.out


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ({"balance": -1}, "0002/balance is -1; it must be a number from 0 to 4294967295"),
        ({"balance": "1"}, "0002/balance is '1'; it must be a number"),
        ({"overdraft_limit": 1 << 24}, "0002/overdraft_limit is 16777216"),
        ({"online_counter": 65_536}, "0002/online_counter is 65536"),
        ({"offline_counter": None}, "0002/offline_counter is None"),
        ({"proofs": ["00" * 10]}, "0002/proofs/1 is '00000000000000000000'; it must be 22 hexadecimal digits"),
        ({"proofs": [7]}, "0002/proofs/1 is 7; it must be a text"),
        ({"proofs": "00"}, "0002/proofs is '00'; it must be a list"),
        ({"proofs": []}, "purse 0002 has a body of 11 bytes"),
    ],
)
def test_a_damaged_purse(cardsim: Runner, card: Path, tmp_path: Path, damage: dict[str, object], message: str) -> None:
    path = tmp_path / "wallet.json"
    assert cardsim("export", card, "--keys", "--out", path).status == 0
    plain = json.loads(path.read_text(encoding="utf-8"))
    wallet_of(plain).update(damage)
    path.write_text(json.dumps(plain), encoding="utf-8")
    assert message in cardsim.refused("import", path, "--out", tmp_path / "other.card")

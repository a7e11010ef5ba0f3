from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from apdu import Command, Response
from cardsim.cli.cards import opened_card
from cardsim.cli.hsm import meet_card
from cardsim.zones.model import KeyUse
from readers.connect.inprocess import connect_inprocess
from readers.connect.layers import with_layers
from readers.errors import CardRefusedError
from readers.terminal.hrss import select_hrss
from readers.terminal.script import run as play
from readers.terminal.security import protected
from tests.unit.cli.contents import commands, key_tries, make_card_of_another, plain_files, raw
from tests.unit.cli.running import SELECT_SSSE, tries

if TYPE_CHECKING:
    from pathlib import Path

    from readers.terminal.script import Script
    from tests.unit.cli.running import Runner

SETTLEMENT = "DF04/EF06"
"""The one file that needs the PIN and a key."""
KEY_ONLY = {"SSSE/EF07", "SSSE/EF08", "DF07/EF05", "DF07/EF06", "DF07/EF07"}
FREE = {"SSSE/EF0B", "SSSE/EF1E", "SSSE/EF05", "SSSE/EF06", *(f"DF01/EF{fid:02X}" for fid in range(0x16, 0x1B))}
HOLDER = {
    "elements": {
        "DF01/EF05": {"21": "某地"},
        "DF01/EF16": {"01": "AABBCC"},
        "DF04/EF06": {"92": "12345"},
        "DF04/EF08": {":01": "0001^1^^20240229120000^1^2^3"},
        "DF07/EF06": {"F7": "某专家"},
    }
}


@pytest.fixture
def full(cardsim: Runner, tmp_path: Path) -> Path:
    """A card with something in areas of every kind."""
    (tmp_path / "holder.json").write_text(json.dumps(HOLDER), encoding="utf-8")
    path = tmp_path / "full.card"
    assert cardsim("new", "--chip", "gen2", "--holder", tmp_path / "holder.json", "--out", path).status == 0
    return path


def opened(cardsim: Runner, card: Path, *words: str) -> set[str]:
    """Return the files that `read` with these options can read; all others are refused with 6982."""
    ran = cardsim("read", "--card", card, "--json", *words)
    assert (ran.status, ran.err) == (0, "")
    statuses = {name: file["status"] for name, file in plain_files(ran.out).items()}
    assert set(statuses.values()) <= {"9000", "6982"}
    return {name for name, status in statuses.items() if status == "9000"}


@pytest.mark.parametrize("layout", ["1.00", "2.00"])
def test_what_pin_and_keys_open(cardsim: Runner, tmp_path: Path, layout: str) -> None:
    card = tmp_path / "a.card"
    assert cardsim("new", "--chip", "gen2", "--layout", layout, "--out", card).status == 0
    everything = set(plain_files(cardsim("read", "--card", card, "--json").out))
    free = FREE & everything
    assert opened(cardsim, card) == free
    assert opened(cardsim, card, "--auth", "hsm") == everything - {SETTLEMENT}
    assert opened(cardsim, card, "--pin", "123456") == everything - KEY_ONLY - {SETTLEMENT}
    assert opened(cardsim, card, "--auth", "hsm", "--pin", "123456") == everything
    assert opened(cardsim, card, "--pin", "123456", "--auth", "hsm") == everything
    assert len(everything) == {"1.00": 21, "2.00": 42}[layout]


def test_values_that_keys_open(cardsim: Runner, full: Path) -> None:
    ran = cardsim("read", "--card", full, "--auth", "hsm", "--pin", "123456")
    assert (ran.status, ran.err) == (0, "")
    lines = [" ".join(line.split()) for line in ran.out.splitlines()]
    assert "21 household_address 户口所在地地址 某地" in lines
    assert "92 settlement_amount 金额 12345" in lines
    assert ":01 0001^1^^20240229120000^1^2^3" in lines
    assert "F7 element_f7 数据元 F7 某专家" in lines
    assert lines[lines.index("EF16 Reserved 1") + 1] == "3 of 296 bytes"
    assert lines[lines.index("EF08 Photo") + 1] == "4096 bytes (empty)"
    assert "D15600000503 社会保险2" in lines
    assert "698" not in ran.out
    files = plain_files(cardsim("read", "--card", full, "--auth", "hsm", "--json").out)
    assert raw(files, "DF01/EF16") == "AABBCC" + "00" * 293


def test_what_stays_closed_says_what_it_needs(cardsim: Runner, full: Path) -> None:
    out = cardsim("read", "--card", full, "--auth", "hsm").out
    refused = "  EF06 Offline settlement  [6982 security status not satisfied: needs PIN HRSS and key RK1]"
    assert [line for line in out.splitlines() if "6982" in line] == [refused]


def test_keys_are_proved_once_in_each_directory(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    trace = tmp_path / "t.trace"
    assert cardsim("read", "--card", card, "--auth", "hsm", "--trace", trace).status == 0
    sent = commands(trace)
    proofs = [command[6:8] for command in sent if command.startswith("0082")]
    assert proofs == ["0A", "88", "88", "85", "84", "84", "0A", "0A", "84", "85", "86"]
    first_proof = next(place for place, command in enumerate(sent) if command.startswith("0082"))
    assert any(command.startswith("00880000") for command in sent[:first_proof])  # the card goes first
    assert set(key_tries(cardsim, card).values()) == {"3 of 3"}


def test_no_pin_and_no_key_without_options(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    trace = tmp_path / "t.trace"
    assert cardsim("read", "--card", card, "--trace", trace).status == 0
    assert {command[2:4] for command in commands(trace)} == {"A4", "B0", "B2", "C0"}


# --- PINs ---


@pytest.mark.parametrize(
    ("language", "message"),
    [
        ("en", "cardsim: the card does not accept the PIN: 63C5 (verification failed, 5 tries left)\n"),
        ("zh", "cardsim:卡不接受 PIN:63C5(验证失败,剩余 5 次)\n"),
    ],
)
@pytest.mark.parametrize("auth", [(), ("--auth", "hsm")])
def test_a_wrong_pin(cardsim: Runner, card: Path, auth: tuple[str, ...], language: str, message: str) -> None:
    said = cardsim.refused("--lang", language, "read", "--card", card, *auth, "--pin", "654321", status=1)
    assert said == message
    assert tries(cardsim, card) == "5 of 6"
    assert cardsim("read", "--card", card, "--pin", "123456").status == 0
    assert tries(cardsim, card) == "6 of 6"


def test_the_last_tries_of_a_pin(cardsim: Runner, card: Path) -> None:
    said = [cardsim.refused("read", "--card", card, "--pin", "0000", status=1) for _ in range(7)]
    assert said[4].endswith(
        "63C1 (verification failed, 1 try left); one more refusal blocks it, so do not just repeat this\n"
    )
    assert said[5].endswith("63C0 (verification failed, 0 tries left); it is blocked now\n")
    assert said[6].endswith("6983 (PIN or key is blocked)\n")


@pytest.mark.parametrize("pin", ["123", "1234567890123", "12345a", "１２３４", " "])
@pytest.mark.parametrize(
    ("language", "message"), [("en", "PIN: a PIN is 4 to 12 digits"), ("zh", "PIN:PIN 为 4 至 12 位数字")]
)
def test_a_pin_that_is_none(cardsim: Runner, card: Path, pin: str, language: str, message: str) -> None:
    before = card.read_bytes()
    said = cardsim.refused("--lang", language, "read", "--card", card, "--pin", pin)
    assert message in said
    assert "123" not in said
    assert card.read_bytes() == before


def test_a_pin_without_a_value_is_asked_for(cardsim: Runner, card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("123456\r\n"))
    assert "DF05/EF05" in opened(cardsim, card, "--pin")


# --- cards with other versions of the keys ---


@pytest.mark.parametrize(("chip", "versions"), [("gen2", [1]), ("gen2", [3, 2]), ("gen3", [2, 3])])
def test_the_card_tells_the_version_of_its_keys(
    cardsim: Runner, tmp_path: Path, chip: str, versions: list[int]
) -> None:
    """One INTERNAL AUTHENTICATE that names no version; the card takes the lowest it has."""
    (tmp_path / "p.toml").write_text(f"key_versions = {versions}\n")
    card, trace = tmp_path / "versions.card", tmp_path / "t.trace"
    assert cardsim("new", "--chip", chip, "--chip-profile", tmp_path / "p.toml", "--out", card).status == 0
    ran = cardsim("read", "--card", card, "--auth", "hsm", "--pin", "123456", "--json", "--trace", trace)
    assert (ran.status, ran.err) == (0, "")
    assert {file["status"] for file in plain_files(ran.out).values()} == {"9000"}
    sent = commands(trace)
    assert [command[:10] for command in sent if command[2:4] == "88"] == ["0088000010"]
    assert cardsim("pin", "reload", "--card", card, "--new", "654321").status == 0
    assert set(key_tries(cardsim, card).values()) == {"3 of 3"}


# --- cards with other keys ---


@pytest.mark.parametrize(
    ("language", "message"),
    [
        (
            "en",
            (
                "cardsim: the card has other keys than the TEST keys (INTERNAL AUTHENTICATE), or in other versions "
                "than 0, 1, 2, 3; none was tried on it\n"
            ),
        ),
        ("zh", "cardsim:该卡的密钥不是测试密钥(内部认证不符),或版本不是 0, 1, 2, 3;未向卡尝试任何密钥\n"),
    ],
)
def test_a_card_with_other_keys_loses_no_try(cardsim: Runner, tmp_path: Path, language: str, message: str) -> None:
    """Neither of a key nor, since keys come first, of the PIN."""
    card = make_card_of_another(tmp_path / "other.card")
    before = card.read_bytes()
    words = ("--lang", language, "read", "--card", card, "--auth", "hsm", "--pin", "000000")
    assert cardsim.refused(*words, status=1) == message
    assert card.read_bytes() == before


def test_a_card_whose_factors_are_not_those_of_its_keys(cardsim: Runner, card: Path) -> None:
    """Another region in the card identification code makes other keys of the same roots."""
    moved = "EF05/01=110100D1560000059F8FF5CDF42F34FB"
    assert cardsim("write", "--card", card, moved).status == 0
    assert "other keys" in cardsim.refused("read", "--card", card, "--auth", "hsm", status=1)
    assert set(key_tries(cardsim, card).values()) == {"3 of 3"}


def test_factors_come_from_the_answer_to_reset(cardsim: Runner, tmp_path: Path) -> None:
    """Historical bytes of one's own go into the card's keys and are found in its ATR."""
    (tmp_path / "p.toml").write_text('historical_bytes = "00112233448653123455667788"\n')
    card = tmp_path / "own.card"
    words = ("new", "--chip", "gen2", "--chip-profile", tmp_path / "p.toml", "--out", card)
    assert cardsim(*words).status == 0
    assert "SSSE/EF08" in opened(cardsim, card, "--auth", "hsm")


def test_a_key_that_is_refused_ends_it(cardsim: Runner, tmp_path: Path) -> None:
    card = make_card_of_another(tmp_path / "other.card", "HRSS/SSSE/RK")
    said = cardsim.refused("read", "--card", card, "--auth", "hsm", status=1)
    assert said == "cardsim: the card does not accept key RK: 63C2 (verification failed, 2 tries left)\n"
    assert key_tries(cardsim, card)["RK"] == "2 of 3"


@pytest.mark.parametrize(
    ("language", "message"),
    [
        ("en", "cardsim: the card does not accept key RK: 6983 (PIN or key is blocked)\n"),
        ("zh", "cardsim:卡不接受密钥 RK:6983(认证方法(PIN 或密钥)已锁定)\n"),
    ],
)
def test_a_blocked_key_leaves_the_rest_readable(
    cardsim: Runner, card: Path, tmp_path: Path, language: str, message: str
) -> None:
    """It is tried once, though three directories use it; the exit status says that not all was had."""
    proof = "0082000A10" + "00" * 16
    cardsim("apdu", "--card", card, SELECT_SSSE, *["0084000008", proof] * 3)
    assert key_tries(cardsim, card)["RK"] == "0 of 3"
    trace = tmp_path / "t.trace"
    ran = cardsim("--lang", language, "read", "--card", card, "--auth", "hsm", "--json", "--trace", trace)
    assert (ran.status, ran.err) == (1, message)
    closed = {name for name, file in plain_files(ran.out).items() if file["status"] != "9000"}
    assert closed == {"SSSE/EF07", "SSSE/EF08", "SSSE/EF0D", "DF05/EF05", "DF06/EF05", "DF06/EF06", SETTLEMENT}
    assert sum(command.startswith("0082000A") for command in commands(trace)) == 1


def test_a_card_that_wants_its_root_selected_first(cardsim: Runner, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text("mf_select_first = true\n")
    card = tmp_path / "own.card"
    assert cardsim("new", "--chip", "gen2", "--chip-profile", tmp_path / "p.toml", "--out", card).status == 0
    assert SETTLEMENT in opened(cardsim, card, "--auth", "hsm", "--pin", "123456")


@pytest.mark.parametrize(
    "words", [("read", "--auth", "hsm"), ("read", "--pin", "123456"), ("pin", "verify", "--pin", "1234")]
)
@pytest.mark.parametrize(
    ("language", "message"),
    [
        (
            "en",
            "cardsim: the HRSS application can not be selected: 6A81 (function not supported, or application locked)\n",
        ),
        ("zh", "cardsim:无法选择社会保障应用:6A81(功能不支持或应用已锁定)\n"),
    ],
)
def test_a_blocked_application(
    cardsim: Runner, card: Path, words: tuple[str, ...], language: str, message: str
) -> None:
    with opened_card(card) as (_, port):
        connection = with_layers(connect_inprocess(port, "card"))
        assert play(block(connection.atr), connection).ok
    assert cardsim.refused("--lang", language, *words, "--card", card, status=1) == message


def block(atr: bytes) -> Script[Response]:
    fci = yield from select_hrss()
    terminal = yield from meet_card(atr, fci)
    return (yield from protected(terminal, Command(0x84, 0x1E, 0x00, 0x00), use=KeyUse.APPLICATION_LOCK))


def test_an_answer_to_reset_that_no_factor_can_be_taken_from() -> None:
    script = meet_card(bytes.fromhex("3B021450"), b"")
    assert next(script).encode().hex() == "00b2012800"
    with pytest.raises(CardRefusedError, match="no keys can be derived for this card: "):
        script.send(Response.parse(bytes.fromhex("0110639900D1560000059F8FF5CDF42F34FB9000")))


def test_a_wrong_source_of_keys(cardsim: Runner, card: Path) -> None:
    assert "argument --auth: invalid choice: 'card'" in cardsim.refused("read", "--card", card, "--auth", "card")
    assert "参数 --auth:需要一个值" in cardsim.refused("--lang", "zh", "read", "--card", card, "--auth")

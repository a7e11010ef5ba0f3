"""PINs stay out of everything that is written down or shown, unless somebody insists and is warned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.cli.running import SELECT_SSSE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.running import Runner

PIN = "123456"
COMMANDS = (SELECT_SSSE, f"0020000003{PIN}", f"805E010007{PIN}FF654321", "00200000 03 654321", "0020000003987654")
SECRETS = (PIN, "654321", "987654")


def test_apdu_shows_no_pin(cardsim: Runner, card: Path) -> None:
    ran = cardsim("apdu", "--card", card, *COMMANDS)
    assert ran.out.count("> 0020000003******\n") == 3
    assert "> 805E010007**************\n" in ran.out
    assert "< 9000" in ran.out
    assert not any(secret in ran.out + ran.err for secret in SECRETS)


@pytest.mark.parametrize("raw", [(), ("--raw",)])
def test_a_trace_has_no_pin(cardsim: Runner, card: Path, tmp_path: Path, raw: tuple[str, ...]) -> None:
    trace = tmp_path / "t.trace"
    cardsim("apdu", *raw, "--card", card, "--trace", trace, *COMMANDS)
    text = trace.read_text(encoding="utf-8")
    assert "> 0020000003******\n" in text
    assert not any(secret in text for secret in SECRETS)


@pytest.mark.parametrize(
    ("language", "warning"),
    [
        ("en", "warning: PINs and keys appear in clear on the screen and in {}\n"),
        ("zh", "警告:屏幕以及 {} 将显示明文 PIN 与密钥\n"),
    ],
)
def test_trace_secrets_shows_them_and_warns(
    cardsim: Runner, card: Path, tmp_path: Path, language: str, warning: str
) -> None:
    trace = tmp_path / "t.trace"
    ran = cardsim("--lang", language, "apdu", "--card", card, "--trace", trace, "--trace-secrets", *COMMANDS)
    assert ran.err == warning.format(trace)
    for text in (ran.out, trace.read_text(encoding="utf-8")):
        assert f"> 0020000003{PIN}\n" in text
    assert trace.read_text(encoding="utf-8").startswith("# WARNING")


def test_trace_secrets_warns_without_a_trace_too(cardsim: Runner, card: Path) -> None:
    ran = cardsim("apdu", "--card", card, "--trace-secrets", f"0020000003{PIN}")
    assert ran.err == "warning: PINs and keys appear in clear on the screen\n"
    assert f"> 0020000003{PIN}\n" in ran.out


@pytest.mark.parametrize("holder", ['{"hrss_pin": "13579a"}', '{"hrss_pin": 13579}', '{"hrss_pin": "135791357913579"}'])
def test_a_wrong_pin_in_a_holder_is_not_repeated(cardsim: Runner, tmp_path: Path, holder: str) -> None:
    path = tmp_path / "holder.json"
    path.write_text(holder)
    message = cardsim.refused("new", "--chip", "gen2", "--holder", path, "--out", tmp_path / "a.card")
    assert "hrss_pin: " in message
    assert "1357" not in message


def test_nothing_shows_the_pin_on_the_card(cardsim: Runner, card: Path) -> None:
    for words in (("show", card), ("read", "--card", card), ("read", "--json", "--card", card)):
        assert PIN not in cardsim(*words).out


PKI = ("00A404000C504B492EC9E7BBE1B1A3D5CF", "00A404000C53532E434552542E41444631")
HASH_OF_THE_PIN = "80C4010305C10312345600"
SM3_OF_123456 = "3DE741F445DD357BEA4E6C3FE6437036F62B5E3EC0F00D62796EDB4305ED627F"


@pytest.mark.parametrize("raw", [(), ("--raw",)])
def test_apdu_shows_no_hash_of_a_pin(cardsim: Runner, tmp_path: Path, raw: tuple[str, ...]) -> None:
    path = tmp_path / "g.card"
    cardsim("new", "--chip", "gen3", "--out", path)
    fetch = ("80C4010305C103123456", "00C0000020") if raw else ()
    ran = cardsim("apdu", *raw, "--card", path, *PKI, HASH_OF_THE_PIN, *fetch)
    assert "> 80C4010305**********" in ran.out
    assert f"< {'**' * 32} 9000\n" in ran.out
    assert SM3_OF_123456[:16] not in ran.out + ran.err
    assert PIN not in ran.out
    shown = cardsim("apdu", "--trace-secrets", "--card", path, *PKI, HASH_OF_THE_PIN).out
    assert f"< {SM3_OF_123456} 9000\n" in shown


def test_apdu_explains_no_digits_of_a_pin(cardsim: Runner, tmp_path: Path) -> None:
    """Somebody forgets the C1 03 before the digits: 98 is no tag to be talked about."""
    path = tmp_path / "g.card"
    cardsim("new", "--chip", "gen3", "--out", path)
    out = cardsim("apdu", "--card", path, *PKI, "80C4010303987654").out
    assert "why: 6A80: the data objects make no sense: HASH takes C1\n" in out
    assert not any(digits in out.rpartition("> 80C4")[2] for digits in ("98", "76", "54"))

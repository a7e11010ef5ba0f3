"""GET CHALLENGE: sizes, where the randomness comes from, and how long a challenge is remembered."""

from __future__ import annotations

import pytest

from tests.unit.chip.bench import SSSE, Bench, bench


@pytest.mark.parametrize(
    ("command", "size"), [("0084000004", 4), ("0084000008", 8), ("0084000000", 8), ("00840000", 8)]
)
def test_the_answer_is_what_the_source_of_randomness_gave_once(gen2: Bench, command: str, size: int) -> None:
    """4 or 8 bytes; Le 00 or absent gives the longest (facts hrss-card 4.3)."""
    assert gen2.send(command) == "11" * size + "9000"
    assert gen2.drawn == [size]
    assert gen2.card.context.challenge == b"\x11" * size


def test_the_challenge_is_the_one_obtained_last(gen2: Bench) -> None:
    """Facts hrss-card 4.3: R8 must be the challenge obtained last."""
    assert gen2.t0("0084000008") == "11" * 8 + "9000"
    assert gen2.t0("0084000004") == "22" * 4 + "9000"
    assert gen2.card.context.challenge == b"\x22" * 4
    assert gen2.drawn == [8, 4]


@pytest.mark.parametrize("command", ["0084000105", "0084010008", "0084000005", "008400000100", "0484000008"])
def test_a_refusal_draws_nothing_and_keeps_the_challenge(gen2: Bench, command: str) -> None:
    gen2.send("0084000008")
    assert gen2.send(command)[:1] == "6"
    assert gen2.drawn == [8]
    assert gen2.card.context.challenge == b"\x11" * 8


def test_only_get_challenge_draws(gen2: Bench) -> None:
    for command in (SSSE, "00B2010400", "0020000003123456", "805E010007123456FF654321", "00B0870010"):
        gen2.send(command)
    gen2.port.reset()
    assert gen2.drawn == []


@pytest.mark.parametrize("event", ["reset", "power"])
def test_a_challenge_does_not_survive_a_reset(gen2: Bench, event: str) -> None:
    gen2.send("0084000008")
    if event == "reset":
        gen2.port.reset()
    else:
        gen2.port.power_off()
    assert gen2.card.context.challenge == b""


def test_other_sizes_by_profile() -> None:
    card = bench("gen2", challenge_sizes=[4, 8, 16])
    assert card.send("0084000010") == "11" * 16 + "9000"
    assert card.send("0084000000") == "22" * 16 + "9000"
    assert card.send("0084000005") == "6700"

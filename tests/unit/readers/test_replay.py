from __future__ import annotations

import pytest

from readers.connect.inprocess import connect_inprocess
from readers.connect.layers import with_layers
from readers.connect.replay import ReplayConnection
from readers.errors import CardRemovedError, ClosedError, ReplayError
from readers.trace import parse_trace
from tests.unit.readers.fakes import ATR, FakePort

TRACE = parse_trace(
    """\
# ATR: 3B021450
> 00A40000023F00
< 9000
> 0020000003******
< 63C5
> 00B0000005
< 11223344559000
> 00B0000105
""",
    "lab.trace",
)


def send(connection: ReplayConnection, command: str) -> str:
    return connection.transmit(bytes.fromhex(command)).hex().upper()


def test_commands_in_order_are_answered_as_recorded() -> None:
    replay = ReplayConnection(TRACE)
    assert (replay.name, replay.atr, replay.reset()) == ("lab.trace", ATR, ATR)
    assert send(replay, "00A40000023F00") == "9000"
    assert send(replay, "0020000003987654") == "63C5"
    assert send(replay, "00B0000005") == "11223344559000"
    assert [exchange.line for exchange in replay.remaining] == [8]


def test_a_card_that_did_not_answer_then_is_removed_now() -> None:
    replay = ReplayConnection(TRACE, strict=False)
    with pytest.raises(CardRemovedError, match=r"lab\.trace, line 8"):
        send(replay, "00B0000105")
    assert replay.remaining == ()


def test_strict_names_the_line_and_both_commands() -> None:
    replay = ReplayConnection(TRACE)
    with pytest.raises(ReplayError) as caught:
        send(replay, "00B0000005")
    assert str(caught.value) == "lab.trace, line 2: 00A40000023F00 is next, but 00B0000005 was sent"
    assert "第 2 行" in caught.value.text.zh
    assert send(replay, "00A40000023F00") == "9000"


def test_a_mismatch_shows_no_pin() -> None:
    with pytest.raises(ReplayError) as caught:
        send(ReplayConnection(TRACE), "0020000003123456")
    assert "0020000003******" in str(caught.value)
    assert "123456" not in str(caught.value)
    assert "123456" not in caught.value.text.zh


def test_a_masked_command_of_another_length_does_not_match() -> None:
    replay = ReplayConnection(TRACE)
    send(replay, "00A40000023F00")
    with pytest.raises(ReplayError):
        send(replay, "002000000412345678")


def test_lenient_skips_ahead_but_never_back() -> None:
    replay = ReplayConnection(TRACE, strict=False)
    assert send(replay, "00B0000005") == "11223344559000"
    with pytest.raises(ReplayError, match=r"line 8: 00B0000105 and what follows it does not match"):
        send(replay, "00A40000023F00")


@pytest.mark.parametrize("strict", [True, False])
def test_a_command_behind_the_end_is_an_error(strict: bool) -> None:
    replay = ReplayConnection(parse_trace("> 00A40000\n< 9000\n", "t"), strict=strict)
    send(replay, "00A40000")
    with pytest.raises(ReplayError, match="t ends here, but 00A40000 was sent"):
        send(replay, "00A40000")


def test_a_replay_takes_layers_as_any_connection_does() -> None:
    trace = parse_trace("> 00A40000023F00\n< 6102\n> 00C0000002\n< 6F009000\n")
    assert with_layers(ReplayConnection(trace)).transmit(bytes.fromhex("00A40000023F00")).hex() == "6f009000"


def test_a_closed_replay_answers_no_more() -> None:
    replay = ReplayConnection(TRACE)
    replay.close()
    replay.close()
    with pytest.raises(ClosedError, match=r"lab\.trace is closed"):
        send(replay, "00A40000023F00")
    with pytest.raises(ClosedError):
        replay.reset()


def test_a_card_in_process_is_powered_used_and_let_go_once() -> None:
    port = FakePort()
    connection = connect_inprocess(port, "gen2.card")
    assert (connection.name, connection.atr) == ("gen2.card", ATR)
    assert connection.transmit(bytes.fromhex("00A40000")) == bytes.fromhex("00A400009000")
    assert connection.reset() == ATR
    connection.close()
    connection.close()
    assert port.events == ["on", "00A40000", "reset", "off"]
    with pytest.raises(ClosedError, match=r"gen2\.card is closed"):
        connection.transmit(bytes.fromhex("00A40000"))
    with pytest.raises(ClosedError):
        connection.reset()

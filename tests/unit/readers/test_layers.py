from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.connect.layers import FetchResponse, RepeatWithLe, Traced, with_layers
from readers.errors import CardProtocolError
from readers.trace import TraceWriter
from tests.unit.readers.fakes import ATR, FakeConnection, ticks


def send(layer: FetchResponse | RepeatWithLe | Traced, command: str) -> str:
    return layer.transmit(bytes.fromhex(command)).hex().upper()


# --- 61xx ---


def test_61xx_is_fetched_with_the_length_it_names() -> None:
    card = FakeConnection("6105", "11223344559000")
    assert send(FetchResponse(card), "00A40000023F00") == "11223344559000"
    assert card.sent == ["00A40000023F00", "00C0000005"]


def test_61xx_again_and_again_gives_one_answer() -> None:
    card = FakeConnection("AA6100", "BB6102", "CC6101", "DD6283")
    assert send(FetchResponse(card), "00B2010400") == "AABBCCDD6283"
    assert card.sent == ["00B2010400", "00C0000000", "00C0000002", "00C0000001"]


@pytest.mark.parametrize("answer", ["9000", "6A82", "016100019000", "6C10", "", "90", "61"])
def test_other_answers_are_left_alone(answer: str) -> None:
    card = FakeConnection(answer)
    assert send(FetchResponse(card), "00A40000") == answer
    assert card.sent == ["00A40000"]


def test_a_refusal_while_fetching_is_the_answer() -> None:
    assert send(FetchResponse(FakeConnection("6105", "6F00")), "00A40000") == "6F00"


def test_a_card_that_goes_away_while_fetching_leaves_what_came() -> None:
    assert send(FetchResponse(FakeConnection("6105", "")), "00A40000") == ""


@pytest.mark.parametrize(
    ("cla", "get_response_cla"),
    [("00", "00"), ("03", "03"), ("0C", "00"), ("13", "03"), ("80", "00"), ("84", "00"), ("B0", "00"), ("45", "45")],
)
def test_get_response_keeps_the_logical_channel_only(cla: str, get_response_cla: str) -> None:
    card = FakeConnection("6101", "AA9000")
    send(FetchResponse(card), cla + "CA000000")
    assert card.sent[1] == get_response_cla + "C0000001"


def test_a_card_that_announces_data_for_ever_is_given_up() -> None:
    card = FakeConnection("6100")
    with pytest.raises(CardProtocolError):
        send(FetchResponse(card), "00A40000")
    assert len(card.sent) == 1025


def test_a_card_that_sends_data_for_ever_is_given_up() -> None:
    card = FakeConnection("00" * 256 + "6100")
    with pytest.raises(CardProtocolError):
        send(FetchResponse(card), "00A40000")
    assert len(card.sent) == 257


def test_a_full_extended_answer_in_short_pieces_is_taken() -> None:
    card = FakeConnection("6100", *["00" * 256 + "6100"] * 255, "00" * 256 + "9000")
    assert len(send(FetchResponse(card), "00A40000")) == 2 * (65_536 + 2)


# --- 6Cxx ---


@pytest.mark.parametrize(
    ("sent", "answer", "again"),
    [
        ("00B00000", "6C05", "00B0000005"),
        ("00B0000000", "6C05", "00B0000005"),
        ("00B0000010", "6C00", "00B0000000"),
        ("00A40000023F00", "6C12", "00A40000023F0012"),
        ("00A40000023F0000", "6C12", "00A40000023F0012"),
        ("00B00000000000", "6C05", "00B00000000005"),
        ("00B00000000000", "6C00", "00B00000000100"),
        ("00A400000000023F000000", "6C12", "00A400000000023F000012"),
    ],
    ids=["case 1", "case 2", "case 2, 256", "case 3", "case 4", "case 2E", "case 2E, 256", "case 4E"],
)
def test_6cxx_repeats_the_command_with_the_le_it_names(sent: str, answer: str, again: str) -> None:
    card = FakeConnection(answer, "AA9000")
    assert send(RepeatWithLe(card), sent) == "AA9000"
    assert card.sent == [sent, again]


def test_6cxx_twice_is_the_answer() -> None:
    card = FakeConnection("6C05")
    assert send(RepeatWithLe(card), "00B0000000") == "6C05"
    assert card.sent == ["00B0000000", "00B0000005"]


@pytest.mark.parametrize("answer", ["9000", "6700", "016C059000", "AA6C05", "", "6C"])
def test_answers_that_are_no_6cxx_are_left_alone(answer: str) -> None:
    card = FakeConnection(answer)
    assert send(RepeatWithLe(card), "00B0000000") == answer
    assert len(card.sent) == 1


@pytest.mark.parametrize("command", ["", "00A4", "00A4000005AA"])
def test_what_is_no_command_is_not_repeated(command: str) -> None:
    card = FakeConnection("6C05")
    assert send(RepeatWithLe(card), command) == "6C05"
    assert card.sent == [command]


@given(st.lists(st.binary(max_size=6), min_size=1, max_size=6), st.binary(max_size=12))
def test_no_card_makes_a_layer_fail_otherwise_than_it_says(answers: list[bytes], command: bytes) -> None:
    card = FakeConnection(*[answer.hex() for answer in answers])
    try:
        response = with_layers(card).transmit(command)
    except CardProtocolError:
        assert len(card.sent) > 1000
    else:
        assert response[-2:-1] != b"\x61"


# --- all together ---


def test_the_layers_work_together_and_the_trace_has_what_crossed() -> None:
    file = io.StringIO()
    card = FakeConnection("6100", "6C03", "112233" + "9000")
    connection = with_layers(card, trace=TraceWriter(file))
    assert connection.transmit(bytes.fromhex("00A40000023F00")).hex() == "1122339000"
    crossed = [line for line in file.getvalue().splitlines() if line[0] in "<>"]
    assert crossed == ["> 00A40000023F00", "< 6100", "> 00C0000000", "< 6C03", "> 00C0000003", "< 1122339000"]


def test_layers_not_wanted_are_not_there() -> None:
    card = FakeConnection("6105")
    assert with_layers(card, fetch_response=False, repeat_with_le=False) is card
    assert with_layers(card, fetch_response=False).transmit(b"\x00\xa4\x00\x00") == b"\x61\x05"
    card = FakeConnection("6C05")
    assert with_layers(card, repeat_with_le=False).transmit(b"\x00\xa4\x00\x00") == b"\x6c\x05"


def test_a_layer_is_the_connection_in_all_else() -> None:
    card = FakeConnection("9000")
    connection = with_layers(card)
    assert (connection.name, connection.atr) == ("Fake", ATR)
    assert connection.reset() == ATR
    connection.close()
    assert card.sent == ["reset", "close"]


def test_a_trace_begins_with_the_reader_and_has_resets_and_times() -> None:
    file = io.StringIO()
    connection = Traced(FakeConnection("9000"), TraceWriter(file), ticks(1.0, 1.00024))
    assert file.getvalue() == ""
    connection.transmit(bytes.fromhex("00A40000"))
    connection.reset()
    assert file.getvalue().splitlines() == [
        "# reader: Fake",
        "# ATR: 3B021450",
        "> 00A40000",
        "< 9000",
        "# 0.240 ms",
        "# reset",
        "# ATR: 3B021450",
    ]

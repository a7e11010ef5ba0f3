from __future__ import annotations

import io
import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.connect.inprocess import connect_inprocess
from readers.connect.layers import Traced
from readers.errors import CardRemovedError, TraceError
from readers.serve.traced import TracedPort
from readers.trace import (
    Exchange,
    TracedCommand,
    TraceWriter,
    load_trace,
    mask_secrets,
    may_replace,
    open_trace,
    parse_trace,
)
from tests.unit.readers.fakes import ATR, FakePort, ticks

if TYPE_CHECKING:
    from pathlib import Path

# --- masking ---


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("00A40000023F00", "00A40000023F00"),
        ("0020000003123456", "0020000003******"),
        ("002000000612345678ABCD10", "0020000006************10"),
        ("0C2000000411223344", "0C20000004********"),
        ("805E010005123456FF78", "805E010005**********"),
        ("845E0000061234DEADBEEF", "845E000006************"),
        ("0024000006111111222222", "0024000006************"),
        ("842400010411223344", "8424000104********"),
        ("00D401000211FF", "00D4010002****"),
        ("80D401000211FF", "80D4010002****"),
        ("84D401000211FF", "84D4010002****"),
        ("B8D401000211FF", "B8D4010002****"),
        ("80D800810211FF", "80D8008102****"),
        ("84D800810211FF", "84D8008102****"),
        ("002C000002123A", "002C000002****"),
        ("B02C000002123A", "B02C000002123A"),
        ("804A021004C1021122", "804A021004********"),
        ("80C2C00104CB021122", "80C2C00104********"),
        ("84C2C00104CB021122", "84C2C00104********"),
        ("80C4010305C10312345600", "80C4010305**********00"),
        ("00C200000211FF", "00C200000211FF"),
        ("FFC200000211FF", "FFC200000211FF"),
        ("804E000104C2020013", "804E000104C2020013"),
        ("80FA0000080365432180000000", "80FA000008****************"),
        ("80FA0500080102030405060708", "80FA050008****************"),
        ("BFDE28121001020304050607080102030405060708", "BFDE28121001020304050607080102030405060708"),
        ("84D4010004AABBCCDD", "84D4010004********"),
        ("8424008104AABBCCDD", "8424008104********"),
        ("0020018104AABBCCDD", "0020018104********"),
        ("FF82000006A0A1A2A3A4A5", "FF82000006************"),
        ("0082000008A0A1A2A3A4A5A6A7", "0082000008A0A1A2A3A4A5A6A7"),
        ("00200000000003123456", "00200000000003******"),
        ("002000000000031234560000", "00200000000003******0000"),
        ("00200000", "00200000"),
        ("0020000000", "0020000000"),
        ("00200000123456", "00200000******"),
        ("00200000001234", "00200000******"),
        ("002000000412345678ABCD", "00200000**************"),
        ("", ""),
        ("00", "00"),
    ],
)
def test_pins_and_keys_are_masked_and_lengths_kept(command: str, shown: str) -> None:
    assert mask_secrets(bytes.fromhex(command)) == shown


@given(st.sampled_from([0x20, 0x24, 0x5E, 0xD4, 0xD8]), st.binary(min_size=2, max_size=20), st.integers(0, 255))
def test_no_form_of_a_secret_command_shows_its_data(ins: int, secret: bytes, cla: int) -> None:
    forms = [
        bytes((cla, ins, 0, 1, len(secret))) + secret,
        bytes((cla, ins, 0, 1, 0, 0, len(secret))) + secret,
        bytes((cla, ins, 0, 1, 99)) + secret,
    ]
    for form in forms:
        shown = mask_secrets(form)
        assert shown.endswith("**" * len(secret))
        assert len(shown) == 2 * len(form)
        assert not any(TracedCommand.masked(form).raw[-len(secret) :])


def test_an_answer_that_gives_a_pin_or_a_key_away_is_masked() -> None:
    """Also where it is fetched later, in pieces; what comes behind it is not."""
    file = io.StringIO()
    writer = TraceWriter(file)
    exchanges = (
        ("80C4010305C10312345600", "11229000"), ("0084000004", "112233449000"),
        ("804E000104C2020013", "6104"), ("00C0000002", "11226102"), ("00C0000002", "33449000"),
        ("00B0000002", "11229000"), ("00C0000002", "33449000"), ("80C4010303C1010000", ""),
    )  # fmt: skip
    for command, response in exchanges:
        writer.command(bytes.fromhex(command))
        writer.response(bytes.fromhex(response), 0)
    lines = [line for line in file.getvalue().splitlines() if line.startswith("<")]
    assert lines == [
        "< ****9000", "< 112233449000", "< 6104", "< ****6102", "< ****9000", "< 11229000", "< 33449000", "< "
    ]  # fmt: skip
    assert parse_trace(file.getvalue()).exchanges[0].response == bytes.fromhex("00009000")
    open_file = io.StringIO()
    writer = TraceWriter(open_file, show_secrets=True)
    writer.command(bytes.fromhex(exchanges[0][0]))
    writer.response(bytes.fromhex(exchanges[0][1]), 0)
    assert "< 11229000" in open_file.getvalue()


# --- writing ---


def test_a_trace_written_is_the_text_the_format_says() -> None:
    file = io.StringIO()
    writer = TraceWriter(file)
    writer.comment("reader: Lab 0\n> 00A40000")
    writer.command(bytes.fromhex("0020000003123456"))
    writer.response(bytes.fromhex("63C5"), 0.0123)
    assert file.getvalue() == "# reader: Lab 0 > 00A40000\n> 0020000003******\n< 63C5\n# 12.300 ms\n"


def test_secrets_are_shown_on_request_and_the_first_line_warns() -> None:
    file = io.StringIO()
    writer = TraceWriter(file, show_secrets=True)
    writer.comment("reader: Lab")
    writer.command(bytes.fromhex("0020000003123456"))
    warning, *rest = file.getvalue().splitlines()
    assert warning.startswith("# WARNING")
    assert rest == ["# reader: Lab", "> 0020000003123456"]
    assert parse_trace(file.getvalue()).exchanges[0].command.raw == bytes.fromhex("0020000003123456")


def test_a_file_has_each_line_at_once_and_is_its_owners(tmp_path: Path) -> None:
    path = tmp_path / "session.trace"
    with open_trace(path) as writer:
        writer.command(bytes.fromhex("00A40000"))
        assert path.read_text() == "> 00A40000\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("show", [False, True])
def test_a_trace_without_commands_is_one_too(tmp_path: Path, show: bool) -> None:
    path = tmp_path / "t"
    path.write_bytes(b"")
    path.chmod(0o644)
    with open_trace(path, show_secrets=show) as writer:
        writer.comment("reader: Lab")
    assert may_replace(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_can_be_written_with_secrets_shown(tmp_path: Path) -> None:
    path = tmp_path / "session.trace"
    with open_trace(path, show_secrets=True) as writer:
        writer.command(bytes.fromhex("0020000003123456"))
    assert "> 0020000003123456\n" in path.read_text(encoding="utf-8")


def test_an_earlier_trace_stays_until_there_is_a_line(tmp_path: Path) -> None:
    path = tmp_path / "session.trace"
    path.write_text("# reader: Lab 0\n> 00A40000\n< 9000\n")
    with open_trace(path):
        pass
    assert path.read_text().endswith("< 9000\n")
    with open_trace(path, show_secrets=True) as writer:
        writer.comment("new")
        writer.comment("er")
    first, *rest = path.read_text(encoding="utf-8").splitlines()
    assert (first.startswith("# WARNING"), rest) == (True, ["# new", "# er"])


def test_a_path_that_can_not_be_written_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "no such folder" / "t"
    with pytest.raises(TraceError, match="No such file"), open_trace(path):
        pytest.fail("opened")


def test_a_full_disk_is_an_error() -> None:
    class FullDisk(io.StringIO):
        name = "full.trace"

        def flush(self) -> None:
            raise OSError(28, "No space left on device")

    with pytest.raises(TraceError, match=r"full\.trace.*No space left"):
        TraceWriter(FullDisk()).comment("x")


def test_a_closed_file_is_an_error() -> None:
    file = io.StringIO()
    file.close()
    with pytest.raises(TraceError):
        TraceWriter(file).comment("x")


def test_a_command_without_answer_is_written_so() -> None:
    def remove(_: bytes) -> bytes:
        raise CardRemovedError("gone", "已拔出")

    file = io.StringIO()
    connection = connect_inprocess(FakePort(remove), "Lab")
    with pytest.raises(CardRemovedError):
        Traced(connection, TraceWriter(file), ticks(0.0, 1.0)).transmit(bytes.fromhex("00A40000"))
    assert file.getvalue().splitlines()[2:] == ["> 00A40000", "< ", "# 1000.000 ms"]
    assert parse_trace(file.getvalue()).exchanges == (Exchange(TracedCommand(b"\x00\xa4\x00\x00"), b"", 3, 1000.0),)


# --- reading ---

TEXT = """\
# made by hand
# reader: Lab 0 00 00
# ATR: 3B 02 14 50
> 00A4 0000 023F00
< 6F07 8405 9000
# 0.24 ms

> 0020000003**34**
# the card thinks
<63C5
# ATR: 3B00
> 00:B0:00:00:05
"""


def test_a_trace_is_read_with_its_reader_atr_lines_and_times() -> None:
    trace = parse_trace(TEXT, "lab.trace")
    assert (trace.source, trace.reader, trace.atr) == ("lab.trace", "Lab 0 00 00", ATR)
    assert trace.exchanges == (
        Exchange(TracedCommand(bytes.fromhex("00A40000023F00")), bytes.fromhex("6F0784059000"), 4, 0.24),
        Exchange(TracedCommand(bytes.fromhex("0020000003003400"), frozenset((5, 7))), bytes.fromhex("63C5"), 8),
        Exchange(TracedCommand(bytes.fromhex("00B0000005")), b"", 12),
    )


def test_an_empty_trace_is_a_trace() -> None:
    trace = parse_trace("")
    assert (trace.reader, trace.atr, trace.exchanges) == ("", b"", ())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("# a\n< 9000\n", "t, line 2: a response without a command"),
        ("> 00A4\n\n> 00A4\n", "t, line 3: a command, but the one in line 1 has no response"),
        ("> 00A4\n< 900\n", "t, line 2: .*odd|t, line 2: .*even"),
        ("> 00Ax\n", "t, line 1: 'x' is not a hexadecimal digit"),
        ("> 00A***\n", r"t, line 1: '\*' is not a hexadecimal digit"),
        ("# ATR: hello\n", "t, line 1: 'h' is not"),
        ("hello\n", "t, line 1: 'hello' begins with none of"),
    ],
)
def test_a_wrong_line_is_named(text: str, says: str) -> None:
    with pytest.raises(TraceError, match=says) as caught:
        parse_trace(text, "t")
    assert "行" in caught.value.text.zh


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "lab.trace"
    path.write_text(TEXT, encoding="utf-8")
    assert load_trace(path) == parse_trace(TEXT, str(path))


def test_a_file_that_is_missing_or_no_text_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="No such file"):
        load_trace(tmp_path / "none")
    (tmp_path / "card").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TraceError, match="no text in UTF-8"):
        load_trace(tmp_path / "card")


exchanges = st.lists(st.tuples(st.binary(max_size=30), st.binary(max_size=30), st.integers(0, 10**6)), max_size=6)


@given(st.text(), exchanges, st.booleans())
def test_what_is_written_is_read_back(name: str, said: list[tuple[bytes, bytes, int]], show_secrets: bool) -> None:
    file = io.StringIO()
    writer = TraceWriter(file, show_secrets=show_secrets)
    writer.comment(f"reader: {name}")
    writer.comment("ATR: 3B021450")
    for command, response, microseconds in said:
        writer.command(command)
        writer.response(response, microseconds / 1e6)
    trace = parse_trace(file.getvalue())
    assert trace.reader == " ".join(name.split())
    assert trace.atr == ATR
    assert [item.response for item in trace.exchanges] == [response for _, response, _ in said]
    assert [item.milliseconds for item in trace.exchanges] == [pytest.approx(us / 1e3) for _, _, us in said]
    for item, (command, _, _) in zip(trace.exchanges, said, strict=True):
        assert item.command.matches(command)
        if show_secrets:
            assert item.command == TracedCommand(command)


@given(st.binary(max_size=20), st.data())
def test_a_traced_command_is_spelt_and_read_back(raw: bytes, data: st.DataObject) -> None:
    hidden = data.draw(st.frozensets(st.integers(0, len(raw) - 1))) if raw else frozenset()
    blanked = bytes(0 if i in hidden else byte for i, byte in enumerate(raw))
    command = TracedCommand(blanked, hidden)
    assert TracedCommand.parse(str(command)) == command
    assert command.matches(raw)
    assert not command.matches(raw + b"\x00")


lines = st.builds(
    "{}{}".format, st.sampled_from([">", "<", "#", "# ATR:", "# reader:", ""]), st.text("09AF*: xm.卡\x85", max_size=9)
)


@given(st.lists(lines, max_size=8).map("\n".join))
def test_any_text_is_a_trace_or_a_trace_error(text: str) -> None:
    try:
        trace = parse_trace(text)
    except TraceError:
        return
    assert len(trace.exchanges) == text.count(">")


# --- what a served card sees ---


def test_a_traced_port_is_the_card_and_tells_all_it_sees() -> None:
    file = io.StringIO()
    card = FakePort()
    port = TracedPort(card, TraceWriter(file), ticks(0.0, 0.000006))
    assert (port.atr, port.interface) == (ATR, card.interface)
    assert port.power_on() == ATR
    assert port.transmit(bytes.fromhex("00A40000")) == bytes.fromhex("00A400009000")
    assert port.reset() == ATR
    port.power_off()
    assert card.events == ["on", "00A40000", "reset", "off"]
    assert file.getvalue().splitlines() == [
        "# power on",
        "# ATR: 3B021450",
        "> 00A40000",
        "< 00A400009000",
        "# 0.006 ms",
        "# reset",
        "# ATR: 3B021450",
        "# power off",
    ]

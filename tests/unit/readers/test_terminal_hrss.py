from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apdu import Command, Response
from cardsim.zones.layouts import L1, L2, L3, Layout
from cardsim.zones.model import Transparent
from readers.errors import CardRefusedError
from readers.terminal.hrss import HrssReport, ReadElement, layout_of, read_hrss, select_hrss
from readers.terminal.script import Result, run
from tests.unit.readers.fakes import FakeConnection

if TYPE_CHECKING:
    from collections.abc import Callable

    from readers.terminal.script import Script

SELECT = "00A404000F7378312E73682EC9E7BBE1B1A3D5CF"
SELECT_MF = "00A40000023F00"
FCI = "6F16840F7378312E73682EC9E7BBE1B1A3D5CFA50388010B9000"
NOT_FOUND = bytes.fromhex("6A82")

# A V1.00 card as session G1 recorded it, with the holder's data invented (facts hrss-card 9).
G1 = {
    SELECT: FCI,
    "00B2015C00": "701D611B4F0F7378312E73682EC9E7BBE1B1A3D5CF5008C9E7BBE1B1A3D5CF9000",
    "00B2025C00": "6A83",
    "00B2012800": "0110330100D1560000050114F199D286DF7E9000",
    "00B2022800": "0201339000",
    "00B2032800": "0304312E30309000",
    "00B2042800": "040C91560000023308003301009E9000",
    "00B2052800": "0504323031329000",  # no date, as on the card of G2
    "00B2062800": "0604FFFFFFFF9000",
    "00B2072800": "07095830303030303031399000",
    "00B2083000": "0812363339393030313939303033303730303139" + "9000",
    "00B2093000": "091ED5C5C8FD" + "20" * 26 + "9000",
    "00B20A3000": "0A01319000",
    "00B20B3000": "0B01009000",
    "00B20C3000": "0C03330100" + "9000",
    "00B20D3000": "0D0419900307" + "9000",
    "00A4000002EF07": "9000",
    "00B0000080": "6982",
}


class ScriptedCard:
    """Answers by the table, anything else 6A82; remembers what was asked."""

    def __init__(self, answers: dict[str, str], default: bytes = NOT_FOUND) -> None:
        self._answers = answers
        self._default = default
        self.sent: list[str] = []

    def __call__(self, command: bytes) -> bytes:
        self.sent.append(command.hex().upper())
        answer = self._answers.get(self.sent[-1])
        return self._default if answer is None else bytes.fromhex(answer)


def play(script: Script[Result], card: Callable[[bytes], bytes]) -> Result:
    """Drive a script without any connection: the dry run that generators are for."""
    try:
        command = next(script)
        while True:
            command = script.send(Response.parse(card(command.encode())))
    except StopIteration as end:
        result: Result = end.value
        return result


def element(report: HrssReport, name: str) -> ReadElement:
    return next(item for file in report.files for item in file.elements if item.element.name == name)


# --- what is read ---


def test_a_recorded_card_is_read() -> None:
    card = ScriptedCard(G1)
    report = play(read_hrss(), card)
    assert card.sent[0] == SELECT
    assert report.fci == bytes.fromhex(FCI[:-4])
    assert report.dir_sfi == 0x0B
    assert (report.version, report.layout) == ("1.00", L1)
    assert report.value("card_identification") == "330100D1560000050114F199D286DF7E"
    assert report.value("card_number") == "X00000019"
    assert report.value("social_security_number") == "639900199003070019"
    assert report.value("name") == "张三"
    assert report.value("birth_date") == "19900307"
    assert report.value("sex") == "1"
    assert element(report, "sex").meaning == ("male", "男")
    assert report.value("nothing of that name") is None


def test_no_secret_is_ever_sent() -> None:
    card = ScriptedCard(G1)
    play(read_hrss(), card)
    assert {command[2:4] for command in card.sent} <= {"A4", "B2", "B0"}


def test_padding_is_an_empty_value_and_nonsense_is_kept_raw() -> None:
    report = play(read_hrss(), ScriptedCard(G1))
    assert report.value("expiry_date") == ""
    assert report.value("nation") == ""
    assert element(report, "nation").meaning is None
    issue = element(report, "issue_date")
    assert (issue.text, issue.raw, issue.status) == (None, bytes.fromhex("32303132"), 0x9000)
    assert issue.meaning is None


def test_the_dir_is_read_to_its_last_record() -> None:
    (directory,) = [file for file in play(read_hrss(), ScriptedCard(G1)).files if file.fid == 0xEF0B]
    assert directory.records == (bytes.fromhex(G1["00B2015C00"][:-4]),)
    assert directory.status == 0x9000


def test_a_refused_file_says_how_it_was_refused() -> None:
    (fingerprint,) = [file for file in play(read_hrss(), ScriptedCard(G1)).files if file.fid == 0xEF07]
    assert (fingerprint.status, fingerprint.content) == (0x6982, b"")
    missing = {**G1, "00A4000002EF07": "6A82"}
    (fingerprint,) = [file for file in play(read_hrss(), ScriptedCard(missing)).files if file.fid == 0xEF07]
    assert fingerprint.status == 0x6A82


def test_a_refused_record_is_refused_and_the_rest_is_read() -> None:
    report = play(read_hrss(), ScriptedCard({**G1, "00B2072800": "6982"}))
    assert (element(report, "card_number").status, element(report, "card_number").text) == (0x6982, None)
    assert report.value("card_number") is None
    assert report.value("category") == "3"


@pytest.mark.parametrize(
    ("chunks", "content"),
    [
        ([b"A" * 0x80 + b"\x90\x00", b"B" * 0x10 + b"\x90\x00"], b"A" * 0x80 + b"B" * 0x10),
        ([b"A" * 0x80 + b"\x90\x00", b"B" * 0x10 + b"\x62\x82"], b"A" * 0x80 + b"B" * 0x10),
        ([b"A" * 0x80 + b"\x90\x00", b"\x6b\x00"], b"A" * 0x80),
        ([b"A" * 0x80 + b"\x90\x00", b"\x90\x00"], b"A" * 0x80),
        ([b"A" * 0x80 + b"\x90\x00"] * 6 + [b"behind the end\x90\x00"], b"A" * 0x300),
    ],
)
def test_a_transparent_file_is_read_to_its_end(chunks: list[bytes], content: bytes) -> None:
    table = {command: answer for command, answer in G1.items() if not command.startswith("00B0")}
    offsets = {f"00B0{0x80 * n:04X}80": chunk.hex() for n, chunk in enumerate(chunks)}
    report = play(read_hrss(), ScriptedCard(table | offsets))
    file = next(file for file in report.files if isinstance(file.declaration, Transparent))
    assert file.content[:0x300] == content
    assert file.status == 0x9000


# --- versions ---


@pytest.mark.parametrize(
    ("version", "layout"),
    [("1.00", L1), ("1", L1), ("2.00", L2), ("2.0", L2), ("2.01", L2), ("3.00", L3), ("", L2), ("9", L2), ("x", L2)],
)
def test_the_first_character_of_the_version_decides(version: str, layout: Layout) -> None:
    assert layout_of(version) is layout


@pytest.mark.parametrize(
    ("record", "version", "layout"),
    [
        ("0304312E3030", "1.00", L1),
        ("0304322E3000", "2.0", L2),
        ("0304332E3030", "3.00", L3),
        ("030400000000", "", L2),
        ("0304FFFFFFFF", "", L2),
    ],
)
def test_the_card_is_read_as_its_version_says(record: str, version: str, layout: Layout) -> None:
    report = play(read_hrss(), ScriptedCard({SELECT: FCI, "00B2032800": f"{record}9000"}))
    assert (report.version, report.layout) == (version, layout)


def test_a_card_that_tells_no_version_is_read_as_the_second_layout() -> None:
    report = play(read_hrss(), ScriptedCard({SELECT: "9000"}))
    assert (report.version, report.layout, report.fci, report.dir_sfi) == ("", L2, b"", None)


# --- selection ---


def test_a_card_that_wants_the_mf_first_gets_it() -> None:
    """Hengbao: 3F00 must have been selected before the name is accepted (facts hrss-card 3)."""
    sent: list[str] = []

    def card(command: bytes) -> bytes:
        sent.append(command.hex().upper())
        if sent[-1] == SELECT:
            return bytes.fromhex(FCI if SELECT_MF in sent else "6A82")
        return b"\x90\x00"

    assert play(select_hrss(), card) == bytes.fromhex(FCI[:-4])
    assert sent == [SELECT, SELECT_MF, SELECT]


def test_a_card_without_the_application_is_refused_with_its_status_word() -> None:
    card = ScriptedCard({SELECT_MF: "9000"})
    with pytest.raises(CardRefusedError) as caught:
        play(read_hrss(), card)
    assert card.sent == [SELECT, SELECT_MF, SELECT]
    assert "6A82 (file or application not found)" in caught.value.text.en
    assert "6A82(未找到文件或应用)" in caught.value.text.zh


@pytest.mark.parametrize(
    ("fci", "sfi"),
    [
        ("6F16840F7378312E73682EC9E7BBE1B1A3D5CFA50388011E", 0x1E),
        ("6F11840F7378312E73682EC9E7BBE1B1A3D5CF", None),
        ("6F05A503880100", None),
        ("6F05A50388011F", None),
        ("6F05A5038801FF", None),
        ("6F06A504880211EE", None),
        ("6F03A50188", None),
        ("6FFF", None),
        ("7F", None),
        ("00", None),
        ("", None),
    ],
)
def test_the_dir_is_read_only_where_the_fci_names_it(fci: str, sfi: int | None) -> None:
    report = play(read_hrss(), ScriptedCard({SELECT: f"{fci}9000"}))
    assert report.dir_sfi == sfi
    assert (sfi is None) or any(file.fid == 0xEF00 | sfi for file in report.files)


# --- cards that answer anything ---


@given(st.data())
@settings(max_examples=60)
def test_no_card_can_break_the_reading(data: st.DataObject) -> None:
    answers = st.binary(max_size=40).map(lambda raw: raw + b"\x90\x00") | st.binary(min_size=2, max_size=2)
    some = data.draw(st.lists(answers, min_size=1, max_size=30))
    count = 0

    def card(command: bytes) -> bytes:
        nonlocal count
        count += 1
        assert count < 20_000
        if command == bytes.fromhex(SELECT):
            return some[0][:-2] + b"\x90\x00"
        Command.parse(command)
        return some[count % len(some)]

    report = play(read_hrss(), card)
    for file in report.files:
        assert all(item.text is None or item.text.replace("\u3000", "").isprintable() for item in file.elements)


def test_a_script_runs_on_a_connection() -> None:
    connection = FakeConnection("6A82", "9000", FCI)
    assert run(select_hrss(), connection) == bytes.fromhex(FCI[:-4])
    assert connection.sent == [SELECT, SELECT_MF, SELECT]

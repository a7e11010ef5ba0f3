"""Reading the directories below SSSE: what is asked, what is refused, and how both are reported."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from apdu import Command, Response
from cardsim.cli import main
from cardsim.store import create_card_file
from cardsim.zones.layouts import L1, L2, L3, Layout
from readers.connect.inprocess import connect_inprocess
from readers.connect.layers import with_layers
from readers.terminal.hrss import read_hrss
from tests.cards import insert, make_image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cardsim.perso import CardImage
    from readers.terminal.hrss import HrssReport

SELECT_SSSE = "00A404000F7378312E73682EC9E7BBE1B1A3D5CF"
VERIFY_PIN = "0020000003123456"
HOLDER = {
    "elements": {
        "DF01/EF05": {"20": "11", "0E": "110101"},
        "DF01/EF16": {"01": "C0FFEE"},
        "DF02/EF05": {"43": "1^1^^20200101^", "43:02": "2^2^^20210101^"},
        "DF02/EF07": {":01": "6250000^20200101^20201231^单位"},
        "DF05/EF05": {"A3:03": "third"},
    }
}


def read(
    image: CardImage, *before: str, answer: Callable[[str, Response], Response] = lambda _, response: response
) -> tuple[HrssReport, list[str]]:
    """Read a card after the commands ``before``; ``answer`` may change answers. Also return what was sent."""
    connection = with_layers(connect_inprocess(insert(image), "card"))
    for text in before:
        assert connection.transmit(bytes.fromhex(text))[-2:] == b"\x90\x00"
    sent: list[str] = []
    script = read_hrss()
    command = next(script)
    while True:
        sent.append(command.encode().hex().upper())
        response = Response.parse(connection.transmit(command.encode()))
        try:
            command = script.send(answer(sent[-1], response))
        except StopIteration as end:
            report: HrssReport = end.value
            return report, sent


def statuses(report: HrssReport) -> dict[str, str]:
    return {
        f"{directory.declaration.fid:04X}/{file.fid & 0xFF:02X}": str(file.status)
        for directory in report.directories
        for file in directory.files
    }


def test_without_a_pin_only_the_reserved_files_are_read() -> None:
    report, _ = read(make_image(HOLDER))
    free = {name for name, status in statuses(report).items() if status == "9000"}
    assert free == {"DF01/16", "DF01/17", "DF01/18", "DF01/19", "DF01/1A"}
    assert set(statuses(report).values()) == {"9000", "6982"}
    assert [str(directory.refused) for directory in report.directories] == ["None", *["6982"] * 6]


def test_a_refused_file_is_probed_once() -> None:
    report, sent = read(make_image(HOLDER))
    start = sent.index("00A4000002DF02")
    refused_files = [len(directory.files) for directory in report.directories[1:]]
    selects = len(refused_files)
    assert len(sent[start:]) == selects + sum(refused_files)


def test_a_refused_file_has_no_elements() -> None:
    report, _ = read(make_image(layout=L2))
    assert all(file.elements == () for directory in report.directories[1:] for file in directory.files)


def test_with_the_pin_all_is_read_that_a_pin_opens() -> None:
    report, _ = read(make_image(HOLDER), SELECT_SSSE, VERIFY_PIN)
    refused = {name for name, status in statuses(report).items() if status != "9000"}
    assert refused == {"DF04/06", "DF07/05", "DF07/06", "DF07/07"}
    assert report.value("household_region") == "110101"


def test_records_that_share_a_tag_are_read_by_number() -> None:
    report, sent = read(make_image(HOLDER), SELECT_SSSE, VERIFY_PIN)
    (file,) = (file for file in report.directories[1].files if file.fid == 0xEF05)
    found = [(item.place, item.text) for item in file.elements]
    assert found == [
        ("42", ""),
        ("41", ""),
        ("43:01", "1^1^^20200101^"),
        ("43:02", "2^2^^20210101^"),
        ("44:01", ""),
        ("44:02", ""),
    ]
    start = sent.index("00A4000002DF02")
    assert sent[start + 1 : start + 7] == [
        "00B2422800",
        "00B2412800",
        "00B2032C00",
        "00B2042C00",
        "00B2052C00",
        "00B2062C00",
    ]
    (health,) = report.directories[4].files
    assert [item.text for item in health.elements if item.place.startswith("A3")] == ["", "", "third"]


def test_cyclic_and_transparent_files() -> None:
    report, _ = read(make_image(HOLDER), SELECT_SSSE, VERIFY_PIN)
    (log,) = (file for file in report.directories[1].files if file.fid == 0xEF07)
    assert len(log.records) == 4
    assert log.records[0].hex().upper() == "36323530303030" + "20200101" + "20201231" + "B5A5CEBB" + "00" * 66
    (reserved,) = (file for file in report.directories[0].files if file.fid == 0xEF16)
    assert reserved.content == bytes.fromhex("C0FFEE").ljust(296, b"\x00")


@pytest.mark.parametrize(
    ("layout", "directories"), [(L1, ["DF01", "DF02", "DF03", "DF04"]), (L2, [f"DF0{n}" for n in range(1, 8)])]
)
def test_a_layout_has_its_directories(layout: Layout, directories: list[str]) -> None:
    report, _ = read(make_image(layout=layout), SELECT_SSSE, VERIFY_PIN)
    assert [f"{directory.declaration.fid:04X}" for directory in report.directories] == directories
    elements = [item for file in report.all_files for item in file.elements]
    assert elements
    assert all(item.text is not None for item in elements if item.status.ok)


def test_a_directory_that_is_not_there_is_refused_as_a_whole() -> None:
    report, _ = read(make_image(layout=L1, settings={"spec_version": "2.00"}))
    missing = report.directories[4:]
    assert [(str(directory.status), directory.files) for directory in missing] == [("6A82", ())] * 3
    assert [str(directory.refused) for directory in missing] == ["6A82"] * 3


def test_a_card_whose_directories_lead_only_back_to_ssse() -> None:
    """Where a sibling is not to be had by FID, SSSE is selected again."""
    here = ["SSSE"]

    def only_from_ssse(command: str, response: Response) -> Response:
        if command == SELECT_SSSE:
            here[0] = "SSSE"
        elif command.startswith("00A4000002DF"):
            if here[0] != "SSSE":
                return Response.parse(b"\x6a\x82")
            here[0] = command[-4:]
        return response

    report, sent = read(make_image(HOLDER), SELECT_SSSE, VERIFY_PIN, answer=only_from_ssse)
    assert all(directory.status.ok for directory in report.directories)
    assert sent.count(SELECT_SSSE) == 1 + 6


def test_layout_3_refuses_the_holders_file_with_one_probe_and_the_card_number_alone() -> None:
    report, sent = read(make_image(layout=L3))
    by_fid = {file.fid: file for file in report.files}
    assert [str(item.status) for item in by_fid[0xEF05].elements] == ["9000"] * 6 + ["6982"]
    assert (str(by_fid[0xEF06].status), by_fid[0xEF06].elements) == ("6982", ())
    of_ssse = sent[: sent.index("00A4000002DF01")]
    assert [command for command in of_ssse if command.endswith("3000")] == ["00B2083000"]


def test_a_record_that_is_missing_does_not_speak_for_the_file() -> None:
    def without_20(command: str, response: Response) -> Response:
        return Response.parse(b"\x6a\x83") if command == "00B2202800" else response

    report, _ = read(make_image(HOLDER), SELECT_SSSE, VERIFY_PIN, answer=without_20)
    found = [(item.place, str(item.status)) for item in report.directories[0].files[0].elements]
    assert found == [("20", "6A83"), ("21", "9000"), ("0E", "9000")]


# --- the command ---


@pytest.fixture
def card(tmp_path: Path) -> str:
    path = tmp_path / "areas.card"
    create_card_file(path, make_image(HOLDER))
    return str(path)


def test_the_command_says_it_in_lines(card: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", "--card", card]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "DF02 Employment and unemployment  [6982 security status not satisfied]" in lines
    refused = "EF05 Household registration  [6982 security status not satisfied: needs PIN HRSS or key RK1]"
    start = lines.index("DF01 Public information")
    assert lines[start + 1] == f"  {refused}"
    assert lines[lines.index("  EF16 Reserved 1") + 1] == "    3 of 296 bytes"


def test_the_command_says_it_in_chinese(card: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "zh", "read", "--card", card]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "DF02 就业与失业  [6982 不满足安全状态]" in lines
    assert "  EF05 户籍信息  [6982 不满足安全状态:需要PIN HRSS或密钥 RK1]" in lines


def test_the_command_says_it_in_json(card: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", "--card", card, "--json"]) == 0
    directories = json.loads(capsys.readouterr().out)["directories"]
    assert [(entry["directory"], entry["aid"]) for entry in directories][:2] == [
        ("DF01", "D15600000500"),
        ("DF02", "D15600000501"),
    ]
    household, *_ = directories[0]["files"]
    assert (household["file"], household["status"], household["elements"]) == ("DF01/EF05", "6982", [])
    log = directories[1]["files"][2]
    assert (log["file"], log["status"], log["records"], log["values"]) == ("DF02/EF07", "6982", [], [])


def test_show_says_what_every_directory_takes(card: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", card]) == 0
    output = capsys.readouterr().out
    tree, _, space = output.partition("memory: ")
    assert "EF08  Transaction log" in tree
    assert "30 records, cyclic" in tree
    names = [line.split("  ")[2] for line in space.splitlines()[1:] if line.startswith("    ")]
    assert names[:2] == ["Public information", "Employment and unemployment"]
    assert len(names) == 7


def test_the_commands_are_the_declared_ones() -> None:
    """Nothing else than SELECT, READ RECORD and READ BINARY is sent: no PIN, no key, no write."""
    _, sent = read(make_image())
    assert {Command.parse(bytes.fromhex(command)).ins for command in sent} == {0xA4, 0xB2, 0xB0}

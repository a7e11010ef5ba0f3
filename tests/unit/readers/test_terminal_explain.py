from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu import Text
from readers.terminal.explain import AnswerExplainer

SELECT = "00A404000F7378312E73682EC9E7BBE1B1A3D5CF"
FCI = "6F16840F7378312E73682EC9E7BBE1B1A3D5CFA50388011E9000"


def explained(*exchanges: tuple[str, str]) -> tuple[Text, ...]:
    """Return what is said about the last of ``exchanges``."""
    explainer = AnswerExplainer()
    lines: tuple[Text, ...] = ()
    for command, response in exchanges:
        lines = explainer.explain(bytes.fromhex(command), bytes.fromhex(response))
    return lines


def english(*exchanges: tuple[str, str]) -> list[str]:
    return [line.en for line in explained(*exchanges)]


def test_a_status_word_is_explained_in_both_languages() -> None:
    assert explained(("0020000003123456", "63C5")) == (
        Text("63C5 verification failed, 5 tries left", "63C5 验证失败,剩余 5 次"),
    )


def test_a_uid_is_no_text() -> None:
    assert english(("FFCA000000", "978FF5CD9000"))[1:] == ["978FF5CD"]
    assert english((SELECT, FCI), ("FFCA010000", "414243449000"))[1:] == ["41424344"]


def test_an_fci_is_a_tree() -> None:
    lines = explained((SELECT, FCI))
    assert [line.en for line in lines] == [
        "9000 done",
        "SSSE HRSS application",
        "6F FCI template",
        '  84 DF name 7378312E73682EC9E7BBE1B1A3D5CF "sx1.sh.社会保障"',
        "  A5 FCI proprietary template",
        "    88 SFI of the directory 1E",
    ]
    assert lines[3].zh == '  84 DF 名称 7378312E73682EC9E7BBE1B1A3D5CF "sx1.sh.社会保障"'


def test_a_dir_record_is_a_tree() -> None:
    record = "701D611B4F0F7378312E73682EC9E7BBE1B1A3D5CF5008C9E7BBE1B1A3D5CF9000"
    assert english((SELECT, FCI), ("00B201F400", record))[1:] == [
        "70 record template",
        "  61 application template",
        '    4F application identifier 7378312E73682EC9E7BBE1B1A3D5CF "sx1.sh.社会保障"',
        '    50 application label C9E7BBE1B1A3D5CF "社会保障"',
    ]


def test_a_record_has_its_elements_name_after_select_and_by_short_identifier() -> None:
    assert english((SELECT, FCI), ("00B2033400", "0A01329000"))[1:] == ["0A sex = 2 (female)"]
    assert english((SELECT, FCI), ("00A4000002EF06", "9000"), ("00B2030400", "0A01329000"))[1:] == [
        "0A sex = 2 (female)"
    ]
    assert explained((SELECT, FCI), ("00B2033400", "0A01329000"))[1].zh == "0A 性别 = 2(女)"
    assert english((SELECT, FCI), ("00A4020002EF05", "9000"), ("00B20105FF", "0201330304322E30009000"))[1:] == [
        "02 category = 3",
        "03 spec_version = 2.0",
    ]


def test_an_empty_value_and_a_wrong_one_are_told_apart() -> None:
    assert explained((SELECT, FCI), ("00B2052800", "0504FFFFFFFF9000"))[1] == Text(
        "05 issue_date = (empty)", "05 发卡日期 = (空)"
    )
    assert explained((SELECT, FCI), ("00B2052800", "0504323031329000"))[1] == Text(
        "05 issue_date = 32303132 (not as declared)", "05 发卡日期 = 32303132(与定义不符)"
    )


def test_a_record_of_an_unknown_file_is_plain() -> None:
    assert english(("00B2010400", "0A01329000"))[1:] == ["0A 32"]
    assert english((SELECT, FCI), ("00B201AC00", "7F034142439000"))[1:] == ['7F 414243 "ABC"']


@pytest.mark.parametrize(
    "away",
    [
        "00A40000023F00",
        "00A4000000",
        "00A40400 08 A000000333010101",
        "00A4000002DF7F",
        "00A40100 02 DF7F",
        "00A40300",
        "00A40800043F00DF7F",
    ],
)
def test_another_directory_has_other_files(away: str) -> None:
    """Its EF06 is not SSSE's."""
    lines = english((SELECT, FCI), (away, "9000"), ("00A4000002EF06", "9000"), ("00B2010400", "0A01329000"))
    assert "sex" not in " ".join(lines)


def test_a_refused_select_changes_nothing() -> None:
    assert english((SELECT, FCI), ("00A4000002DF7F", "6A82"), ("00B2033400", "0A01329000"))[1:] == [
        "0A sex = 2 (female)"
    ]


def test_the_application_is_known_by_its_fid_too() -> None:
    assert english(("00A4000002DDF1", FCI), ("00B2033400", "0A01329000"))[1:] == ["0A sex = 2 (female)"]


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ("303132", '303132 "012"'),
        ("D5C5C8FD2020", 'D5C5C8FD2020 "张三"'),
        ("41", "41"),
        ("0102", "0102"),
        ("411B42", "411B42"),
        ("FFFF", "FFFF"),
        ("6FFF41", "6FFF41"),
    ],
)
def test_other_data_is_hexadecimal_and_text_where_it_is_text(data: str, shown: str) -> None:
    assert english(("00B0000000", f"{data}9000"))[1:] == [shown]


def test_a_command_that_is_none_has_its_status_word_explained() -> None:
    assert english(("00", "6700")) == ["6700 wrong length"]


@given(st.lists(st.tuples(st.binary(max_size=12), st.binary(min_size=2, max_size=40)), min_size=1, max_size=4))
def test_anything_is_explained_and_nothing_reaches_the_terminal_raw(exchanges: list[tuple[bytes, bytes]]) -> None:
    explainer = AnswerExplainer()
    explainer.explain(bytes.fromhex(SELECT), bytes.fromhex(FCI))
    for command, response in exchanges:
        for line in explainer.explain(command, response):
            assert line.en.replace("\u3000", "").isprintable()
            assert line.zh.replace("\u3000", "").isprintable()

"""Files, elements and keys of every directory of the zone, named as a session goes through them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu import Command, Text
from readers.terminal.explain import AnswerExplainer
from readers.terminal.position import Position

SSSE = ("00A404000F7378312E73682EC9E7BBE1B1A3D5CF", "6F16840F7378312E73682EC9E7BBE1B1A3D5CFA50388011E9000")
DF01, DF02, DF03, DF04 = (("00A4000002DF0" + number, "9000") for number in "1234")
VERSION_1 = ("00B2032800", "0304312E30309000")
VERSION_2 = ("00B2032800", "0304322E30309000")
GET_CHALLENGE = ("0084000008", "41CDBCAE4EAF09779000")


def explained(*exchanges: tuple[str, str]) -> list[Text]:
    """Return what is said about the last of ``exchanges``, without the status word's line."""
    explainer = AnswerExplainer()
    lines: tuple[Text, ...] = ()
    for command, response in exchanges:
        lines = explainer.explain(bytes.fromhex(command), bytes.fromhex(response))
    return list(lines[1:])


def english(*exchanges: tuple[str, str]) -> list[str]:
    return [line.en for line in explained(*exchanges)]


# --- where one is ---


@pytest.mark.parametrize(
    ("select", "said"),
    [
        ("00A4000002DF01", Text("DF01 Public information", "DF01 公共应用信息")),
        ("00A4010C02DF02", Text("DF02 Employment and unemployment", "DF02 就业与失业")),
        ("00A4040006D15600000503", Text("DF04 Social insurance 2 (medical)", "DF04 社会保险2(医疗)")),
        ("00A4000002EF06", Text("SSSE/EF06 Holder's basic data", "SSSE/EF06 持卡人基本信息")),
        ("00A4020002EF08", Text("SSSE/EF08 Photo", "SSSE/EF08 照片")),
        ("00A4000002EF1E", Text("SSSE/EF1E Directory", "SSSE/EF1E 目录数据文件")),
        ("00A4080004DDF1EF07", Text("SSSE/EF07 Fingerprint", "SSSE/EF07 指纹")),
        ("00A4080006DDF1DF01EF15", Text("DF01/EF15 Schooling", "DF01/EF15 学历信息")),
        ("00A40800063F00DDF1DF04", Text("DF04 Social insurance 2 (medical)", "DF04 社会保险2(医疗)")),
        ("00A4090004DF04EF08", Text("DF04/EF08 Transaction log", "DF04/EF08 交易明细")),
    ],
)
def test_what_is_selected_is_named(select: str, said: Text) -> None:
    assert explained(SSSE, (select, "9000")) == [said]


@pytest.mark.parametrize("select", ["00A40000023F00", "00A4000002DF7F", "00A4000002EF30", "00A4040005A000000003"])
def test_what_is_not_of_the_zone_is_not_named(select: str) -> None:
    assert explained(SSSE, (select, "9000")) == []


def test_a_directory_is_left_for_its_parent() -> None:
    assert english(SSSE, DF01, ("00A40300", "9000")) == ["SSSE HRSS application"]
    assert english(SSSE, ("00A40300", "9000")) == []


def test_directories_of_the_zone_are_those_inside_it() -> None:
    """A PSAM has a DF01 too."""
    assert english(("00A40000023F00", "9000"), DF01) == []
    assert english(SSSE, DF01, DF02) == ["DF02 Employment and unemployment"]


def test_a_refused_select_changes_nothing() -> None:
    assert english(SSSE, DF01, ("00A4000002DF02", "6A82"), ("00A4000002EF15", "9000")) == ["DF01/EF15 Schooling"]


@given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=9)), max_size=6))
def test_any_select_leaves_a_position(selects: list[tuple[int, bytes]]) -> None:
    position = Position()
    position.select(Command(0, 0xA4, 4, 0, bytes.fromhex(SSSE[0][10:])), b"")
    for p1, data in selects:
        position.select(Command(0, 0xA4, p1, 0, data), data)
        assert position.file is None or position.df is not None


# --- what is read ---


def test_elements_of_directories_are_named() -> None:
    read = ("00B2242800", "24036399009000")
    assert english(SSSE, DF01, ("00A4000002EF06", "9000"), ("00B2240000", "24036399009000")) == [
        "24 residence_region = 639900"
    ]
    assert english(SSSE, DF01, ("00B2243000", "24036399009000")) == ["24 residence_region = 639900"]
    assert english(SSSE, DF04, ("00B2843000", "84036399009000")) == ["84 639900"]  # EF06 has no such element
    assert explained(SSSE, DF04, ("00B2842800", "84036399009000")) == [
        Text("84 medical_region = 639900", "84 参保地行政区划代码 = 639900")
    ]
    assert english(SSSE, read) == ["24 639900"]


def test_records_that_share_a_tag_are_told_apart() -> None:
    schooling = "4034570330303158036399005928" + "C4B3D1A7D0A3" + "00" * 34 + "9000"
    assert english(SSSE, DF01, ("00B203AC00", schooling)) == ["40:02 schooling = 001^639900^某学校"]
    assert english(SSSE, DF01, ("00B240A800", schooling)) == ["40 schooling = 001^639900^某学校"]


def test_elements_are_those_of_the_cards_layout() -> None:
    """DF02 EF06 4B is a date in layout 1.00, text since; without the version the length decides."""
    in_1, in_2 = ("00B24B3000", "4B04202401019000"), ("00B24B3000", "4B0541424344459000")
    assert english(SSSE, VERSION_1, DF02, in_1) == ["4B date_4b = 20240101"]
    assert english(SSSE, VERSION_2, DF02, in_2) == ["4B element_4b = ABCDE"]
    assert english(SSSE, DF02, in_1) == ["4B date_4b = 20240101"]
    assert english(SSSE, DF02, in_2) == ["4B element_4b = ABCDE"]


def test_records_of_a_cyclic_file() -> None:
    record = "31323334353637" + "20200101" + "20210131" + "C4B3B5A5CEBB" + "00" * 64
    assert explained(SSSE, DF02, ("00B2023C00", record + "9000")) == [
        Text(
            ":02 Employment record = 1234567^20200101^20210131^某单位",
            ":02 就业记录 = 1234567^20200101^20210131^某单位",
        )
    ]
    assert explained(SSSE, DF02, ("00B2013C00", "00" * 85 + "9000")) == [
        Text(":01 Employment record = (empty)", ":01 就业记录 = (空)")
    ]
    assert english(SSSE, DF02, ("00B2013C00", "0102039000")) == [":01 Employment record = 010203"]


def test_bytes_of_a_transparent_file() -> None:
    assert explained(SSSE, ("00B0880002", "FFD89000")) == [
        Text("Photo, bytes 0 to 1: FFD8", "照片,第 0 至 1 字节:FFD8")
    ]
    selected = ("00A4000002EF16", "9000")
    assert english(SSSE, DF01, selected, ("00B0010002", "41429000")) == ['Reserved 1, bytes 256 to 257: 4142 "AB"']


# --- what is written ---


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("00DC0334044E020000", "written: SSSE/EF06/4E name_extension"),
        ("00DC0434030A0132", "written: SSSE/EF06/0A sex"),
        ("00DC0A30030A0132", "written: SSSE/EF06/0A sex"),
        ("04DC0434070A013211223344", "written: SSSE/EF06/0A sex"),
        ("04DC0A30070A013211223344", "written: SSSE/EF06/0A sex"),
        ("04DC0834070A013211223344", "written: SSSE/EF06 Holder's basic data"),
        ("00E20034030A0132", "written: SSSE/EF06 Holder's basic data"),
        ("00D68800020102", "written: SSSE/EF08 Photo"),
    ],
)
def test_what_was_written_is_named(command: str, said: str) -> None:
    assert english(SSSE, VERSION_2, (command, "9000")) == [said]
    assert english(SSSE, VERSION_2, (command, "6982")) == []


def test_writing_in_directories() -> None:
    assert explained(SSSE, DF04, ("00DC01AC0300FF00", "9000")) == [
        Text("written: DF04/EF15 Special treatment", "已写入:DF04/EF15 特殊医疗")
    ]
    assert english(SSSE, DF01, ("00DC04AC0440020000", "9000")) == ["written: DF01/EF15/40:03 schooling"]
    assert english(("00DC04AC0440020000", "9000")) == []


# --- keys and PINs ---


def test_a_challenge() -> None:
    assert explained(GET_CHALLENGE) == [
        Text("challenge 41CDBCAE4EAF0977, for the next proof or MAC", "随机数 41CDBCAE4EAF0977,用于下一次认证或 MAC")
    ]
    assert english(("0084000008", "6700")) == []


def test_internal_authentication() -> None:
    command = "0088000010" + "1112131415161718" + "2122232425262728"
    assert explained(SSSE, (command, "DFDB55F8A52685B89000")) == [
        Text(
            "cryptogram DFDB55F8A52685B8: the card's proof of key IRK for data 2122232425262728, "
            "session factor 1112131415161718",
            "密文 DFDB55F8A52685B8:卡用密钥 IRK(内部认证密钥)对数据 2122232425262728 的证明,过程因子 1112131415161718",
        )
    ]
    assert english(SSSE, (command, "6A88")) == ["no proof of key IRK"]


@pytest.mark.parametrize(
    ("where", "reference", "key", "key_zh"),
    [
        ((SSSE,), "0A", "RK", "RK(读控制密钥)"),
        ((SSSE,), "06", "PUK", "PUK(PIN 解锁密钥)"),
        ((SSSE, DF01), "0A", "RK", "RK(读控制密钥)"),
        ((SSSE, DF01), "83", "DF01/UK1", "DF01/UK1(更新密钥)"),
        ((SSSE, DF03), "84", "DF03/RK1", "DF03/RK1(读控制密钥)"),
        ((SSSE, DF04), "84", "DF04/RK1", "DF04/RK1(读控制密钥)"),
        ((SSSE,), "83", "83", "83"),
        ((), "0A", "0A", "0A"),
    ],
)
def test_external_authentication(where: tuple[tuple[str, str], ...], reference: str, key: str, key_zh: str) -> None:
    command = f"008200{reference}10" + "00" * 16
    assert explained(*where, GET_CHALLENGE, (command, "9000")) == [
        Text(f"key {key} is proved: what needs it is open", f"密钥 {key_zh}认证通过:需要它的内容已开放")
    ]
    assert explained(*where, (command, "63C2")) == [Text(f"key {key} is not proved", f"密钥 {key_zh}认证未通过")]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("0020000003123456", Text("the PIN is verified", "PIN 已通过校验")),
        ("805E010007123456FF654321", Text("the PIN is changed", "PIN 已修改")),
        ("842400000411223344", Text("the PIN has all its tries again", "PIN 的尝试次数已恢复")),
    ],
)
def test_pins(command: str, said: Text) -> None:
    assert explained(SSSE, (command, "9000")) == [said]
    assert explained(SSSE, (command, "63C5")) == []


def test_asking_for_a_pins_state_verifies_nothing() -> None:
    assert explained(SSSE, ("00200000", "9000")) == []

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apdu import BilingualError
from cardsim.errors import CardsimError, HolderError
from cardsim.perso import Holder
from cardsim.perso.holder import KEYS
from cardsim.zones.layouts import L1, L2, Layout
from cardsim.zones.social_security_number import SocialSecurityNumber
from tests.cards import make_image
from tests.unit.perso.reading import connected, refusal, values

if TYPE_CHECKING:
    from collections.abc import Mapping

EF05, EF06 = 0xEF05, 0xEF06
NUMBER = {"social_security_number": "639900199003070019"}

# The issue's keys, with a value that each takes, and what the card then has for it.
GIVEN = {
    "name": "张三",
    "name_extension": "丰",
    "social_security_number": "810000199003070015",
    "sex": "9",
    "nation": "56",
    "birthplace": "110101",
    "birth_date": "19900307",
    "issue_date": "20210318",
    "expiry_date": "20310317",
    "region_code": "639900",
    "institution": "9156000002639900630100AA",
    "category": "1",
    "card_number": "X00000019",
    "bank_account": "6222020000000000000",
    "card_identification": "639900D156000005004D5354A1B2C3D4",
    "hrss_pin": "654321",
}
ON_THE_CARD = {
    (EF05, 0x01): "639900D156000005004D5354A1B2C3D4",
    (EF05, 0x02): "31",
    (EF05, 0x03): "322E3030",
    (EF05, 0x04): "9156000002639900630100AA",
    (EF05, 0x05): "20210318",
    (EF05, 0x06): "20310317",
    (EF05, 0x07): "583030303030303139",
    (EF06, 0x08): "383130303030313939303033303730303135",
    (EF06, 0x09): "D5C5C8FD" + "00" * 26,
    (EF06, 0x4E): "B7E1" + "00" * 18,
    (EF06, 0x0A): "39",
    (EF06, 0x0B): "56",
    (EF06, 0x0C): "110101",
    (EF06, 0x0D): "19900307",
}


# --- what is given stands on the card ---


def test_the_keys_are_those_of_the_specification() -> None:
    assert set(KEYS) == {*GIVEN, "pki_user_pin", "pki_admin_pin", "photo", "fingerprint", "elements"}


def test_every_key_reaches_its_place() -> None:
    assert values(GIVEN, L2, *ON_THE_CARD) == list(ON_THE_CARD.values())


def test_the_pin_reaches_the_card() -> None:
    for holder, pin in (({}, "123456"), (GIVEN, "654321"), ({"hrss_pin": "1234"}, "1234")):
        command = bytes.fromhex(f"00200000{len(pin) // 2:02X}{pin}")
        assert connected(make_image(holder)).transmit(command) == b"\x90\x00"
    assert connected(make_image({"hrss_pin": "12345"})).transmit(bytes.fromhex("002000000312345F")) == b"\x90\x00"


def test_what_is_printed_is_what_the_handbook_lists() -> None:
    assert make_image(GIVEN).printed == {
        "name": "张三丰",
        "social_security_number": "810000199003070015",
        "card_number": "X00000019",
        "issue_date": "20210318",
        "bank_account": "6222020000000000000",
    }


def test_files_fill_the_transparent_files() -> None:
    image = make_image({"photo": "JPEG", "fingerprint": "MINUTIAE"})
    assert b"JPEG" + bytes(0x1000 - 4) in image.memory
    assert b"MINUTIAE" + bytes(0x400 - 8) in image.memory


@pytest.mark.parametrize("name", ["EF06", "SSSE/EF06", "ssse/ef06", "SSSEEF06"])
@pytest.mark.parametrize("tag", ["0D", "0d"])
def test_elements_override_by_file_and_tag(name: str, tag: str) -> None:
    assert values({"elements": {name: {tag: "20000229"}}}, L2, (EF06, 0x0D)) == ["20000229"]


def test_elements_may_contradict_and_may_be_empty() -> None:
    holder = {"elements": {"EF06": {"0A": "2", "0D": ""}, "EF05": {"04": ""}}}
    assert values(holder, L2, (EF06, 0x0A), (EF06, 0x0D), (EF05, 0x04)) == ["32", "FFFFFFFF", "00" * 12]


# --- defaults ---


def test_defaults_belong_to_nobody() -> None:
    """Region 639900 is no county, so the number is no citizen's; the sheet's documentation sample uses it too."""
    number, identification, birthplace = values({}, L2, (EF06, 0x08), (EF05, 0x01), (EF06, 0x0C))
    assert bytes.fromhex(number) == b"639900199003070019"
    assert identification.startswith("639900D156000005")
    assert birthplace == "639900"


def test_defaults_follow_from_what_is_given() -> None:
    number = "810000199003070015"
    assert values({"social_security_number": number}, L2, (EF06, 0x0A), (EF06, 0x0C), (EF06, 0x0D)) == [
        "31",
        "810000",
        "19900307",
    ]
    assert values({"social_security_number": "810000199003070023"}, L2, (EF06, 0x0A)) == ["32"]
    # A travel permit's number says nothing about its holder.
    assert values({"social_security_number": "HKG012345678"}, L2, (EF06, 0x0A), (EF06, 0x0C), (EF06, 0x0D)) == [
        "39",
        "639900",
        "FFFFFFFF",
    ]
    identification, institution = values({"region_code": "460100"}, L2, (EF05, 0x01), (EF05, 0x04))
    assert identification.startswith("460100D156000005")
    assert institution == "915600000246010046010001"
    assert values({"card_identification": GIVEN["card_identification"]}, L2, (EF06, 0x0C)) == ["639900"]


@pytest.mark.parametrize(
    ("holder", "body"),
    [
        ({"birth_date": "19800101"}, "63990019800101001"),
        ({"sex": "2"}, "63990019900307002"),
        ({"sex": "9", "birth_date": "20000229"}, "63990020000229001"),
        ({"sex": "2", "birth_date": "09870605"}, "63990009870605002"),
    ],
)
def test_a_number_that_is_made_up_fits_birth_date_and_sex(holder: dict[str, str], body: str) -> None:
    number, sex, born = values(holder, L2, (EF06, 0x08), (EF06, 0x0A), (EF06, 0x0D))
    assert bytes.fromhex(number).decode() == SocialSecurityNumber.complete(body)
    assert bytes.fromhex(sex).decode() == holder.get("sex", "1")
    assert born == holder.get("birth_date", "19900307")


@pytest.mark.parametrize(
    ("issue", "expiry"),
    [("20240101", "20340101"), ("20240229", "20340228"), ("20220228", "20320228"), ("99950101", "99990101")],
)
def test_a_card_expires_after_ten_years(issue: str, expiry: str) -> None:
    assert values({"issue_date": issue}, L2, (EF05, 0x05), (EF05, 0x06)) == [issue, expiry]


def test_the_specification_version_is_the_layouts() -> None:
    assert values({}, L1, (EF05, 0x03)) == ["312E3030"]
    assert values({}, L2, (EF05, 0x03)) == ["322E3030"]


@pytest.mark.parametrize("layout", [L1, L2])
def test_the_same_holder_gives_the_same_card(layout: Layout) -> None:
    holder = {**GIVEN, "name_extension": "", "elements": {"EF06": {"0B": "01"}}}
    first, second = make_image(holder, layout=layout), make_image(dict(reversed(holder.items())), layout=layout)
    assert first == second
    assert make_image(layout=layout).memory == make_image(layout=layout).memory
    assert make_image({"card_number": "X00000019"}).memory != make_image().memory


# --- names ---


def test_a_long_name_goes_on_in_the_extension() -> None:
    name = "一二三四五六七八九十甲乙丙丁戊" + "己庚"
    assert values({"name": name}, L2, (EF06, 0x09), (EF06, 0x4E)) == [
        "一二三四五六七八九十甲乙丙丁戊".encode("gbk").hex().upper(),
        "BCBAB8FD" + "00" * 16,
    ]
    assert make_image({"name": name}).printed["name"] == name


def test_a_pair_is_not_split_between_name_and_extension() -> None:
    """29 bytes, then a character of two: byte 30 stays empty."""
    name = "A" * 29 + "张三"
    assert values({"name": name}, L2, (EF06, 0x09), (EF06, 0x4E)) == ["41" * 29 + "00", "D5C5C8FD" + "00" * 16]


@given(st.text(st.characters(codec="gbk", exclude_categories=["Cc"], exclude_characters=" "), min_size=1, max_size=40))
@settings(max_examples=15)
def test_a_name_is_kept_whole_or_refused(name: str) -> None:
    if len(name.encode("gbk")) > 50:
        assert str(refusal({"name": name})).startswith("name: ")
        return
    try:
        read = values({"name": name}, L2, (EF06, 0x09), (EF06, 0x4E))
    except HolderError:
        assert len(name.encode("gbk")) == 50
    else:
        assert "".join(bytes.fromhex(part).rstrip(b"\0").decode("gbk") for part in read) == name


@pytest.mark.parametrize(
    ("name", "layout", "reason"),
    [
        ("测" * 16, L1, "name: 32 bytes in GBK; layout 1.00 holds 30"),
        ("测" * 26, L2, "name: 52 bytes in GBK; layout 2.00 holds 30 and 20 more in the extension"),
        # 49 bytes would fit 30 + 20, but no character begins at byte 30.
        ("a" + "测" * 24 + "b", L2, "name: 50 bytes in GBK"),
        ("测" * 1_000_000, L2, "name: 2000000 bytes in GBK"),
        ("张㼆", L2, "name: '㼆' (U+3F06) in '张㼆' is not in GBK"),
        ("𠮷野", L2, "name: '𠮷' (U+20BB7) in '𠮷野' is not in GBK"),
        ("张😀", L1, "name: '😀' (U+1F600)"),
        ("张\n三", L2, "name: character 2 of '张\\n三' is a control character (U+000A)"),
    ],
)
def test_names_that_do_not_fit_are_refused(name: str, layout: Layout, reason: str) -> None:
    assert str(refusal({"name": name}, layout)).startswith(reason)


def test_an_extension_of_its_own_keeps_the_name_from_being_split() -> None:
    assert values({"name": "张三", "name_extension": "李四"}, L2, (EF06, 0x4E)) == ["C0EECBC4" + "00" * 16]
    error = refusal({"name": "测" * 16, "name_extension": ""})
    assert str(error).startswith("name: ")
    assert "takes 32 bytes in GBK; there is room for 30" in str(error)
    assert str(refusal({"name_extension": "测" * 11})).startswith("name_extension: ")
    assert str(refusal({"name_extension": "㼆"})).startswith("name_extension: '㼆' (U+3F06)")
    assert str(refusal({"name_extension": "丰"}, L1)) == "name_extension: layout 1.00 has no such element"


# --- wrong values ---

WRONG = [
    ("social_security_number", "639900199003070018", "the check character is 8, expected 9"),
    ("social_security_number", "63990019900307001x", "small x"),
    ("social_security_number", "639900199002300016", "1990-02-30, which is no date"),
    ("social_security_number", "990100199003070019", ""),
    ("social_security_number", "HKG112345678", "no known form"),
    ("sex", "3", "'3' is no sex code"),
    ("nation", "57", "'57' is no nation code"),
    ("nation", "1", "'1' is no nation code"),
    ("birthplace", "63990", "'63990' must be 6 digits"),
    ("birthplace", "63990A", "digits"),
    ("birth_date", "19900231", "'19900231' is no date YYYYMMDD"),
    ("issue_date", "2024-01-01", "'2024-01-01' is no date YYYYMMDD"),
    ("issue_date", "20230229", "'20230229' is no date YYYYMMDD"),
    ("expiry_date", "20341301", "'20341301' is no date YYYYMMDD"),
    ("expiry_date", "20231231", "must lie between the issue date 20240101 and 10 years later, 20340101"),
    ("expiry_date", "20340102", "must lie between the issue date 20240101 and 10 years later, 20340101"),
    ("region_code", "6399", "six digits"),
    ("region_code", "63990A", "six digits"),
    ("institution", "9156", "12 bytes"),
    ("institution", "9156000002639900630100XX", "'X' is not a hexadecimal digit"),
    ("category", "33", "takes 2 bytes in GBK; there is room for 1"),
    ("category", "测", "takes 2 bytes in GBK; there is room for 1"),
    ("card_number", "T00000019", "check character of T0000001 is X"),
    ("card_number", "t0000001X", "only 0-9 and capitals A-Z"),
    ("card_number", "T0000001", "9 are needed"),
    ("bank_account", "6200000000000000001", "Luhn check digit is 0"),
    ("bank_account", "620000000000000000", "Luhn check digit"),
    ("bank_account", "62000000000000000X", "digits 0-9 only"),
    ("card_identification", "639900D156000005004D5354A1B2C3", "is 16 bytes; these are 15"),
    ("card_identification", "639900D156000006004D5354A1B2C3D4", "RID"),
    ("card_identification", "zz", "hexadecimal digit"),
    ("hrss_pin", "123", "a PIN is 4 to 12 digits"),
    ("hrss_pin", "1234567890123", "a PIN is 4 to 12 digits"),
    ("hrss_pin", "12345a", "a PIN is 4 to 12 digits"),
    ("hrss_pin", "１２３４５６", "a PIN is 4 to 12 digits"),
]


@pytest.mark.parametrize(("key", "value", "reason"), WRONG)
def test_a_wrong_value_is_refused_with_its_key(key: str, value: str, reason: str) -> None:
    error = refusal({key: value})
    assert str(error).startswith(f"{key}: ")
    assert error.text.zh.startswith(f"{key}:")
    assert reason in str(error)


@pytest.mark.parametrize("key", sorted({key for key, _, _ in WRONG} | {"name", "photo", "fingerprint"}))
def test_an_empty_value_is_refused_with_its_key(key: str) -> None:
    assert str(refusal({key: ""})).startswith(f"{key}: empty; leave the key out")


@pytest.mark.parametrize("key", [key for key in KEYS if key != "elements"])
@pytest.mark.parametrize("value", [1, 123456, None, True, ["a"], {"a": "b"}, 1.5])
def test_a_value_that_is_no_text_is_refused_with_its_key(key: str, value: object) -> None:
    error = refusal({key: value})
    assert str(error) == f"{key}: the value must be text in quotes"
    assert "123456" not in error.text.zh


@pytest.mark.parametrize("plain", [None, [], "x", 1, [["name", "张三"]]])
def test_a_holder_is_an_object(plain: object) -> None:
    assert "must be a JSON object" in str(refusal(plain))


@pytest.mark.parametrize(
    ("key", "near"), [("nmae", "name"), ("social_security_no", "social_security_number"), ("hrsspin", "hrss_pin")]
)
def test_an_unknown_key_is_refused_with_a_suggestion(key: str, near: str) -> None:
    assert str(refusal({key: "x"})) == f"unknown key {key!r}; did you mean {near!r}?"


def test_a_key_like_no_other_is_refused() -> None:
    assert str(refusal({"电话": "x"})) == "unknown key '电话'"


@pytest.mark.parametrize(
    ("holder", "reason"),
    [
        ({**NUMBER, "birth_date": "19900308"}, "birth_date: 19900308 contradicts social_security_number"),
        ({**NUMBER, "sex": "2"}, "sex: 2 contradicts social_security_number"),
        (
            {"region_code": "460100", "card_identification": GIVEN["card_identification"]},
            "region_code: 460100 contradicts card_identification, which begins with 639900",
        ),
        (
            {"issue_date": "20200101", "expiry_date": "20191231"},
            "expiry_date: 20191231 must lie between the issue date 20200101",
        ),
    ],
)
def test_contradictions_are_refused(holder: Mapping[str, str], reason: str) -> None:
    assert str(refusal(holder)).startswith(reason)


def test_what_agrees_is_no_contradiction() -> None:
    make_image({"sex": "1", "birth_date": "19900307", "region_code": "639900"})
    make_image({"sex": "2", "birth_date": "20000229", "social_security_number": "TWN012345678"})


# --- files ---


@pytest.mark.parametrize(("key", "size"), [("photo", 0x1000), ("fingerprint", 0x400)])
def test_a_file_that_is_too_large_is_refused(key: str, size: int) -> None:
    make_image({key: "x" * size})
    error = refusal({key: "x" * (size + 1)})
    assert str(error).startswith(f"{key}: {size + 1} bytes; file EF0")
    assert str(error).endswith(f"holds {size}")


def test_a_fingerprint_is_smaller_in_the_first_layout() -> None:
    assert str(refusal({"fingerprint": "x" * 0x301}, L1)) == "fingerprint: 769 bytes; file EF07 holds 768"


def test_the_first_layout_has_no_photo() -> None:
    assert str(refusal({"photo": "x"}, L1)) == "photo: layout 1.00 has no file for it"


def test_a_file_that_can_not_be_read_is_refused_with_its_key() -> None:
    class MissingError(CardsimError):
        pass

    def read(name: str) -> bytes:
        raise MissingError(f"{name}: no such file", f"{name}:文件不存在")

    with pytest.raises(HolderError) as caught:
        Holder.from_plain({"photo": "face.jpg"}, read)
    assert caught.value.text == ("photo: face.jpg: no such file", "photo:face.jpg:文件不存在")


# --- anything at all ---

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=50)
@given(
    st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), json_values | st.text("0123456789X", max_size=20)),
    st.sampled_from([L1, L2]),
    st.booleans(),
)
def test_any_json_makes_a_card_or_a_clear_error(plain: dict[str, object], layout: Layout, raw: bool) -> None:
    try:
        image = make_image(plain, layout=layout, raw_elements=raw)
    except BilingualError:
        return
    connected(image)

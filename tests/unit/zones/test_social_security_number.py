"""Every birth date in the literals lies in the future (or a leap day of it): nobody holds these numbers."""

from __future__ import annotations

import pickle
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsim.errors import NumberError
from cardsim.zones.nations import Sex
from cardsim.zones.social_security_number import NumberKind, SocialSecurityNumber, check_character

CHECKED = [
    NumberKind.CITIZEN,
    NumberKind.HONG_KONG_RESIDENT,
    NumberKind.MACAO_RESIDENT,
    NumberKind.TAIWAN_RESIDENT,
    NumberKind.FOREIGN_RESIDENT,
]
PERMITS = [NumberKind.HONG_KONG_PERMIT, NumberKind.MACAO_PERMIT, NumberKind.TAIWAN_PERMIT]

digits = st.sampled_from("0123456789")
eight_digits = st.text("0123456789", min_size=8, max_size=8)
provinces = st.sampled_from(["11", "15", "21", "37", "46", "54", "65", "71"])
prefixes = st.one_of(
    st.builds(lambda province, rest: f"{province}{rest:04d}", provinces, st.integers(0, 9999)),
    st.sampled_from(["810000", "820000", "830000"]),
    st.builds(lambda province, country: f"9{province}{country:03d}", provinces, st.integers(0, 999)),
)
bodies = st.builds(
    lambda prefix, born, sequence: f"{prefix}{born.isoformat().replace('-', '')}{sequence:03d}",
    prefixes,
    st.dates(),
    st.integers(0, 999),
)


# The check characters were computed apart, with the table of weights 7 9 10 5 8 4 2 1 6 3 7 9 10 5 8 4 2.
@pytest.mark.parametrize(
    ("text", "kind", "region", "sex"),
    [
        ("460105209903071230", NumberKind.CITIZEN, "460105", Sex.MALE),
        ("460105209903071249", NumberKind.CITIZEN, "460105", Sex.FEMALE),
        ("11010120990307003X", NumberKind.CITIZEN, "110101", Sex.MALE),
        ("810000209903070017", NumberKind.HONG_KONG_RESIDENT, "810000", Sex.MALE),
        ("820000209903070027", NumberKind.MACAO_RESIDENT, "820000", Sex.FEMALE),
        ("911840209903070059", NumberKind.FOREIGN_RESIDENT, None, Sex.MALE),
        ("931124209903070062", NumberKind.FOREIGN_RESIDENT, None, Sex.FEMALE),
    ],
)
def test_numbers_with_a_check(text: str, kind: NumberKind, region: str | None, sex: Sex) -> None:
    number = SocialSecurityNumber.parse(text)
    assert number == text
    assert (number.kind, number.region, number.sex) == (kind, region, sex)
    assert number.birth_date == date(2099, 3, 7)
    assert SocialSecurityNumber.complete(text[:17]) == text


def test_a_leap_day_of_a_taiwan_resident() -> None:
    number = SocialSecurityNumber.parse("830000209602290036")
    assert number.kind is NumberKind.TAIWAN_RESIDENT
    assert number.birth_date == date(2096, 2, 29)


# ISO/IEC 7064's own example for MOD 11-2 (0794 -> 0, 079 -> X), and the ORCID of a fictitious author.
@pytest.mark.parametrize(("digits_", "check"), [("0794", "0"), ("079", "X"), ("000000021825009", "7")])
def test_check_character_of_published_mod_11_2_numbers(digits_: str, check: str) -> None:
    assert check_character(digits_.rjust(17, "0")) == check


@pytest.mark.parametrize("body", ["", "1" * 16, "1" * 18, "1" * 16 + "X", "１" * 17])
def test_check_character_wants_seventeen_digits(body: str) -> None:
    with pytest.raises(NumberError, match="over 17 digits"):
        check_character(body)


@given(bodies)
def test_completed_numbers_are_valid(body: str) -> None:
    number = SocialSecurityNumber.complete(body)
    assert number[:17] == body
    assert SocialSecurityNumber.parse(str(number)) == number
    assert number.kind in CHECKED
    assert number.birth_date == date.fromisoformat(f"{body[6:10]}-{body[10:12]}-{body[12:14]}")
    assert number.sex is (Sex.MALE if body[16] in "13579" else Sex.FEMALE)


@given(bodies, st.integers(0, 17), st.sampled_from("0123456789X"))
def test_any_single_change_is_detected(body: str, position: int, other: str) -> None:
    number = SocialSecurityNumber.complete(body)
    changed = number[:position] + other + number[position + 1 :]
    if changed == number:
        assert SocialSecurityNumber.parse(changed) == number
    else:
        with pytest.raises(NumberError):
            SocialSecurityNumber.parse(changed)


@given(bodies, st.integers(0, 17), st.sampled_from("0123456789X"))
def test_the_check_character_alone_detects_any_single_change(body: str, position: int, other: str) -> None:
    number = SocialSecurityNumber.complete(body)
    changed = number[:position] + other + number[position + 1 :]
    if position < 17 and other != "X":
        assert (check_character(changed[:17]) == changed[17]) == (changed == number)


@given(bodies, st.integers(0, 16))
def test_any_swap_of_neighbours_is_detected(body: str, position: int) -> None:
    number = SocialSecurityNumber.complete(body)
    changed = number[:position] + number[position + 1] + number[position] + number[position + 2 :]
    if changed != number:
        with pytest.raises(NumberError):
            SocialSecurityNumber.parse(changed)


def test_a_wrong_check_character_is_named_with_the_right_one() -> None:
    with pytest.raises(NumberError, match="check character is 5, expected 0") as caught:
        SocialSecurityNumber.parse("460105209903071235")
    assert "应为 0" in caught.value.text.zh


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("11010120990307003x", "small x; write a capital X"),
        ("460105209902291235", "2099-02-29, which is no date"),
        ("460105209913011235", "2099-13-01, which is no date"),
        ("460105000001011235", "0000-01-01, which is no date"),
        ("160105209903071235", "digits 1 and 2 are 16"),
        ("060105209903071235", "digits 1 and 2 are 06"),
        ("810001209903070017", "digits 1 and 2 are 81"),
        ("999840209903070059", "digits 2 and 3 are 99"),
        ("46010520990307X230", "character 15 is 'X'"),
        ("46010520990307123Y", "character 18 is 'Y'"),
        ("46010520990307１230", "character 15 is '１'"),
        ("", "0 characters of no known form"),
        ("4601052099030712", "16 characters of no known form"),
        ("460105209903071230\n", "19 characters of no known form"),
        ("HKG112345678", "12 characters of no known form"),
        ("hkg012345678", "12 characters of no known form"),
    ],
)
def test_what_is_wrong_is_named(text: str, message: str) -> None:
    with pytest.raises(NumberError, match=message) as caught:
        SocialSecurityNumber.parse(text)
    assert not text or text not in str(caught.value)


def test_the_constructor_checks_too() -> None:
    with pytest.raises(NumberError):
        SocialSecurityNumber("460105209903071235")


def test_a_copy_through_pickle_is_still_a_checked_number() -> None:
    number = SocialSecurityNumber.parse("460105209903071230")
    copy = pickle.loads(pickle.dumps(number))  # noqa: S301 - our own bytes
    assert type(copy) is SocialSecurityNumber
    assert copy == number


def test_the_foreigners_older_number_is_taken_by_its_shape() -> None:
    number = SocialSecurityNumber.parse("UTO460099030712")
    assert number.kind is NumberKind.FOREIGN_RESIDENT_OLD
    assert (number.region, number.birth_date, number.sex) == (None, None, None)


# facts handbook Q8: positions 2-9 for Hong Kong and Macao, 1-8 for Taiwan
@pytest.mark.parametrize(
    ("kind", "permit", "expected"),
    [
        (NumberKind.HONG_KONG_PERMIT, "H12345678", "HKG012345678"),
        (NumberKind.HONG_KONG_PERMIT, "H1234567802", "HKG012345678"),
        (NumberKind.MACAO_PERMIT, "M00000009", "MAC000000009"),
        (NumberKind.TAIWAN_PERMIT, "12345678", "TWN012345678"),
        (NumberKind.TAIWAN_PERMIT, "1234567801", "TWN012345678"),
    ],
)
def test_numbers_from_travel_permits(kind: NumberKind, permit: str, expected: str) -> None:
    number = SocialSecurityNumber.from_travel_permit(kind, permit)
    assert number == expected
    assert number.kind is kind
    assert (number.region, number.birth_date, number.sex) == (None, None, None)


@given(st.sampled_from(PERMITS), eight_digits, st.sampled_from(["", "00", "17"]))
def test_travel_permit_round_trip(kind: NumberKind, person: str, issue: str) -> None:
    letter = {NumberKind.HONG_KONG_PERMIT: "H", NumberKind.MACAO_PERMIT: "M", NumberKind.TAIWAN_PERMIT: ""}[kind]
    number = SocialSecurityNumber.from_travel_permit(kind, letter + person + issue)
    assert number[4:] == person
    assert SocialSecurityNumber.parse(str(number)).kind is kind


@pytest.mark.parametrize(
    ("kind", "permit"),
    [
        (NumberKind.HONG_KONG_PERMIT, "M12345678"),
        (NumberKind.HONG_KONG_PERMIT, "12345678"),
        (NumberKind.HONG_KONG_PERMIT, "H1234567"),
        (NumberKind.MACAO_PERMIT, "H12345678"),
        (NumberKind.MACAO_PERMIT, "M123456789"),
        (NumberKind.TAIWAN_PERMIT, "T12345678"),
        (NumberKind.TAIWAN_PERMIT, "1234567"),
    ],
)
def test_permits_of_another_form_are_refused(kind: NumberKind, permit: str) -> None:
    with pytest.raises(NumberError, match=f"not one of a {kind.text.en}"):
        SocialSecurityNumber.from_travel_permit(kind, permit)


@pytest.mark.parametrize("kind", [kind for kind in NumberKind if kind not in PERMITS])
def test_other_documents_are_no_travel_permits(kind: NumberKind) -> None:
    with pytest.raises(NumberError, match="not made from a travel permit"):
        SocialSecurityNumber.from_travel_permit(kind, "H12345678")

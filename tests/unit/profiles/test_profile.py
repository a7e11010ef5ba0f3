from __future__ import annotations

import json
import tomllib
from dataclasses import fields
from enum import Enum
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apdu import Language
from cardsim.cli import main
from cardsim.profiles import (
    GEN2,
    PROFILES,
    Case4Answer,
    LeRule,
    Profile,
    ProfileError,
    Setting,
    VerifyQuery,
)
from cardsim.profiles.table import Table
from cardsim.zones.layouts import L1, L2, L3

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = Profile.settings()
NAMES = sorted(SETTINGS)


def values_of(name: str, setting: Setting) -> st.SearchStrategy[object]:
    """Return values of a setting as TOML and JSON write them, within its bounds."""
    default = getattr(GEN2, name)
    low = setting.low or 0
    high = 0xFFFF_FFFF if setting.high is None else setting.high
    match default:
        case bool():
            return st.booleans()
        case int():
            return st.integers(low, high)
        case bytes():
            return st.sampled_from(setting.sizes or (0, 1, 8)).flatmap(
                lambda size: st.binary(min_size=size, max_size=size).map(bytes.hex)
            )
        case tuple() if setting.names:
            return st.lists(st.from_regex(setting.names, fullmatch=True), max_size=4)
        case tuple():
            return st.lists(st.integers(low, high), min_size=int(setting.needed), max_size=4)
        case Enum():
            return st.sampled_from([choice.value for choice in type(default)])
        case Table():
            return st.dictionaries(st.from_regex(setting.names, fullmatch=True), st.integers(low, high))
        case str():
            return st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=high)
        case _:
            raise AssertionError(f"{name} is of a new type: say here what it takes")


overrides = st.fixed_dictionaries({}, optional={name: values_of(name, setting) for name, setting in SETTINGS.items()})


# --- settings ---


def test_every_field_is_a_setting() -> None:
    assert list(SETTINGS) == [entry.name for entry in fields(Profile)]


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_says_in_both_languages_what_it_is_and_where_its_default_comes_from(name: str) -> None:
    setting = SETTINGS[name]
    assert setting.text.en.isascii()
    assert any("\u4e00" <= character <= "\u9fff" for character in setting.text.zh)
    assert setting.source


def test_defaults_of_the_second_generation() -> None:
    """handbook Q10; hrss-card 1, 3, 5, 7."""
    assert PROFILES["gen2"] is GEN2
    assert GEN2.memory_size == 32_768
    assert GEN2.pin_limit == 6
    assert (GEN2.an_padding, GEN2.cn_padding) == (0x00, 0xF)
    assert GEN2.mf_name == bytes.fromhex("315041592E5359532E4444463031")
    assert GEN2.hrss_fid == 0xDDF1
    assert [GEN2.dir_sfi_for(layout) for layout in (L1, L2, L3)] == [0x0B, 0x1E, 0x1E]
    assert [GEN2.spec_version_for(layout) for layout in (L1, L2, L3)] == ["1.00", "2.00", "3.00"]
    assert (GEN2.case4_answer, GEN2.le_zero, GEN2.le_larger) == (Case4Answer.FETCH, LeRule.REPEAT, LeRule.REPEAT)


def test_settings_change_what_is_asked_of_them() -> None:
    changed = GEN2.override({"dir_sfi": 0x0B, "spec_version": "2.0", "verify_query": "6700", "challenge_sizes": [16]})
    assert changed.dir_sfi_for(L2) == 0x0B
    assert changed.spec_version_for(L1) == "2.0"
    assert changed.verify_query is VerifyQuery.WRONG_LENGTH
    assert changed.challenge_sizes == (16,)
    assert GEN2.dir_sfi == 0


def test_each_text_choice_is_named_as_what_the_card_answers() -> None:
    assert {choice.value for choice in Case4Answer} == {"61xx", "9000", "data"}
    assert {choice.value for choice in LeRule} == {"6Cxx", "data"}
    assert {choice.value for choice in VerifyQuery} == {"63Cx", "6700"}


# --- plain form, JSON, TOML ---


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.chip)
def test_a_profile_comes_back_from_its_plain_form(profile: Profile) -> None:
    assert Profile().override(profile.plain()) == profile


@given(overrides)
@settings(max_examples=15)
def test_any_profile_comes_back_from_json(values: dict[str, object]) -> None:
    profile = GEN2.override(values)
    plain = json.loads(json.dumps(profile.plain()))
    assert plain == profile.plain()
    assert Profile().override(plain) == profile
    assert {name: plain[name] for name in values if isinstance(values[name], bool | int)} == {
        name: value for name, value in values.items() if isinstance(value, bool | int)
    }


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.chip)
def test_what_the_command_prints_is_toml_of_the_same_profile(
    profile: Profile, language: Language, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--lang", language.value, "profile", "--chip", profile.chip]) == 0
    text = capsys.readouterr().out
    parsed = tomllib.loads(text)
    assert list(parsed) == list(SETTINGS)
    assert Profile().override(parsed) == profile
    for setting in SETTINGS.values():
        assert f"# {setting.text.in_language(language)}" in text
        assert f"[{setting.source}]" in text


# --- what is refused ---


@pytest.mark.parametrize(
    ("name", "near"), [("pin_limits", "pin_limit"), ("memorysize", "memory_size"), ("DIR_SFI", None), ("", None)]
)
def test_an_unknown_setting_is_refused_with_a_suggestion(name: str, near: str | None) -> None:
    with pytest.raises(ProfileError) as caught:
        GEN2.override({name: 1})
    assert str(caught.value) == f"there is no setting {name!r}" + (f"; did you mean {near!r}?" if near else "")


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("pin_limit", 0, "a number from 1 to 15"),
        ("pin_limit", 16, "a number from 1 to 15"),
        ("pin_limit", "6", "a number"),
        ("pin_limit", 6.0, "a number"),
        ("pin_limit", True, "a number"),
        ("pin_limit", None, "a number"),
        ("memory_size", 2_047, "a number from 2048 to 262144"),
        ("memory_size", 10**30, "a number from 2048 to 262144"),
        ("dir_sfi", 31, "a number from 0 to 30"),
        ("dir_sfi", -1, "a number from 0 to 30"),
        ("an_padding", 256, "a number from 0 to 255"),
        ("cn_padding", 16, "a number from 0 to 15"),
        ("hrss_fid", 0xFFFF, "a number from 1 to 65534"),
        ("historical_bytes", "00" * 12, "of length 0, 13 bytes"),
        ("historical_bytes", "00" * 14, "of length 0, 13 bytes"),
        ("chip_code", "", "of length 4 bytes"),
        ("manufacturer", "868", "even count"),
        ("manufacturer", "86zz", "'z' is not a hexadecimal digit"),
        ("manufacturer", 8684, "hexadecimal digits in quotes"),
        ("mf_name", "00" * 17, "16 bytes"),
        ("mf_name", "00" * 4, "of length 0, 5, "),
        ("spec_version", "2.000", "at most 4 ASCII characters"),
        ("spec_version", "二", "at most 4 ASCII characters"),
        ("spec_version", "1\n", "at most 4 ASCII characters"),
        ("spec_version", 2.0, "a text"),
        ("chip", "x" * 17, "at most 16 ASCII characters"),
        ("chip", {}, "a text"),
        ("failed_verify_revokes", 1, "true or false"),
        ("failed_verify_revokes", "true", "true or false"),
        ("challenge_sizes", 8, "a list of numbers"),
        ("challenge_sizes", [0], "a number from 1 to 255"),
        ("challenge_sizes", [8, 256], "a number from 1 to 255"),
        ("challenge_sizes", ["8"], "a number"),
        ("case4_answer", "6100", "one of '61xx', '9000', 'data'"),
        ("case4_answer", "FETCH", "one of '61xx', '9000', 'data'"),
        ("le_zero", [], "one of '6Cxx', 'data'"),
        ("le_larger", None, "one of '6Cxx', 'data'"),
        ("verify_query", 0x6700, "one of '63Cx', '6700'"),
    ],
)
def test_a_wrong_value_is_refused_with_its_setting(name: str, value: object, wanted: str) -> None:
    with pytest.raises(ProfileError) as caught:
        GEN2.override({name: value})
    assert str(caught.value).startswith(f"setting {name!r}")
    assert wanted in str(caught.value)
    assert caught.value.text.zh.startswith(f"设置 {name!r}")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@pytest.mark.parametrize("name", NAMES)
@given(value=anything)
@settings(max_examples=15)
def test_any_value_is_taken_or_refused(name: str, value: object) -> None:
    try:
        profile = GEN2.override({name: value})
    except ProfileError:
        return
    assert Profile().override(profile.plain()) == profile


def test_the_command_writes_what_it_prints(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ["--lang", "zh", "profile", "--chip", "gen3"]
    out = tmp_path / "mine.toml"
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert main([*words, "--out", str(out)]) == 0
    assert (capsys.readouterr().out, out.read_text(encoding="utf-8")) == ("", printed)
    assert main(["--lang", "en", "profile", "--out", str(out)]) == 2
    assert "exists; give --force" in capsys.readouterr().err
    assert main(["profile", "--out", str(out), "--force"]) == 0
    assert out.read_text(encoding="utf-8") != printed

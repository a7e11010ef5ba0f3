"""`cardsim zone`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cardsim.cli.export import load_image
from cardsim.perso.plain import export_card
from cardsim.store import read_card_file
from tests.unit.cli.contents import contents, make_card_of_another

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.running import Runner


@pytest.fixture
def gen3(cardsim: Runner, tmp_path: Path) -> Path:
    path = tmp_path / "gen3.card"
    assert cardsim("new", "--chip", "gen3", "--out", path).status == 0
    return path


def states(cardsim: Runner, card: Path) -> dict[str, str]:
    ran = cardsim("zone", "list", "--card", card)
    assert (ran.status, ran.err) == (0, "")
    return {line.split()[0]: line.split("  ")[-1].strip() for line in ran.out.splitlines()}


def test_zones_are_listed(cardsim: Runner, card: Path) -> None:
    assert states(cardsim, card)["HRSS"] == "in use"
    assert states(cardsim, card)["PKI"] == "not on the card"
    assert "使用中" in cardsim("--lang=zh", "zone", "list", "--card", card).out


@pytest.mark.parametrize("chip", ["gen2", "gen3"])
def test_a_zone_is_blocked_and_unblocked(cardsim: Runner, card: Path, gen3: Path, chip: str) -> None:
    path = card if chip == "gen2" else gen3
    ran = cardsim("zone", "block", "HRSS", "--card", path)
    assert (ran.status, ran.out) == (0, "zone HRSS blocked\n")
    assert states(cardsim, path)["HRSS"] == "blocked"
    assert "6A81" in cardsim.refused("read", "--card", path, status=1)
    ran = cardsim("--lang=zh", "zone", "unblock", "hrss", "--card", path)
    assert (ran.status, ran.out) == (0, "HRSS 区域已解锁\n")
    assert states(cardsim, path)["HRSS"] == "in use"
    assert cardsim("read", "--card", path).status == 0


@pytest.mark.parametrize("action", ["add", "remove"])
def test_a_psam_has_no_zones(cardsim: Runner, tmp_path: Path, action: str) -> None:
    psam = tmp_path / "psam.card"
    assert cardsim("new", "--chip", "psam", "--out", psam).status == 0
    assert "psam.card is a psam chip, which has no zones" in cardsim.refused("zone", action, "PKI", "--card", psam)


def test_a_zone_of_somebody_else_is_not_blocked(cardsim: Runner, tmp_path: Path) -> None:
    other = make_card_of_another(tmp_path / "b.card")
    before = read_card_file(other)
    assert "other keys" in cardsim.refused("zone", "block", "HRSS", "--card", other, status=1)
    assert read_card_file(other) == before


def test_unblocking_with_a_wrong_region_is_refused(cardsim: Runner, card: Path) -> None:
    assert cardsim("zone", "block", "HRSS", "--card", card).status == 0
    words = ("zone", "unblock", "HRSS", "--card", card, "--region", "110000")
    assert "zone HRSS is not unblocked: 6988" in cardsim.refused(*words, status=1)
    assert cardsim("zone", "unblock", "HRSS", "--card", card, "--region", "639900").status == 0


@pytest.mark.parametrize("words", [(), ("--region", "639900"), ("--region", "639900", "--key-version", "2")])
def test_blocking_under_other_versions_of_the_keys(cardsim: Runner, tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "p.toml").write_text("key_versions = [2]\n")
    card = tmp_path / "two.card"
    assert cardsim("new", "--chip", "gen2", "--chip-profile", tmp_path / "p.toml", "--out", card).status == 0
    assert cardsim("zone", "block", "HRSS", "--card", card).status == 0
    unblock = ("zone", "unblock", "HRSS", "--card", card)
    assert "6988" in cardsim.refused(*unblock, "--region", "639900", "--key-version", "0", status=1)
    assert cardsim(*unblock, *words).status == 0
    assert states(cardsim, card)["HRSS"] == "in use"


@pytest.mark.parametrize("option", ["--trace=t.trace", "--interface=contactless", "--line-mac=session"])
@pytest.mark.parametrize("action", ["add", "remove"])
def test_options_that_a_card_file_has_no_use_for(cardsim: Runner, gen3: Path, action: str, option: str) -> None:
    name = option.partition("=")[0]
    said = cardsim.refused("zone", action, "PKI", "--card", gen3, option)
    assert said == f"cardsim: zone {action} --card has no use for {name}\n"


@pytest.mark.parametrize("action", ["block", "remove", "unblock"])
def test_no_psam_proves_the_keys_of_zones(cardsim: Runner, gen3: Path, action: str) -> None:
    for words in ("--auth", "psam"), ("--psam", gen3):
        assert "not with a PSAM" in cardsim.refused("zone", action, "HRSS", "--card", gen3, *words)


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("list", "--holder", "x.json"), "--holder"),
        (("list", "--keystore", "x.keys"), "--keystore"),
        (("list", "--any-card"), "--any-card"),
        (("list", "--layout", "1.00"), "--layout"),
        (("block", "HRSS", "--region", "639900"), "--region"),
        (("block", "HRSS", "--transport-key", "AA"), "--transport-key"),
        (("unblock", "HRSS", "--holder", "x.json"), "--holder"),
        (("remove", "PKI", "--key-version", "0"), "--key-version"),
    ],
)
def test_options_of_other_actions(cardsim: Runner, gen3: Path, words: tuple[str, ...], option: str) -> None:
    before = gen3.read_bytes()
    assert f"has no use for {option}\n" in cardsim.refused("zone", *words, "--card", gen3)
    assert gen3.read_bytes() == before


def test_one_zone_is_listed(cardsim: Runner, gen3: Path) -> None:
    assert [line.split()[0] for line in cardsim("zone", "list", "pki", "--card", gen3).out.splitlines()] == ["PKI"]


@pytest.mark.parametrize("region", ["63990", "6399001", "abcdef", "六三九九零零", "639900 "])
@pytest.mark.parametrize("action", ["unblock", "remove"])
def test_a_region_is_six_digits(cardsim: Runner, action: str, region: str) -> None:
    words = ("zone", action, "HRSS", "--reader", "0", "--region", region, "--algorithm", "SM4")
    assert cardsim.refused(*words) == "cardsim: --region: six digits\n"


def test_an_algorithm_is_not_guessed(cardsim: Runner, gen3: Path) -> None:
    """A wrong one costs the lock key a try, which a card file's own never does."""
    assert "--region needs --algorithm" in cardsim.refused("zone", "unblock", "HRSS", "--region", "639900")
    assert "--algorithm goes with --region" in cardsim.refused("zone", "unblock", "HRSS", "--algorithm", "SM4")
    assert cardsim("zone", "block", "HRSS", "--card", gen3).status == 0
    words = ("zone", "unblock", "HRSS", "--card", gen3, "--region", "639900")
    said = cardsim.refused(*words, "--algorithm", "DES", status=1)
    assert "each refusal costs the lock key a try" in said
    assert cardsim(*words).status == 0


@pytest.mark.parametrize(
    "words", ["zone list", "zone add HRSS", "zone remove HRSS", "zone block HRSS", "zone unblock HRSS", "read", "dump"]
)
def test_a_blank_card(cardsim: Runner, tmp_path: Path, words: str) -> None:
    blank = tmp_path / "blank.card"
    assert cardsim("new", "--chip", "gen3", "--blank", "--out", blank).status == 0
    said = cardsim.refused(*words.split(), "--card", blank, status=1)
    assert said == "cardsim: the card is blank, or blocked for ever: it has no MF to select\n"


def test_a_zone_without_a_lock_key(cardsim: Runner, gen3: Path) -> None:
    assert "zone PKI declares no key for blocking" in cardsim.refused("zone", "block", "PKI", "--card", gen3, status=1)


def test_a_removed_zone_leaves_nothing(cardsim: Runner, gen3: Path) -> None:
    before = load_image(gen3)
    plain: Any = export_card(before, secrets=True)["card"]
    pki = next(child for child in plain["contents"] if child["aid"] == "504B492EC9E7BBE1B1A3D5CF")
    files = next(child for child in pki["contents"] if child.get("directory") == "DF01")["contents"]
    secrets = [bytes.fromhex(key["value"]) for file in files for key in file.get("keys", ())]
    secrets += [bytes.fromhex(file["body"]) for file in files if file["type"] == "PRIVATE_KEY"]
    assert len(secrets) > 3
    assert cardsim("zone", "remove", "PKI", "--card", gen3).status == 0
    after = load_image(gen3)
    assert len(after.memory) == len(before.memory)
    assert not any(value in after.memory for value in secrets)
    assert states(cardsim, gen3)["PKI"] == "not on the card"
    assert "PKI" not in after.profile.zones
    assert cardsim("read", "--card", gen3, "--auth", "hsm", "--pin", "123456").status == 0
    assert "zone PKI is not on the card" in cardsim.refused("zone", "remove", "PKI", "--card", gen3)


def test_the_first_zone_is_removed_and_the_others_stay(cardsim: Runner, gen3: Path) -> None:
    assert cardsim("zone", "remove", "HRSS", "--card", gen3).status == 0
    found = states(cardsim, gen3)
    assert found["HRSS"] == "not on the card"
    assert found["PKI"] == "in use"


def test_a_zone_is_added_again(cardsim: Runner, gen3: Path) -> None:
    before = load_image(gen3)
    files = contents(cardsim, gen3)
    assert cardsim("zone", "remove", "PKI", "--card", gen3).status == 0
    ran = cardsim("zone", "add", "PKI", "--card", gen3)
    assert (ran.status, ran.out) == (0, f"{gen3}: zone PKI added\n")
    assert load_image(gen3) == before  # the same holder and the same TEST keys make the same zone
    assert contents(cardsim, gen3) == files
    assert "zone PKI is on the card already" in cardsim.refused("zone", "add", "PKI", "--card", gen3)


WHOLE = {
    "name": "张三",
    "hrss_pin": "654321",
    "pki_user_pin": "111111",
    "elements": {"DF01/EF15": {"40:02": "001^639900^某学校"}},
}


def test_the_holder_of_the_whole_card_serves_for_each_zone(cardsim: Runner, tmp_path: Path) -> None:
    holder, card = tmp_path / "h.json", tmp_path / "c.card"
    holder.write_text(json.dumps({**WHOLE, "region_code": "639900"}))
    assert cardsim("new", "--chip", "gen3", "--holder", holder, "--out", card).status == 0
    before = load_image(card)
    for actions in (("remove PKI", "remove HRSS", "add PKI", "remove PKI"), ("add HRSS", "add PKI")):
        for action in actions:
            words = ("--holder", holder) if action.startswith("add") else ()
            assert cardsim("zone", *action.split(), "--card", card, *words).status == 0
    assert load_image(card) == before


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"pki_usr_pin": "111111"}, "unknown key 'pki_usr_pin'; did you mean 'pki_user_pin'?"),
        ({"elements": {"DF01/EF99": {"40": ""}}}, "has no file DF01/EF99"),
    ],
)
def test_a_misspelt_entry_is_no_entry_for_another_zone(
    cardsim: Runner, gen3: Path, tmp_path: Path, wrong: dict[str, object], message: str
) -> None:
    holder = tmp_path / "h.json"
    holder.write_text(json.dumps({**WHOLE, **wrong}))
    for zone in ("PKI", "HRSS"):
        assert cardsim("zone", "remove", zone, "--card", gen3).status == 0
    assert message in cardsim.refused("zone", "add", "HRSS", "--card", gen3, "--holder", holder)


def test_pki_wants_to_know_the_card_identification_code(cardsim: Runner, gen3: Path, tmp_path: Path) -> None:
    before = cardsim("pki", "read-cert", "signature", "--card", gen3).out
    holder = tmp_path / "h.json"
    for zone in ("PKI", "HRSS"):
        assert cardsim("zone", "remove", zone, "--card", gen3).status == 0
    words = ("zone", "add", "PKI", "--card", gen3)
    assert "zone PKI is bound to the card identification code, which no HRSS zone" in cardsim.refused(*words)
    assert "请先加入 HRSS" in cardsim.refused("--lang=zh", *words)
    holder.write_text('{"region_code": "639900"}')
    assert cardsim(*words, "--holder", holder).status == 0
    assert cardsim("pki", "read-cert", "signature", "--card", gen3).out == before
    shown = cardsim("show", gen3).out
    assert "NOT" not in shown
    assert shown.count("no HRSS zone here tells whether it is this card's") == 2
    assert cardsim("zone", "add", "HRSS", "--card", gen3, "--holder", holder).status == 0
    assert cardsim("show", gen3).out.count("fits this card") == 3


def test_what_it_does_not_take(cardsim: Runner, card: Path) -> None:
    assert "zone block needs a zone's name" in cardsim.refused("zone", "block", "--card", card)
    assert "there is no zone MOON; there are HRSS" in cardsim.refused("zone", "block", "MOON", "--card", card)
    assert "zone remove --card has no use for --any-card" in cardsim.refused(
        "zone", "remove", "HRSS", "--card", card, "--any-card"
    )
    assert "zone add --card has no use for --profile" in cardsim.refused(
        "zone", "add", "PKI", "--card", card, "--profile", "gen3"
    )

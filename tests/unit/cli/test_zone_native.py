"""`cardsim zone add` and `remove` by APDUs, on cards that native commands have made."""

from __future__ import annotations

import contextlib
import json
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from cardsim.cli import main
from cardsim.cli.export import load_image
from cardsim.perso.apdus.nodes import master_file, same_contents
from cardsim.store import CardStore, read_card_file
from cardsim.zones.layouts import Layout

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.unit.cli.running import Runner

EMPTY = "empty or not finished"


@pytest.fixture(scope="module")
def gen3_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("card") / "gen3.card"
    assert main(["new", "--chip", "gen3", "--blank", "--dialect", "extended", "--out", str(path)]) == 0
    assert main(["perso", "run", "--profile", "gen3", "--card", str(path)]) == 0
    return path.read_bytes()


@pytest.fixture
def gen3(gen3_bytes: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "gen3.card"
    path.write_bytes(gen3_bytes)
    return path


def states(cardsim: Runner, card: Path) -> dict[str, str]:
    ran = cardsim("zone", "list", "--card", card)
    assert (ran.status, ran.err) == (0, "")
    return {line.split()[0]: line.split("  ")[-1].strip() for line in ran.out.splitlines()}


@pytest.mark.parametrize("zone", ["HRSS", "PKI"])
def test_a_zone_goes_and_comes_back(cardsim: Runner, gen3: Path, zone: str) -> None:
    before = load_image(gen3)
    other = {"HRSS": "PKI", "PKI": "HRSS"}[zone]
    ran = cardsim("zone", "remove", zone, "--card", gen3)
    assert (ran.status, ran.out) == (0, f"{gen3}: zone {zone} removed, keys and all\n")
    assert states(cardsim, gen3) == {zone: EMPTY, other: "in use"}
    removed = load_image(gen3)
    assert removed.profile.zones == (other,)
    assert removed.memory.count(0) > before.memory.count(0) + 1_000
    words = ("zone", "add", zone, "--card", gen3)
    ran = cardsim(*words)
    assert ran.status == 0, ran.err
    assert ran.out == f"{gen3}: zone {zone} added\n"
    assert load_image(gen3).memory == before.memory
    assert set(load_image(gen3).profile.zones) == {"HRSS", "PKI"}
    assert f"zone {zone} is on the card already" in cardsim.refused(*words)


def test_what_is_removed_is_really_gone(cardsim: Runner, gen3: Path) -> None:
    pki = next(node for node in master_file(load_image(gen3).memory).children if node.header.fid == 0xDDF2)
    secrets = [file.body for file in pki.children[-1].children if len(file.body) > 16]
    assert len(secrets) > 5
    assert cardsim("zone", "remove", "PKI", "--card", gen3).status == 0
    memory = load_image(gen3).memory
    assert not any(body in memory for body in secrets)
    assert cardsim("read", "--card", gen3, "--auth", "hsm", "--pin", "123456").status == 0
    assert "zone PKI is not removed: empty or not finished" in cardsim.refused(
        "zone", "remove", "PKI", "--card", gen3, status=1
    )


@contextlib.contextmanager
def broken_behind(sections: int) -> Iterator[None]:
    """Runs end behind so many directories."""
    module = import_module("cardsim.perso.apdus.play")
    play, begun = module._section, iter(range(sections))

    def until(section: object, playback: object) -> object:
        if next(begun, None) is None:
            raise KeyboardInterrupt
        return play(section, playback)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_section", until)
        yield


def broken_off(*_: object) -> None:
    raise KeyboardInterrupt


def test_an_addition_that_was_broken_off_goes_on(cardsim: Runner, gen3: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = load_image(gen3)
    assert cardsim("zone", "remove", "PKI", "--card", gen3).status == 0
    with monkeypatch.context() as patch:
        patch.setattr(import_module("cardsim.perso.apdus.play"), "_compare", broken_off)
        assert cardsim("zone", "add", "PKI", "--card", gen3).status == 130
    assert states(cardsim, gen3)["PKI"] == EMPTY
    assert cardsim("zone", "add", "PKI", "--card", gen3).status == 0
    assert load_image(gen3).memory == before.memory


@pytest.mark.parametrize("sections", [2, 5, 11])
def test_what_was_not_finished_is_listed_and_cleaned(cardsim: Runner, tmp_path: Path, sections: int) -> None:
    """A run that ends early leaves zones that no key guards; then other data may go on the card."""
    path = tmp_path / "b.card"
    assert cardsim("new", "--chip", "gen3", "--blank", "--dialect", "extended", "--out", path).status == 0
    with broken_behind(sections):
        assert cardsim("perso", "run", "--profile", "gen3", "--card", path).status == 130
    found = states(cardsim, path)
    assert set(found.values()) <= {EMPTY, "in use", "not on the card"}
    unfinished = [name for name, state in found.items() if state == EMPTY]
    assert unfinished
    for name in unfinished:
        assert cardsim("zone", "remove", name, "--card", path).status == 0
    holder = tmp_path / "holder.json"
    holder.write_text(json.dumps({"name": "李四光"}), encoding="utf-8")
    ran = cardsim("perso", "run", "--profile", "gen3", "--card", path, "--holder", holder, "--resume")
    assert set(states(cardsim, path).values()) == {"in use"}
    if "HRSS" in unfinished:
        assert ran.status == 0, ran.err
        assert "李四光" in cardsim("read", "--card", path, "--auth", "hsm", "--pin", "123456").out
    else:  # somebody else's, and nothing says so before keys are proved
        assert ran.status == 1
        assert "record DDF1/EF06 09: the card gives back something else" in ran.err


def test_a_card_made_with_one_zone_gets_another(cardsim: Runner, gen3: Path, tmp_path: Path) -> None:
    path = tmp_path / "b.card"
    assert cardsim("new", "--chip", "gen3", "--blank", "--dialect", "extended", "--out", path).status == 0
    assert cardsim("perso", "run", "--profile", "gen3", "--zones", "HRSS", "--card", path).status == 0
    assert states(cardsim, path)["PKI"] == "not on the card"
    assert cardsim("zone", "add", "PKI", "--card", path, "--interface", "contactless").status == 0
    assert same_contents(load_image(path).memory, load_image(gen3).memory)


def test_the_layout_is_the_card_s_own(cardsim: Runner, tmp_path: Path) -> None:
    """A file whose card was made through a reader says of it what it said of the blank."""
    path = tmp_path / "b.card"
    assert cardsim("new", "--chip", "gen3", "--blank", "--dialect", "extended", "--out", path).status == 0
    blank = read_card_file(path)[0]
    assert cardsim("perso", "run", "--profile", "gen3", "--layout", "1.00", "--card", path).status == 0
    before = load_image(path)
    assert (blank.layout, before.layout) == (Layout.V3_00, Layout.V1_00)
    assert cardsim("zone", "remove", "PKI", "--card", path).status == 0
    with CardStore.open(path) as store:
        store.describe(blank)
    holder = tmp_path / "holder.json"
    holder.write_text('{"elements": {"DF07/EF06": {"F7": "1"}}}')
    words = ("zone", "add", "PKI", "--card", path)
    assert "layout 1.00 has no" in cardsim.refused(*words, "--holder", holder)
    assert cardsim(*words).status == 0
    assert load_image(path).memory == before.memory


def test_the_holder_of_the_whole_card_serves_for_each_zone(cardsim: Runner, gen3: Path, tmp_path: Path) -> None:
    holder = tmp_path / "holder.json"
    plain = {"pki_user_pin": "111111", "elements": {"DF07/EF06": {"F7": "1"}}}
    holder.write_text(json.dumps(plain))
    for zone in ("PKI", "HRSS"):
        region = ("--region", "639900", "--algorithm", "SM4") if zone == "PKI" else ()
        assert cardsim("zone", "remove", zone, "--card", gen3, *region).status == 0
    words = ("--card", gen3, "--holder", holder)
    assert "which no HRSS zone on the card gives" in cardsim.refused("zone", "add", "PKI", *words)
    assert cardsim("zone", "add", "HRSS", *words).status == 0
    assert cardsim("zone", "add", "PKI", *words).status == 0
    assert cardsim("pki", "verify-pin", "user", "--pin", "111111", "--card", gen3).status == 0
    holder.write_text(json.dumps({**plain, "region_code": "639900"}))
    for zone in ("PKI", "HRSS"):
        assert cardsim("zone", "remove", zone, "--card", gen3).status == 0
    assert cardsim("zone", "add", "PKI", *words).status == 0
    assert cardsim("pki", "verify-pin", "user", "--pin", "111111", "--card", gen3).status == 0


def test_an_addition_does_not_go_on_under_other_keys(
    cardsim: Runner, gen3: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARDSIM_PASSPHRASE", "correct horse")
    store = tmp_path / "keys.store"
    assert cardsim("keys", "init", store).status == 0
    assert cardsim("zone", "remove", "HRSS", "--card", gen3).status == 0
    with broken_behind(5):
        assert cardsim("zone", "add", "HRSS", "--card", gen3).status == 130
    before = load_image(gen3)
    said = cardsim.refused("zone", "add", "HRSS", "--card", gen3, "--keystore", store, status=1)
    assert "other keys than those of this run" in said
    assert load_image(gen3) == before
    assert cardsim("zone", "add", "HRSS", "--card", gen3).status == 0
    assert cardsim("read", "--card", gen3, "--auth", "hsm").status == 0


def test_other_keys_cost_nothing(cardsim: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gen3: Path) -> None:
    monkeypatch.setenv("CARDSIM_PASSPHRASE", "correct horse")
    store = tmp_path / "keys.store"
    assert cardsim("keys", "init", store).status == 0
    before = load_image(gen3)
    for zone in ("HRSS", "PKI"):
        words = ("zone", "remove", zone, "--card", gen3, "--keystore", store)
        assert "has other keys" in cardsim.refused(*words, status=1)
    assert load_image(gen3) == before


def test_without_the_code_on_the_card_its_region_is_given(cardsim: Runner, gen3: Path) -> None:
    assert cardsim("zone", "remove", "HRSS", "--card", gen3).status == 0
    words = ("zone", "remove", "PKI", "--card", gen3)
    assert cardsim(*words).status == 1
    assert "63C2" in cardsim.refused(*words, "--region", "110000", "--algorithm", "SM4", status=1)
    assert states(cardsim, gen3)["PKI"] == "in use"
    assert cardsim(*words, "--region", "639900", "--algorithm", "SM4").status == 0


def test_a_blocked_zone_is_not_removed(cardsim: Runner, gen3: Path) -> None:
    assert cardsim("zone", "block", "HRSS", "--card", gen3).status == 0
    words = ("zone", "remove", "HRSS", "--card", gen3)
    assert "zone HRSS is not removed: blocked" in cardsim.refused(*words, status=1)
    assert "已锁定" in cardsim.refused("--lang=zh", *words, status=1)


def test_a_zone_without_a_lock_key_says_what_there_is(cardsim: Runner, gen3: Path) -> None:
    message = cardsim.refused("zone", "block", "PKI", "--card", gen3, status=1)
    assert "declares no key for blocking; `cardsim zone remove`" in message


def test_a_master_key_guards_the_mf(cardsim: Runner, tmp_path: Path) -> None:
    path, key = tmp_path / "b.card", "00112233445566778899AABBCCDDEEFF"
    assert cardsim("new", "--chip", "gen3", "--blank", "--dialect", "extended", "--out", path).status == 0
    script = ("80E03F000D38FFFFAAAAFF" + "FF" * 7, "80E00000073F005001F0FFFF", f"80D401001539F0F0AA33{key}")
    assert cardsim("apdu", "--card", path, *script).status == 0
    made = ("perso", "run", "--profile", "gen3", "--zones", "HRSS", "--card", path, "--transport-key", key)
    assert cardsim(*made).status == 0
    ran = cardsim("zone", "add", "PKI", "--card", path)
    assert ran.status == 1
    assert "6982 (security status not satisfied); the MF wants its master key" in ran.err
    assert cardsim("zone", "add", "PKI", "--card", path, "--transport-key", key).status == 0
    assert states(cardsim, path) == {"HRSS": "in use", "PKI": "in use"}


def test_a_holder_for_the_new_zone(cardsim: Runner, gen3: Path, tmp_path: Path) -> None:
    holder = tmp_path / "holder.json"
    holder.write_text(json.dumps({"pki_user_pin": "246810"}))
    assert cardsim("zone", "remove", "PKI", "--card", gen3).status == 0
    assert cardsim("zone", "add", "PKI", "--card", gen3, "--holder", holder).status == 0
    assert cardsim("pki", "verify-pin", "user", "--card", gen3, "--pin", "246810").status == 0

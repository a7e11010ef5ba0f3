"""`cardsim new --chip psam`, and the subcommands that prove keys with one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cardsim.cli import main
from tests.unit.cli.running import Runner

if TYPE_CHECKING:
    from pathlib import Path

TERMINAL, DEVICE = "410100813475", "00012600202203000183"
PIN = "135792468097"
HSM = ("--auth", "hsm", "--pin", "123456")


@pytest.fixture
def cardsim(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Runner:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    return Runner(capsys)


@pytest.fixture
def psam(tmp_path: Path) -> Path:
    path = tmp_path / "terminal.card"
    numbers = ("--terminal-number", TERMINAL, "--device-number", DEVICE)
    assert main(["new", "--chip", "psam", "--out", str(path), *numbers]) == 0
    return path


@pytest.fixture(params=["gen2", "gen3"])
def card(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "alice.card"
    assert main(["new", "--chip", request.param, "--out", str(path)]) == 0
    return path


def changed(cardsim: Runner, tmp_path: Path, settings: str) -> Path:
    """A PSAM with other settings."""
    (tmp_path / "profile.toml").write_text(settings, encoding="utf-8")
    path = tmp_path / "other.card"
    made = cardsim("new", "--chip", "psam", "--chip-profile", tmp_path / "profile.toml", "--out", path)
    assert made.status == 0, made
    return path


def statuses(dump: str) -> list[tuple[str, str]]:
    """How the reading of each file went."""
    directories = json.loads(dump)["directories"]
    return [(f"{df['directory']}/{file['file']}", file["status"]) for df in directories for file in df["files"]]


def test_new(cardsim: Runner, tmp_path: Path, psam: Path) -> None:
    shown = cardsim("show", psam)
    assert shown.status == 0
    assert shown.out.startswith(f"{psam}: PSAM\nATR ")
    assert f"terminal number         {TERMINAL}\n" in shown.out
    assert f"terminal device number  {DEVICE}\n" in shown.out
    assert "social-security" not in shown.out
    assert "key SSSE/RK " in shown.out
    default = cardsim("new", "--chip", "psam", "--out", tmp_path / "default.card")
    assert default.out.endswith("PSAM, terminal 990000000001, device 99000000000000000001\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--chip", "psam", "--layout", "2.00"), "new --chip psam has no use for --layout"),
        (("--chip", "psam", "--holder", "x.json"), "new --chip psam has no use for --holder"),
        (("--chip", "psam", "--raw-elements"), "new --chip psam has no use for --raw-elements"),
        (("--chip", "gen2", "--terminal-number", "1"), "new --chip gen2 has no use for --terminal-number"),
        (("--chip", "gen3", "--device-number", "1"), "new --chip gen3 has no use for --device-number"),
        (("--chip", "psam", "--terminal-number", "1"), "is no number of 12 digits"),
        (("--chip", "psam", "--terminal-number", "1234567890123"), "is no number of 12 digits"),
        (("--chip", "psam", "--terminal-number", "12A"), "is no number of 12 digits"),
        (("--chip", "psam", "--device-number", "１"), "is no number of 20 digits"),
    ],
)
def test_new_refused(cardsim: Runner, tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    path = tmp_path / "new.card"
    assert message in cardsim.refused("new", "--out", path, *words)
    assert not path.exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("psam_levels = 2", "setting 'psam_region' is ''; with psam_levels 2 it must be the six digits of a city"),
        ('psam_levels = 1\npsam_region = "63990"', "it must be the six digits of a city"),
        ('psam_without = ["SSSE/LK"]', "setting 'psam_without': no PSAM has a key SSSE/LK; there are SSSE/IRK, "),
        ("memory_size = 2048\nkey_versions = [0, 1, 2]", "bytes; the chip has 2048"),
    ],
)
def test_settings_refused(cardsim: Runner, tmp_path: Path, settings: str, message: str) -> None:
    (tmp_path / "profile.toml").write_text(settings, encoding="utf-8")
    words = ("new", "--chip", "psam", "--chip-profile", tmp_path / "profile.toml", "--out", tmp_path / "other.card")
    assert message in cardsim.refused(*words)


def test_reading_with_a_psam_shows_what_the_hsm_shows(cardsim: Runner, card: Path, psam: Path) -> None:
    by_psam = cardsim("read", "--card", card, "--auth", "psam", "--psam", psam, "--json")
    assert (by_psam.status, by_psam.err) == (0, "")
    by_hsm = json.loads(cardsim("read", "--card", card, "--auth", "hsm", "--json").out)
    report = json.loads(by_psam.out)
    assert (report.pop("terminal_number"), report.pop("device_number")) == (TERMINAL, DEVICE)
    only_hsm = {"SSSE/EF0C"}  # no source has the id of its key
    for part in (report, by_hsm):
        part["files"] = [file for file in part["files"] if file["file"] not in only_hsm]
    assert report == by_hsm
    said = cardsim("read", "--card", card, "--auth", "psam", "--psam", psam).out
    assert said.endswith(f"\nterminal {TERMINAL}, device {DEVICE}\n")


def test_a_dump_with_a_psam_is_that_with_the_hsm(cardsim: Runner, card: Path, psam: Path, tmp_path: Path) -> None:
    """But for EF0C of layout 3.00, whose key no PSAM is asked for."""
    by_psam = cardsim("dump", "--card", card, "--auth", "psam", "--psam", psam, "--pin", "123456", "--json")
    assert (by_psam.status, by_psam.err) == (0, "")
    refused = [statuses(cardsim("dump", "--card", card, "--pin", "123456", "--json").out)]
    refused += [statuses(out) for out in (by_psam.out, cardsim("dump", "--card", card, *HSM, "--json").out)]
    by_pin, by_psam_too, by_hsm = ({place for place, status in found if status != "9000"} for found in refused)
    private = {"DF01/0013", "DF01/0015"}  # read by nobody
    assert by_pin > by_psam_too
    assert by_hsm in (set(), private)
    assert by_psam_too - by_hsm in (set(), {"SSSE/EF0C"})
    (tmp_path / "dump.json").write_text(by_psam.out, encoding="utf-8")
    words = ("diff", tmp_path / "dump.json", card, "--pin", "123456")
    assert cardsim(*words, "--auth", "psam", "--psam", psam).status == 0
    assert cardsim(*words).status == 1


def test_applying_with_a_psam(cardsim: Runner, psam: Path, tmp_path: Path) -> None:
    card, wanted = tmp_path / "card", tmp_path / "wanted"
    (tmp_path / "holder.json").write_text('{"elements": {"SSSE/EF06": {"0C": "110000"}}}', encoding="utf-8")
    cardsim("new", "--chip", "gen2", "--out", card)
    cardsim("new", "--chip", "gen2", "--holder", tmp_path / "holder.json", "--out", wanted)
    cardsim("export", wanted, "--out", tmp_path / "wanted.json")
    words = ("apply", tmp_path / "wanted.json", "--card", card, "--pin", "123456", "--auth", "psam", "--psam")
    said = cardsim.refused(*words, tmp_path / "missing.card")
    assert "missing.card" in said
    ran = cardsim(*words, psam)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == "SSSE/EF06/0C  written and verified\n"


def test_the_keys_are_those_of_the_psam(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    """A PSAM without the card's keys stops dump and apply: no other key is taken in its place."""
    other = changed(cardsim, tmp_path, 'psam_without = ["SSSE/IRK"]')
    cardsim("export", card, "--out", tmp_path / "wanted.json")
    for words in (("dump", "--card", card), ("apply", tmp_path / "wanted.json", "--card", card)):
        ran = cardsim(*words, "--auth", "psam", "--psam", other)
        assert ran.status == 1
        assert "the PSAM has no key HRSS/SSSE/IRK" in ran.err


def test_writing_with_a_psam(cardsim: Runner, card: Path, psam: Path) -> None:
    words = ("write", "--card", card, "--auth", "psam", "--psam", psam, "EF06/09=NEW NAME", "DF01/EF05/21=X")
    ran = cardsim(*words)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == "EF06/09       written and verified\nDF01/EF05/21  written and verified\n"


def test_a_key_that_no_psam_is_asked_for(cardsim: Runner, card: Path, psam: Path) -> None:
    before = card.read_bytes()
    where = ("--card", card, "--auth", "psam", "--psam", psam)
    said = cardsim.refused("write", *where, "DF02/EF05/42=X", status=1)
    assert "a PSAM is not asked for HRSS/DF02/UK1: no source says how" in said
    assert card.read_bytes() == before


@pytest.mark.parametrize("action", ["unblock", "reload"])
def test_pins_with_a_psam(cardsim: Runner, card: Path, psam: Path, tmp_path: Path, action: str) -> None:
    for _ in range(6):
        cardsim("pin", "verify", "--card", card, "--pin", "999999")
    assert cardsim("pin", "verify", "--card", card, "--pin", "123456").status == 1
    new = ("--new", PIN) if action == "reload" else ()
    where = ("--card", card, "--auth", "psam", "--psam", psam, "--trace", tmp_path / "x.trace")
    assert cardsim("pin", action, *where, *new).status == 0
    assert cardsim("pin", "verify", "--card", card, "--pin", PIN if new else "123456").status == 0
    traces = [(tmp_path / name).read_text(encoding="utf-8") for name in ("x.trace", "x.psam.trace")]
    for trace in traces:
        assert PIN not in trace
        assert "WARNING" not in trace
    assert "> 80FA000008****************\n" in traces[1]


def test_secrets_in_the_psams_trace_on_request(cardsim: Runner, card: Path, psam: Path, tmp_path: Path) -> None:
    where = ("--card", card, "--auth", "psam", "--psam", psam, "--trace", tmp_path / "x.trace", "--trace-secrets")
    assert cardsim("pin", "reload", *where, "--new", PIN).status == 0
    assert PIN in (tmp_path / "x.psam.trace").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--auth", "psam"), "--auth psam needs --psam FILE or --psam-reader NAME"),
        (("--psam", "x.card"), "--psam and --psam-reader are for --auth psam"),
        (("--auth", "hsm", "--psam-reader", "x"), "--psam and --psam-reader are for --auth psam"),
        (("--auth", "psam", "--psam", "x.card", "--psam-reader", "x"), "not allowed with argument"),
        (("--auth", "psam", "--psam", "x.card", "--keystore", "k"), "a keystore is for --auth hsm"),
        (("--auth", "psam", "--psam", "missing.card"), "missing.card"),
    ],
)
@pytest.mark.parametrize("subcommand", [("read",), ("write", "EF06/09=X"), ("pin", "unblock")], ids=lambda it: it[0])
def test_options_refused(
    cardsim: Runner, card: Path, subcommand: tuple[str, ...], words: tuple[str, ...], message: str
) -> None:
    before = card.read_bytes()
    assert message in cardsim.refused(*subcommand, "--card", card, *words)
    assert card.read_bytes() == before


def test_what_verifying_a_pin_has_no_use_for(cardsim: Runner, card: Path, psam: Path) -> None:
    said = cardsim.refused("pin", "verify", "--card", card, "--pin", "123456", "--psam", psam)
    assert "pin verify has no use for --psam" in said


def test_line_macs_that_no_psam_makes(cardsim: Runner, card: Path, psam: Path) -> None:
    words = ("--auth", "psam", "--psam", psam, "--line-mac", "challenge-iv")
    assert "--line-mac challenge-iv is for --auth hsm" in cardsim.refused("pin", "unblock", "--card", card, *words)


def test_the_card_itself_is_no_psam(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    other = tmp_path / "bob.card"
    other.write_bytes(card.read_bytes())
    said = cardsim.refused("read", "--card", card, "--auth", "psam", "--psam", other, status=1)
    assert "-2201: " in said


def test_a_psam_of_another_city(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    """Its keys are other ones, as INTERNAL AUTHENTICATE tells, which costs no try."""
    other = changed(cardsim, tmp_path, 'psam_levels = 1\npsam_region = "110100"')
    before = card.read_bytes()
    said = cardsim.refused("read", "--card", card, "--auth", "psam", "--psam", other, status=1)
    assert "the card has other keys than the PSAM's (INTERNAL AUTHENTICATE)" in said
    assert card.read_bytes() == before


def test_a_psam_with_another_version_of_the_keys(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    other = changed(cardsim, tmp_path, "key_versions = [1]")
    words = ("read", "--card", card, "--auth", "psam", "--psam", other)
    assert ", or in another version, which no PSAM can be asked for" in cardsim.refused(*words, status=1)
    assert "无法向 PSAM 指定版本" in cardsim.refused("--lang=zh", *words, status=1)


@pytest.mark.parametrize("levels", [1, 2])
def test_a_psam_of_the_cards_city_or_province(cardsim: Runner, card: Path, tmp_path: Path, levels: int) -> None:
    own = changed(cardsim, tmp_path, f'psam_levels = {levels}\npsam_region = "639900"')
    assert cardsim("read", "--card", card, "--auth", "psam", "--psam", own).status == 0


def test_a_psam_that_lacks_the_algorithm(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    des = "gen2" in cardsim("show", card).out
    other = changed(cardsim, tmp_path, f"psam_algorithms = [{json.dumps('SM4' if des else 'DES')}]")
    said = cardsim.refused("read", "--card", card, "--auth", "psam", "--psam", other, status=1)
    assert f"-2202: the PSAM has no keys of algorithm {'DES' if des else 'SM4'}" in said


def test_a_psam_that_lacks_rkssse(cardsim: Runner, card: Path, tmp_path: Path) -> None:
    """Whatever else can be read is shown."""
    other = changed(cardsim, tmp_path, 'psam_without = ["SSSE/RK"]')
    ran = cardsim("read", "--card", card, "--auth", "psam", "--psam", other)
    assert ran.status == 1
    assert ran.err.startswith("cardsim: -2203: the PSAM has no RKSSSE")
    assert "DF01 " in ran.out


def test_keys_of_a_keystore(cardsim: Runner, tmp_path: Path) -> None:
    """A card and a PSAM from one keystore meet; the TEST keys' PSAM does not know that card."""
    key_file, store = tmp_path / "key", tmp_path / "issuer.keys"
    secret = ("--keystore", store, "--key-file", key_file)
    assert cardsim("keys", "init", store, "--key-file", key_file).status == 0
    paths = {}
    for chip in ("gen3", "psam"):
        paths[chip] = tmp_path / f"{chip}.card"
        assert cardsim("new", "--chip", chip, "--out", paths[chip], *secret).status == 0
    test = tmp_path / "test.card"
    assert cardsim("new", "--chip", "psam", "--out", test).status == 0
    where = ("read", "--card", paths["gen3"], "--auth", "psam", "--psam")
    assert cardsim(*where, paths["psam"]).status == 0
    assert "other keys than the PSAM's" in cardsim.refused(*where, test, status=1)

"""`cardsim perso run` on emulated chips, and what it shows without a card."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cardsim.cli.export import load_image
from cardsim.perso.apdus.nodes import same_contents
from cardsim.perso.holder import Holder
from cardsim.perso.image import personalise
from cardsim.store import read_card_file
from cardsim.zones.layouts import Layout
from tests.unit.cli.blanks import PROVED, make, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.running import Runner

ATR = "3B6D00000081544C92868463997E570001"


# --- a whole run ---


@pytest.mark.parametrize(("chip", "layout"), [("gen2", Layout.V2_00), ("gen3", Layout.V3_00)])
def test_a_blank_becomes_the_card_that_is_built_directly(
    cardsim: Runner, tmp_path: Path, chip: str, layout: Layout
) -> None:
    path = make(cardsim, tmp_path / "b.card", chip, "--serial", "7E570009")
    ran = cardsim(*run(path, "--verify", chip=chip))
    assert ran.status == 0, ran.err
    first, second = ran.out.splitlines()
    assert first.endswith("commands done, 0 were done before")
    assert second.startswith("read back and equal: ")
    assert PROVED in second
    made = load_image(path)
    direct = personalise(made.profile, layout, Holder())
    assert same_contents(made.memory, direct.memory)
    assert (made.layout, made.printed) == (layout, direct.printed)
    shown = cardsim("show", path).out
    assert f"{chip} chip, layout {layout.text}" in shown
    assert "T0000001X" in shown
    read = cardsim("read", "--card", path, "--auth", "hsm", "--pin", "123456")
    assert read.status == 0
    assert "639900D1560000057E570009" in read.out


def test_progress_is_shown_beside_the_output(cardsim: Runner, blank: Path) -> None:
    lines = cardsim(*run(blank)).err.splitlines()
    assert lines[0].startswith("1/10 3F00")
    assert lines[-1].startswith("10/10 DDF1")


def test_in_a_field(cardsim: Runner, tmp_path: Path) -> None:
    path = make(cardsim, tmp_path / "b.card", "gen3")
    settings = tmp_path / "chip.toml"
    settings.write_text('contact_only_zones = ["PKI"]\n')
    ran = cardsim(*run(path, "--interface", "contactless", "--verify", "--chip-profile", settings, chip="gen3"))
    assert ran.status == 0, ran.err
    assert "PKI" in cardsim("zone", "list", "--card", path).out
    assert cardsim("read", "--card", path, "--interface", "contactless", "--auth", "hsm").status == 0
    states = cardsim("zone", "list", "--card", path, "--interface", "contactless").out
    assert states.splitlines()[1].endswith("not on the card")  # it hides in a field now that it is finished


def test_zones_that_are_named(cardsim: Runner, tmp_path: Path) -> None:
    path = make(cardsim, tmp_path / "b.card", "gen3")
    assert cardsim(*run(path, "--zones", "hrss", chip="gen3")).status == 0
    assert read_card_file(path)[0].profile.zones == ("HRSS",)
    assert "not on the card" in cardsim("zone", "list", "--card", path).out
    assert "there is no zone MOON" in cardsim.refused(*run(path, "--zones", "MOON", chip="gen3"))


def test_a_holder_and_the_settings_of_the_chip(cardsim: Runner, tmp_path: Path) -> None:
    settings, holder, path = tmp_path / "chip.toml", tmp_path / "holder.json", tmp_path / "b.card"
    settings.write_text("pin_limit = 4\n")
    holder.write_text(json.dumps({"name": "张三", "region_code": "110000"}), encoding="utf-8")
    make(cardsim, path, "gen2", "--chip-profile", str(settings))
    assert cardsim(*run(path, "--holder", holder, "--verify")).status == 0
    shown = cardsim("show", path).out
    assert "张三" in shown
    assert "4 of 4 tries left" in shown  # what the file says of its chip holds without saying it again


@pytest.mark.parametrize("words", [(), ("--erasable",)])
def test_nobody_wipes_a_finished_card(cardsim: Runner, blank: Path, words: tuple[str, ...]) -> None:
    assert cardsim(*run(blank, *words)).status == 0
    ran = cardsim("apdu", "--card", blank, "00A40000023F00", "800E000000")
    assert ran.out.partition("> 800E000000\n< ")[2][:4] == ("9000" if words else "6982")
    assert cardsim("read", "--card", blank, "--auth", "hsm").status == (1 if words else 0)
    assert cardsim(*run(blank, *words, "--resume")).status == 0
    assert cardsim("read", "--card", blank, "--auth", "hsm").status == 0


def test_a_blank_card_has_no_master_key(cardsim: Runner, blank: Path) -> None:
    before = load_image(blank)
    assert "no master key" in cardsim.refused(*run(blank, "--transport-key", "00" * 16), status=1)
    assert load_image(blank) == before


def test_a_dry_run_tells_that_the_chip_is_another(cardsim: Runner, tmp_path: Path) -> None:
    path = tmp_path / "plain.card"
    assert cardsim("new", "--chip", "gen2", "--blank", "--out", path).status == 0
    assert "lacks the extended dialect" in cardsim.refused(*run(path, "--dry-run"), status=1)


def test_keys_have_a_version(cardsim: Runner, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text("key_versions = []\n")
    words = ("new", "--chip", "gen2", "--chip-profile", tmp_path / "p.toml", "--out", tmp_path / "a.card")
    assert "key_versions" in cardsim.refused(*words)


def test_raw_elements(cardsim: Runner, blank: Path, tmp_path: Path) -> None:
    holder = tmp_path / "holder.json"
    holder.write_text('{"elements": {"DF01/EF05": {"21": "FFFE41"}}}')
    assert cardsim(*run(blank, "--holder", holder, "--raw-elements", "--verify")).status == 0
    assert "FFFE41" in cardsim("read", "--card", blank, "--auth", "hsm").out.replace(" ", "")


def test_a_keystore(cardsim: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARDSIM_PASSPHRASE", "correct horse")
    store, path = tmp_path / "keys.store", make(cardsim, tmp_path / "b.card")
    assert cardsim("keys", "init", store).status == 0
    assert cardsim(*run(path, "--keystore", store, "--verify")).status == 0
    assert cardsim("read", "--card", path, "--auth", "hsm", "--keystore", store).status == 0
    assert "other keys" in cardsim.refused("read", "--card", path, "--auth", "hsm", status=1)


# --- what is refused ---


def test_a_card_that_is_not_blank_is_left_alone(cardsim: Runner, blank: Path, card: Path) -> None:
    assert cardsim(*run(blank)).status == 0
    for path in (blank, card):
        before = path.read_bytes()
        message = cardsim.refused(*run(path), status=1)
        assert "the card is not blank: it has an MF; nothing was written" in message
        assert "该卡不是空白卡" in cardsim.refused("--lang=zh", *run(path), status=1)
        assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("chip", "versions", "counts"),
    [("gen2", [0], (36, 3)), ("gen3", [0], (40, 3)), ("gen2", [1, 0], (71, 6)), ("gen3", [0, 1], (76, 7))],
)
def test_what_is_proved_and_what_is_not(
    cardsim: Runner, tmp_path: Path, chip: str, versions: list[int], counts: tuple[int, int]
) -> None:
    """The commands of PKI name no version: of its keys that have several the lowest can be asked for."""
    (tmp_path / "p.toml").write_text(f"key_versions = {versions}\n")
    path = make(cardsim, tmp_path / "b.card", chip, "--chip-profile", str(tmp_path / "p.toml"))
    ran = cardsim(*run(path, "--verify", chip=chip))
    assert ran.status == 0, ran.err
    assert "{}{}, not asked for: {}\n".format(PROVED, *counts) in ran.out
    assert "2 of 3" not in cardsim("show", path).out


def test_one_try_left_is_not_risked(cardsim: Runner, blank: Path) -> None:
    assert cardsim(*run(blank)).status == 0
    wrong = "0020000003111111"
    select = "00A404000F7378312E73682EC9E7BBE1B1A3D5CF"
    assert cardsim("apdu", "--card", blank, select, *[wrong] * 5).status == 1
    before = load_image(blank).memory
    ran = cardsim(*run(blank, "--resume", "--verify"))
    assert ran.status == 1
    assert "DDF1 PIN 00: tries left: 1; it was not tried" in ran.err
    assert load_image(blank).memory == before


def test_a_pin_of_one_try_is_left_out(cardsim: Runner, tmp_path: Path) -> None:
    settings = tmp_path / "chip.toml"
    settings.write_text("pin_limit = 1\n")
    path = make(cardsim, tmp_path / "b.card", "gen2", "--chip-profile", str(settings))
    ran = cardsim(*run(path, "--verify"))
    assert ran.status == 0
    assert "not proved, since they have one try: 1" in ran.err


def test_a_wrong_transport_code(cardsim: Runner, tmp_path: Path) -> None:
    path = make(cardsim, tmp_path / "b.card", "gen2", "--transport-key", "0102030405060708")
    ran = cardsim(*run(path))
    assert ran.status == 1
    assert "create 3F00: the card answers 6982" in ran.err
    assert "--transport-code" in ran.err
    assert not any(load_image(path).memory)
    assert cardsim(*run(path, "--transport-code", "0102030405060708")).status == 0
    for code in ("0102", "zz", "01" * 9):
        message = cardsim.refused(*run(path, "--transport-code", code))
        assert "--transport-code: 16 hexadecimal digits" in message
        assert code not in message.replace("16", "")


def test_a_master_key(cardsim: Runner, tmp_path: Path) -> None:
    path = make(cardsim, tmp_path / "b.card")
    key = "00112233445566778899AABBCCDDEEFF"
    script = ("80E03F000D38FFFFAAAAFF" + "FF" * 7, "80E00000073F005001F0FFFF", f"80D401001539F0F0AA33{key}")
    assert cardsim("apdu", "--card", path, *script).status == 0
    assert "--transport-key proves the master key" in cardsim.refused(*run(path), status=1)
    ran = cardsim(*run(path, "--resume"))
    assert ran.status == 1
    assert "the MF wants its master key" in ran.err
    ran = cardsim(*run(path, "--transport-key", "FF" * 16))
    assert ran.status == 1
    assert "does not accept the master key (63C2, tries left: 2); it was not tried again" in ran.err
    assert cardsim(*run(path, "--transport-key", key, "--verify")).status == 0
    assert "--transport-key: 16 / 32 hexadecimal digits" in cardsim.refused(*run(path, "--transport-key", "00"))


def test_another_generation_and_too_little_memory(cardsim: Runner, blank: Path, tmp_path: Path) -> None:
    assert "is a gen2 chip; --profile says gen3" in cardsim.refused(*run(blank, chip="gen3"))
    settings = tmp_path / "chip.toml"
    settings.write_text("memory_size = 4096\n")
    small = make(cardsim, tmp_path / "small.card", "gen2", "--chip-profile", str(settings))
    before = small.read_bytes()
    assert "the chip has 4096" in cardsim.refused(*run(small))
    settings.write_text("memory_size = 32768\n")
    assert "has 4096 bytes of memory; this card needs" in cardsim.refused(*run(small, "--chip-profile", settings))
    assert small.read_bytes() == before


def test_a_chip_of_another_dialect(cardsim: Runner, tmp_path: Path) -> None:
    path = tmp_path / "plain.card"
    assert cardsim("new", "--chip", "gen2", "--blank", "--out", path).status == 0
    before = load_image(path)
    ran = cardsim(*run(path))
    assert ran.status == 1
    assert "the chip lacks the extended dialect (6A81): file types 3D (rules) and 3E" in ran.err
    assert load_image(path) == before


# --- without a card ---


def test_a_dry_run_lists_the_commands_and_masks_keys(cardsim: Runner) -> None:
    ran = cardsim("perso", "run", "--profile", "gen2", "--dry-run", "--atr", ATR)
    assert ran.status == 0
    lines = ran.out.splitlines()
    assert lines[:6] == [
        "80E03F000D38FFFFF0EFFFFFFFFFFFFFFFFF    # create 3F00",
        "80E0DDF1173834BAF0F01EFFFF7378312E73682EC9E7BBE1B1A3D5CF    # create DDF1",
        "00A40000023F00",
        "00A4000002DDF1",
        "80E0EF80073F00D0F0EFFFFF    # create DDF1/EF80",
        "80D4000010********************************    # key DDF1/EF80 PIN 00 version 00",
    ]
    assert "00E20000120110639900D1560000057E570001" in ran.out  # the chip's serial
    assert "80E080000101    # seal DDF1" in lines
    assert "commands in 10 parts; the keys are those of chip 7E570001" in ran.err
    assert "# 密钥 DDF1/EF80 PIN 00" in cardsim("--lang=zh", "perso", "run", "--profile", "gen2", "--dry-run").out


def test_a_dry_run_for_a_card_lists_what_a_run_does_and_writes_nothing(cardsim: Runner, tmp_path: Path) -> None:
    settings = tmp_path / "chip.toml"
    settings.write_text("pin_limit = 3\n")
    path = make(cardsim, tmp_path / "b.card", "gen2", "--serial", "7E570003", "--chip-profile", str(settings))
    before = path.read_bytes()
    ran = cardsim(*run(path, "--dry-run", "--trace-secrets"))
    assert ran.status == 0
    assert path.read_bytes() == before
    assert "the keys are those of chip 7E570003" in ran.err
    assert ran.err.count("warning") == 1
    by_atr = ("--dry-run", "--trace-secrets", "--atr", ATR[:-2] + "03", "--chip-profile", settings)
    assert ran.out == cardsim("perso", "run", "--profile", "gen2", *by_atr).out
    assert "is a gen2 chip; --profile says gen3" in cardsim.refused(*run(path, "--dry-run", chip="gen3"))


def test_keys_in_clear_come_with_a_warning(cardsim: Runner) -> None:
    words = ("perso", "run", "--profile", "gen3", "--dry-run", "--transport-code", "0102030405060708")
    masked, clear = cardsim(*words), cardsim(*words, "--trace-secrets")
    assert "**" not in clear.out
    assert "80D40000103A00000666000008123456FFFFFFFFFF" in clear.out
    assert "80E03F000D38FFFFF0EF0102030405060708" in clear.out
    assert "0102030405060708" not in masked.out
    assert "warning: keys appear in clear" in clear.err
    assert "warning" not in masked.err
    private = next(line for line in clear.out.splitlines() if "CB20" in line)
    assert private.split()[0] not in masked.out


def test_a_trace_masks_what_the_script_knows_to_be_secret(cardsim: Runner, tmp_path: Path) -> None:
    path, trace = make(cardsim, tmp_path / "b.card", "gen3"), tmp_path / "run.trace"
    assert cardsim(*run(path, "--trace", trace, chip="gen3")).status == 0
    text = trace.read_text(encoding="utf-8")
    assert "> 80D40000" in text
    assert "CB20" not in text  # the halves of key pairs
    assert "> 00D6000022" + "**" * 34 in text
    again = make(cardsim, tmp_path / "c.card", "gen3")
    assert cardsim(*run(again, "--trace", trace, "--trace-secrets", chip="gen3")).status == 0
    assert "> 00D6000022CB20" in trace.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--dry-run", "--card", "x", "--atr", ATR), "--card has no use for --atr"),
        (("--dry-run", "--reader", "x", "--atr", ATR), "--reader has no use for --atr"),
        (("--dry-run", "--interface", "contact"), "--dry-run has no use for --interface"),
        (("--dry-run", "--resume"), "--dry-run has no use for --resume"),
        (("--dry-run", "--verify"), "--dry-run has no use for --verify"),
        (("--dry-run", "--any-card"), "--dry-run has no use for --any-card"),
        (("--dry-run", "--trace", "x"), "--dry-run has no use for --trace"),
        (("--dry-run", "--transport-key", "00"), "--dry-run has no use for --transport-key"),
        (("--dry-run", "--atr", "zz"), "--atr: 4-66 hexadecimal digits"),
        (("--dry-run", "--atr", "3B00"), "no keys follow from the ATR 3B00"),
        (("--dry-run", "--atr", "3B6D00000081544C97868463997E570001"), ""),
        (("--atr", ATR), "has no use for --atr"),
        (("--card", "x", "--any-card"), "--card has no use for --any-card"),
        (("--card", "x", "--atr-list", "y"), "--card has no use for --atr-list"),
        (("--profile", "psam"), "psam"),
    ],
)
def test_what_does_not_go_together(cardsim: Runner, words: tuple[str, ...], says: str) -> None:
    ran = cardsim("perso", "run", "--profile", "gen2", *words)
    if says:
        assert ran.status == 2
        assert says in ran.err
        assert not ran.out
    else:
        assert ran.status == 0


def test_a_serial_of_a_blank(cardsim: Runner, tmp_path: Path) -> None:
    words = ("new", "--chip", "gen2", "--blank", "--out", tmp_path / "b.card")
    for serial in ("7E57", "zz", "7E57000102"):
        assert "--serial" in cardsim.refused(*words, "--serial", serial)
    settings = tmp_path / "chip.toml"
    settings.write_text('historical_bytes = "0081544C9286846399AABBCCDD"\n')
    assert "has one already" in cardsim.refused(*words, "--serial", "7E570001", "--chip-profile", settings)
    assert "chip AABBCCDD, 32768 bytes" in cardsim(*words, "--chip-profile", settings).out
    assert "has no use for --serial" in cardsim.refused(
        "new", "--chip", "gen2", "--serial", "7E570001", "--out", tmp_path / "c.card"
    )


def test_a_psam_is_not_taken_for_a_finished_card(cardsim: Runner, tmp_path: Path) -> None:
    psam = tmp_path / "psam.card"
    assert cardsim("new", "--chip", "psam", "--out", psam).status == 0
    assert "psam.card is a psam chip; --profile says gen2" in cardsim.refused(*run(psam, "--resume"))


def test_the_photo_is_made_to_fit(cardsim: Runner, blank: Path, tmp_path: Path) -> None:
    Image = pytest.importorskip("PIL.Image")  # noqa: N806  a class
    Image.effect_noise((400, 500), 60).save(tmp_path / "photo.png")
    holder = tmp_path / "holder.json"
    holder.write_text(json.dumps({"photo": "photo.png"}), "utf-8")
    ran = cardsim(*run(blank, "--holder", holder, "--verify"))
    assert ran.status == 0, ran.err
    assert cardsim("read", "--card", blank, "--auth", "hsm", "--save", tmp_path).status == 0
    saved = tmp_path / "photo.jpg"
    assert 0 < saved.stat().st_size <= 4096

"""`cardsim keys`, and cards whose keys come from a keystore."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.unit.cli.running import Runner, process

if TYPE_CHECKING:
    from collections.abc import Callable


OPENS = ("--keystore", "issuer.keys", "--key-file", "issuer.key")


@pytest.fixture
def issuer(cardsim: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory, which is the current one, with a keystore."""
    monkeypatch.chdir(tmp_path)
    ran = cardsim("keys", "init", "issuer.keys", "--key-file", "issuer.key", "--label", "Lab A")
    assert ran.status == 0, ran
    return tmp_path


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return what puts lines on standard input."""

    def put(*lines: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))

    return put


def kcv(cardsim: Runner, *words: str, name: str = "HRSS/SSSE/RK") -> dict[tuple[str, str], str]:
    """Return the check values of a key by algorithm and version."""
    out = cardsim("keys", "show", "HRSS", *words).out
    rows = [line.split() for line in out.splitlines() if line.startswith(f"{name} ")]
    return {(row[1], row[2]): row[3] for row in rows}


# --- the TEST keys ---


def test_the_test_keys_say_what_they_are(cardsim: Runner) -> None:
    for words in (("list",), ("show", "HRSS"), ("export", "HRSS/SSSE/RK")):
        ran = cardsim("keys", *words)
        assert ran.status == 0
        assert "TEST keys: everybody has them" in ran.err


def test_zones_and_their_levels(cardsim: Runner) -> None:
    out = cardsim("keys", "list").out
    assert re.search(r"HRSS +人力资源社会保障 +root > province > city > card +0 +CN=cardsim TEST HRSS CA 1", out)
    assert re.search(r"FINANCE +金融 +root > card +0", out)


def test_check_values_and_no_keys(cardsim: Runner) -> None:
    """The key is the start of sha256("cardsim TEST root HRSS/SSSE/RK 0"), its KCV by `openssl enc -des-ede`."""
    ran = cardsim("keys", "show", "hrss", "--algorithm", "DES")
    assert re.search(r"HRSS/SSSE/RK +DES +0 +799A01\n", ran.out)
    assert "29909C0FA79872BC82522739C8CE0F33" not in ran.out
    shown = cardsim("keys", "show", "hrss", "--values")
    assert re.search(r"HRSS/SSSE/RK +DES +0 +799A01 +29909C0FA79872BC82522739C8CE0F33\n", shown.out)
    assert "warning: key values appear in clear" in shown.err


def test_the_test_keys_do_not_change(cardsim: Runner) -> None:
    assert "name a --keystore" in cardsim.refused("keys", "rotate", "HRSS")
    assert "name a --keystore" in cardsim.refused("keys", "import", "HRSS/SSSE/RK")


# --- a keystore ---


def test_a_new_keystore(cardsim: Runner, issuer: Path) -> None:
    assert oct((issuer / "issuer.keys").stat().st_mode)[-3:] == "600"
    ran = cardsim("keys", "list", *OPENS)
    assert "TEST" not in ran.out + ran.err
    assert "CN=Lab A HRSS CA 1,O=Lab A,C=CN" in ran.out
    assert kcv(cardsim, *OPENS) != kcv(cardsim)


@pytest.mark.usefixtures("issuer")
def test_keys_are_never_overwritten(cardsim: Runner) -> None:
    assert "is there already" in cardsim.refused("keys", "init", "issuer.keys", "--key-file", "issuer.key")
    before = Path("issuer.keys").read_bytes()
    for language, message in (("en", "is a keystore; give another name"), ("zh", "是密钥库")):
        new = ("--lang", language, "new", "--chip", "gen2", "--out", "issuer.keys", "--force")
        assert message in cardsim.refused(*new)
    assert Path("issuer.keys").read_bytes() == before


@pytest.mark.parametrize("label", ["cardsim TEST", "", "x" * 33, "a\tb"])
def test_labels_that_are_refused(cardsim: Runner, tmp_path: Path, label: str) -> None:
    cardsim.refused("keys", "init", tmp_path / "x.keys", "--key-file", tmp_path / "x.key", "--label", label)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--keystore", "issuer.keys"), "needs its --key-file"),
        (("--keystore", "none.keys"), "no such file or directory"),
        (("--key-file", "issuer.key"), "--key-file needs --keystore"),
        (("--passphrase-file", "x"), "--passphrase-file needs --keystore"),
        (("--keystore", "issuer.keys", "--key-file", "other.key"), "not the passphrase or the key file"),
        (("--keystore", "issuer.key", "--key-file", "issuer.key"), "this is no keystore"),
    ],
)
def test_what_does_not_open_it(cardsim: Runner, issuer: Path, words: tuple[str, ...], message: str) -> None:
    (issuer / "other.key").write_bytes(bytes(32))
    for command in (("keys", "list"), ("new", "--chip", "gen2", "--out", "x.card")):
        assert message in cardsim.refused(*command, *words)


def test_a_zone_that_nobody_declared(cardsim: Runner, issuer: Path) -> None:
    assert "no zone 'LIBRARY'" in cardsim.refused("keys", "show", "LIBRARY")
    (issuer / "zones.toml").write_text('[[zone]]\nname = "LIBRARY"\naid = "D1560000FF01"\n')
    with_zones = (*OPENS, "--zones", "zones.toml")
    assert re.search(r"LIBRARY +LIBRARY +- +- +-", cardsim("keys", "list", *with_zones).out)
    assert cardsim("keys", "rotate", "library", *with_zones).out == "LIBRARY: key version 0 added\n"
    assert re.search(
        r"LIBRARY +LIBRARY +root > card +0 +CN=Lab A LIBRARY CA 1", cardsim("keys", "list", *with_zones).out
    )


@pytest.mark.usefixtures("issuer")
def test_rotation(cardsim: Runner) -> None:
    before = kcv(cardsim, *OPENS)
    assert cardsim("keys", "rotate", "HRSS", *OPENS).out == "HRSS: key version 1 added\n"
    after = kcv(cardsim, *OPENS)
    assert set(after) == {(algorithm, version) for algorithm in ("DES", "SM4") for version in ("0", "1")}
    assert {key: after[key] for key in before} == before
    out = cardsim("keys", "rotate", "HRSS", "--ca", *OPENS).out
    assert out == "HRSS: certificates now by CN=Lab A HRSS CA 2,O=Lab A,C=CN\n"
    assert kcv(cardsim, *OPENS) == after


# --- the ceremony ---


@pytest.mark.usefixtures("issuer")
def test_components_make_the_key(cardsim: Runner, typed: Callable[..., None]) -> None:
    """Out of one keystore in three parts, into another: each part and the key show their check values."""
    ran = cardsim("keys", "export", "HRSS/SSSE/RK", "--components", "3", *OPENS)
    assert "warning" in ran.err
    parts = re.findall(r"component (\d)  KCV (\w{6})  (\w{32})\n", ran.out)
    assert [number for number, _, _ in parts] == ["1", "2", "3"]
    whole = re.search(r"HRSS/SSSE/RK DES version 0  KCV (\w{6})\n", ran.out)
    assert whole
    assert kcv(cardsim, *OPENS)["DES", "0"] == whole[1]
    cardsim("keys", "init", "other.keys", "--key-file", "issuer.key")
    other = ("--keystore", "other.keys", "--key-file", "issuer.key")
    typed(*(value for _, _, value in parts))
    ran = cardsim("keys", "import", "hrss/SSSE/RK", "--components", "3", "--kcv", whole[1], *other)
    assert ran.out.splitlines() == [
        *(f"component {number}  KCV {check}" for number, check, _ in parts),
        f"HRSS/SSSE/RK DES version 0  KCV {whole[1]}",
    ]
    assert kcv(cardsim, *other)["DES", "0"] == whole[1]
    assert not any(value in ran.out + ran.err for _, _, value in parts)


@pytest.mark.usefixtures("issuer")
def test_a_published_key_and_its_check_values(cardsim: Runner, typed: Callable[..., None]) -> None:
    """The test key of facts finance-zone 4.5: KCV 97DCB0 as 3DES, 8447EB as SM4."""
    for algorithm, check in (("DES", "97DCB0"), ("SM4", "8447EB")):
        typed("11223344006677881122334455007788")
        words = ("import", "FINANCE/AC", "--algorithm", algorithm, "--kcv", check, *OPENS)
        assert cardsim("keys", *words).out.endswith(f"FINANCE/AC {algorithm} version 0  KCV {check}\n")
    assert re.search(r"FINANCE/AC +SM4 +0 +8447EB", cardsim("keys", "show", "FINANCE", *OPENS).out)


def test_imports_that_are_refused(cardsim: Runner, issuer: Path, typed: Callable[..., None]) -> None:
    before = (issuer / "issuer.keys").read_bytes()
    typed("11223344")
    message = cardsim("keys", "import", "HRSS/SSSE/RK", *OPENS).err
    assert "version 0: the imported key takes the place of the one that the keystore made" in message
    assert "component 1: 32 hexadecimal digits" in message
    assert "11223344" not in message
    typed("00" * 16)
    ran = cardsim("keys", "import", "HRSS/SSSE/RK", "--kcv", "123456", *OPENS)
    assert (ran.status, ran.out) == (2, "component 1  KCV 8CA64D\n")
    assert "the key's check value is 8CA64D, not 123456; nothing was imported" in ran.err
    for name in ("HRSS", "HRSS/", "/RK"):
        cardsim.refused("keys", "import", name, *OPENS)
    for name in ("HRSS/SSSE/XX", "HRSS/DF99/RK", "PKI/FOO/BAR"):
        for words in (("import",), ("export",), ("import", "--version", "9")):
            assert f"has no key {name}; there are " in cardsim("keys", *words, name, *OPENS).err
    assert "there are PKI/DF01/MK\n" in cardsim("keys", "export", "PKI/FOO/BAR").err
    assert "it has 0 (`cardsim keys rotate`)" in cardsim.refused(
        "keys", "export", "HRSS/SSSE/RK", "--version", "9", *OPENS
    )
    assert (issuer / "issuer.keys").read_bytes() == before
    typed("00" * 16, "11" * 16)
    assert cardsim("keys", "import", "HRSS/SSSE/RK", *OPENS).status == 0
    assert "imported before; `cardsim keys import --force`" in cardsim.refused("keys", "import", "HRSS/SSSE/RK", *OPENS)


# --- passphrases ---


def test_passphrases(
    cardsim: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: Callable[..., None]
) -> None:
    """From the environment, from a file, from standard input; wrong; never as an argument."""
    keystore, words = tmp_path / "keys", ("keys", "list", "--keystore", tmp_path / "keys")
    monkeypatch.setenv("CARDSIM_PASSPHRASE", "right 口令")
    assert cardsim("keys", "init", keystore).status == 0
    assert cardsim(*words).status == 0
    monkeypatch.setenv("CARDSIM_PASSPHRASE", "wrong")
    message = cardsim.refused(*words)
    assert "this is not the passphrase" in message
    assert "wrong" not in message
    monkeypatch.setenv("CARDSIM_PASSPHRASE", "")
    assert "the passphrase is empty" in cardsim.refused(*words)
    monkeypatch.delenv("CARDSIM_PASSPHRASE")
    (tmp_path / "phrase").write_text("right 口令\n", encoding="utf-8")
    assert cardsim(*words, "--passphrase-file", tmp_path / "phrase").status == 0
    typed("right 口令")
    assert cardsim(*words).status == 0
    assert "has a passphrase, not a key file" in cardsim.refused(*words, "--key-file", tmp_path / "phrase")
    assert "unrecognized arguments" in cardsim.refused(*words, "--passphrase", "right")


# --- cards ---


def test_the_same_holder_and_keystore_make_the_same_card(issuer: Path) -> None:
    """Byte for byte, made by two processes; another keystore makes another."""
    for name in ("one.card", "two.card"):
        ran = process("new", "--chip", "gen2", "--out", issuer / name, *absolute(issuer))
        assert ran.returncode == 0, ran
    process("new", "--chip", "gen2", "--out", issuer / "test.card")
    one, two, test = ((issuer / f"{name}.card").read_bytes() for name in ("one", "two", "test"))
    assert one == two
    assert one != test


def absolute(issuer: Path) -> tuple[str | Path, ...]:
    return "--keystore", issuer / "issuer.keys", "--key-file", issuer / "issuer.key"


@pytest.mark.usefixtures("issuer")
def test_a_card_opens_with_its_own_keystore_alone(cardsim: Runner) -> None:
    assert cardsim("new", "--chip", "gen2", "--out", "a.card", *OPENS).status == 0
    read = ("read", "--card", "a.card", "--auth", "hsm")
    assert "other keys than the TEST keys" in cardsim.refused(*read, status=1)
    assert cardsim(*read, *OPENS).status == 0
    assert "written and verified" in cardsim("write", "--card", "a.card", "EF06/0C=639900", *OPENS).out
    assert cardsim("pin", "unblock", "--card", "a.card", *OPENS).status == 0
    cardsim("new", "--chip", "gen2", "--out", "test.card")
    message = cardsim.refused("read", "--card", "test.card", "--auth", "hsm", *OPENS, status=1)
    assert "other keys than the keystore's (INTERNAL AUTHENTICATE), or in other versions than 0;" in message


@pytest.mark.usefixtures("issuer")
def test_where_a_keystore_is_of_no_use(cardsim: Runner) -> None:
    cardsim("new", "--chip", "gen2", "--out", "a.card")
    assert "a keystore is for --auth hsm" in cardsim.refused("read", "--card", "a.card", *OPENS)
    words = ("pin", "verify", "--card", "a.card", "--pin", "123456")
    assert "pin verify has no use for --keystore" in cardsim.refused(*words, *OPENS)


def test_a_version_that_the_keystore_does_not_have(cardsim: Runner, issuer: Path) -> None:
    (issuer / "profile.toml").write_text("key_versions = [0, 1]\n")
    new = ("new", "--chip", "gen2", "--chip-profile", "profile.toml", "--out", "a.card", *OPENS)
    assert "; it has 0 (`cardsim keys rotate`)" in cardsim.refused(*new)
    cardsim("keys", "rotate", "HRSS", *OPENS)
    assert cardsim(*new).status == 0


# --- Chinese ---


@pytest.mark.usefixtures("issuer")
def test_in_chinese(cardsim: Runner) -> None:
    assert "已增加密钥版本 1" in cardsim("keys", "rotate", "HRSS", *OPENS, "--lang", "zh").out
    assert re.search(r"人力资源社会保障 +根 > 省 > 市 > 卡 ", cardsim("keys", "list", "--lang", "zh").out)
    assert "没有区域" in cardsim("keys", "show", "X", "--lang", "zh").err
    assert "操作" in cardsim("keys", "--help", "--lang", "zh").out

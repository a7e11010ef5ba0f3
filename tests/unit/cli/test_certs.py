"""`cardsim certs`: issued, verified, refused with the reason, revoked; OpenSSL agrees."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keys.pki import Certificate, ZoneBinding, distinguished_name, make_request, parse_private_key
from keys.sm2 import PrivateKey
from tests.unit.cli.running import process

if TYPE_CHECKING:
    from tests.unit.cli.running import Runner

CARD_ID = "639900D156000005000000017BD172E2"
AT = ("--at", "2026-06-01")
CARD_NAME = f"serialNumber={CARD_ID},CN=HRSS card,O=HRSS card,C=CN"


@pytest.fixture
def place(cardsim: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory, which is the current one, with a card's certificate of ten years."""
    monkeypatch.chdir(tmp_path)
    ran = issue(cardsim, "--key-out", "card.key", "--out", "card.pem")
    assert (ran, (tmp_path / "card.pem").exists()) == (0, True)
    return tmp_path


def issue(cardsim: Runner, *words: str) -> int:
    period = ("--from", "2024-01-01", "--to", "20340101")
    return cardsim("certs", "issue", "--id", CARD_ID, *period, *words).status


def test_a_certificate_for_a_card_file(cardsim: Runner, card: Path) -> None:
    """Identification code and period are what the card says."""
    ran = cardsim("certs", "issue", "--card", card)
    certificate = Certificate.parse(ran.out.encode())
    read = cardsim("read", "--card", card).out
    assert certificate.zone_binding is not None
    assert certificate.zone_binding.card.hex().upper() in read
    assert certificate.zone_binding.key_versions == (("HRSS", 0),)
    assert f"{certificate.not_before:%Y%m%d %H%M%S}" == "20240101 000000"
    assert f"{certificate.not_after:%Y%m%d %H%M%S}" == "20340101 235959"


def test_the_same_again_in_another_process(place: Path) -> None:
    ran = process("certs", "issue", "--id", CARD_ID, "--from", "2024-01-01", "--to", "2034-01-01")
    assert ran.stdout == (place / "card.pem").read_bytes()


def test_the_private_key(place: Path) -> None:
    key = parse_private_key((place / "card.key").read_bytes())
    assert key.public == Certificate.parse((place / "card.pem").read_bytes()).public_key
    assert oct((place / "card.key").stat().st_mode)[-3:] == "600"


@pytest.mark.parametrize(
    "words",
    [
        ("issue", "--id", CARD_ID, "--key-out", "card.key"),
        ("issue", "--id", CARD_ID, "--key-out", "new.key", "--out", "card.pem"),
        ("export", "ca-key", "--out", "card.key"),
        ("chain", "--out", "card.pem"),
    ],
)
def test_nothing_is_overwritten_unasked(cardsim: Runner, place: Path, words: tuple[str, ...]) -> None:
    for name in ("card.key", "card.pem"):
        (place / name).write_bytes(b"mine")
    assert "exists; give --force" in cardsim.refused("certs", *words)
    assert [path.read_bytes() for path in place.iterdir()] == [b"mine", b"mine"]
    assert cardsim("certs", *words, "--force").status == 0
    assert [path.read_bytes() for path in place.iterdir()].count(b"mine") == 1


@pytest.mark.usefixtures("place")
def test_cards_and_keys_are_never_overwritten(cardsim: Runner, card: Path) -> None:
    cardsim("keys", "init", "lab.keys", "--key-file", "lab.key")
    for path, kind in ((card, "card file"), (Path("lab.keys"), "keystore")):
        before = path.read_bytes()
        for force in ((), ("--force",)):
            assert f"is a {kind}; give another name" in cardsim.refused("certs", "chain", "--out", path, *force)
        assert path.read_bytes() == before


@pytest.mark.usefixtures("place")
def test_verified_step_by_step(cardsim: Runner) -> None:
    expected = [
        "CN=cardsim TEST HRSS root CA,O=cardsim TEST,C=CN: signed by itself, valid",
        (
            "CN=cardsim TEST HRSS CA 1,O=cardsim TEST,C=CN: signed by "
            "CN=cardsim TEST HRSS root CA,O=cardsim TEST,C=CN, valid"
        ),
        f"{CARD_NAME}: signed by CN=cardsim TEST HRSS CA 1,O=cardsim TEST,C=CN, valid",
    ]
    cardsim("certs", "chain", "--out", "chain.pem")
    cardsim("certs", "export", "root", "--out", "root.der", "--der")
    for files in (("card.pem",), ("chain.pem", "card.pem"), ("chain.pem", "card.pem", "--root", "root.der")):
        ran = cardsim("certs", "verify", *files, *AT)
        assert (ran.status, ran.out.splitlines()) == (0, expected)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--at", "2023-12-31T23:59:59"), "valid only from 2024-01-01 00:00:00 UTC"),
        (("--at", "2034-01-02"), "valid only until 2034-01-01 23:59:59 UTC"),
        (("--at", "2034-01-02T07:59:59+08:00"), ""),
        ((*AT, "--zone", "FINANCE"), "not by CN=cardsim TEST FINANCE root CA"),
        ((*AT, "--zone", "FINANCE", "--root", "root.pem"), "bound to zone 7378312E73682EC9E7BBE1B1A3D5CF, not to A0"),
    ],
)
@pytest.mark.usefixtures("place")
def test_refused_with_the_reason(cardsim: Runner, words: tuple[str, ...], message: str) -> None:
    cardsim("certs", "export", "root", "--out", "root.pem")
    ran = cardsim("certs", "verify", "card.pem", *words)
    assert ran.status == (1 if message else 0)
    assert message in ran.err


def test_a_changed_bit(cardsim: Runner, place: Path) -> None:
    raw = Certificate.parse((place / "card.pem").read_bytes())
    (place / "card.der").write_bytes(bytes(raw).replace(b"HRSS card", b"HRSS cars", 1))
    ran = cardsim("certs", "verify", "card.der", *AT)
    assert ran.status == 1
    assert "something was changed" in ran.err
    (place / "card.der").write_bytes(raw[:-1])
    assert cardsim.refused("certs", "verify", "card.der", *AT) == "cardsim: card.der: these bytes are no certificate\n"
    assert cardsim.refused("--lang=zh", "certs", "verify", "card.der").endswith("card.der:这些字节不是证书\n")


def test_revoked(cardsim: Runner, place: Path) -> None:
    ran = cardsim("certs", "revoke", "card.pem", "--crl", "list.pem", *AT)
    assert ran.out == "list.pem: list 1, 1 revoked, until 2026-07-01 00:00:00 UTC\n"
    ran = cardsim("certs", "verify", "card.pem", "--crl", "list.pem", *AT)
    assert ran.status == 1
    assert ran.err == f"cardsim: {CARD_NAME}: revoked on 2026-06-01 00:00:00 UTC\n"
    ran = cardsim("certs", "revoke", "--serial", "1a2", "--crl", "list.pem", "--at", "2026-06-02", "--days", "1")
    assert ran.out == "list.pem: list 2, 2 revoked, until 2026-06-03 00:00:00 UTC\n"
    ran = cardsim("certs", "verify", "card.pem", "--crl", "list.pem", "--at", "2026-06-04")
    assert ran.status == 1
    assert "the revocation list of CN=cardsim TEST HRSS CA 1" in ran.err
    cardsim("certs", "issue", "--id", CARD_ID, "--from", "2025-01-01", "--to", "2030-01-01", "--out", "other.pem")
    ran = cardsim("certs", "verify", "other.pem", "--crl", "list.pem", "--at", "2026-06-02")
    assert ran.out.endswith(", valid, not revoked\n")
    assert (place / "list.pem").read_bytes().startswith(b"-----BEGIN X509 CRL-----")


@pytest.mark.usefixtures("place")
def test_certificates_of_an_earlier_ca(cardsim: Runner) -> None:
    """They go on to verify, and to be revoked on that CA's list, when the zone has a new CA."""
    opens, far = ("--keystore", "lab.keys", "--key-file", "lab.key"), ("--at", "2030-01-01")
    cardsim("keys", "init", *opens[1:])
    assert issue(cardsim, *opens, "--out", "old.pem") == 0
    cardsim("keys", "rotate", "HRSS", "--ca", *opens)
    assert issue(cardsim, *opens, "--out", "new.pem") == 0
    for name in ("old.pem", "new.pem"):
        assert cardsim("certs", "verify", name, *far, *opens).status == 0
    assert cardsim("certs", "revoke", "old.pem", "--crl", "old.crl", *far, *opens).status == 0
    ran = cardsim("certs", "verify", "old.pem", "--crl", "old.crl", *far, *opens)
    assert "revoked on 2030-01-01" in ran.err
    assert cardsim("certs", "verify", "new.pem", "--crl", "old.crl", *far, *opens).status == 0
    words = ("certs", "revoke", "old.pem", "new.pem", "--crl", "x.crl", *opens)
    assert "new.pem: not issued by CN=cardsim HRSS CA 1" in cardsim.refused(*words)


@pytest.mark.usefixtures("place")
def test_only_the_issuer_revokes(cardsim: Runner) -> None:
    words = ("certs", "revoke", "card.pem", "--crl", "list.pem", "--zone", "FINANCE")
    assert "card.pem: not issued by CN=cardsim TEST FINANCE CA 1" in cardsim.refused(*words)
    cardsim("certs", "revoke", "--crl", "list.pem", "--zone", "FINANCE", *AT)
    message = cardsim.refused("certs", "revoke", "card.pem", "--crl", "list.pem", *AT, status=1)
    assert "not one that CN=cardsim TEST HRSS CA 1" in message


def test_a_request(cardsim: Runner, place: Path) -> None:
    key = PrivateKey.derive(b"somebody's")
    request = make_request(key, distinguished_name("tests", "card"), ZoneBinding(b"anything"))
    (place / "request.pem").write_bytes(request.pem)
    assert issue(cardsim, "--csr", "request.pem", "--out", "requested.pem") == 0
    certificate = Certificate.parse((place / "requested.pem").read_bytes())
    assert (certificate.public_key, certificate.name) == (key.public, CARD_NAME)
    assert cardsim("certs", "verify", "requested.pem", *AT).status == 0
    assert "is its maker's" in cardsim("certs", "issue", "--csr", "request.pem", "--key-out", "x", "--id", CARD_ID).err
    assert "request.pem: no CERTIFICATE stands" in cardsim.refused("certs", "verify", "request.pem")


@pytest.mark.usefixtures("place")
def test_exports(cardsim: Runner) -> None:
    cas = cardsim("certs", "chain").out
    assert cardsim("certs", "export", "root").out + cardsim("certs", "export", "ca").out == cas
    ran = cardsim("certs", "export", "ca-key")
    assert ran.err == "warning: a private key in clear\n"
    ca = Certificate.parse_all(cas.encode())[1]
    assert parse_private_key(ran.out.encode()).public == ca.public_key
    assert "BEGIN PUBLIC KEY" in cardsim("certs", "export", "root-public").out


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl command")
def test_openssl_agrees(cardsim: Runner, place: Path) -> None:
    cardsim("certs", "export", "root", "--out", "root.pem")
    cardsim("certs", "export", "ca", "--out", "ca.pem")
    verify = ("openssl", "verify", "-vfyopt", "distid:1234567812345678", "-x509_strict", "-no_check_time")
    for words in (("-CAfile", "root.pem", "ca.pem"), ("-partial_chain", "-trusted", "ca.pem", "card.pem")):
        ran = subprocess.run((*verify, *words), cwd=place, capture_output=True, timeout=30, check=False)
        assert ran.returncode == 0, ran


@pytest.mark.usefixtures("place")
def test_another_keystore_is_another_authority(cardsim: Runner) -> None:
    one, two = (("--keystore", f"{name}.keys", "--key-file", "lab.key") for name in ("one", "two"))
    for opens in (one, two):
        cardsim("keys", "init", *opens[1:])
    assert issue(cardsim, *one, "--out", "one.pem") == 0
    far = ("--at", "2030-01-01")
    assert cardsim("certs", "verify", "one.pem", *far, *one).status == 0
    ran = cardsim("certs", "verify", "one.pem", *far, *two)
    assert ran.status == 1
    assert "of the same name with another key" in ran.err
    ran = cardsim("certs", "verify", "one.pem", *far)
    assert ran.status == 1
    assert "issued by CN=cardsim HRSS CA 1,O=cardsim,C=CN, not by CN=cardsim TEST HRSS root CA" in ran.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("issue", "--id", "00"), "a card identification code is 16 bytes"),
        (("issue", "--id", CARD_ID, "--card", "x"), "--id is for when there is no card"),
        (("issue", "--id", CARD_ID, "--from", "soon"), "'soon' is no date"),
        (("issue", "--id", CARD_ID, "--from", "2034", "--to", "2024"), "is no date"),
        (("issue", "--id", CARD_ID, "--from", "2034-01-01", "--to", "2024-01-01"), "before it begins"),
        (("issue", "--id", CARD_ID, "--der"), "--der needs --out"),
        (("chain", "--der", "--out", "x"), "a chain is PEM"),
        (("chain", "--zone", "X"), "no zone 'X'"),
        (("verify", "none.pem"), "none.pem: No such file"),
        (("revoke", "--crl", "list.pem", "--serial", "00"), "--serial: 1 to 20 bytes"),
        (("revoke", "--crl", "list.pem", "--days", "0"), "--days: 1 to"),
    ],
)
@pytest.mark.usefixtures("place")
def test_command_lines_that_are_wrong(cardsim: Runner, words: tuple[str, ...], message: str) -> None:
    assert message in cardsim.refused("certs", *words)


def test_pboc_certificates(cardsim: Runner) -> None:
    words = (
        "certs",
        "issue",
        "--zone",
        "finance",
        "--pan",
        "6228000100001117",
        "--to",
        "2030-12-31",
        "--static",
        "5A00",
    )
    ran = cardsim(*words)
    rows = {(kind, tag): value for kind, tag, value in (line.split() for line in ran.out.splitlines())}
    assert [tag for kind, tag in rows if kind == "RSA"] == ["90", "92", "9F32", "9F46", "9F48", "9F47"]
    assert rows["SM2", "90"].startswith("12622800011230")
    assert rows["SM2", "9F46"].startswith("146228000100001117FFFF1230")
    assert cardsim(*words).out == ran.out
    assert "--pan, --to and --static are all" in cardsim.refused(*words, "--id", CARD_ID)
    assert "needs --pan and --to" in cardsim.refused(*words[:4])
    assert "no certificate can say this" in cardsim.refused(*words[:5], "6228X", *words[6:])
    assert "for PBOC certificates alone" in cardsim.refused("certs", "issue", "--id", CARD_ID, "--pan", "6228")


@pytest.mark.usefixtures("place")
def test_in_chinese(cardsim: Runner) -> None:
    assert "自签名,有效" in cardsim("certs", "verify", "card.pem", *AT, "--lang", "zh").out
    assert "过期" in cardsim("certs", "verify", "card.pem", "--at", "2040-01-01", "--lang", "zh").err


def test_the_place_of_a_certificate_is_a_setting_of_the_card(cardsim: Runner, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text("[certificate_fids]\nHRSS = 0xEF2A\nPKI = 0xEF2B\n", encoding="utf-8")
    path = str(tmp_path / "a.card")
    cardsim("new", "--chip", "gen2", "--chip-profile", str(tmp_path / "p.toml"), "--out", path)
    assert "EF2A" in cardsim("certs", "issue", "--card", path).err
    # The sheet states the PKI zone's file, so no setting moves it.
    assert "0018" in cardsim("certs", "issue", "--zone", "PKI", "--card", path).err

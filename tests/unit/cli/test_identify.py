"""`cardsim identify` with cards of the 3rd generation; openssl is the judge of what it saves."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from keys.pki import Certificate
from keys.sm2 import Signature, verify
from tests.unit.cli.gen3 import ADMIN_PIN, AT, CODE, OTHER_CODE, USER_PIN, copied, image, save

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.running import Ran, Runner

PKI = ("--zone", "PKI")


@pytest.fixture(scope="session")
def genuine_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return save(image(), tmp_path_factory.mktemp("gen3") / "g.card").read_bytes()


@pytest.fixture
def genuine(genuine_bytes: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a genuine card; the current directory is this test's own."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "genuine.card"
    path.write_bytes(genuine_bytes)
    return path


@pytest.fixture
def identify(cardsim: Runner) -> Any:
    def run(card: Path, *words: str | Path, pin: str = USER_PIN) -> Ran:
        return cardsim("identify", "--card", card, "--user-pin", pin, *AT, *words)

    return run


def refused(ran: Ran) -> str:
    """Return the step that does not hold."""
    lines = ran.out.splitlines()
    assert (ran.status, lines[-1]) == (1, "NOT identified"), ran
    assert all(line.startswith("yes  ") for line in lines[:-2])
    assert lines[-2].startswith("NO   ")
    return lines[-2][5:]


def test_evidence_of_two_runs_is_not_mixed(identify: Any, genuine: Path, tmp_path: Path) -> None:
    directory = tmp_path / "eve"
    assert identify(genuine, "--save", directory).status == 0
    assert (directory / "signature.der").exists()
    assert identify(genuine, "--save", directory, pin="999999").status == 1
    assert not (directory / "signature.der").exists()
    assert not (directory / "signature.bin").exists()


def test_a_genuine_card_step_by_step(identify: Any, genuine: Path) -> None:
    ran = identify(genuine)
    root, ca = ("CN=cardsim TEST PKI root CA,O=cardsim TEST,C=CN", "CN=cardsim TEST PKI CA 1,O=cardsim TEST,C=CN")
    name = f"serialNumber={CODE},CN=PKI card,O=PKI card,C=CN"
    assert ran.out.splitlines() == [
        f"yes  card identification code {CODE}",
        f"yes  certificate of {name}, 2024-01-01 to 2034-01-01",
        f"yes  {root}: signed by itself, valid",
        f"yes  {ca}: signed by {root}, valid",
        f"yes  {name}: signed by {ca}, valid",
        "yes  bound to this card and to zone PKI (504B492EC9E7BBE1B1A3D5CF)",
        "yes  the user PIN is right",
        "yes  the challenge is signed with the certificate's key",
        f"identified: card {CODE}",
    ]
    assert ran.err == "revocation was not checked: no list (--crl)\n"
    assert ran.status == 0


def test_in_chinese(cardsim: Runner, genuine: Path) -> None:
    out = cardsim("--lang=zh", "identify", "--card", genuine, "--user-pin", USER_PIN, *AT).out
    assert out.startswith(f"通过  卡识别码 {CODE}\n")
    assert out.endswith(f"身份识别通过:卡 {CODE}\n")
    out = cardsim("--lang=zh", "identify", "--card", genuine, *AT).out
    assert out.endswith("身份识别未通过\n")
    assert "失败  卡未签名" in out


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl command")
def test_openssl_verifies_what_is_saved(identify: Any, genuine: Path, tmp_path: Path) -> None:
    """With the very lines that are printed."""
    ran = identify(genuine, "--save", ".")
    lines = [shlex.split(line) for line in ran.err.splitlines() if line.startswith("  openssl")]
    assert [words[1] for words in lines] == ["verify", "verify", "dgst"]

    def judged() -> list[int]:
        return [
            subprocess.run([*words], cwd=tmp_path, capture_output=True, timeout=30, check=False).returncode
            for words in lines
        ]

    assert judged() == [0, 0, 0]
    assert Certificate.parse_all((tmp_path / "chain.pem").read_bytes())[0].public_key[-64:] in (
        subprocess.run(
            ("openssl", "pkey", "-pubin", "-in", "card.pub", "-outform", "DER"),
            cwd=tmp_path, capture_output=True, timeout=30, check=True,
        ).stdout
    )  # fmt: skip
    challenge = (tmp_path / "challenge.bin").read_bytes()
    (tmp_path / "challenge.bin").write_bytes(challenge[:-1] + bytes((challenge[-1] ^ 1,)))
    assert judged()[:2] == [0, 0]
    assert judged()[2] != 0


def test_the_directory_is_made_and_its_evidence_replaced(identify: Any, genuine: Path, tmp_path: Path) -> None:
    challenges = []
    for _ in range(2):
        assert identify(genuine, "--save", "one/two").status == 0
        challenges.append((tmp_path / "one" / "two" / "challenge.bin").read_bytes())
    assert challenges[0] != challenges[1]


def test_a_challenge_is_fresh_each_time(identify: Any, genuine: Path) -> None:
    one, two = (json.loads(identify(genuine, "--json").out) for _ in range(2))
    assert len(one["challenge"]) == 64
    assert one["challenge"] != two["challenge"]
    assert one["signature"] != two["signature"]


def test_the_on_line_form(identify: Any, genuine: Path) -> None:
    """A host gives the challenge, and checks from the JSON alone."""
    challenge = bytes(range(48))
    ran = identify(genuine, "--json", "--challenge", challenge.hex())
    report = json.loads(ran.out)
    assert (ran.status, ran.err, report["identified"], report["revocation_checked"]) == (0, "", True, False)
    assert (report["card_identification"], report["signer_id"]) == (CODE, "1234567812345678")
    certificate = Certificate.parse(report["certificate"].encode())
    signature = Signature(bytes.fromhex(report["signature"]))
    verify(certificate.public_key, challenge, signature)
    assert signature.der == bytes.fromhex(report["signature_der"])
    assert [Certificate.parse(text.encode()).subject for text in report["chain"]] == [certificate.issuer]
    assert [step["step"] for step in report["steps"]] == [
        "card", "certificate", "chain", "chain", "chain", "binding", "pin", "proof"
    ]  # fmt: skip
    assert all(step["holds"] and step["text_zh"] for step in report["steps"])


def test_a_copied_card(identify: Any, genuine: Path, tmp_path: Path) -> None:
    del genuine
    card = save(copied(image()), tmp_path / "copied.card")
    said = refused(identify(card))
    assert "the card does not sign" in said
    assert "no private key that works, as a copied card would" in said
    report = json.loads(identify(card, "--json", "--save", ".").out)
    assert (report["identified"], report["signature"], report["steps"][-1]["holds"]) == (False, "", False)
    assert not (tmp_path / "signature.der").exists()
    assert (tmp_path / "card.pem").exists()


def test_another_cards_certificate(cardsim: Runner, identify: Any, genuine: Path) -> None:
    period = ("--from", "2024-01-01", "--to", "2034-01-01")
    cardsim("certs", "issue", *PKI, "--id", OTHER_CODE, *period, "--out", "other.pem")
    ran = cardsim("pki", "write-cert", "signature", "other.pem", "--card", genuine, "--admin-pin", ADMIN_PIN)
    assert ran.err == "warning: the card has another key than the certificate\n"
    assert refused(identify(genuine)) == (f"the certificate is bound to card {OTHER_CODE}, not to this one, {CODE}")


def test_another_zones_ca(cardsim: Runner, identify: Any, genuine: Path) -> None:
    period = ("--from", "2024-01-01", "--to", "2034-01-01")
    cardsim("certs", "issue", "--zone", "HRSS", "--id", CODE, *period, "--out", "hrss.pem")
    cardsim("certs", "chain", "--zone", "HRSS", "--out", "hrss-ca.pem")
    cardsim("pki", "write-cert", "signature", "hrss.pem", "--card", genuine, "--admin-pin", ADMIN_PIN)
    assert "issued by CN=cardsim TEST HRSS CA 1" in refused(identify(genuine))
    assert "bound to zone 7378312E73682EC9E7BBE1B1A3D5CF, not to 504B492E" in refused(
        identify(genuine, "--ca", "hrss-ca.pem")
    )


def test_a_new_key_needs_a_new_certificate(cardsim: Runner, identify: Any, genuine: Path) -> None:
    assert cardsim("pki", "generate", "--card", genuine, "--user-pin", USER_PIN).status == 0
    assert "not made with the certificate's key" in refused(identify(genuine))
    ran = cardsim("pki", "write-cert", "signature", "--card", genuine, "--admin-pin", ADMIN_PIN)
    assert (ran.status, ran.err) == (0, "")
    assert identify(genuine).status == 0


@pytest.mark.parametrize(
    ("at", "why"),
    [("2023-12-31", "valid only from 2024-01-01"), ("2034-01-02", "valid only until 2034-01-01 23:59:59 UTC")],
)
def test_outside_its_time(identify: Any, genuine: Path, at: str, why: str) -> None:
    assert why in refused(identify(genuine, "--at", at))


def test_revoked(cardsim: Runner, identify: Any, genuine: Path) -> None:
    cardsim("certs", "revoke", *PKI, "--crl", "none.pem", *AT)
    ran = identify(genuine, "--crl", "none.pem")
    assert (ran.status, ran.err) == (0, "")
    assert "valid, not revoked" in ran.out
    cardsim("pki", "read-cert", "signature", "--card", genuine, "--out", "card.pem")
    cardsim("certs", "revoke", *PKI, "card.pem", "--crl", "list.pem", *AT)
    assert "revoked on 2026-06-01" in refused(identify(genuine, "--crl", "list.pem"))
    assert "the revocation list of" in refused(identify(genuine, "--crl", "none.pem", "--at", "2026-08-01"))
    cardsim("certs", "revoke", "--zone", "HRSS", "--crl", "hrss.pem", *AT)
    assert "nothing to do with this certificate" in refused(identify(genuine, "--crl", "hrss.pem"))


def test_a_keystores_card(cardsim: Runner, identify: Any, genuine: Path) -> None:
    opens = ("--keystore", "lab.keys", "--key-file", "lab.key")
    cardsim("keys", "init", *opens[1:])
    assert cardsim("new", "--chip", "gen3", *opens, "--out", "lab.card").status == 0
    card = genuine.with_name("lab.card")
    far = ("--at", "2032-01-01")
    assert identify(card, *far, *opens).status == 0
    assert "issued by CN=cardsim PKI CA 1" in refused(identify(card, *far))
    cardsim("certs", "chain", *PKI, *opens, "--out", "ca.pem")
    assert identify(card, *far, "--ca", "ca.pem").status == 0
    assert "issued by CN=cardsim TEST PKI CA 1" in refused(identify(genuine, *far, "--ca", "ca.pem"))


def test_a_wrong_pin_is_told_with_its_counter_and_blocks(cardsim: Runner, identify: Any, genuine: Path) -> None:
    for left in (5, 4, 3, 2, 1, 0):
        assert f"63C{left} (verification failed, {left} " in refused(identify(genuine, pin="654321"))
        assert f"{left} of 6 tries left" in cardsim("show", genuine).out
    assert "6983 (PIN or key is blocked)" in refused(identify(genuine))
    cardsim("pki", "unblock-pin", "user", "--card", genuine, "--admin-pin", ADMIN_PIN)
    assert identify(genuine).status == 0


def test_without_a_pin_everything_else_is_still_looked_at(cardsim: Runner, genuine: Path) -> None:
    said = refused(cardsim("identify", "--card", genuine, *AT))
    assert said.endswith("it wants the user PIN")


def test_a_2nd_generation_card_has_no_pki_application(identify: Any, card: Path) -> None:
    assert refused(identify(card)).startswith("this card has no PKI application that answers here")


def test_a_trace_has_neither_the_pin_nor_its_key(identify: Any, genuine: Path, tmp_path: Path) -> None:
    assert identify(genuine, "--trace", "t.trace").status == 0
    text = (tmp_path / "t.trace").read_text(encoding="utf-8")
    assert "> 0020018110" + "**" * 16 + "\n" in text
    assert "3DE741F445DD357BEA4E6C3FE6437036" not in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--challenge", "00"), "--challenge: 16 to 1024 bytes, not 1"),
        (("--challenge", "xy"), "--challenge: 'x' is not a hexadecimal digit"),
        (("--ca", "none.pem"), "none.pem: No such file"),
        (("--ca", "ca.pem"), "ca.pem: 0 root certificates"),
        (("--ca", "ca.pem", "--keystore", "x"), "--ca or a keystore, not both"),
        (("--crl", "ca.pem"), "ca.pem: no X509 CRL stands"),
        (("--user-pin", "12"), "user PIN: a PIN is 4 to 16 digits"),
        (("--at", "soon"), "'soon' is no date"),
        (("--save", "ca.pem"), "ca.pem: File exists"),
        (("--save", "."), "ca.pem is not of an earlier --save"),
    ],
)
def test_wrong_options(cardsim: Runner, genuine: Path, words: tuple[str, ...], message: str) -> None:
    cardsim("certs", "export", "ca", *PKI, "--out", "ca.pem")
    assert message in cardsim.refused("identify", "--card", genuine, *words)

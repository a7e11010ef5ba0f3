"""`cardsim pki` with cards of the 3rd generation."""

from __future__ import annotations

import io
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from keys.pki import Certificate, parse_private_key, private_key_der
from keys.pki.keyfiles import public_key_der
from keys.pki.pem import PRIVATE_KEY, PUBLIC_KEY, to_pem
from keys.sm2 import PrivateKey, Signature, decrypt, encrypt, verify
from tests.unit.cli.contents import KeyringOfAnother
from tests.unit.cli.gen3 import ADMIN_PIN, AT, CODE, USER_PIN, image, save

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.running import Ran, Runner

OPENSSL_ID = "distid:1234567812345678"
NEW = "9753108642097531"


@pytest.fixture(scope="session")
def gen3_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return save(image(), tmp_path_factory.mktemp("gen3") / "g.card").read_bytes()


@pytest.fixture
def gen3(gen3_bytes: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a new card; the current directory is this test's own."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "gen3.card"
    path.write_bytes(gen3_bytes)
    return path


@pytest.fixture
def pki(cardsim: Runner, gen3: Path) -> Any:
    def run(action: str, *words: str | Path, card: Path = gen3) -> Ran:
        return cardsim("pki", action, "--card", card, *words)

    return run


def done(ran: Ran) -> str:
    assert ran.status == 0, ran
    return ran.out


def refused(ran: Ran) -> str:
    assert (ran.status, ran.out) == (1, ""), ran
    assert ran.err.startswith("cardsim: ")
    return ran.err


# --- PINs ---


def test_pins_are_verified(pki: Any, cardsim: Runner, gen3: Path) -> None:
    assert done(pki("verify-pin", "user", "--pin", USER_PIN)) == "the user PIN is right\n"
    assert done(pki("verify-pin", "admin", "--pin", ADMIN_PIN)) == "the administrator PIN is right\n"
    assert done(pki("verify-pin", "user", "--user-pin", USER_PIN)) == "the user PIN is right\n"
    assert done(pki("verify-pin", "admin", "--admin-pin", ADMIN_PIN)) == "the administrator PIN is right\n"
    wrong = pki("verify-pin", "user", "--admin-pin", ADMIN_PIN)
    assert (wrong.status, "pki verify-pin user has no use for --admin-pin" in wrong.err) == (2, True)
    assert "63C5 (verification failed, 5 tries left)" in refused(pki("verify-pin", "user", "--pin", ADMIN_PIN))
    out = cardsim("show", gen3).out
    lines = [line.split() for line in out.splitlines()]
    assert ["PIN", "PKI-USER", "reference", "81", "5", "of", "6", "tries", "left"] in lines
    assert ["PIN", "PKI-ADMIN", "reference", "00", "6", "of", "6", "tries", "left"] in lines


def test_a_pin_is_typed_or_piped(pki: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{USER_PIN}\n"))
    assert done(pki("verify-pin", "user")) == "the user PIN is right\n"


@pytest.mark.parametrize(("which", "old"), [("user", USER_PIN), ("admin", ADMIN_PIN)])
def test_a_pin_is_changed(pki: Any, which: str, old: str) -> None:
    assert "63C5" in refused(pki("change-pin", which, "--pin", "0000", "--new", NEW))
    assert "is changed" in done(pki("change-pin", which, "--pin", old, "--new", NEW))
    assert "63C5" in refused(pki("verify-pin", which, "--pin", old))
    done(pki("verify-pin", which, "--pin", NEW))
    done(pki("change-pin", which, f"--{which}-pin", NEW, "--new", NEW))


def block(pki: Any, which: str) -> None:
    errors = [pki("verify-pin", which, "--pin", "0000").err for _ in range(6)]
    assert "it is blocked now" in errors[-1]
    assert ["`cardsim pki unblock-pin`" in error for error in errors] == [False] * 5 + [True]


def test_a_blocked_user_pin_is_unblocked_and_reloaded(pki: Any) -> None:
    block(pki, "user")
    assert "6983" in refused(pki("verify-pin", "user", "--pin", USER_PIN))
    assert "the administrator PIN: 63C5" in refused(pki("unblock-pin", "user", "--admin-pin", "0000"))
    assert done(pki("unblock-pin", "user", "--admin-pin", ADMIN_PIN)) == "the user PIN has all its tries again\n"
    done(pki("verify-pin", "user", "--pin", USER_PIN))
    block(pki, "user")
    out = done(pki("reload-pin", "user", "--admin-pin", ADMIN_PIN, "--new", NEW))
    assert out == "the user PIN has all its tries again and is the new one\n"
    done(pki("verify-pin", "user", "--pin", NEW))


def test_a_blocked_administrator_pin_is_opened_by_the_master_key(pki: Any) -> None:
    block(pki, "admin")
    done(pki("unblock-pin", "admin"))
    done(pki("verify-pin", "admin", "--pin", ADMIN_PIN))
    done(pki("reload-pin", "admin", "--new", NEW))
    done(pki("verify-pin", "admin", "--pin", NEW))


def test_the_master_key_in_another_version(cardsim: Runner, tmp_path: Path) -> None:
    card, settings = tmp_path / "two.card", tmp_path / "p.toml"
    settings.write_text("key_versions = [2]\n")
    assert cardsim("new", "--chip", "gen3", "--chip-profile", settings, "--out", card).status == 0
    assert cardsim("pki", "unblock-pin", "admin", "--card", card).status == 0


def test_a_master_key_of_another_origin_is_not_tried(pki: Any, tmp_path: Path) -> None:
    card = save(image(KeyringOfAnother()), tmp_path / "other.card")
    before = card.read_bytes()
    assert "none was tried on it" in refused(pki("unblock-pin", "admin", card=card))
    assert card.read_bytes() == before


# --- keys ---


@pytest.mark.parametrize(
    "words", [("--user-pin", USER_PIN), ("--admin-pin", ADMIN_PIN), ("--maker", "2", "--user-pin", USER_PIN)]
)
def test_a_generated_key_signs(pki: Any, tmp_path: Path, words: tuple[str, ...]) -> None:
    ran = pki("generate", *words, "--out", "new.pub")
    assert "`cardsim pki write-cert signature`" in ran.err
    (tmp_path / "message").write_bytes(b"some message")
    done(pki("write-cert", "signature", "--admin-pin", ADMIN_PIN))
    certificate = Certificate.parse(done(pki("read-cert", "signature")).encode())
    assert to_pem(PUBLIC_KEY, public_key_der(certificate.public_key)) == (tmp_path / "new.pub").read_bytes()
    raw = bytes.fromhex(done(pki("sign", "message", "--raw", "--user-pin", USER_PIN)))
    verify(certificate.public_key, b"some message", Signature(raw))


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl command")
def test_openssl_verifies_a_signature(pki: Any, tmp_path: Path) -> None:
    (tmp_path / "message").write_bytes(bytes(1000))
    done(pki("sign", "message", "--out", "message.sig", "--user-pin", USER_PIN))
    certificate = Certificate.parse(done(pki("read-cert", "signature")).encode())
    (tmp_path / "card.pub").write_bytes(to_pem(PUBLIC_KEY, public_key_der(certificate.public_key)))
    words = ("dgst", "-sm3", "-sigopt", OPENSSL_ID, "-verify", "card.pub", "-signature", "message.sig", "message")
    ran = subprocess.run(("openssl", *words), cwd=tmp_path, capture_output=True, timeout=30, check=False)
    assert (ran.returncode, ran.stdout) == (0, b"Verified OK\n")


def test_files_are_enciphered_for_the_card(pki: Any, tmp_path: Path) -> None:
    for size in (1, 6, 159):
        (tmp_path / "plain").write_bytes(bytes(range(size)))
        done(pki("encrypt", "plain", "--out", "sealed", "--force"))
        done(pki("decrypt", "sealed", "--out", f"opened{size}", "--user-pin", USER_PIN))
        assert (tmp_path / f"opened{size}").read_bytes() == bytes(range(size))
    public = Certificate.parse(done(pki("read-cert", "encryption")).encode()).public_key
    (tmp_path / "sealed").write_bytes(encrypt(public, b"from outside"))
    done(pki("decrypt", "sealed", "--out", "opened", "--user-pin", USER_PIN))
    assert (tmp_path / "opened").read_bytes() == b"from outside"
    assert oct((tmp_path / "opened").stat().st_mode)[-3:] == "600"


@pytest.mark.parametrize(
    "words",
    [
        ("generate", "--user-pin", USER_PIN),
        ("read-cert", "signature"),
        ("sign", "plain", "--user-pin", USER_PIN),
        ("encrypt", "plain"),
        ("decrypt", "plain", "--user-pin", USER_PIN),
    ],
)
def test_nothing_is_replaced_and_the_card_not_touched(pki: Any, gen3: Path, tmp_path: Path, words: Any) -> None:
    (tmp_path / "plain").write_bytes(b"text")
    before = gen3.read_bytes()
    for out, message in (("plain", "plain exists; give --force"), (gen3, "is a card file"), ("nowhere/x", "No such")):
        ran = pki(*words, "--out", out)
        assert (ran.status, ran.out, message in ran.err) == (2, "", True), ran
    assert gen3.read_bytes() == before
    assert (tmp_path / "plain").read_bytes() == b"text"


def test_an_encryption_key_is_imported_and_certified(pki: Any, cardsim: Runner, gen3: Path, tmp_path: Path) -> None:
    key = PrivateKey.derive(b"escrowed")
    (tmp_path / "key.pem").write_bytes(to_pem(PRIVATE_KEY, private_key_der(key)))
    assert "write-cert encryption" in done(pki("import-key", "key.pem", "--admin-pin", ADMIN_PIN))
    assert "does NOT fit this card: made for a key that is not on the card" in cardsim("show", gen3).out
    done(pki("write-cert", "encryption", "--admin-pin", ADMIN_PIN, "--to", "2030-12-31"))
    assert "does NOT fit" not in cardsim("show", gen3).out
    done(pki("read-cert", "encryption", "--out", "enc.der", "--der"))
    certificate = Certificate((tmp_path / "enc.der").read_bytes())
    assert (certificate.public_key, f"{certificate.not_after:%Y-%m-%d}") == (key.public, "2030-12-31")
    assert certificate.zone_binding
    assert certificate.zone_binding.card.hex().upper() == CODE
    assert not certificate.usage.signs
    (tmp_path / "plain").write_bytes(b"secret")
    done(pki("encrypt", "plain", "--out", "sealed"))
    assert decrypt(key, (tmp_path / "sealed").read_bytes()) == b"secret"
    done(pki("decrypt", "sealed", "--out", "opened", "--user-pin", USER_PIN))
    assert (tmp_path / "opened").read_bytes() == b"secret"


def test_nothing_is_done_with_a_wrong_pin(pki: Any, gen3: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(100))
    (tmp_path / "sealed").write_bytes(b"\x04" + bytes(100))
    (tmp_path / "key.pem").write_bytes(private_key_der(PrivateKey.derive(b"k")))
    assert parse_private_key((tmp_path / "key.pem").read_bytes())
    for left, words in zip(
        (5, 4, 3),
        (("generate",), ("sign", "file"), ("decrypt", "sealed", "--out", "x")),
        strict=True,
    ):
        assert f"63C{left}" in refused(pki(*words, "--user-pin", "0000"))
    for left, words in zip((5, 4), (("import-key", "key.pem"), ("write-cert", "signature")), strict=True):
        assert f"63C{left}" in refused(pki(*words, "--admin-pin", "0000"))
    assert not (tmp_path / "x").exists()
    assert pki("read-cert", "signature", card=gen3).status == 0


def test_traces_have_no_secret(pki: Any, tmp_path: Path) -> None:
    """Not even what a PIN's key or a session key would open."""
    key = PrivateKey.derive(b"escrowed")
    (tmp_path / "key.pem").write_bytes(to_pem(PRIVATE_KEY, private_key_der(key)))
    actions = {
        "change": ("change-pin", "user", "--pin", USER_PIN, "--new", NEW),
        "reload": ("reload-pin", "user", "--admin-pin", ADMIN_PIN, "--new", USER_PIN),
        "import": ("import-key", "key.pem", "--admin-pin", ADMIN_PIN),
    }
    texts = {}
    for name, words in actions.items():
        done(pki(*words, "--trace", f"{name}.trace"))
        texts[name] = (tmp_path / f"{name}.trace").read_text(encoding="utf-8")
    assert "> 845E018114" + "**" * 20 + "\n" in texts["change"]
    assert "> 8424018114" + "**" * 20 + "\n" in texts["reload"]
    assert "> 0020010010" + "**" * 16 + "\n" in texts["reload"]
    assert "> 804A021012" + "**" * 18 + "\n" in texts["import"]
    assert "> 80C2C00126" + "**" * 38 + "\n" in texts["import"]
    assert key.hex().upper() not in texts["import"]


def test_a_2nd_generation_card(cardsim: Runner, card: Path) -> None:
    ran = cardsim("pki", "verify-pin", "user", "--pin", USER_PIN, "--card", card)
    assert "this card has no PKI application that answers here" in refused(ran)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("verify-pin", "user", "--pin", "12"), "the user PIN: a PIN is 4 to 16 digits"),
        (("change-pin", "user", "--pin", "1234", "--new", "x"), "new PIN: a PIN is 4 to 16 digits"),
        (("unblock-pin", "admin", "--admin-pin", "1234"), "is unblocked by the master key"),
        (("unblock-pin", "user", "--keystore", "x"), "is unblocked by the administrator PIN"),
        (("read-cert", "signature", "--der"), "--der needs --out"),
        (("write-cert", "signature", "none.pem"), "none.pem: No such file"),
        (("write-cert", "signature", "x.pem", "--to", "2030-01-01"), "a certificate from a file is as it is"),
        (("sign", "none"), "none: No such file"),
        (("encrypt", "large", "--out", "x"), "large: 160 bytes; the card enciphers 1 to 159"),
        (("encrypt", "empty", "--out", "x"), "empty: 0 bytes"),
        (("decrypt", "large", "--out", "x"), "large: not 04, C1, C3, C2 of 98 to 256 bytes"),
        (("import-key", "large"), "large: these bytes are no SM2 private key"),
    ],
)
def test_wrong_options(pki: Any, tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    (tmp_path / "large").write_bytes(bytes(160))
    (tmp_path / "empty").write_bytes(b"")
    ran = pki(*words)
    assert ran.status == 2
    assert message in ran.err


def test_identification_after_everything(pki: Any, cardsim: Runner, gen3: Path) -> None:
    done(pki("change-pin", "user", "--pin", USER_PIN, "--new", NEW))
    done(pki("generate", "--user-pin", NEW))
    done(pki("write-cert", "signature", "--admin-pin", ADMIN_PIN))
    assert cardsim("identify", "--card", gen3, "--user-pin", NEW, *AT).status == 0

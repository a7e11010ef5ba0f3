"""What other programs think of our certificates: the openssl command, and pyOpenSSL for a whole chain."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from keys.pki import Certificate, Request, make_request, parse_private_key, private_key_der
from keys.pki.keyfiles import public_key_der
from keys.pki.pem import PRIVATE_KEY, PUBLIC_KEY, to_pem
from keys.sm2 import DEFAULT_ID
from tests.unit.keys.chains import AUTHORITY, CA, CARD, CARD_TIME, NOW, ROOT, authority, key, revoking

if TYPE_CHECKING:
    from pathlib import Path

ID = ("-vfyopt", f"distid:{DEFAULT_ID.decode()}")


def openssl(directory: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(("openssl", *words), cwd=directory, capture_output=True, timeout=30, check=False)


def _has_sm2() -> bool:
    if not shutil.which("openssl"):
        return False
    ran = subprocess.run(("openssl", "ecparam", "-list_curves"), capture_output=True, timeout=30, check=False)
    return b"SM2" in ran.stdout


needs_openssl = pytest.mark.skipif(not _has_sm2(), reason="no openssl command with SM2")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name, certificate in (("root", ROOT), ("ca", CA), ("card", CARD.certificate)):
        (tmp_path / f"{name}.pem").write_bytes(certificate.pem)
    return tmp_path


def tampered(certificate: Certificate) -> Certificate:
    """Return it with another bit in the subject's name."""
    raw = bytearray(certificate)
    raw[bytes(certificate).rindex(b"HRSS")] ^= 0x01
    return Certificate(bytes(raw))


@needs_openssl
def test_openssl_accepts_each_step(files: Path) -> None:
    """One step at a time: OpenSSL 3 takes the signer's ID for the last certificate alone (its issue 23471)."""
    for words in (("-CAfile", "root.pem", "ca.pem"), ("-partial_chain", "-trusted", "ca.pem", "card.pem")):
        ran = openssl(files, "verify", *ID, "-x509_strict", "-attime", str(int(NOW.timestamp())), *words)
        assert (ran.returncode, ran.stdout.split()[-1:]) == (0, [b"OK"]), ran


@needs_openssl
def test_openssl_refuses_what_was_changed(files: Path) -> None:
    (files / "card.pem").write_bytes(tampered(CARD.certificate).pem)
    ran = openssl(files, "verify", *ID, "-partial_chain", "-trusted", "ca.pem", "card.pem")
    assert ran.returncode != 0
    assert b"signature failure" in ran.stderr


@needs_openssl
def test_openssl_reads_requests_lists_and_keys(files: Path) -> None:
    (files / "request.pem").write_bytes(make_request(key("mine"), CARD.certificate.subject).pem)
    ran = openssl(files, "req", "-verify", *ID, "-in", "request.pem", "-noout")
    assert b"verify OK" in ran.stderr, ran
    (files / "list.pem").write_bytes(revoking(CARD.certificate).pem)
    ran = openssl(files, "crl", "-in", "list.pem", "-noout", "-text")
    assert f"{CARD.certificate.serial:X}".encode() in ran.stdout
    (files / "key.pem").write_bytes(to_pem(PRIVATE_KEY, private_key_der(key("mine"))))
    (files / "public.pem").write_bytes(to_pem(PUBLIC_KEY, public_key_der(key("mine").public)))
    ran = openssl(files, "pkey", "-check", "-in", "key.pem", "-pubout")
    assert ran.returncode == 0, ran
    assert (files / "public.pem").read_bytes() in ran.stdout


@needs_openssl
def test_what_openssl_makes(files: Path) -> None:
    """A key and a request by OpenSSL get a certificate here, which OpenSSL accepts."""
    openssl(files, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2", "-out", "key.pem")
    words = ("-new", "-key", "key.pem", "-sm3", "-sigopt", f"distid:{DEFAULT_ID.decode()}", "-subj", "/C=CN/CN=foreign")
    ran = openssl(files, "req", *words, "-out", "request.pem")
    assert ran.returncode == 0, ran
    request = Request.parse((files / "request.pem").read_bytes())
    assert parse_private_key((files / "key.pem").read_bytes()).public == request.public_key
    card = AUTHORITY.card(request.public_key, bytes(16), CARD_TIME)
    (files / "card.pem").write_bytes(card.pem)
    ran = openssl(
        files, "verify", *ID, "-x509_strict", "-no_check_time", "-partial_chain", "-trusted", "ca.pem", "card.pem"
    )
    assert ran.returncode == 0, ran


def test_pyopenssl_accepts_the_whole_chain() -> None:
    crypto = pytest.importorskip("OpenSSL.crypto")

    def load(certificate: Certificate) -> object:
        return crypto.load_certificate(crypto.FILETYPE_ASN1, bytes(certificate))

    def verify(card: Certificate, root: Certificate = ROOT) -> None:
        store = crypto.X509Store()
        store.add_cert(load(root))
        store.set_time(NOW)
        crypto.X509StoreContext(store, load(card), [load(CA)]).verify_certificate()

    verify(CARD.certificate)
    with pytest.raises(crypto.X509StoreContextError, match="signature failure"):
        verify(tampered(CARD.certificate))
    with pytest.raises(crypto.X509StoreContextError):
        verify(CARD.certificate, authority(seed=" other").root.certificate)

"""SM2 against programs that others wrote: they sign and we verify, we sign and they verify, and so with encryption.

100 keys by default; `SM2_KEYS=5000 pytest tests/unit/keys/test_sm2_judges.py` takes more, and as many private keys from
1 up. gmssl is Python, gmssl-pyx is GmSSL in C.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from keys.errors import SignatureError
from keys.sm2 import DEFAULT_ID, CipherOrder, PrivateKey, PublicKey, Signature, decrypt, encrypt, engine, sign, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

COUNT = int(os.environ.get("SM2_KEYS", "100"))
SMALL = COUNT if "SM2_KEYS" in os.environ else 25
CHUNK = 50


def random_key(number: int) -> PrivateKey:
    return PrivateKey.derive(b"judged %d" % number)


def chunks(count: int, make: Callable[[int], PrivateKey]) -> Iterator[object]:
    for start in range(1, count + 1, CHUNK):
        yield pytest.param(range(start, min(start + CHUNK, count + 1)), make, id=f"{make.__name__} {start}")


many_keys = pytest.mark.parametrize(("numbers", "make"), [*chunks(COUNT, random_key), *chunks(SMALL, PrivateKey.of)])


def keys_and_messages(
    numbers: range, make: Callable[[int], PrivateKey] = random_key
) -> Iterator[tuple[PrivateKey, bytes]]:
    """Keys, and messages of 1 to 64 bytes."""
    for number in numbers:
        key = make(number)
        yield key, bytes(key + key)[: 1 + number % 64]


@many_keys
def test_gmssl_agrees(numbers: range, make: Callable[[int], PrivateKey]) -> None:
    """Through our adapter; its own decryption too, which leaves C3 aside."""
    library = pytest.importorskip("gmssl.sm2")
    gmssl = engine("gmssl")
    for key, message in keys_and_messages(numbers, make):
        verify(key.public, message, sign(key, message, by=gmssl))
        verify(key.public, message, sign(key, message), by=gmssl)
        assert decrypt(key, encrypt(key.public, message, by=gmssl)) == message
        sealed = encrypt(key.public, message)
        assert decrypt(key, sealed, by=gmssl) == message
        assert library.CryptSM2(key.hex(), "", mode=1).decrypt(sealed[1:]) == message


def test_gmssl_computes_the_same_identity_hash() -> None:
    library = pytest.importorskip("gmssl.sm2")
    for key, message in keys_and_messages(range(20)):
        machine = library.CryptSM2(key.hex(), "")
        machine.public_key = key.public[1:].hex()
        assert machine.verify_with_sm3(sign(key, message).hex(), message)
        verify(key.public, message, Signature(bytes.fromhex(machine.sign_with_sm3(message, f"{key.number:064x}"))))


@many_keys
def test_gmssl_in_c_agrees(numbers: range, make: Callable[[int], PrivateKey]) -> None:
    library = pytest.importorskip("gmssl_pyx")
    for key, message in keys_and_messages(numbers, make):
        private, public = bytes(key), key.public[1:]
        verify(key.public, message, Signature.parse_der(library.sm2_sign(private, public, message)))
        assert library.sm2_verify(public, message, sign(key, message).der)
        sealed = library.sm2_encrypt(public, message)
        assert decrypt(key, sealed, order=CipherOrder.DER) == message
        assert library.sm2_decrypt(private, encrypt(key.public, message, order=CipherOrder.DER)) == message


# --- the openssl command ---

# SEC 1 and X.509 structures around the numbers: EC private key, subject public key info
_OID = bytes.fromhex("06082A811CCF5501822D")


def private_der(key: PrivateKey) -> bytes:
    return bytes.fromhex("30770201010420") + key + b"\xa0\x0a" + _OID + b"\xa1\x44\x03\x42\x00" + key.public


def public_der(key: PublicKey) -> bytes:
    return bytes.fromhex("3059301306072A8648CE3D0201") + _OID + b"\x03\x42\x00" + key


def openssl(*arguments: str | Path, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=False, timeout=20)


class Files:
    """A key pair as openssl reads it, and what it says."""

    def __init__(self, directory: Path, key: PrivateKey) -> None:
        self._private, self._public, self._signature = (directory / name for name in ("private", "public", "signature"))
        self._private.write_bytes(private_der(key))
        self._public.write_bytes(public_der(key.public))

    def sign(self, message: bytes, identity: bytes) -> Signature:
        run = openssl("dgst", "-sm3", "-sign", self._private, "-sigopt", f"distid:{identity.decode()}", data=message)
        assert run.returncode == 0, run.stderr
        return Signature.parse_der(run.stdout)

    def accepts(self, message: bytes, signature: Signature, identity: bytes) -> bool:
        self._signature.write_bytes(signature.der)
        words = ("-sigopt", f"distid:{identity.decode()}", "-signature", self._signature)
        return openssl("dgst", "-sm3", "-verify", self._public, *words, data=message).returncode == 0

    def encrypt(self, message: bytes) -> bytes:
        return openssl("pkeyutl", "-encrypt", "-pubin", "-inkey", self._public, data=message).stdout

    def decrypt(self, sealed: bytes) -> bytes:
        return openssl("pkeyutl", "-decrypt", "-inkey", self._private, data=sealed).stdout


def has_sm2() -> bool:
    return shutil.which("openssl") is not None and b"SM2" in openssl("ecparam", "-list_curves").stdout


needs_openssl = pytest.mark.skipif(not has_sm2(), reason="needs the openssl command with SM2")


@needs_openssl
@pytest.mark.parametrize("identity", [DEFAULT_ID, b"ALICE123@YAHOO.COM"])
def test_openssl_agrees_on_signatures(tmp_path: Path, identity: bytes) -> None:
    for key, message in keys_and_messages(range(4)):
        files = Files(tmp_path, key)
        signature = files.sign(message, identity)
        verify(key.public, message, signature, signer_id=identity)
        with pytest.raises(SignatureError):
            verify(key.public, message, signature, signer_id=identity + b"0")
        ours = sign(key, message, signer_id=identity)
        assert files.accepts(message, ours, identity)
        assert not files.accepts(message + b"0", ours, identity)


@needs_openssl
def test_openssl_agrees_on_encryption(tmp_path: Path) -> None:
    for key, message in keys_and_messages(range(6)):
        files = Files(tmp_path, key)
        assert decrypt(key, files.encrypt(message), order=CipherOrder.DER) == message
        assert files.decrypt(encrypt(key.public, message, order=CipherOrder.DER)) == message

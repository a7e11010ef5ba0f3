"""Every published vector of SM3 and SM4. Modes and MACs that the suite has not are put together from its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.cmac import CMAC

from keys.sm import SM
from keys.sm3 import hmac_sm3, sm3
from tests.unit.keys.vectors import Vector, vectors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BLOCK = 16


def xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=False))


def blocks(data: bytes) -> Iterator[bytes]:
    return (data[start : start + BLOCK] for start in range(0, len(data), BLOCK))


# --- SM3 ---


@pytest.mark.parametrize("vector", vectors("sm3"))
def test_sm3(vector: Vector) -> None:
    message = vector.octets("message") if "message" in vector else vector.octets("message_repeat") * vector["times"]
    assert sm3(message) == vector.octets("digest")


@pytest.mark.parametrize("vector", vectors("hmac_sm3"))
def test_hmac_sm3(vector: Vector) -> None:
    assert hmac_sm3(vector.octets("key"), vector.octets("message")) == vector.octets("mac")


# --- SM4 ---


@pytest.mark.parametrize("vector", vectors("sm4_block"))
def test_blocks(vector: Vector) -> None:
    """A million rounds keep their encryptor: what is tested there is the library's."""
    key, block, rounds = vector.octets("key"), vector.octets("plaintext"), vector["iterations"]
    if rounds == 1:
        assert SM.encrypt(key, block) == vector.octets("ciphertext")
        assert SM.decrypt(key, vector.octets("ciphertext")) == block
        return
    update = Cipher(SM4(key), modes.ECB()).encryptor().update  # noqa: S305  single blocks
    for _ in range(rounds):
        block = update(block)
    assert block == vector.octets("ciphertext")


def ecb(vector: Vector) -> bytes:
    return SM.encrypt(vector.octets("key"), vector.octets("plaintext"))


def cbc(vector: Vector) -> bytes:
    out, last = b"", vector.octets("iv")
    for block in blocks(vector.octets("plaintext")):
        last = SM.encrypt(vector.octets("key"), xor(block, last))
        out += last
    return out


def ofb(vector: Vector) -> bytes:
    out, last = b"", vector.octets("iv")
    for block in blocks(vector.octets("plaintext")):
        last = SM.encrypt(vector.octets("key"), last)
        out += xor(block, last)
    return out


def cfb(vector: Vector) -> bytes:
    out, last = b"", vector.octets("iv")
    for block in blocks(vector.octets("plaintext")):
        last = xor(block, SM.encrypt(vector.octets("key"), last))
        out += last
    return out


def stream(key: bytes, counter: bytes, data: bytes) -> bytes:
    first = int.from_bytes(counter, "big")
    counters = b"".join((first + index).to_bytes(BLOCK, "big") for index, _ in enumerate(blocks(data)))
    return xor(data, SM.encrypt(key, counters))


def ctr(vector: Vector) -> bytes:
    return stream(vector.octets("key"), vector.octets("iv"), vector.octets("plaintext"))


def gcm(vector: Vector) -> bytes:
    context = Cipher(SM4(vector.octets("key")), modes.GCM(vector.octets("iv"))).encryptor()
    context.authenticate_additional_data(vector.octets("aad"))
    return context.update(vector.octets("plaintext")) + context.finalize() + context.tag


def ccm(vector: Vector) -> bytes:
    """RFC 3610 with a nonce of 12 bytes and a tag of 16, so 3 bytes of length."""
    key, nonce, aad, text = (vector.octets(name) for name in ("key", "iv", "aad", "plaintext"))
    head = bytes([0x40 | (16 - 2) // 2 << 3 | 3 - 1]) + nonce + len(text).to_bytes(3, "big")
    associated = len(aad).to_bytes(2, "big") + aad
    tag = bytes(BLOCK)
    for block in blocks(head + associated + bytes(-len(associated) % BLOCK) + text + bytes(-len(text) % BLOCK)):
        tag = SM.encrypt(key, xor(block, tag))
    counter = bytes([3 - 1]) + nonce + bytes(3)
    sealed = stream(key, counter, tag + text)
    return sealed[BLOCK:] + sealed[:BLOCK]


MODES: dict[str, Callable[[Vector], bytes]] = {
    "ECB": ecb,
    "CBC": cbc,
    "OFB": ofb,
    "CFB": cfb,
    "CTR": ctr,
    "GCM": gcm,
    "CCM": ccm,
}


@pytest.mark.parametrize("vector", vectors("sm4_modes"))
def test_modes(vector: Vector) -> None:
    expected = vector.octets("ciphertext") + (vector.octets("tag") if "tag" in vector else b"")
    assert MODES[vector["mode"]](vector) == expected


def padded(message: bytes, method: object) -> bytes:
    """ISO/IEC 9797-1: 1 zeros, 2 the suite's own, 3 the length before and zeros."""
    zeros = message + bytes(-len(message) % BLOCK)
    match method:
        case 1:
            return zeros
        case 2:
            return SM.pad(message)
        case _:
            return (8 * len(message)).to_bytes(BLOCK, "big") + zeros


def cbc_mac(key: bytes, data: bytes) -> bytes:
    last = bytes(BLOCK)
    for block in blocks(data):
        last = SM.encrypt(key, xor(block, last))
    return last


def published_mac(vector: Vector) -> bytes:
    key, key2, message = vector.octets("key"), vector.octets("key2"), vector.octets("message")
    algorithm = int(vector["alg"].split()[2])
    if algorithm == 5:
        cmac = CMAC(SM4(key))
        cmac.update(message)
        return cmac.finalize()
    plain = cbc_mac(key, padded(message, vector["padding_method"]))
    match algorithm:
        case 1:
            return plain
        case 2:
            return SM.encrypt(key2, plain)
        case _:
            return SM.encrypt(key, SM.decrypt(key2, plain))


@pytest.mark.parametrize("vector", vectors("sm4_mac"))
def test_macs(vector: Vector) -> None:
    assert published_mac(vector) == vector.octets("mac16")
    assert vector.octets("mac16")[:8] == vector.octets("mac8")
    if vector["padding_method"] == 2 and vector["alg"].startswith("MAC algorithm 1"):
        assert SM.mac(vector.octets("key"), vector.octets("message")) == vector.octets("mac16")

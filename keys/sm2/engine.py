"""Who computes: our own arithmetic, or the library gmssl as a second opinion.

An engine works on digests; identities, hashing and wire forms are the same for all (:mod:`keys.sm2.scheme`). **None of
them is constant time**: a machine that others share, or that can be timed, must hold no key worth anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from keys.errors import EngineError, SignatureError, Sm2Error
from keys.sm2.ciphertext import Ciphertext
from keys.sm2.curve import finite, group
from keys.sm2.keys import SIZE, PrivateKey, PublicKey, Signature
from keys.sm3 import sm3

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from keys.sm2.curve import Curve, Group, Point
    from keys.sm2.nonces import Nonces


class Sm2Engine(Protocol):
    """The operations of GB/T 32918 on numbers and points."""

    @property
    def name(self) -> str:
        """What :func:`engine` calls it."""
        ...

    def sign_digest(self, private: PrivateKey, digest: bytes, nonces: Nonces) -> Signature:
        """Return the signature of ``digest``, e, 32 bytes (GB/T 32918.2, 6.1)."""
        ...

    def verify_digest(self, public: PublicKey, digest: bytes, signature: Signature) -> None:
        """Raise :class:`SignatureError` unless ``signature`` is one of ``digest`` (GB/T 32918.2, 7.1)."""
        ...

    def encrypt(self, public: PublicKey, message: bytes, nonces: Nonces) -> Ciphertext:
        """Return ``message``, one byte or more, enciphered (GB/T 32918.4, 6.1)."""
        ...

    def decrypt(self, private: PrivateKey, ciphertext: Ciphertext) -> bytes:
        """Return the message; raises :class:`Sm2Error` when C3 is not its hash (GB/T 32918.4, 7.1)."""
        ...


class OwnEngine:
    """Our arithmetic. ``points_of`` gives the group of a curve; by default on gmpy2 where that is installed."""

    name = "own"

    def __init__(self, points_of: Callable[[Curve], Group] = group) -> None:
        self._points_of = points_of

    def sign_digest(self, private: PrivateKey, digest: bytes, nonces: Nonces) -> Signature:
        """Return the signature of ``digest``."""
        points = self._points_of(private.public_type.curve)
        n, d, e = points.curve.n, private.number, int.from_bytes(digest, "big")
        for k in nonces.candidates(n, private, digest):
            x, _ = finite(points.multiply_base(k))
            r = (e + x) % n
            s = (k - r * d) * private.inverse % n
            if r and r + k != n and s:
                return Signature.of(r, s)
        raise _no_nonce()

    def verify_digest(self, public: PublicKey, digest: bytes, signature: Signature) -> None:
        """Raise :class:`SignatureError` unless ``signature`` is one of ``digest``."""
        points = self._points_of(public.curve)
        n, r, s = points.curve.n, signature.r, signature.s
        _check_range(r, s, n)
        point = points.sum_of_multiples(s, (r + s) % n, public.table or public.point)
        if point is None or (int.from_bytes(digest, "big") + point[0]) % n != r:
            raise _wrong_signature()

    def encrypt(self, public: PublicKey, message: bytes, nonces: Nonces) -> Ciphertext:
        """Return ``message`` enciphered."""
        points = self._points_of(public.curve)
        for k in nonces.candidates(points.curve.n, public.x, sm3(message)):
            c1 = type(public).of(finite(points.multiply_base(k)))
            shared = finite(points.multiply(k, public.table or public.point))
            if sealed := Ciphertext.seal(c1, shared, message):
                return sealed
        raise _no_nonce()

    def decrypt(self, private: PrivateKey, ciphertext: Ciphertext) -> bytes:
        """Return the message."""
        points = self._points_of(private.public_type.curve)
        return ciphertext.open(finite(points.multiply(private.number, ciphertext.c1.point)))


OWN_ENGINE: Final = OwnEngine()


class GmsslEngine:
    """gmssl 3.2.2, kept away from its faults (facts crypto-libraries 1.2).

    The public key is set behind its constructor, which would cut leading digits off; nonces are ours, since its own
    come from a generator that can be predicted; of encryption it does the point arithmetic only, for it neither
    compares C3 nor repeats an empty key stream; ranges are checked here.
    """

    name = "gmssl"

    def __init__(self, library: ModuleType) -> None:
        self._library = library

    def sign_digest(self, private: PrivateKey, digest: bytes, nonces: Nonces) -> Signature:
        """Return the signature of ``digest``."""
        signer = self._machine(private.hex())
        for k in nonces.candidates(private.public_type.curve.n, private, digest):
            if signature := signer.sign(digest, f"{k:064x}"):
                return Signature(bytes.fromhex(signature))
        raise _no_nonce()

    def verify_digest(self, public: PublicKey, digest: bytes, signature: Signature) -> None:
        """Raise :class:`SignatureError` unless ``signature`` is one of ``digest``."""
        _check_range(signature.r, signature.s, public.curve.n)
        try:
            right = self._machine("", public).verify(signature.hex(), digest)
        except TypeError:  # it has no point at infinity
            right = False
        if not right:
            raise _wrong_signature()

    def encrypt(self, public: PublicKey, message: bytes, nonces: Nonces) -> Ciphertext:
        """Return ``message`` enciphered."""
        for k in nonces.candidates(public.curve.n, public.x, sm3(message)):
            c1 = PublicKey.of(self._multiply(k, public.curve.g))
            if sealed := Ciphertext.seal(c1, self._multiply(k, public.point), message):
                return sealed
        raise _no_nonce()

    def decrypt(self, private: PrivateKey, ciphertext: Ciphertext) -> bytes:
        """Return the message."""
        return ciphertext.open(self._multiply(private.number, ciphertext.c1.point))

    def _multiply(self, k: int, point: Point) -> Point:
        product = self._machine("")._kg(k, f"{point[0]:064x}{point[1]:064x}")  # noqa: SLF001  the only way to it
        return int(product[: 2 * SIZE], 16), int(product[2 * SIZE :], 16)

    def _machine(self, private: str, public: PublicKey | None = None) -> Any:  # noqa: ANN401  an untyped library
        machine = self._library.CryptSM2(private_key=private, public_key="")
        if public is not None:
            machine.public_key = public[1:].hex()
        return machine


ENGINES: Final = ("own", "gmssl")


def engine(name: str) -> Sm2Engine:
    """Return the engine of this name, own or gmssl. Raises :class:`EngineError`."""
    match name:
        case "own":
            return OWN_ENGINE
        case "gmssl":
            try:
                from gmssl import sm2  # noqa: PLC0415  an optional extra
            except ImportError as error:
                raise EngineError(
                    "the SM2 engine gmssl is not installed: pip install 'cardsim[sm]'",
                    "未安装 SM2 引擎 gmssl:请执行 pip install 'cardsim[sm]'",
                ) from error
            return GmsslEngine(sm2)
        case _:
            known = ", ".join(ENGINES)
            raise EngineError(f"no SM2 engine {name!r}; there are {known}", f"没有 SM2 引擎 {name!r};可选 {known}")


def _check_range(r: int, s: int, n: int) -> None:
    if not (0 < r < n and 0 < s < n and (r + s) % n):
        raise SignatureError("r or s of the signature is out of range", "签名的 r 或 s 超出范围")


def _wrong_signature() -> SignatureError:
    return SignatureError(
        "the signature is wrong: another key, another signer identity, or the message was changed",
        "签名不符:密钥不对、签名者标识不对,或报文被改动",
    )


def _no_nonce() -> Sm2Error:
    return Sm2Error("the source of nonces has ended", "随机数源已用尽")

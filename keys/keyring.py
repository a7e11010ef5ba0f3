"""Where an issuer's keys come from: the built-in TEST keys, or those of a keystore (:mod:`keys.keystore`); pure.

A zone has one master secret for each version of its keys. A root key follows from the master and the key's name, so
that a key declared later exists at once; a root that was imported stands in its place. The certificate authorities'
private keys and certificates are kept as they are.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from keys.errors import KeyringError, KeySizeError
from keys.pki.authority import CertificateAuthority
from keys.sm2 import PrivateKey
from keys.tree import TestRoots

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self

    from keys.pki.issue import Period
    from keys.tree import Roots, ZoneId

ALGORITHMS: Final = ("DES", "SM4")
"""Of symmetric keys, 16 bytes each."""
KEY_SIZE: Final = 16
MASTER_SIZE: Final = 32
TEST_LABEL: Final = "cardsim TEST"
MAX_VERSION: Final = 0xFF


class Keyring(Protocol):
    """An issuer's keys: a root of every symmetric key, and an authority for every zone."""

    @property
    def label(self) -> str:
        """Whose keys these are; in the names of all certificates."""
        ...

    @property
    def is_test(self) -> bool:
        """Whether everybody has these keys."""
        ...

    def versions(self, zone: str) -> tuple[int, ...]:
        """Return the versions of the zone's keys, the newest last."""
        ...

    def versions_of(self, name: str, algorithm: str) -> tuple[int, ...]:
        """Return the versions that there are of a root key ("HRSS/SSSE/IRK"), the newest last."""
        ...

    def roots(self, algorithm: str = "DES") -> Roots:
        """Return the root keys of an algorithm, one of :data:`ALGORITHMS`."""
        ...

    def authority(self, zone: ZoneId) -> CertificateAuthority:
        """Return the zone's certificate authority. Raises :class:`KeyringError` when there is none."""
        ...

    def authorities_of(self, zone: ZoneId) -> tuple[CertificateAuthority, ...]:
        """Return the zone's authority in all its states, the newest last: earlier CAs are for cards under them."""
        ...

    def seed(self, zone: str, purpose: str) -> bytes:
        """Return 32 secret bytes from which further keys of the zone follow."""
        ...


class TestKeyring:
    """TEST keys for every zone there may be, the same everywhere: they protect nothing."""

    __test__ = False  # it is no test class, whatever pytest thinks of the name
    label = TEST_LABEL
    is_test = True

    def versions(self, zone: str) -> tuple[int, ...]:
        """Return (0,); the others exist too."""
        del zone
        return (0,)

    def versions_of(self, name: str, algorithm: str) -> tuple[int, ...]:
        """Return the versions that cards can have (facts hrss-card 4.1)."""
        del name, algorithm
        return (0, 1, 2, 3)

    def roots(self, algorithm: str = "DES") -> Roots:
        """Return the TEST roots."""
        return TestRoots(_known(algorithm))

    def authority(self, zone: ZoneId) -> CertificateAuthority:
        """Return the zone's TEST authority."""
        root, ca = (PrivateKey.derive(self.seed(zone.name, purpose)) for purpose in ("root CA", "CA"))
        return CertificateAuthority.create(zone, self.label, root, ca)

    def authorities_of(self, zone: ZoneId) -> tuple[CertificateAuthority, ...]:
        """Return the zone's one TEST authority."""
        return (self.authority(zone),)

    def seed(self, zone: str, purpose: str) -> bytes:
        """Return 32 bytes that everybody can compute."""
        return _derived(self.label.encode(), f"{zone} {purpose}")


class RootId(NamedTuple):
    """A root key: its name ("HRSS/SSSE/RK"), version and algorithm."""

    name: str
    version: int
    algorithm: str

    @property
    def zone(self) -> str:
        """The zone whose key it is."""
        return self.name.partition("/")[0]


@dataclass(frozen=True, slots=True)
class StoredKeyring:
    """The keys of a keystore. A value: every change gives another one."""

    label: str
    masters: Mapping[str, Mapping[int, bytes]] = field(default_factory=dict, repr=False)
    """By zone and version, 32 bytes each."""
    imported: Mapping[RootId, bytes] = field(default_factory=dict, repr=False)
    authorities: Mapping[str, tuple[CertificateAuthority, ...]] = field(default_factory=dict, repr=False)
    """By zone, the newest last; the earlier ones are for the cards that were issued under them."""

    is_test = False

    def versions(self, zone: str) -> tuple[int, ...]:
        """Return the versions of the zone's keys, the newest last."""
        return tuple(sorted(self.masters.get(zone, ())))

    def versions_of(self, name: str, algorithm: str) -> tuple[int, ...]:
        """Return the versions of a root key: those of its zone, and the imported ones."""
        of_zone = self.masters.get(name.partition("/")[0], {})
        imported = (root.version for root in self.imported if (root.name, root.algorithm) == (name, algorithm))
        return tuple(sorted({*of_zone, *imported}))

    def roots(self, algorithm: str = "DES") -> Roots:
        """Return the root keys of an algorithm."""
        return _StoredRoots(self, _known(algorithm))

    def authority(self, zone: ZoneId) -> CertificateAuthority:
        """Return the zone's newest authority. Raises :class:`KeyringError`."""
        return self.authorities_of(zone)[-1]

    def authorities_of(self, zone: ZoneId) -> tuple[CertificateAuthority, ...]:
        """Return the zone's authority in all its states, the newest last. Raises :class:`KeyringError`."""
        found = self.authorities.get(zone.name)
        if not found:
            raise _no_zone(zone.name)
        if found[-1].zone != zone:
            raise KeyringError(
                f"the keystore's authority of zone {zone.name} is for application {found[-1].zone.aid.hex().upper()}",
                f"密钥库中 {zone.name} 区域的机构对应应用 {found[-1].zone.aid.hex().upper()}",
            )
        return found

    def seed(self, zone: str, purpose: str) -> bytes:
        """Return 32 secret bytes, from the zone's oldest master, so that a rotation does not change them."""
        versions = self.versions(zone)
        if not versions:
            raise _no_zone(zone)
        return _derived(self.masters[zone][versions[0]], f"seed {zone} {purpose}")

    def rotated(self, zone: str, entropy: Callable[[int], bytes] = secrets.token_bytes) -> Self:
        """Return the keyring with one more version of the zone's keys; a zone that is new gets version 0."""
        versions = self.versions(zone)
        version = versions[-1] + 1 if versions else 0
        if version > MAX_VERSION:
            raise KeyringError(f"zone {zone} has all its {version} versions", f"{zone} 区域的 {version} 个版本已用完")
        masters = {**self.masters, zone: {**self.masters.get(zone, {}), version: entropy(MASTER_SIZE)}}
        return replace(self, masters=masters)

    def with_authority(
        self, zone: ZoneId, period: Period, entropy: Callable[[int], bytes] = secrets.token_bytes
    ) -> Self:
        """Return the keyring with a new CA of the zone, below a new root when it has none yet."""
        earlier = self.authorities.get(zone.name, ())
        ca = PrivateKey.generate(entropy)
        if earlier:
            new = self.authority(zone).renewed(self.label, ca, period, len(earlier) + 1)
        else:
            new = CertificateAuthority.create(zone, self.label, PrivateKey.generate(entropy), ca, period)
        return replace(self, authorities={**self.authorities, zone.name: (*earlier, new)})

    def with_root(self, root: RootId, key: bytes, *, again: bool = False) -> Self:
        """Return the keyring with an imported root key, 16 bytes, in place of the one that the master gives.

        ``again``: also where one was imported before. Raises KeySizeError or :class:`KeyringError`.
        """
        _known(root.algorithm)
        if len(key) != KEY_SIZE:
            raise KeySizeError(
                f"a root key has {KEY_SIZE} bytes, this one {len(key)}", f"根密钥为 {KEY_SIZE} 字节,此处为 {len(key)}"
            )
        if root in self.imported and not again:
            raise KeyringError(
                f"{root.algorithm} key {root.name}, version {root.version}, was imported before; "
                "`cardsim keys import --force` replaces it",
                f"{root.algorithm} 密钥 {root.name} 版本 {root.version} 已导入过;"
                "可用 `cardsim keys import --force` 覆盖",
            )
        return replace(self, imported={**self.imported, root: key})

    def root(self, root: RootId) -> bytes:
        """Return a root key, 16 bytes. Raises :class:`KeyringError` for a zone or a version that is not there."""
        if key := self.imported.get(root):
            return key
        master = self.masters.get(root.zone, {}).get(root.version)
        if master is None:
            versions = ", ".join(map(str, self.versions(root.zone)))
            if not versions:
                raise _no_zone(root.zone)
            raise KeyringError(
                f"the keystore has no version {root.version} of {root.name}; it has {versions} (`cardsim keys rotate`)",
                f"密钥库没有 {root.name} 的版本 {root.version};现有 {versions}(可用 `cardsim keys rotate` 增加)",
            )
        return _derived(master, f"root {root.name} {root.algorithm}")[:KEY_SIZE]


@dataclass(frozen=True, slots=True)
class _StoredRoots:
    keyring: StoredKeyring
    algorithm: str

    def root(self, name: str, version: int) -> bytes:
        return self.keyring.root(RootId(name, version, self.algorithm))


def _derived(secret: bytes, purpose: str) -> bytes:
    return hmac.digest(secret, b"cardsim " + purpose.encode(), "sha256")


def _known(algorithm: str) -> str:
    if algorithm not in ALGORITHMS:
        raise KeyringError(
            f"no symmetric algorithm {algorithm!r}; there are {', '.join(ALGORITHMS)}",
            f"没有对称算法 {algorithm!r};可用:{'、'.join(ALGORITHMS)}",
        )
    return algorithm


def _no_zone(zone: str) -> KeyringError:
    return KeyringError(
        f"the keystore has no keys of zone {zone}; `cardsim keys rotate {zone}` makes them",
        f"密钥库没有 {zone} 区域的密钥;可用 `cardsim keys rotate {zone}` 生成",
    )

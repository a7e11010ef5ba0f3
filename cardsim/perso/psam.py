"""From a keyring to the memory of a PSAM: the root keys of the zones' cards, at the level that its profile sets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cardsim.chip.errors import MemoryFullError
from cardsim.chip.layout import (
    APPLICATION_FID,
    KEYS_FID,
    MF_FID,
    NO_FCI_BYTE,
    REST_OF_MEMORY,
    RIGHT_FREE,
    RIGHT_NEVER,
    Algorithm,
    FileType,
    Header,
    KeyRecord,
    KeyType,
    Protection,
    tries_byte,
)
from cardsim.errors import CardsimError
from cardsim.perso.image import CardImage
from cardsim.profiles import ProfileError
from cardsim.zones.factors import region_factors, suite_of
from cardsim.zones.layouts import Layout
from cardsim.zones.model import CommandSet, KeyAlgorithm
from cardsim.zones.psam import (
    APPLICATION_MAINTENANCE_KEY,
    COUNTER,
    DEBIT_KEY,
    KEY_INDEX,
    MAINTENANCE_KEY,
    PSAM_DIRECTORIES,
    PSAM_KEYS,
    PUBLIC_DATA,
    SERIAL_SIZE,
    TERMINAL_NUMBER,
    TERMINAL_NUMBER_SIZE,
)
from keys.keyring import TestKeyring
from keys.sm import SmForms
from keys.tree import FACTOR_SIZE, card_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from cardsim.profiles import Profile
    from cardsim.zones.model import Transparent
    from cardsim.zones.psam import PsamKey
    from keys.keyring import Keyring

_MAINTENANCE_ID: Final = 0x00
_ALGORITHMS: Final = {KeyAlgorithm.DES: Algorithm.TRIPLE_DES, KeyAlgorithm.SM4: Algorithm.SM4}
_REGION: Final = re.compile(r"[0-9]{6}")


class NumberTextError(CardsimError):
    """A terminal or device number of another form."""


@dataclass(frozen=True, slots=True)
class PsamNumbers:
    """The numbers of a terminal: its own, 6 bytes, and the device's, 10 bytes, both two digits a byte."""

    terminal: bytes
    device: bytes

    @classmethod
    def parse(cls, terminal: str, device: str) -> Self:
        """Return the numbers that 12 and 20 digits spell; raises NumberTextError."""
        return cls(
            _digits(terminal, TERMINAL_NUMBER_SIZE, "terminal number", "终端机编号"),
            _digits(device, SERIAL_SIZE, "device number", "终端设备号"),
        )


def personalise_psam(profile: Profile, numbers: PsamNumbers, keyring: Keyring | None = None) -> CardImage:
    """Return a PSAM with keys from ``keyring``, without one the TEST keys.

    Raises ProfileError, MemoryFullError, or what the keyring raises for a root that it does not have.
    """
    builder = _Builder(profile, numbers, keyring or TestKeyring())
    memory = builder.mf()
    if len(memory) > profile.memory_size:
        raise MemoryFullError(
            f"the PSAM needs {len(memory)} bytes; the chip has {profile.memory_size}",
            f"PSAM 需要 {len(memory)} 字节;芯片只有 {profile.memory_size} 字节",
        )
    printed = {"terminal_number": numbers.terminal.hex(), "device_number": numbers.device.hex()}
    return CardImage(memory.ljust(profile.memory_size, b"\x00"), profile, Layout.V3_00, printed)


@dataclass(frozen=True, slots=True)
class _Builder:
    profile: Profile
    numbers: PsamNumbers
    keyring: Keyring

    def mf(self) -> bytes:
        """Return the whole memory, as far as it is used."""
        name = self.profile.mf_name
        header = Header(MF_FID, FileType.DIRECTORY, REST_OF_MEMORY, RIGHT_FREE, RIGHT_FREE, name_size=len(name))
        maintenance = self._own_key(MAINTENANCE_KEY, KeyAlgorithm.DES)
        wanted = (KeyAlgorithm(text) for text in dict.fromkeys(self.profile.psam_algorithms))
        parts = (
            _file(Header(APPLICATION_FID, FileType.APPLICATION, 0, RIGHT_FREE, extra=CommandSet.PSAM), b""),
            _keys(maintenance),
            _transparent(PUBLIC_DATA, self.numbers.device),
            _transparent(TERMINAL_NUMBER, self.numbers.terminal, Protection.MAC),
            *(self._directory(algorithm) for algorithm in wanted),
        )
        return header.encode() + name + b"".join(parts)

    def _directory(self, algorithm: KeyAlgorithm) -> bytes:
        declared = PSAM_DIRECTORIES[algorithm]
        name = self.profile.psam_sm4_name if algorithm is KeyAlgorithm.SM4 else declared.aid
        body = (
            _keys(self._own_key(APPLICATION_MAINTENANCE_KEY, algorithm), *self._zone_keys(algorithm))
            + _transparent(COUNTER, self.profile.psam_counter.to_bytes(4, "big"))
            + _transparent(KEY_INDEX, bytes((DEBIT_KEY.key_id,)), Protection.MAC)
        )
        header = Header(
            declared.fid,
            FileType.DIRECTORY,
            len(body),
            RIGHT_NEVER,
            RIGHT_NEVER,
            extra=NO_FCI_BYTE,
            name_size=len(name),
        )
        return header.encode() + name + body

    def _zone_keys(self, algorithm: KeyAlgorithm) -> Iterator[bytes]:
        without = {f"HRSS/{name}" for name in self.profile.psam_without}
        if unknown := without - PSAM_KEYS.keys():
            name, known = min(unknown).partition("/")[2], ", ".join(name[5:] for name in PSAM_KEYS)
            raise ProfileError(
                f"setting 'psam_without': no PSAM has a key {name}; there are {known}",
                f"设置 'psam_without':PSAM 没有密钥 {name};可用:{known}",
            )
        for name, key in PSAM_KEYS.items():
            if name not in without:
                for version in self.profile.key_versions:
                    yield self._zone_key(key, version, algorithm)

    def _zone_key(self, key: PsamKey, version: int, algorithm: KeyAlgorithm) -> bytes:
        """Return the record of a root key, brought down to the PSAM's level."""
        profile, declared = self.profile, key.usage.levels
        levels = min(declared, profile.psam_levels)
        path: tuple[bytes, ...] = ()
        if levels < declared:
            if not _REGION.fullmatch(profile.psam_region):
                raise ProfileError(
                    f"setting 'psam_region' is {profile.psam_region!r}; with psam_levels {profile.psam_levels} it must "
                    "be the six digits of a city",
                    f"设置 'psam_region' 为 {profile.psam_region!r};psam_levels 为 {profile.psam_levels} 时应为六位"
                    "区划代码",
                )
            path = region_factors(profile.psam_region)[-declared + 1 :][: declared - levels]
        suite = suite_of(algorithm, SmForms(profile.sm4_extension, profile.sm4_fold))
        root = self.keyring.roots(algorithm.value).root(key.name, version)
        return KeyRecord(
            KeyType.PSAM,
            key.key_id,
            card_key(suite, root, path),
            tries_byte(profile.key_limit),
            version=version,
            file=key.usage.at(levels),
            algorithm=_ALGORITHMS[algorithm],
            level=levels,
        ).encode()

    def _own_key(self, name: str, algorithm: KeyAlgorithm) -> bytes:
        """Return the record of a key that is this PSAM's own, diversified by its serial number's last 8 bytes."""
        root = self.keyring.roots(algorithm.value).root(name, 0)
        value = card_key(suite_of(algorithm), root, (self.numbers.device[-FACTOR_SIZE:],))
        tries = tries_byte(self.profile.key_limit)
        return KeyRecord(
            KeyType.LINE, _MAINTENANCE_ID, value, tries, algorithm=_ALGORITHMS[algorithm], level=1
        ).encode()


def _keys(*records: bytes) -> bytes:
    body = b"".join(records)
    return _file(Header(KEYS_FID, FileType.KEYS, len(body)), body)


def _transparent(declared: Transparent, content: bytes, protection: Protection | None = None) -> bytes:
    """Return a file that everybody reads; with ``protection`` writes must carry a MAC, without there are none."""
    size = declared.sizes[Layout.V3_00]
    update = RIGHT_FREE if protection else RIGHT_NEVER
    header = Header(
        declared.fid,
        FileType.TRANSPARENT,
        size,
        RIGHT_FREE,
        update,
        protection=protection or Protection.NONE,
    )
    return _file(header, content.ljust(size, b"\x00"))


def _file(header: Header, body: bytes) -> bytes:
    return header.encode() + body


def _digits(text: str, size: int, name: str, name_zh: str) -> bytes:
    if not re.fullmatch(rf"[0-9]{{{2 * size}}}", text):
        raise NumberTextError(
            f"{name}: {text!r} is no number of {2 * size} digits", f"{name_zh}:{text!r} 不是 {2 * size} 位数字"
        )
    return bytes.fromhex(text)

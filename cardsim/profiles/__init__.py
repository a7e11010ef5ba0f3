"""What a chip is, apart from the zones on it: memory size, ATR, limits, quirks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cardsim.profiles.choices import (
    BlockedSelect,
    Case4Answer,
    ChallengeLifetime,
    Interfaces,
    LeRule,
    LineMac,
    VerifyQuery,
    WriteProtection,
    WrongMac,
)
from cardsim.profiles.profile import Profile
from cardsim.profiles.settings import ProfileError, Setting
from cardsim.zones.layouts import Layout
from cardsim.zones.model import KeyAlgorithm

if TYPE_CHECKING:
    from collections.abc import Mapping

GEN2 = Profile()
"""2nd generation: 32 K, contact, T=0, DES."""

GEN3 = Profile(
    chip="gen3",
    memory_size=163_840,
    zones=("HRSS", "PKI"),
    card_certificates=True,
    interfaces=Interfaces.BOTH,
    chip_code=bytes.fromhex("81544C97"),
    hrss_algorithm=KeyAlgorithm.SM4,
    algorithm_in_fci=True,
    challenge_sizes=(4, 8, 16),
)
"""3rd generation: 160 K or more, contact and contactless, SM2, SM3 and SM4 beside DES (handbook Q10)."""

PSAM = Profile(
    chip="psam",
    zones=(),
    historical_bytes=bytes.fromhex("0081544C0086840807230005C0"),
    line_mac=LineMac.CHALLENGE_IV,
)
"""The security module of a terminal: 32 K, contact; its ATR is a recorded one (terminal-interface 4.1)."""

PROFILES: Final[Mapping[str, Profile]] = {profile.chip: profile for profile in (GEN2, GEN3, PSAM)}

LAYOUTS: Final[Mapping[str, Layout]] = {GEN2.chip: Layout.V2_00, GEN3.chip: Layout.V3_00}
"""The data layout of each generation of cards, unless another one is asked for."""

__all__ = [
    "GEN2",
    "GEN3",
    "LAYOUTS",
    "PROFILES",
    "PSAM",
    "BlockedSelect",
    "Case4Answer",
    "ChallengeLifetime",
    "Interfaces",
    "LeRule",
    "LineMac",
    "Profile",
    "ProfileError",
    "Setting",
    "VerifyQuery",
    "WriteProtection",
    "WrongMac",
]

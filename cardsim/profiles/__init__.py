"""What a chip is, apart from the zones on it: memory size, ATR, limits, quirks."""

from __future__ import annotations

from cardsim.profiles.choices import (
    BlockedSelect,
    Case4Answer,
    ChallengeLifetime,
    LeRule,
    LineMac,
    VerifyQuery,
    WriteProtection,
    WrongMac,
)
from cardsim.profiles.profile import Profile, ProfileError, Setting

GEN2 = Profile()
"""2nd generation: 32 K, contact, T=0, DES."""

PROFILES = {profile.chip: profile for profile in (GEN2,)}

__all__ = [
    "GEN2",
    "PROFILES",
    "BlockedSelect",
    "Case4Answer",
    "ChallengeLifetime",
    "LeRule",
    "LineMac",
    "Profile",
    "ProfileError",
    "Setting",
    "VerifyQuery",
    "WriteProtection",
    "WrongMac",
]

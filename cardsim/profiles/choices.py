"""The values of settings that are a choice."""

from __future__ import annotations

from enum import Enum, unique

from apdu import Interface


@unique
class Case4Answer(Enum):
    """What a T=0 card answers to a command that sent data and has data to give."""

    FETCH = "61xx"
    """61 and the length; GET RESPONSE brings it (real logs, and what most clients insist on)."""
    DROP = "9000"
    """9000 and nothing to fetch (one client insists on it)."""
    INLINE = "data"
    """The data at once, as behind a reader that fetches by itself."""


@unique
class LeRule(Enum):
    """What a T=0 card answers when Le does not name the length of the answer."""

    REPEAT = "6Cxx"
    """6C and the right length: the terminal repeats the command."""
    DATA = "data"
    """The data there is, with 9000."""


@unique
class LineMac(Enum):
    """The key and IV of a line MAC."""

    SESSION = "session"
    """Key: the session key of the challenge; IV zero (the deployed 84 24, facts hrss-card 4.5)."""
    CHALLENGE_IV = "challenge-iv"
    """Key: the key itself; IV: the challenge (PBOC, facts native-card-os 5.1)."""


@unique
class WrongMac(Enum):
    """The status word for a wrong line MAC."""

    SM_OBJECT_WRONG = 0x6988
    MAC_WRONG = 0x9302


@unique
class UnknownName(Enum):
    """The status word of SELECT for a name that is not there."""

    FILE_NOT_FOUND = "6A82"
    INS_NOT_SUPPORTED = "6D00"


@unique
class WriteProtection(Enum):
    """What a write must carry."""

    NONE = "none"
    MAC = "mac"
    CIPHER = "cipher"


@unique
class ChallengeLifetime(Enum):
    """How long a challenge can be used."""

    UNTIL_USED = "until used"
    """It survives SELECT, READ and INTERNAL AUTHENTICATE (facts hrss-card 4.3, 8: recorded order of a kiosk)."""
    NEXT_COMMAND = "next command"
    """Any other command uses it up (FMCOS, facts native-card-os 4)."""


@unique
class Tag60(Enum):
    """The files with tag 60, a date that DF02 EF06 and DF03 EF05 both list (facts hrss-card 2.5, 2.6, 11)."""

    AS_LISTED = "as listed"
    """DF02 EF06; in layout 1.00 both."""
    DF02_EF06 = "DF02/EF06"
    DF03_EF05 = "DF03/EF05"


@unique
class BlockedSelect(Enum):
    """What SELECT answers for a blocked application, which it makes current all the same."""

    LOCKED = "6A81"
    """Application locked: what terminals show for it (facts hrss-card 3)."""
    INVALIDATED = "6283"
    """A warning (PBOC, facts native-card-os 13)."""
    FCI = "fci"
    """As if it were not blocked; file commands say 6A81."""


@unique
class VerifyQuery(Enum):
    """What VERIFY without data answers."""

    TRIES_LEFT = "63Cx"
    """The tries left, 9000 when verified already, 6983 when blocked; no try is charged."""
    WRONG_LENGTH = "6700"
    """A refusal."""


@unique
class Interfaces(Enum):
    """The interfaces that a chip has."""

    CONTACT = "contact"
    CONTACTLESS = "contactless"
    BOTH = "both"

    @property
    def all(self) -> tuple[Interface, ...]:
        """Each of them."""
        return tuple(Interface) if self is Interfaces.BOTH else (Interface(self.value),)

"""The values of settings that are a choice."""

from __future__ import annotations

from enum import Enum, unique


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
class VerifyQuery(Enum):
    """What VERIFY without data answers."""

    TRIES_LEFT = "63Cx"
    """The tries left, 9000 when verified already, 6983 when blocked; no try is charged."""
    WRONG_LENGTH = "6700"
    """A refusal."""

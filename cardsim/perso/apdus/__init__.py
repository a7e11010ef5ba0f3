"""Personalisation by APDU alone: a finished image becomes a script for a blank card.

``nodes`` (an image taken apart), ``script`` (the commands, directory by directory), ``play`` (running one: with resume
and verification), ``master`` (what comes before), ``prove`` (asking the finished card for its keys). Pure: whoever
plays a script moves the bytes.
"""

from __future__ import annotations

from cardsim.perso.apdus.master import check_dialect, has_master_file, prove_master_key
from cardsim.perso.apdus.play import Playback, PlaybackError, compare_finished, play
from cardsim.perso.apdus.prove import Proof, check_origin, key_count, prove_keys
from cardsim.perso.apdus.script import (
    Section,
    Step,
    StepKind,
    script_of,
    script_of_application,
    without_master_file,
)

__all__ = [
    "Playback",
    "PlaybackError",
    "Proof",
    "Section",
    "Step",
    "StepKind",
    "check_dialect",
    "check_origin",
    "compare_finished",
    "has_master_file",
    "key_count",
    "play",
    "prove_keys",
    "prove_master_key",
    "script_of",
    "script_of_application",
    "without_master_file",
]

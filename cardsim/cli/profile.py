"""`cardsim profile`: the settings as a TOML file to start from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cardsim.profiles import PROFILES

if TYPE_CHECKING:
    import argparse

    from cardsim.cli.console import Console


def run(options: argparse.Namespace, console: Console) -> int:
    """Print every setting with its default, what it is and where the default comes from."""
    profile = PROFILES[options.chip]
    values = profile.plain()
    for name, setting in profile.settings().items():
        console.line(f"# {console.pick(setting.text)}")
        console.line(f"# [{setting.source}]")
        # JSON's texts, numbers, lists and booleans are TOML's too.
        console.line(f"{name} = {json.dumps(values[name], ensure_ascii=False)}")
        console.line()
    return 0

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
        console.line(f"{name} = {_toml(values[name])}")
        console.line()
    return 0


def _toml(value: object) -> str:
    """Return a value as TOML writes it: JSON's texts, numbers, lists and booleans are TOML's too, tables are not."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)

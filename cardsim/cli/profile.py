"""`cardsim profile`: the settings as a TOML file to start from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from cardsim.cli.output import write_new
from cardsim.profiles import PROFILES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from cardsim.cli.console import Console
    from cardsim.profiles import Profile


def run(options: argparse.Namespace, console: Console) -> int:
    """Print or write every setting with its default, what it is and where the default comes from."""
    lines = tuple(_lines(PROFILES[options.chip], console))
    if options.out:
        write_new(Path(options.out), "".join(f"{line}\n" for line in lines).encode(), overwrite=options.force)
        return 0
    for line in lines:
        console.line(line)
    return 0


def _lines(profile: Profile, console: Console) -> Iterator[str]:
    values = profile.plain()
    for name, setting in profile.settings().items():
        yield f"# {console.pick(setting.text)}"
        yield f"# [{setting.source}]"
        yield f"{name} = {_toml(values[name])}"
        yield ""


def _toml(value: object) -> str:
    """Return a value as TOML writes it: JSON's texts, numbers, lists and booleans are TOML's too, tables are not."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)

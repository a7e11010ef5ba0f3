"""`cardsim diff`: where two cards differ."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from apdu import Text
from cardsim.cli.cards import InputFileError, OptionError, connected, read_bytes, read_json
from cardsim.cli.console import aligned
from cardsim.cli.copying import DUMP_FORMAT, check_trace, dumped, dumped_image, opened_secrets
from cardsim.cli.export import load_image
from cardsim.perso.plain import FORMAT, export_card
from cardsim.perso.plain.contents import contents_only
from cardsim.perso.plain.form import secret_keys
from cardsim.store.format import MAGIC
from readers.connect.layers import with_layers

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from cardsim.cli.console import Console
    from cardsim.perso.image import CardImage

_REMARKS: Final = ("name", "name_zh", "rights", "rights_zh", "format")
_TRANSPARENT_KEYS: Final = ("card", "contents", "records", "keys", "files", "directories", "purses", "hex")
"""Keys that are structure alone: a place goes without them."""
_LABELS: Final = ("directory", "file", "purse", "tag", "reference")
"""Keys by which an item of a list is called."""
_LONGEST: Final = 60
_NO_NAME: Final = Text("", "")
_EMPTY: Final = Text("(empty)", "(空)")
_HIDDEN: Final = Text("(not shown)", "(不显示)")


class Entry(NamedTuple):
    """One value of a card: what it is called, the value that is compared, and how it is shown."""

    name: Text
    value: object
    shown: Text
    secret: bool = False


def run(options: argparse.Namespace, console: Console) -> int:
    """Print what differs, place by place; 0 nothing, 1 something, 2 an error."""
    if len(options.cards) + bool(options.reader) != 2:
        raise OptionError(
            "name two cards: two files, or a file and --reader", "请指定两张卡:两个文件,或一个文件与 --reader"
        )
    check_trace(options)
    with opened_secrets(options, console) as given:
        sides: list[Any] = [_loaded(Path(name)) for name in options.cards]
        if options.reader:
            with connected(options, console, secrets_used=given.used) as (bare, _, sink):
                sides.append(dumped(with_layers(bare, trace=sink), given))
        if any(_is_dump(side) for side in sides):
            sides = [side if _is_dump(side) else dumped_image(_image(side), given) for side in sides]
        plain = [side if isinstance(side, dict) else export_card(side, secrets=True) for side in sides]
    before, after = (dict(entries(side)) for side in plain)
    # What an export was written without says nothing about the other card.
    missing = [side for side, found in zip(sides, (before, after), strict=True) if _is_without_secrets(side, found)]
    lines = tuple(aligned(_differences(before, after, console, one_sided=not missing)))
    for line in lines:
        console.line(line)
    for error in given.refusals.values():
        console.error(error.text)
    return int(bool(lines or given.refusals))


def _loaded(path: Path) -> CardImage | dict[str, Any]:
    """Return a card file's image, or the JSON of an export or a dump."""
    if read_bytes(path).startswith(MAGIC):
        return load_image(path)
    plain = read_json(path)
    if not isinstance(plain, dict) or plain.get("format") not in (FORMAT, DUMP_FORMAT):
        raise InputFileError(
            f"{path} is neither a card file nor what `cardsim export` or `cardsim dump --json` wrote",
            f"{path} 既不是卡文件,也不是 cardsim export 或 cardsim dump --json 的输出",
        )
    return plain


def _is_dump(side: Any) -> bool:  # noqa: ANN401  JSON
    return isinstance(side, dict) and side.get("format") == DUMP_FORMAT


def _is_without_secrets(side: Any, found: dict[str, Entry]) -> bool:  # noqa: ANN401  JSON
    return isinstance(side, dict) and not any(entry.secret for entry in found.values())


def _image(side: CardImage | dict[str, Any]) -> CardImage:
    """Return a card with the contents of an export; keys that it does not have are zeros, which nobody will ask for."""
    return contents_only(side) if isinstance(side, dict) else side


def entries(node: Any, place: str = "", name: Text = _NO_NAME) -> Iterator[tuple[str, Entry]]:  # noqa: ANN401  JSON
    """Yield every value of an export or a dump under its place, such as "3F00/DDF1/EF06/09"."""
    if isinstance(node, dict):
        yield from _in_object(node, place, name)
    elif isinstance(node, list):
        labels: dict[str, int] = {}
        for number, item in enumerate(node, 1):
            label = _label(item, number)
            labels[label] = labels.get(label, 0) + 1
            label += f":{labels[label]:02}" if labels[label] > 1 else ""
            yield from entries(item, f"{place}/{label}".lstrip("/"), name)
    else:
        yield place, Entry(name, node, _shown(node))


def _in_object(node: dict[str, Any], place: str, name: Text) -> Iterator[tuple[str, Entry]]:
    if isinstance(node.get("name"), str) and isinstance(node.get("name_zh"), str):
        name = Text(node["name"], node["name_zh"])
    secret = secret_keys(node)
    for key, value in node.items():
        if value is None or (key in _REMARKS and place != "printed") or key in _LABELS:
            continue
        if key in secret:
            yield f"{place}/{key}".lstrip("/"), Entry(name, value, _HIDDEN, secret=True)
        elif key == "hex":
            yield place, Entry(name, str(value).upper(), _shown(node.get("value", value)))
        elif key != "value" or "hex" not in node:
            below = place if key in _TRANSPARENT_KEYS or key == "value" else f"{place}/{key}".lstrip("/")
            yield from entries(value, below, name)


def _label(item: Any, number: int) -> str:  # noqa: ANN401  JSON
    """Return what an item of a list goes by: FID, tag, kind and reference, or its number."""
    if isinstance(item, dict):
        if "reference" in item:
            return f"{item.get('type')} {item['reference']} {item.get('version', '')}".rstrip()
        for key in ("directory", "file", "purse", "tag"):
            if key in item:
                return str(item[key])
    return f":{number:02}"


def _shown(value: object) -> Text:
    text = str(value)
    if not text:
        return _EMPTY
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return Text(text, text)


def _differences(
    before: dict[str, Entry], after: dict[str, Entry], console: Console, *, one_sided: bool
) -> Iterator[tuple[str, ...]]:
    """Yield a row for each place; ``one_sided``: for secrets that one card alone has, too."""
    for place in dict.fromkeys((*before, *after)):
        first, second = before.get(place), after.get(place)
        if first and second:
            if first.value == second.value:
                continue
            yield "~", place, console.pick(first.name), _change(first, second, console)
        elif (entry := first or second) and (one_sided or not entry.secret):
            yield "-" if first else "+", place, console.pick(entry.name), console.pick(entry.shown)


def _change(first: Entry, second: Entry, console: Console) -> str:
    if first.secret:
        return console.pick(_HIDDEN)
    # Two spellings of one value differ in their bytes alone.
    shown = (first.shown, second.shown) if first.shown != second.shown else (_shown(first.value), _shown(second.value))
    return " -> ".join(map(console.pick, shown))

"""`cardsim apply`: bring a card to the contents in JSON, by commands under its own keys."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from apdu import BilingualError, Command, Response, StatusWord, Sw, Text, format_hex, parse_hex
from cardsim.cli.cards import InputFileError, connected, read_json
from cardsim.cli.console import aligned
from cardsim.cli.copying import DUMP_FORMAT, hrss_files, opened_secrets
from cardsim.perso.plain import FORMAT, Prefer, export_card
from cardsim.perso.plain.contents import contents_only
from cardsim.zones.access import Pin, terms
from cardsim.zones.addresses import file_name
from cardsim.zones.hrss import EF05, SSSE
from cardsim.zones.layouts import Layout
from readers.connect.layers import with_layers
from readers.terminal.changes import Contents, changes
from readers.terminal.hrss import VERSION_TAG, layout_of, read_hrss, read_version, select_hrss
from readers.terminal.script import run as play
from readers.terminal.security import require_pin
from readers.terminal.writing import Protect, write_all

if TYPE_CHECKING:
    import argparse

    from cardsim.cli.console import Console
    from cardsim.cli.copying import Secrets
    from keys.hsm import KeyName
    from keys.tree import Factors
    from readers.terminal.changes import Obstacle
    from readers.terminal.hrss import HrssReport
    from readers.terminal.script import Script
    from readers.terminal.security import Terminal
    from readers.terminal.writing import Write, Written

_CHALLENGE, _EXTERNAL_AUTHENTICATE, _SELECT = 0x84, 0x82, 0xA4
_READS: Final = (0xB0, 0xB2)


def run(options: argparse.Namespace, console: Console) -> int:
    """Write what differs and read it back; 1 when something stays different, or could not be compared."""
    path = Path(options.json)
    wanted = _wanted(path, Prefer(options.prefer) if options.prefer else None)
    protect = Protect(options.protect)
    written: list[Written] = []
    with (
        connected(options, console, secrets_used=True) as (bare, _, sink),
        opened_secrets(options, console, keys=True) as given,
    ):
        connection = with_layers(bare, trace=sink)
        found = play(_compared(path, wanted, given, connection.atr), connection)
        if options.dry_run:
            _list(found, protect, console)
        else:
            written = play(_written(found, protect), connection)
    for error in given.refusals.values():
        console.error(error.text)
    obstacles = found.obstacles
    rows = [(item.write.name, console.pick(_outcome(item))) for item in written]
    rows += [(obstacle.place, console.pick(obstacle.reason)) for obstacle in obstacles]
    for line in aligned(rows):
        console.line(line)
    if options.pin is None and any(isinstance(term, Pin) for item in obstacles for term in terms(item.needed)):
        console.note("give the PIN with --pin to compare what needs it", "需要 PIN 的内容请用 --pin 给出 PIN 后比较")
    if not (rows or found.writes):
        console.say("nothing differs: nothing was written", "没有差异:未写入任何内容")
    return int(bool(obstacles) or any(not item.equal for item in written))


def _outcome(item: Written) -> Text:
    if not item.readable:
        return Text("written (can not be read back)", "已写入(不可读回)")
    return (
        Text("written and verified", "已写入并核对")
        if item.equal
        else Text("written, reads back different", "读回不同")
    )


class _Wanted(NamedTuple):
    """What a card should hold, by the files' names, and the layout that this is of."""

    layout: Layout
    files: dict[str, Contents]


class _Found(NamedTuple):
    """What has to be written to the card that ``terminal`` has met, and what can not be made equal."""

    terminal: Terminal
    writes: list[Write]
    obstacles: list[Obstacle]


def _compared(path: Path, wanted: _Wanted, given: Secrets, atr: bytes) -> Script[_Found]:
    """Read the card under its keys and compare it; raises InputFileError for contents of another layout."""
    from cardsim.cli.hsm import Proofs, Unlocker, meet_card  # noqa: PLC0415  keys are for those who ask for them

    fci = yield from select_hrss()
    layout = layout_of((yield from read_version()))
    if layout is not wanted.layout:
        there, here = wanted.layout.text, layout.text
        raise InputFileError(
            f"{path} is of layout {there}, this card of {here}: nothing was written",
            f"{path} 为布局 {there},此卡为布局 {here}:未写入任何内容",
        )
    terminal = yield from meet_card(atr, fci, given.proofs or Proofs())
    if given.pin is not None:
        yield from require_pin(given.pin)
    report: HrssReport = yield from read_hrss(Unlocker(terminal, given.refusals))
    return _Found(terminal, *changes(report, wanted.files))


def _written(found: _Found, protect: Protect) -> Script[list[Written]]:
    yield from select_hrss()
    return (yield from write_all(found.terminal, found.writes, protect))


def _wanted(path: Path, prefer: Prefer | None) -> _Wanted:
    """Return what the JSON of an export or a dump says of the files of the HRSS zone."""
    plain: Any = read_json(path)
    kind = plain.get("format") if isinstance(plain, dict) else None
    try:
        if kind == FORMAT:
            plain = export_card(contents_only(plain, prefer), secrets=False)
        elif kind != DUMP_FORMAT:
            raise InputFileError(
                "neither what `cardsim export` nor what `cardsim dump --json` wrote",
                "既不是 cardsim export 也不是 cardsim dump --json 的输出",
            )
        files = {}
        for name, file in hrss_files(plain):
            if file.get("type") in (None, "VARIABLE", "CYCLIC", "TRANSPARENT"):
                files[name] = _contents(file)
        if not files:
            raise InputFileError("nothing of the HRSS zone is in it", "其中没有 HRSS 区域的内容")
        return _Wanted(_layout(files) or Layout.from_text(plain["layout"]), files)
    except (BilingualError, KeyError, TypeError) as error:
        text = error.text if isinstance(error, BilingualError) else Text(f"{error} is wrong", f"{error} 有误")
        raise InputFileError(f"{path}: {text.en}", f"{path}:{text.zh}") from error


def _layout(files: dict[str, Contents]) -> Layout | None:
    """Return the layout that the spec version among the contents says, None where it is not there."""
    records = files.get(file_name(SSSE, EF05), Contents()).records
    version = next((record[2:] for record in records if record and record[0] == VERSION_TAG), None)
    return None if version is None else layout_of(version.decode("ascii", "replace"))


def _contents(file: Any) -> Contents:  # noqa: ANN401  JSON
    if "content" in file:
        return Contents(content=parse_hex(file["content"]))
    records: list[bytes | None] = []
    for record in file.get("records", ()):
        if "hex" not in record:
            records.append(None)
            continue
        value = parse_hex(record["hex"])
        records.append(bytes((int(record["tag"], 16), len(value))) + value if "tag" in record else value)
    return Contents(tuple(records))


# --- what would be sent ---


@dataclass
class _NoKeys:
    """Cryptograms of a terminal without keys: zeros of the right length."""

    used: list[str] = field(default_factory=list)

    def proof(self, key: KeyName, factors: Factors, process: bytes, source: bytes) -> bytes:
        del factors, process, source
        self.used.append(key.name)
        return bytes(8)

    def mac(self, key: KeyName, factors: Factors, challenge: bytes, data: bytes) -> bytes:
        del factors, challenge, data
        self.used.append(key.name)
        return bytes(4)

    def seal(self, key: KeyName, factors: Factors, challenge: bytes, data: bytes) -> bytes:
        del factors, challenge
        self.used.append(key.name)
        return data.ljust(-(-(len(data) + 1) // 8) * 8, b"\x00")


def _list(found: _Found, protect: Protect, console: Console) -> None:
    """Print the commands of the writes; the cryptograms in them are zeros, which no card accepts."""
    keys = _NoKeys()
    script = write_all(replace(found.terminal, keys=keys, entropy=bytes), found.writes, protect)
    shown: list[tuple[str, str]] = []
    try:
        command = next(script)
        while True:
            before = len(keys.used)
            if command.ins not in _READS:
                label = ", ".join(keys.used[before - 1 : before]) if command.ins == _EXTERNAL_AUTHENTICATE else ""
                shown.append((format_hex(command.encode()), label))
            command = script.send(_answer(command))
    except StopIteration:
        pass
    for words in shown:
        console.line("  ".join(words).rstrip())


def _answer(command: Command) -> Response:
    if command.ins in _READS:
        return Response(b"", StatusWord(Sw.FILE_NOT_FOUND))
    return Response(bytes(8) if command.ins == _CHALLENGE else b"", StatusWord(Sw.OK))

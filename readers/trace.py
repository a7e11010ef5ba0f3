"""Traces: what crossed between terminal and card, as text that a person reads and a replay connection answers from.

    # reader: Lab 0 00 00
    # ATR: 3B021450
    > 0020000003******
    < 9000
    # 0.240 ms

A line ``>`` is a command, the next ``<`` its response (nothing behind it: none came), the comment behind it the time it
took; any other line is a comment that begins with ``#``. ``**`` stands for a byte that was kept out of the trace; of a
response, one that a replay gives as 00.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, TextIO

from apdu.command import Command
from apdu.errors import CommandError, HexError
from apdu.hexes import format_hex, parse_hex
from readers.errors import TraceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Clock = Callable[[], float]
"""A monotonic time in seconds, as ``time.perf_counter``."""

_HIDDEN = "**"
# VERIFY, CHANGE REFERENCE DATA and RESET RETRY COUNTER in both forms of ISO/IEC 7816-4 (24 is also PIN CHANGE/UNBLOCK),
# CHANGE and RELOAD PIN, WRITE KEY, PUT KEY: in any class (facts native-card-os, list of commands and 2).
_SECRET_INS = frozenset((0x20, 0x21, 0x24, 0x25, 0x2C, 0x2D, 0x5E, 0xD4, 0xD8))
_MEDICAL_DEBIT = (0xB0, 0x2C)  # facts hrss-card: the one use of 2C that carries no secret
_LOAD_KEYS = (0xFF, 0x82)  # PC/SC part 3: a memory card's key, to the reader
# Of the PKI application, facts hrss-card 8: load a session key, import a key pair, SM3 (of a PIN). In ISO/IEC 7816-4
# these instructions, with a class of that, carry no secret.
_SECRET_PKI_INS = frozenset((0x4A, 0xC2, 0xC4))
# And with an answer that is one: open the envelope of a session key, SM3 again.
_SECRET_PKI_ANSWERS = frozenset((0x4E, 0xC4))
_PROPRIETARY, _CLASS = 0x80, 0xF0
_GET_RESPONSE = 0xC0
# Facts hrss-card 4.5: a new PIN goes to the PSAM in clear, to be enciphered, and once more enciphered, for the MAC.
_PSAM_COMPUTES = b"\x80\xfa"
_PSAM_ENCIPHERS = b"\x80\xfa\x00"
_SEPARATORS = re.compile(r"[\s:\-]+")
_TIMING = re.compile(r"([0-9]+(?:\.[0-9]+)?) ms")


@dataclass(frozen=True, slots=True)
class TracedCommand:
    """A command as a trace has it: ``raw`` holds 00 at the positions that are ``hidden``."""

    raw: bytes
    hidden: frozenset[int] = frozenset()

    @classmethod
    def masked(cls, command: bytes) -> TracedCommand:
        """Return ``command`` with its secrets hidden."""
        secret = _secret_positions(command)
        return cls(bytes(0 if i in secret else byte for i, byte in enumerate(command)), frozenset(secret))

    @classmethod
    def parse(cls, text: str) -> TracedCommand:
        """Return what hexadecimal digits and ``**`` spell.

        Raises :class:`apdu.errors.HexError`.
        """
        digits = _SEPARATORS.sub("", text)
        pairs = [digits[i : i + 2] for i in range(0, len(digits), 2)]
        hidden = frozenset(i for i, pair in enumerate(pairs) if pair == _HIDDEN)
        return cls(parse_hex("".join("00" if pair == _HIDDEN else pair for pair in pairs)), hidden)

    def matches(self, command: bytes) -> bool:
        """Return whether ``command`` is this one, as far as the trace shows it."""
        return len(command) == len(self.raw) and all(
            mine == theirs or i in self.hidden for i, (mine, theirs) in enumerate(zip(self.raw, command, strict=True))
        )

    def __str__(self) -> str:
        return "".join(_HIDDEN if i in self.hidden else f"{byte:02X}" for i, byte in enumerate(self.raw))


def mask_secrets(command: bytes) -> str:
    """Return ``command`` in hexadecimal, with ``**`` for each byte of a PIN's or key's data field."""
    return str(TracedCommand.masked(command))


def _secret_positions(command: bytes) -> range:
    nothing = range(0)
    if len(command) <= 5:
        return nothing
    if not _is_secret(command[0], command[1]) and not command.startswith(_PSAM_COMPUTES):
        return nothing
    try:
        parsed = Command.parse(command)
    except CommandError:
        return range(4, len(command))
    if not parsed.data:
        return range(4, len(command))
    start = 7 if parsed.extended else 5
    return range(start, start + len(parsed.data))


def _is_secret(cla: int, ins: int) -> bool:
    """Return whether a command carries a PIN or a key in its data."""
    if (cla, ins) == _MEDICAL_DEBIT:
        return False
    in_pki = cla & _CLASS == _PROPRIETARY and ins in _SECRET_PKI_INS
    return in_pki or ins in _SECRET_INS or (cla, ins) == _LOAD_KEYS


def _gives_secret(command: bytes) -> bool:
    """Return whether the data of the answer is a key, or what a PIN is easily found from."""
    in_pki = len(command) > 1 and command[0] & _CLASS == _PROPRIETARY and command[1] in _SECRET_PKI_ANSWERS
    return in_pki or command.startswith(_PSAM_ENCIPHERS)


class AnswerMask:
    """Keeps answers that are secrets out of what people see; knows them by the commands before them."""

    def __init__(self) -> None:
        self._secret = False

    def hides_next(self, command: bytes) -> bool:
        """Return whether the answer to ``command`` is a secret: to that of GET RESPONSE, what the last one was."""
        fetches = command[1:2] == bytes((_GET_RESPONSE,))
        self._secret = _gives_secret(command) or (fetches and self._secret)
        return self._secret


def mask_answer(response: bytes) -> str:
    """Return ``response`` in hexadecimal, with ``**`` for each byte before the status word."""
    return _HIDDEN * len(response[:-2]) + format_hex(response[-2:])


class TraceSink(Protocol):
    """Where a trace goes, line by line as things happen."""

    def comment(self, text: str) -> None:
        """Take a remark."""
        ...

    def command(self, command: bytes) -> None:
        """Take a command that is about to be sent."""
        ...

    def response(self, response: bytes, seconds: float) -> None:
        """Take what came back for it, empty when nothing did, and how long that took."""
        ...


def record(sink: TraceSink, clock: Clock, transmit: Callable[[bytes], bytes], command: bytes) -> bytes:
    """Call ``transmit`` with ``command`` and tell ``sink`` both sides, also when it fails."""
    sink.command(command)
    start = clock()
    response = b""
    try:
        response = transmit(command)
    finally:
        sink.response(response, clock() - start)
    return response


class TraceWriter:
    """A :class:`TraceSink` that writes to ``file`` and flushes each time, so that a crash loses nothing.

    Secrets are masked unless ``show_secrets``, and then the first line says so. ``begin`` is called before that line.
    Raises :class:`TraceError` when the file can not be written.
    """

    def __init__(self, file: TextIO, *, show_secrets: bool = False, begin: Callable[[], object] | None = None) -> None:
        self.secret_commands: frozenset[bytes] = frozenset()
        """Commands whose form does not tell that their data is a secret."""
        self._file = file
        self._begin = begin
        self._show_secrets = show_secrets
        self._mask = AnswerMask()
        self._hidden = False
        self._heading = _WARNING if show_secrets else ""

    def comment(self, text: str) -> None:
        """Write a remark; it stays one line whatever it contains."""
        self._write(f"# {' '.join(text.split())}\n")

    def command(self, command: bytes) -> None:
        """Write a command line."""
        self._hidden = self._mask.hides_next(command) and not self._show_secrets
        text = format_hex(command) if self._show_secrets else mask_secrets(command)
        if command in self.secret_commands and not self._show_secrets:
            text = format_hex(command[:5]) + _HIDDEN * len(command[5:])
        self._write(f"> {text}\n")

    def response(self, response: bytes, seconds: float) -> None:
        """Write a response line and the time it took."""
        text = mask_answer(response) if self._hidden else format_hex(response)
        self._write(f"< {text}\n# {seconds * 1000:.3f} ms\n")

    def _write(self, lines: str) -> None:
        heading, self._heading = self._heading, ""
        begin, self._begin = self._begin, None
        try:
            if begin:
                begin()
            self._file.write(heading + lines)
            self._file.flush()
        except (OSError, ValueError) as error:
            name = getattr(self._file, "name", "the trace")
            raise TraceError(f"can not write to {name}: {error}", f"无法写入 {name}:{error}") from error


_WARNING = "# WARNING: PINs and keys in this trace are in clear. 警告:本跟踪含明文 PIN 与密钥。\n"


@contextlib.contextmanager
def open_trace(path: Path, *, show_secrets: bool = False) -> Iterator[TraceWriter]:
    """Write a trace to ``path``, a file that its owner alone can read: answers carry personal data.

    What it held stays until there is something to write. Raises :class:`TraceError`.
    """
    try:
        file = open(path, "w", encoding="utf-8", errors="backslashreplace", opener=_owner_only)  # noqa: SIM115  it stays open; close() ends it
    except OSError as error:
        raise _file_error("write", "写入", path, error) from error
    try:
        regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
        yield TraceWriter(file, show_secrets=show_secrets, begin=partial(_empty, file) if regular else None)
    finally:
        with contextlib.suppress(OSError):  # every line was flushed; a failure was reported then
            file.close()


def may_replace(path: Path) -> bool:
    """Return whether a trace may be written to ``path``: if it is a file, nothing but a trace stands in it."""
    if not path.is_file():
        return True
    try:
        with path.open(encoding="utf-8") as file:
            lines = [line.strip() for line in file]
        starts = {line[:1] for line in lines}
        begun = ">" in starts or lines[:1] == [_WARNING.strip()] or any(line.startswith(_READER) for line in lines[:2])
        return not any(lines) or (begun and starts <= _STARTS)
    except UnicodeDecodeError:
        return False
    except OSError as error:
        raise _file_error("read", "读取", path, error) from error


_READER: Final = "# reader: "
_STARTS: Final = frozenset(("", "#", ">", "<"))


def _empty(file: TextIO) -> None:
    """Begin a trace in a file that may be an earlier one, and that others may have been able to read."""
    os.fchmod(file.fileno(), 0o600)
    file.truncate(0)


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags & ~os.O_TRUNC, 0o600)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One command and its response. ``line`` is the command's line in the trace, from 1."""

    command: TracedCommand
    response: bytes
    line: int
    milliseconds: float | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """A trace that was read. ``source`` names it in messages; ``reader`` and ``atr`` are empty if it has none."""

    source: str
    reader: str
    atr: bytes
    exchanges: tuple[Exchange, ...]


def load_trace(path: Path) -> Trace:
    """Return the trace in the file ``path``.

    Raises :class:`TraceError` when it can not be read, or naming the line that is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise _file_error("read", "读取", path, error) from error
    except UnicodeDecodeError as error:
        raise TraceError(f"{path} is no text in UTF-8, so no trace", f"{path} 不是 UTF-8 文本,不是跟踪文件") from error
    return parse_trace(text, str(path))


def parse_trace(text: str, source: str = "trace") -> Trace:
    """Return the trace that ``text`` spells; the last command may lack its response, as when a recording was cut off.

    Raises :class:`TraceError` naming the line that is wrong.
    """
    return _Parser(source).parse(text)


class _Parser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._line = 0
        self._reader = ""
        self._atr = b""
        self._exchanges: list[Exchange] = []
        self._open: Exchange | None = None

    def parse(self, text: str) -> Trace:
        for self._line, line in enumerate(text.splitlines(), 1):
            try:
                self._take(line.strip())
            except HexError as error:
                raise self._error(error.text.en, error.text.zh) from error
        self._close(b"")
        return Trace(self._source, self._reader, self._atr, tuple(self._exchanges))

    def _take(self, line: str) -> None:
        rest = line[1:].strip()
        match line[:1]:
            case "":
                pass
            case "#":
                self._comment(rest)
            case ">":
                if self._open:
                    raise self._error(
                        f"a command, but the one in line {self._open.line} has no response yet",
                        f"出现命令,但第 {self._open.line} 行的命令尚无响应",
                    )
                self._open = Exchange(TracedCommand.parse(rest), b"", self._line)
            case "<":
                if not self._open:
                    raise self._error("a response without a command before it", "响应之前没有命令")
                self._close(TracedCommand.parse(rest).raw)
            case _:
                raise self._error(
                    f"{line[:40]!r} begins with none of '>' (command), '<' (response), '#' (comment)",
                    f"{line[:40]!r} 不以“>”(命令)、“<”(响应)或“#”(注释)开头",
                )

    def _close(self, response: bytes) -> None:
        if self._open:
            self._exchanges.append(replace(self._open, response=response))
            self._open = None

    def _comment(self, text: str) -> None:
        key, _, value = text.partition(":")
        if key == "ATR":
            self._atr = self._atr or parse_hex(value)
        elif key == "reader":
            self._reader = self._reader or value.strip()
        elif (timing := _TIMING.fullmatch(text)) and self._exchanges and not self._open:
            self._exchanges[-1] = replace(self._exchanges[-1], milliseconds=float(timing[1]))

    def _error(self, en: str, zh: str) -> TraceError:
        return TraceError(f"{self._source}, line {self._line}: {en}", f"{self._source} 第 {self._line} 行:{zh}")


def _file_error(verb: str, verb_zh: str, path: Path, error: OSError) -> TraceError:
    return TraceError(f"can not {verb} {path}: {error.strerror}", f"无法{verb_zh} {path}:{error.strerror}")

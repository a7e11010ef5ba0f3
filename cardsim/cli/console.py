"""What a subcommand says, in the language the user chose."""

from __future__ import annotations

import io
import os
import unicodedata
from itertools import zip_longest
from typing import TYPE_CHECKING, Final, TextIO

from apdu.text import Language, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_GAP: Final = "  "


def chosen_language(words: Sequence[str]) -> Language:
    """Return the language that ``--lang`` names, else the one of the locale, else English.

    It is needed before the parser, since the parser's own texts are in it.
    """
    for position, word in enumerate(words):
        value = word.partition("=")[2] if word.startswith("--lang=") else None
        if word == "--lang" and position + 1 < len(words):
            value = words[position + 1]
        if value in ("en", "zh"):
            return Language(value)
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return Language.ZH if locale.startswith("zh") else Language.EN


def tolerant(stream: TextIO | None) -> TextIO:
    """Return ``stream`` so that no character can stop the program: what its encoding lacks is written as an escape.

    The encoding itself stays the one that the user's locale or PYTHONIOENCODING chose. A closed stream takes nothing.
    """
    if stream is None:
        return io.StringIO()
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


def width(text: str) -> int:
    """Return how many columns a terminal gives ``text``: Chinese characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def pad(text: str, columns: int) -> str:
    """Return ``text`` filled with blanks to ``columns`` columns of a terminal."""
    return text + " " * (columns - width(text))


def aligned(rows: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Return each row as a line whose cells stand below those of the other rows."""
    rows = tuple(rows)
    widths = [max(map(width, column)) for column in zip_longest(*rows, fillvalue="")]
    return tuple(_GAP.join(map(pad, row, widths)).rstrip() for row in rows)


class Console:
    """Standard output and standard error, with a language."""

    def __init__(self, language: Language, out: TextIO, err: TextIO) -> None:
        self.language = language
        self._out = out
        self._err = err

    def pick(self, text: Text) -> str:
        """Return ``text`` in the user's language."""
        return text.in_language(self.language)

    def line(self, line: str = "") -> None:
        """Write one line to standard output."""
        self._out.write(line + "\n")

    def say(self, en: str, zh: str) -> None:
        """Write one line to standard output, in the user's language."""
        self.line(self.pick(Text(en, zh)))

    def json(self, plain: object) -> None:
        """Write ``plain`` as JSON, in ASCII where the output's encoding would not carry all of it."""
        import json  # noqa: PLC0415  only here, and `--help` is to be quick

        unicode = (self._out.encoding or "").lower().replace("-", "").startswith("utf")
        self.line(json.dumps(plain, ensure_ascii=not unicode, indent=2))

    def note(self, en: str, zh: str) -> None:
        """Write a remark to standard error, so that it never mixes with output a program reads."""
        self._err.write(self.pick(Text(en, zh)) + "\n")
        self._err.flush()

    def error(self, text: Text) -> None:
        """Write an error to standard error."""
        prefix = self.pick(Text("cardsim: ", "cardsim:"))
        self._err.write(f"{prefix}{self.pick(text)}\n")
        self._err.flush()

    def flush(self) -> None:
        """Bring everything out now: somebody may be waiting for a line."""
        self._out.flush()

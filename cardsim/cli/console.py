"""What a subcommand says, in the language the user chose."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TextIO

from apdu.text import Language, Text

if TYPE_CHECKING:
    from collections.abc import Sequence


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

    def note(self, en: str, zh: str) -> None:
        """Write a remark to standard error, so that it never mixes with output a program reads."""
        self._err.write(self.pick(Text(en, zh)) + "\n")
        self._err.flush()

    def error(self, text: Text) -> None:
        """Write an error to standard error."""
        prefix = self.pick(Text("cardsim: ", "cardsim:"))
        self._err.write(f"{prefix}{self.pick(text)}\n")

    def flush(self) -> None:
        """Bring everything out now: somebody may be waiting for a line."""
        self._out.flush()

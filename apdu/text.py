"""User-facing text in the two languages of this project, and the error that carries it."""

from __future__ import annotations

from enum import Enum, unique
from typing import NamedTuple


@unique
class Language(Enum):
    """A language the user can ask for with ``--lang``."""

    EN = "en"
    ZH = "zh"


class Text(NamedTuple):
    """One message in English and Chinese."""

    en: str
    zh: str

    def in_language(self, language: Language) -> str:
        """Return the message in ``language``."""
        return self.zh if language is Language.ZH else self.en


class BilingualError(Exception):
    """Root of the packages' own roots: what was wrong, where, and what to do, in both languages."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en, zh)
        self.text = Text(en, zh)

    def __str__(self) -> str:
        return self.text.en

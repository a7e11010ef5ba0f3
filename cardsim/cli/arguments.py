"""argparse in the user's language, and in columns that stay in line when the text is Chinese."""

from __future__ import annotations

import argparse
import re
import sys
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NoReturn

from apdu.text import Language, Text
from cardsim.cli.console import width

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed import SupportsWrite

_PIECES: Final = re.compile(r"[!-~]+[、。]* ?|[^!-~][,。;:)、]*")
"""What a line is made of: words and single Chinese characters, each with punctuation that must not begin a line."""
_OPTION: Final = re.compile(r"--[A-Za-z-]+|-[A-Za-z]")
"""A name, without a value that is stuck to it."""
_NUMBER: Final = re.compile(r"'[0-9]{4,}'")
"""A value that argparse repeats; it may be a PIN behind an option that was mistyped."""
_ERRORS_ZH: Final = tuple(
    (re.compile(pattern, re.DOTALL), zh)
    for pattern, zh in (
        (r"the following arguments are required: (.+)", r"缺少必需的参数:\1"),
        (r"argument (.+?): invalid choice: (.+) \(choose from (.+)\)", r"参数 \1:\2 不可选;可选:\3"),
        (r"argument (.+?): expected one argument", r"参数 \1:需要一个值"),
        (r"argument (.+?): expected at least one argument", r"参数 \1:至少需要一个值"),
        (r"argument (.+?): not allowed with argument (.+)", r"参数 \1:不能与 \2 同时使用"),
        (r"argument (.+?): ignored explicit argument (.+)", r"参数 \1:不接受值 \2"),
    )
)


class Parser(argparse.ArgumentParser):
    """An argument parser that speaks ``language``; options are written out in full, so that scripts stay right.

    ``options`` adds its arguments when it is first used: a command line names one of many subcommands.
    """

    def __init__(
        self,
        *,
        language: Language = Language.EN,
        options: Callable[[Parser, Callable[[str, str], str]], None] | None = None,
        **settings: Any,  # noqa: ANN401  argparse's own
    ) -> None:
        super().__init__(**settings, add_help=False, allow_abbrev=False, formatter_class=formatter(language))
        self._language = language
        self._add_options = options
        self._positionals.title = self.pick("arguments", "参数")
        self._optionals.title = self.pick("options", "选项")
        self.add_argument("-h", "--help", action="help", help=self.pick("show this help", "显示本帮助"))

    def pick(self, en: str, zh: str) -> str:
        """Return the text in this parser's language."""
        return Text(en, zh).in_language(self._language)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # noqa: ANN401  argparse's own
        """Add what is to be parsed, then parse: argparse hands a subcommand's words to this as well."""
        add_options, self._add_options = self._add_options, None
        if add_options:
            add_options(self, self.pick)
        known, left = super().parse_known_args(args, namespace)
        if left:
            self.error(self._not_known(left))
        return known, left

    def _not_known(self, words: list[str]) -> str:
        """Return what to say about words that mean nothing here: options by name, no value, which may be a PIN."""
        options = [_OPTION.match(word) for word in words]
        names = " ".join(match[0] for match in options if match)
        if names:
            return self.pick(f"unrecognized arguments: {names}", f"无法识别的参数:{names}")
        return self.pick(f"arguments too many: {len(words)}", f"多余的参数:{len(words)} 个")

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        """Write ``message`` and let a failure be seen: later versions of Python keep it to themselves."""
        if message:
            (file or sys.stderr).write(message)

    def error(self, message: str) -> NoReturn:
        """End with status 2 and one line about what is wrong, one about where help is."""
        message = _NUMBER.sub("'**'", message)
        if self._language is Language.ZH:
            message = error_zh(message)
        hint = self.pick(f"try `{self.prog} --help`", f"请参阅 `{self.prog} --help`")
        self.exit(2, f"{self.prog}{self.pick(': ', ':')}{message}\n{hint}\n")


def error_zh(message: str) -> str:
    """Return argparse's message in Chinese; one that is not known here stays as it is."""
    for pattern, zh in _ERRORS_ZH:
        if match := pattern.fullmatch(message):
            return match.expand(zh)
    return message


def wrap(text: str, columns: int) -> list[str]:
    """Return ``text`` in lines of at most ``columns`` terminal columns, Chinese broken between characters."""
    lines = [""]
    for piece in _PIECES.findall(text):
        if lines[-1] and width((lines[-1] + piece).rstrip()) > columns:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return [line.rstrip() for line in lines]


@cache
def formatter(language: Language) -> type[argparse.HelpFormatter]:
    """Return a formatter for ``language``: argparse wants a class, which it makes objects of by itself."""

    class Formatter(argparse.HelpFormatter):
        def add_usage(
            self,
            usage: str | None,
            actions: Iterable[argparse.Action],
            groups: Iterable[argparse._MutuallyExclusiveGroup],
            prefix: str | None = None,
        ) -> None:
            if prefix is None:
                prefix = Text("usage: ", "用法:").in_language(language)
            super().add_usage(usage, actions, groups, prefix)

        def _split_lines(self, text: str, width: int) -> list[str]:
            return wrap(text, width)

        def _fill_text(self, text: str, width: int, indent: str) -> str:
            """Wrap each line by itself; lines that begin with a blank, such as examples, stay as they are."""
            lines = ([line] if line.startswith(" ") else wrap(line, width) for line in text.splitlines())
            return "\n".join(indent + line for part in lines for line in part)

        def _format_action(self, action: argparse.Action) -> str:
            text = super()._format_action(action)
            # The line above the subcommands would say COMMAND once more.
            return text.partition("\n")[2] if action.nargs == argparse.PARSER else text

    return Formatter

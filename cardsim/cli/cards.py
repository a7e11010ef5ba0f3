"""Opening cards for subcommands: from a card file, or in a reader; and the files that options name."""

from __future__ import annotations

import contextlib
import errno
import json
import secrets
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from apdu import Interface, Text
from cardsim.chip.card import Card
from cardsim.chip.dual import DualCard, port_for
from cardsim.errors import CardsimError
from cardsim.store import CardStore
from readers.errors import CardRemovedError, ReaderError
from readers.serve.pseudo_apdus import in_reader

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from apdu import CardPort, Connection
    from cardsim.cli.console import Console
    from cardsim.profiles import Profile
    from readers.trace import TraceSink


_REASONS_ZH: Final = {
    errno.ENOENT: "文件或目录不存在",
    errno.EACCES: "权限不足",
    errno.EISDIR: "是目录",
    errno.ENOTDIR: "不是目录",
    errno.EEXIST: "已存在",
    errno.EROFS: "文件系统只读",
    errno.ENAMETOOLONG: "文件名过长",
    errno.ENOSPC: "磁盘空间不足",
}


_INTERFACES_ZH: Final = {Interface.CONTACT: "接触", Interface.CONTACTLESS: "非接触"}
_DEEPEST: Final = 64
"""Objects and lists of JSON inside each other; those of a card with all levels of directories are fewer than 30."""
_LARGEST: Final = 16 << 20
"""Bytes of a file that we read, far more than any card holds; a device such as /dev/zero has no end."""


class InputFileError(CardsimError):
    """A file that an option names can not be read, or is not what it should be."""


class OptionError(CardsimError):
    """An option that its subcommand has no use for here."""


@contextlib.contextmanager
def opened_card(
    path: Path, *, durable: bool = False, interface: Interface | None = None
) -> Iterator[tuple[Card, CardPort]]:
    """Open a card file and give the card and the port in front of it, in a reader that speaks ``interface``.

    Without ``interface``: by contact if the chip can. Raises StoreError, OptionError when the chip has not that one.
    """
    with CardStore.open(path, durable=durable) as store:
        profile = store.description.profile
        check_interface(path, profile, interface)
        chosen = interface or profile.interfaces.all[0]
        card = Card(store.memory, profile, secrets.token_bytes, interface=chosen)
        yield card, in_reader(port_for(card, profile, secrets.token_bytes, chosen))


@contextlib.contextmanager
def opened_dual(path: Path, *, durable: bool = False) -> Iterator[tuple[CardPort, CardPort]]:
    """Open a card file and give both sides of the card, the contact one first; raises as :func:`opened_card`."""
    with CardStore.open(path, durable=durable) as store:
        profile = store.description.profile
        for interface in Interface:
            check_interface(path, profile, interface)
        dual = DualCard(Card(store.memory, profile, secrets.token_bytes), profile, secrets.token_bytes)
        yield dual.contact, in_reader(dual.contactless)


def check_interface(path: Path, profile: Profile, interface: Interface | None) -> None:
    """Raise OptionError when the chip has not the interface that is asked for."""
    if interface is None or interface in profile.interfaces.all:
        return
    only = profile.interfaces.value
    only_zh = _INTERFACES_ZH[profile.interfaces.all[0]]
    hint, hint_zh = "", ""
    if interface is Interface.CONTACTLESS:
        hint, hint_zh = "; make one with `cardsim new --chip gen3`", ";可用 `cardsim new --chip gen3` 制作双界面卡"
    raise OptionError(
        f"{path}: this {profile.chip} chip has no {interface.value} interface, only {only}{hint}",
        f"{path}:该 {profile.chip} 芯片没有{_INTERFACES_ZH[interface]}界面,只有{only_zh}界面{hint_zh}",
    )


@contextlib.contextmanager
def connected(
    options: argparse.Namespace, console: Console, *, secrets_used: bool = False
) -> Iterator[tuple[Connection, Card | None, TraceSink | None]]:
    """Connect to the card that ``--card`` or ``--reader`` names; without either, to the only card in a reader.

    ``secrets_used``: a card in a reader is reset in the end, since what PIN and keys opened would stay open for the
    next program.
    """
    from readers.connect.inprocess import connect_inprocess  # noqa: PLC0415  heavy only where it is used

    wished = getattr(options, "interface", None)
    if wished and not options.card:
        raise OptionError(
            "--interface says how --card is reached; in a reader, the reader decides",
            "--interface 用于 --card;读卡器中的卡由读卡器决定界面",
        )
    with contextlib.ExitStack() as stack:
        card: Card | None = None
        connection: Connection
        if options.card:
            interface = Interface(wished) if wished else None
            card, port = stack.enter_context(opened_card(Path(options.card), interface=interface))
            connection = connect_inprocess(port, options.card)
        else:
            from readers.connect.pcsc import connect  # noqa: PLC0415  heavy only where it is used

            wanted = options.reader
            connection = connect(int(wanted) if wanted and wanted.isascii() and wanted.isdigit() else wanted)
        stack.callback(connection.close)
        if secrets_used and not card:
            stack.push(lambda _kind, error, _trace: _reset(connection, after=error))
        sink = stack.enter_context(trace_sink(options, console))
        yield connection, card, sink


def _reset(connection: Connection, *, after: BaseException | None) -> None:
    """Reset the card, unless it is gone: it has forgotten everything, and some readers would miss the next one."""
    if not isinstance(after, CardRemovedError):
        with contextlib.suppress(ReaderError):
            connection.reset()


@contextlib.contextmanager
def trace_sink(options: argparse.Namespace, console: Console) -> Iterator[TraceSink | None]:
    """Open the file of ``--trace``, if asked for; warn when secrets will be shown."""
    if options.trace_secrets:
        also, also_zh = (f" and in {options.trace}", f"以及 {options.trace} ") if options.trace else ("", "")
        console.note(
            f"warning: PINs and keys appear in clear on the screen{also}",
            f"警告:屏幕{also_zh}将显示明文 PIN 与密钥",
        )
    if not options.trace:
        yield None
        return
    from readers.trace import may_replace, open_trace  # noqa: PLC0415  heavy only where it is used

    path = Path(options.trace)
    if not may_replace(path):
        raise InputFileError(
            f"{path} is no trace, and writing one would destroy it: give --trace another name",
            f"{path} 不是跟踪文件,写入跟踪会将其破坏:请为 --trace 换一个文件名",
        )
    with open_trace(path, show_secrets=options.trace_secrets) as writer:
        yield writer


def read_json(path: Path) -> object:
    """Return the parsed JSON of ``path``; raises InputFileError with the place of a fault."""
    text = read_text(path)
    try:
        plain: object = json.loads(text, object_pairs_hook=_no_doubles)
    except (ValueError, RecursionError) as error:
        raise InputFileError(f"{path} is not JSON: {error}", f"{path} 不是合法的 JSON:{error}") from error
    if _is_deeper(plain, _DEEPEST):
        raise InputFileError(
            f"{path}: more than {_DEEPEST} objects and lists inside each other", f"{path}:嵌套超过 {_DEEPEST} 层"
        )
    return plain


def _is_deeper(plain: object, most: int) -> bool:
    """Return whether lists and objects stand more than ``most`` deep inside each other."""
    level = [plain]
    for _ in range(most):
        level = [
            item
            for node in level
            if isinstance(node, dict | list)
            for item in (node.values() if isinstance(node, dict) else node)
        ]
    return any(isinstance(node, dict | list) for node in level)


def _no_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Make an object of ``pairs``; JSON lets a key come twice, and one value of the two would be lost."""
    plain = dict(pairs)
    if len(plain) != len(pairs):
        keys = [key for key, _ in pairs]
        double = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"key {double!r} comes twice")
    return plain


def read_toml(path: Path) -> dict[str, object]:
    """Return the parsed TOML of ``path``; raises InputFileError with the place of a fault."""
    text = read_text(path)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputFileError(f"{path} is not TOML: {error}", f"{path} 不是合法的 TOML:{error}") from error


def read_text(path: Path) -> str:
    """Return the contents of ``path`` as text, with or without a byte order mark; raises InputFileError."""
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputFileError(
            f"{path} is not text in UTF-8 (byte {error.start}); save it as UTF-8",
            f"{path} 不是 UTF-8 文本(第 {error.start} 字节);请另存为 UTF-8",
        ) from error


def read_bytes(path: Path, most: int = _LARGEST) -> bytes:
    """Return the contents of ``path``, which may be a pipe, at most ``most`` bytes; raises InputFileError."""
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        reason = reason_of(error)
        raise InputFileError(f"{path}: {reason.en}", f"{path}:{reason.zh}") from error
    except ValueError as error:  # NUL, or half a surrogate pair, as JSON can spell them
        raise InputFileError(f"{str(path)!r} is no file name", f"{str(path)!r} 不是文件名") from error
    if len(content) > most:
        raise InputFileError(
            f"{path}: more than {most >> 20} MiB, or without end", f"{path}:超过 {most >> 20} MiB,或没有尽头"
        )
    return content


def reason_of(error: OSError) -> Text:
    """Return what the system says about a file, in Chinese for what often happens."""
    reason = error.strerror or str(error)
    return Text(reason, _REASONS_ZH.get(error.errno or 0, reason))

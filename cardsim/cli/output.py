"""The files that subcommands write: whole or not at all, for their owner only, and never over a card or over keys."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cardsim.cli.cards import InputFileError, reason_of
from cardsim.errors import OutputFileError
from cardsim.store import disk
from cardsim.store.format import MAGIC

if TYPE_CHECKING:
    from collections.abc import Iterator

_STREAMS: Final = {
    Path(name): number
    for number, names in ((1, ("/dev/stdout", "/dev/fd/1")), (2, ("/dev/stderr", "/dev/fd/2")))
    for name in names
}
"""What is open already, maybe a file with something in it, and is gone on with."""


def write_new(path: Path, content: bytes, *, overwrite: bool) -> None:
    """Write a file; one that exists is replaced with ``overwrite`` alone, a card file or a keystore never.

    What is no file, such as /dev/stdout, is written to and stays. Raises InputFileError or OutputFileError.
    """
    check_new(path, overwrite=overwrite)
    with _named(path):
        if _is_stream(path):
            number = _STREAMS.get(path)
            with path.open("wb") if number is None else open(number, "wb", closefd=False) as file:
                file.write(content)
            return
        place = Path(os.path.realpath(path))
        descriptor, temporary = disk.write_temporary(place, content)
        os.close(descriptor)
        try:
            if overwrite:
                temporary.replace(place)
            else:
                disk.give_name(temporary, place)
        except FileExistsError:
            raise _exists(path) from None
        finally:
            temporary.unlink(missing_ok=True)


def check_new(path: Path, *, overwrite: bool) -> None:
    """Raise what :func:`write_new` would, before anything is done that is lost when it does."""
    with _named(path):
        place = Path(os.path.realpath(path))
        if _is_stream(path):
            return
        if place.exists():
            _check_replaced(path, place, overwrite=overwrite)
        _check_directory(place.parent)


def made_directory(path: Path) -> None:
    """Make a directory, where it is not there yet, that files can be written to; raises OutputFileError."""
    with _named(path):
        path.mkdir(parents=True, exist_ok=True)
        _check_directory(path)


def _check_replaced(path: Path, place: Path, *, overwrite: bool) -> None:
    from keys.keystore import is_keystore  # noqa: PLC0415  heavy only where it is used

    if not place.is_file():
        raise InputFileError(f"{path} is a directory or a device", f"{path} 是目录或设备")
    with place.open("rb") as file:
        if file.read(len(MAGIC)) == MAGIC:
            raise InputFileError(f"{path} is a card file; give another name", f"{path} 是卡文件;请换一个文件名")
    if is_keystore(place):
        raise InputFileError(f"{path} is a keystore; give another name", f"{path} 是密钥库;请换一个文件名")
    if not overwrite:
        raise _exists(path)


def _check_directory(path: Path) -> None:
    """Raise OSError where no file can be made."""
    with tempfile.TemporaryFile(dir=path):
        pass


def _is_stream(path: Path) -> bool:
    return path in _STREAMS or path.is_char_device() or path.is_fifo()


def _exists(path: Path) -> InputFileError:
    return InputFileError(
        f"{path} exists; give --force to replace it, or another name",
        f"{path} 已存在;请用 --force 覆盖或换一个文件名",
    )


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """Make an error of ours of the system's; what it was decides about the exit status."""
    try:
        yield
    except OSError as error:
        reason = reason_of(error)
        raise OutputFileError(f"{path}: {reason.en}", f"{path}:{reason.zh}") from error
    except ValueError as error:  # NUL
        raise InputFileError(f"{str(path)!r} is no file name", f"{str(path)!r} 不是文件名") from error

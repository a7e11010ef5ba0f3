"""The files of a private pcscd: those of the installation it comes from, and those it is given to run with."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from apdu.text import Text
from readers.errors import PcscdError

if TYPE_CHECKING:
    from collections.abc import Sequence

PREFIX_VARIABLE = "CARDSIM_PCSC_PREFIX"
"""Environment variable naming the directory under which pcscd and vpcd were unpacked, when they are not installed."""

_DRIVER = "pcsc/drivers/serial/libifdvpcd.so"
_LIBRARY_DIRECTORIES = ("usr/lib", "usr/lib64", "usr/local/lib")
_SBIN = "/usr/sbin:/usr/local/sbin:/sbin"
_MAX_SOCKET_PATH = 107
_PLAIN_PATH = re.compile(r"[\w./+-]+", re.ASCII)

_INSTALL = Text(
    "install it (sudo apt install pcscd vsmartcard-vpcd), or run scripts/setup.sh, which unpacks it without root",
    "请安装(sudo apt install pcscd vsmartcard-vpcd),或运行 scripts/setup.sh(无需 root,解包到本地)",
)


@dataclass(frozen=True, slots=True)
class Installation:
    """pcscd, the vpcd driver, and the library path that they need when they are not installed system-wide."""

    pcscd: Path
    driver: Path
    library_path: str

    @classmethod
    def find(cls, prefix: Path | None) -> Self:
        """Return what is unpacked under ``prefix``, else where the environment variable says, else what is installed.

        Raises :class:`PcscdError` naming the file and the package that are missing.
        """
        if not prefix and (value := os.environ.get(PREFIX_VARIABLE)):
            prefix = Path(value)
        if prefix:
            root = prefix.absolute()
            pcscd = root / "usr/sbin/pcscd"
            libraries = (*root.glob("usr/lib/*-linux-gnu*"), *root.glob("lib/*-linux-gnu*"))
        else:
            root = Path("/")
            pcscd = Path(shutil.which("pcscd", path=f"{os.environ.get('PATH', '')}:{_SBIN}") or "/usr/sbin/pcscd")
            libraries = ()
        if not os.access(pcscd, os.X_OK):
            raise _missing("pcscd", pcscd)
        drivers = [root / directory / _DRIVER for directory in _LIBRARY_DIRECTORIES]
        driver = next(filter(Path.exists, drivers), None)
        if not driver:
            raise _missing("vsmartcard-vpcd", drivers[0])
        return cls(pcscd, driver, ":".join(map(str, libraries)))

    def command(self, configuration: Path) -> list[str]:
        """Return the command line for a pcscd with the readers in ``configuration``."""
        command = [str(self.pcscd), "--foreground", "--config", str(configuration)]
        # Builds with polkit ask the system bus whether a client may come in; builds without it do not know the option.
        if b"disable-polkit" in self.pcscd.read_bytes():
            command.append("--disable-polkit")
        return command


@dataclass(frozen=True, slots=True)
class WorkingDirectory:
    """One instance's socket, log, configuration and drivers."""

    path: Path

    @classmethod
    def make(cls) -> Self:
        """Make a directory whose path fits reader.conf and a UNIX address, and which an empty /run does not hide."""
        base = Path(tempfile.gettempdir()).resolve()
        too_long = len(bytes(cls(base / "cardsim-12345678").socket)) > _MAX_SOCKET_PATH
        if too_long or base.is_relative_to("/run") or not _PLAIN_PATH.fullmatch(str(base)):
            base = Path("/tmp")  # noqa: S108  mkdtemp makes what is needed: a new directory for this user only
        return cls(Path(tempfile.mkdtemp(prefix="cardsim-", dir=base)))

    @property
    def socket(self) -> Path:
        """Where clients connect."""
        return self.path / "pcscd.comm"

    @property
    def log(self) -> Path:
        """What pcscd and its agent have to say."""
        return self.path / "pcscd.log"

    @property
    def configuration(self) -> Path:
        """reader.conf(5)."""
        return self.path / "reader.conf"

    def configure(self, driver: Path, names: Sequence[str], ports: Sequence[int]) -> None:
        """Write the configuration: one reader per name, each with a copy of ``driver`` and the port it listens on.

        Two entries with the same library file hang pcscd (facts pcsc 0).
        """
        entries = []
        for index, (name, port) in enumerate(zip(names, ports, strict=True)):
            library = self.path / f"vpcd{index}.so"
            shutil.copyfile(driver, library)
            entries.append(f'FRIENDLYNAME "{name}"\nDEVICENAME /dev/null:{port}\nLIBPATH {library}\n')
        self.configuration.write_text("\n".join(entries))

    def read_log(self) -> str:
        """Return the log so far, nothing when it is gone."""
        with contextlib.suppress(OSError):
            return self.log.read_text(errors="replace")
        return ""

    def remove(self) -> None:
        """Remove all of it."""
        shutil.rmtree(self.path, ignore_errors=True)


def _missing(package: str, path: Path) -> PcscdError:
    return PcscdError(
        f"{path} is not there; it is in the package {package}: {_INSTALL.en}",
        f"{path} 不存在,它在软件包 {package} 中:{_INSTALL.zh}",
    )

"""What scripts/run does: make a card, put it into a virtual reader of a private pcscd, read it through PC/SC, print it.

Where pcscd can not be had, our own PC/SC service takes its place; where PC/SC's library can not be had either, the card
is read in this process. Either is said.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from apdu import BilingualError
from cardsim.cli.cards import opened_card
from cardsim.cli.console import Console, chosen_language
from readers.connect.pcsc import wait_for_card
from readers.errors import MissingLibraryError, PcscdError
from readers.serve.pcscd import PrivatePcscd
from readers.serve.pcsclite.server import PcscService

_CARDSIM = (sys.executable, "-m", "cardsim")
_READER = "Cardsim"
_ENDING = (signal.SIGTERM, signal.SIGHUP)
_SIGNALLED = 128


def main() -> int:
    """Run the demonstration; 0 when a card was read."""
    language = chosen_language(sys.argv[1:])
    console = Console(language, sys.stdout, sys.stderr)
    options = _options(console)
    for number in _ENDING:
        signal.signal(number, _end)
    cardsim = (*_CARDSIM, f"--lang={language.value}")
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cardsim-")))
        card = Path(options.card) if options.card else directory / "alice.card"
        if not options.card:
            _step(console, "1. A 2nd-generation card, its holder invented", "1. 制作一张二代卡,持卡人为虚构")
            _check(cardsim, "new", "--chip", "gen2", "--out", str(card))
        try:
            pcscd = stack.enter_context(PrivatePcscd((_READER,)))
            os.environ.update(pcscd.environment)
            status = _through_pcsc(cardsim, pcscd, card, console, options)
            return status if options.card else status | _third_generation(cardsim, directory, console)
        except (PcscdError, MissingLibraryError) as error:
            console.error(error.text)
        if _has_library():
            return _through_service(cardsim, card, console, options)
        _step(
            console,
            "2. No PC/SC here (see above): the card is read in this process instead",
            "2. 此处没有 PC/SC(见上):改为在本进程内读卡",
        )
        return _check(cardsim, "read", "--card", str(card))


def _end(number: int, _: object) -> None:
    """End as programs do that a signal ends, but with everything cleaned up; a second one does not stop that."""
    for ending in _ENDING:
        signal.signal(ending, signal.SIG_IGN)
    sys.exit(_SIGNALLED + number)


def _has_library() -> bool:
    """Return whether programs of ours can talk PC/SC at all."""
    return (
        subprocess.run([sys.executable, "-c", "import smartcard.scard"], capture_output=True, check=False).returncode
        == 0
    )


def _options(console: Console) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/run", description=__doc__)
    parser.add_argument("--card", metavar="FILE", help="an existing card file instead of a new card")
    parser.add_argument("--stay", action="store_true", help="leave the card in the reader until Ctrl-C")
    parser.add_argument("--lang", choices=("en", "zh"), help="language", default=console.language.value)
    return parser.parse_args()


def _through_pcsc(
    cardsim: tuple[str, ...], pcscd: PrivatePcscd, card: Path, console: Console, options: argparse.Namespace
) -> int:
    _step(
        console,
        f"2. A private pcscd (process {pcscd.pid}) with the virtual reader {pcscd.reader_names[0]!r}",
        f"2. 私有 pcscd(进程 {pcscd.pid})与虚拟读卡器 {pcscd.reader_names[0]!r}",
    )
    if pcscd.warning:
        console.note(pcscd.warning.en, pcscd.warning.zh)
    with pcscd.connect(0) as sock:
        descriptor = sock.fileno()
        server = subprocess.Popen([*cardsim, "serve", str(card), "--vpcd", f"fd:{descriptor}"], pass_fds=(descriptor,))
    try:
        wait_for_card(10, _READER)
        return _look(cardsim, pcscd, console, options)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def _third_generation(cardsim: tuple[str, ...], directory: Path, console: Console) -> int:
    """Make a 3rd-generation card and let it prove its holder in a contactless reader of our own PC/SC service."""
    card = str(directory / "bob.card")
    _step(
        console,
        "6. A 3rd-generation card in a contactless reader proves whose it is",
        "6. 三代卡在非接触读卡器中证明持卡人身份",
    )
    status = _check(cardsim, "new", "--chip", "gen3", "--out", card)
    identify = (*cardsim, "identify", "--user-pin", "123456")
    return status | _check(cardsim, "run", "--card", card, "--interface", "contactless", "--", *identify)


def _through_service(cardsim: tuple[str, ...], card: Path, console: Console, options: argparse.Namespace) -> int:
    with opened_card(card) as (_, port), PcscService() as service:
        os.environ.update(service.environment)
        name = service.insert(port)
        _step(
            console,
            f"2. No pcscd here (see above): our own PC/SC service instead, with the virtual reader {name!r}",
            f"2. 此处没有 pcscd(见上):改用自带的 PC/SC 服务,虚拟读卡器为 {name!r}",
        )
        return _look(cardsim, service, console, options)


def _look(
    cardsim: tuple[str, ...], service: PrivatePcscd | PcscService, console: Console, options: argparse.Namespace
) -> int:
    _step(console, "3. The reader and the card in it, as PC/SC sees them", "3. PC/SC 看到的读卡器与卡")
    _check(cardsim, "readers")
    _step(console, "4. What the card lets anybody read", "4. 卡上可自由读取的内容")
    status = _check(cardsim, "read", "--reader", _READER)
    if not options.card:  # somebody's own card stays as it is
        _step(console, "5. Another name for the holder, written under the TEST keys", "5. 用测试密钥改写持卡人姓名")
        status |= _check(cardsim, "write", "--reader", _READER, "--auth", "hsm", "EF06/09=李四")
    if options.stay:
        _stay(service, console)
    return status


def _stay(service: PrivatePcscd | PcscService, console: Console) -> None:
    _step(
        console,
        "The card stays in until Ctrl-C. To use it from another terminal:",
        "卡保持插入,直到按 Ctrl-C。在另一终端中使用前执行:",
    )
    for name, value in service.environment.items():
        console.line(f"   export {name}={value}")
    console.flush()
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause()


def _step(console: Console, en: str, zh: str) -> None:
    console.line()
    console.say(en, zh)
    console.flush()


def _check(cardsim: tuple[str, ...], *words: str) -> int:
    return subprocess.run([*cardsim, *words], check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BilingualError as error:
        sys.exit(f"scripts/run: {error}")

"""`--auth psam`: the PSAM that options name, in a card file or in a reader of its own."""

from __future__ import annotations

import argparse
import contextlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cardsim.cli.cards import OptionError, connected
from cardsim.cli.hsm import LINE_MACS, Proofs
from readers.connect.layers import with_layers
from readers.terminal.psam import meet_psam

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cardsim.cli.console import Console

_KEYSTORE = ("keystore", "key_file", "passphrase_file")


@contextlib.contextmanager
def opened_proofs(options: argparse.Namespace, console: Console) -> Iterator[Proofs]:
    """Give what proofs are made with, and hold the PSAM while they are. Raises OptionError, PsamError, ReaderError."""
    if options.auth != "psam":
        if options.psam or options.psam_reader:
            raise OptionError(
                "--psam and --psam-reader are for --auth psam", "--psam 与 --psam-reader 需与 --auth psam 同用"
            )
        yield Proofs.of(options, console)
        return
    if not (options.psam or options.psam_reader):
        raise OptionError(
            "--auth psam needs --psam FILE or --psam-reader NAME", "--auth psam 需要 --psam 文件 或 --psam-reader 名称"
        )
    if any(getattr(options, name) for name in _KEYSTORE):
        raise OptionError(
            "a keystore is for --auth hsm; the PSAM has its own keys", "密钥库需与 --auth hsm 同用;PSAM 自带密钥"
        )
    proofs = Proofs.of(options, console)
    if proofs.line_mac != LINE_MACS[0]:
        raise OptionError(
            f"a PSAM makes line MACs of the kind {LINE_MACS[0]} alone; --line-mac {proofs.line_mac} is for --auth hsm",
            f"PSAM 只计算 {LINE_MACS[0]} 形式的线路 MAC;--line-mac {proofs.line_mac} 需与 --auth hsm 同用",
        )
    where = argparse.Namespace(
        card=options.psam,
        reader=options.psam_reader,
        trace=_trace_name(options.trace),
        trace_secrets=bool(options.trace and options.trace_secrets),
    )
    with connected(where, console, secrets_used=True) as (bare, _, sink):
        yield replace(proofs, psam=meet_psam(with_layers(bare, trace=sink)))


def _trace_name(card: str | None) -> str | None:
    """Return the trace of the PSAM beside the card's: `x.psam.trace` beside `x.trace`."""
    if not card:
        return None
    path = Path(card)
    return str(path.with_name(f"{path.stem}.psam{path.suffix}"))

"""The keys that subcommands prove: `--auth hsm` asks a software HSM, with the TEST roots or those of a keystore."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from apdu import Sw
from keys.des import DES
from keys.hsm import SoftwareHsm
from keys.keyring import TestKeyring
from readers.errors import CardRefusedError
from readers.terminal.security import external_authenticate, internal_authenticate, key_label, keys_for, meet, owner_of

if TYPE_CHECKING:
    import argparse
    from typing import Self

    from cardsim.cli.console import Console
    from cardsim.zones.model import Df
    from keys.keyring import Keyring
    from readers.terminal.script import Script
    from readers.terminal.security import Terminal

LINE_MACS: Final = ("session", "challenge-iv")
"""Values of `--line-mac`: those of the profile setting line_mac."""
_COSTS_NO_TRY: Final = frozenset[int | None]((Sw.AUTHENTICATION_BLOCKED, Sw.REFERENCE_NOT_FOUND))


@dataclass(frozen=True, slots=True)
class Proofs:
    """What proofs are made with: the keyring, the TEST keys where there is none, and the manner of line MACs."""

    line_mac: str = LINE_MACS[0]
    keyring: Keyring | None = None

    @classmethod
    def of(cls, options: argparse.Namespace, console: Console) -> Self:
        """Return what the options name; a passphrase may be asked for."""
        line_mac = getattr(options, "line_mac", None) or LINE_MACS[0]
        if not (options.keystore or options.key_file or options.passphrase_file):
            return cls(line_mac)
        from cardsim.cli.keyrings import opened_keyring  # noqa: PLC0415  certificates come with it

        return cls(line_mac, opened_keyring(options, console))


def meet_card(atr: bytes, proofs: Proofs = Proofs()) -> Script[Terminal]:
    """Return a terminal for the card whose HRSS application is selected, its cryptograms from the roots of ``proofs``.

    The card proves its key first, which costs no try: with keys of another origin every proof of ours would cost one.
    Raises CardRefusedError.
    """
    hsm = SoftwareHsm(DES, (proofs.keyring or TestKeyring()).roots(), line_session=proofs.line_mac == LINE_MACS[0])
    terminal = yield from meet(hsm, atr, secrets.token_bytes)
    if not (yield from internal_authenticate(terminal)):
        whose, whose_zh = ("the keystore's", "该密钥库的密钥") if proofs.keyring else ("the TEST keys", "测试密钥")
        raise CardRefusedError(
            f"the card has other keys than {whose} (INTERNAL AUTHENTICATE); none was tried on it",
            f"该卡的密钥不是{whose_zh}(内部认证不符);未向卡尝试任何密钥",
        )
    return terminal


@dataclass
class Unlocker:
    """Proves the keys that the files of a directory are read with, each time it is called with one.

    A key that is blocked, or not on the card, is left out from then on and told in ``refusals``. One whose proof is
    refused ends everything with CardRefusedError: a key is never tried again after that.
    """

    terminal: Terminal
    refusals: dict[str, CardRefusedError] = field(default_factory=dict)

    def __call__(self, df: Df) -> Script[None]:
        """Prove the keys of ``df``, which is selected."""
        for key in keys_for(df, (file.read for file in df.files)):
            owner = owner_of(df, key)
            label = key_label(owner, key)
            if label in self.refusals:
                continue
            try:
                yield from external_authenticate(self.terminal, owner, key)
            except CardRefusedError as error:
                if error.status not in _COSTS_NO_TRY:
                    raise
                self.refusals[label] = error

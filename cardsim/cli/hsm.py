"""The keys that subcommands prove.

`--auth hsm` asks a software HSM, with the TEST roots or those of a keystore; `--auth psam` a PSAM (cardsim.cli.psam).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from apdu import Sw, Text
from cardsim.zones.factors import key_name, suite_of
from cardsim.zones.hrss import SSSE
from cardsim.zones.model import KeyAlgorithm, KeyUse
from keys.hsm import SoftwareHsm
from keys.keyring import TestKeyring
from keys.sm import DEFAULT_FORMS, Extension, Fold, SmForms
from readers.errors import CardRefusedError
from readers.terminal.hrss import algorithm_of
from readers.terminal.psam import NoKeyIdError, PsamError
from readers.terminal.security import (
    external_authenticate,
    key_label,
    keys_for,
    meet,
    owner_of,
    read_conditions,
    recognise,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import Self

    from cardsim.cli.console import Console
    from cardsim.zones.layouts import Layout
    from cardsim.zones.model import Df
    from keys.hsm import TerminalKeys
    from keys.keyring import Keyring
    from readers.terminal.psam import Psam
    from readers.terminal.script import Script
    from readers.terminal.security import Terminal

LINE_MACS: Final = ("session", "challenge-iv")
"""Values of `--line-mac`: those of the profile setting line_mac."""
_SM4_HINT: Final = (
    ", or other forms of SM4 (--sm4-extension, --sm4-fold)",
    ",或 SM4 形式不同(--sm4-extension、--sm4-fold)",
)
_ZERO: Final = (0,)
_COSTS_NO_TRY: Final = frozenset[int | None]((Sw.AUTHENTICATION_BLOCKED, Sw.REFERENCE_NOT_FOUND))


@dataclass(frozen=True, slots=True)
class Proofs:
    """What proofs are made with: a PSAM, or a keyring, the TEST keys where there is none; the forms of MACs and SM4."""

    line_mac: str = LINE_MACS[0]
    keyring: Keyring | None = None
    sm4_forms: SmForms = DEFAULT_FORMS
    psam: Psam | None = None

    @property
    def whose(self) -> Text:
        """Whose keys these are, for messages."""
        if self.psam:
            return Text("the PSAM's", "PSAM 的密钥")
        return Text("the keystore's", "该密钥库的密钥") if self.keyring else Text("the TEST keys", "测试密钥")

    def versions(self, algorithm: KeyAlgorithm) -> Sequence[int]:
        """Return the versions that a card's keys can have, at least one; a PSAM is asked for 0 alone."""
        if self.psam:
            return _ZERO
        irk = next(key for key in SSSE.keys if key.use is KeyUse.INTERNAL)
        return (self.keyring or TestKeyring()).versions_of(key_name(SSSE, irk).name, algorithm.value) or _ZERO

    def version_hint(self, algorithm: KeyAlgorithm) -> Text:
        """Return that other versions of the keys were not tried, as the end of a sentence."""
        if self.psam:
            return Text(", or in another version, which no PSAM can be asked for", ",或版本不同(无法向 PSAM 指定版本)")
        tried = ", ".join(map(str, self.versions(algorithm)))
        return Text(f", or in other versions than {tried}", f",或版本不是 {tried}")

    @property
    def line_session(self) -> bool:
        """Whether line MACs are made with a session key."""
        return self.line_mac == LINE_MACS[0]

    def keys(self, algorithm: KeyAlgorithm) -> TerminalKeys:
        """Return what gives cryptograms of this algorithm. Raises PsamError when the PSAM has no keys of it."""
        suite = suite_of(algorithm, self.sm4_forms)
        if self.psam:
            return self.psam.keys(suite)
        roots = (self.keyring or TestKeyring()).roots(algorithm.value)
        return SoftwareHsm(suite, roots, line_session=self.line_session)

    @classmethod
    def of(cls, options: argparse.Namespace, console: Console) -> Self:
        """Return what the options name; a passphrase may be asked for."""
        line_mac = getattr(options, "line_mac", None) or LINE_MACS[0]
        forms = _sm4_forms(options)
        if not (options.keystore or options.key_file or options.passphrase_file):
            return cls(line_mac, sm4_forms=forms)
        from cardsim.cli.keyrings import opened_keyring  # noqa: PLC0415  certificates come with it

        return cls(line_mac, opened_keyring(options, console), forms)


def _sm4_forms(options: argparse.Namespace) -> SmForms:
    """Return the forms that options name; not every subcommand has these."""
    default = DEFAULT_FORMS
    extension, fold = (getattr(options, name, None) for name in ("sm4_extension", "sm4_fold"))
    return SmForms(Extension(extension) if extension else default.extension, Fold(fold) if fold else default.fold)


def meet_card(atr: bytes, fci: bytes, proofs: Proofs = Proofs()) -> Script[Terminal]:
    """Return a terminal for the card whose HRSS application is selected, its cryptograms from the roots of ``proofs``.

    ``fci``: the answer to that SELECT, which tells the algorithm of the card's keys. The card proves its key first,
    which tells their version and costs no try: with keys of another origin every proof of ours would cost one.
    Raises CardRefusedError.
    """
    algorithm = algorithm_of(fci)
    met = yield from meet(proofs.keys(algorithm), atr, secrets.token_bytes)
    terminal = yield from recognise(met, proofs.versions(algorithm))
    if terminal is None:
        whose, version = proofs.whose, proofs.version_hint(algorithm)
        hint, hint_zh = _SM4_HINT if algorithm is KeyAlgorithm.SM4 else ("", "")
        raise CardRefusedError(
            f"the card has other keys than {whose.en} (INTERNAL AUTHENTICATE){version.en}{hint}; none was tried on it",
            f"该卡的密钥不是{whose.zh}(内部认证不符){version.zh}{hint_zh};未向卡尝试任何密钥",
        )
    return terminal


@dataclass
class Unlocker:
    """Proves the keys that the files of a directory are read with, each time it is called with one.

    A key that is blocked, or not on the card or in the PSAM, is left out from then on and told in ``refusals``. One
    whose proof is refused ends everything with CardRefusedError: a key is never tried again after that.
    """

    terminal: Terminal
    refusals: dict[str, CardRefusedError] = field(default_factory=dict)

    def __call__(self, df: Df, layout: Layout) -> Script[None]:
        """Prove the keys of ``df``, which is selected."""
        for key in keys_for(df, read_conditions(df, layout)):
            owner = owner_of(df, key)
            label = key_label(owner, key)
            if label in self.refusals:
                continue
            try:
                yield from external_authenticate(self.terminal, owner, key)
            except NoKeyIdError:
                continue  # no PSAM opens these files: they are shown as what needs this key
            except CardRefusedError as error:
                if error.status not in _COSTS_NO_TRY and not isinstance(error, PsamError):
                    raise
                self.refusals[label] = error

"""What the command line believes of cards: the PKI authority of a keyring, or certificates in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardsim.cli.cards import InputFileError, OptionError
from cardsim.cli.certs import read_parsed
from cardsim.cli.keyrings import opened_keyring
from cardsim.zones import authorities
from keys.pki.certificate import Certificate, RevocationList
from readers.terminal.identify import Trust

if TYPE_CHECKING:
    import argparse

    from cardsim.cli.console import Console


def trust_of(options: argparse.Namespace, console: Console) -> Trust:
    """Return the trust of ``--ca``, else of the keyring that the options name, with the lists of ``--crl``."""
    lists = tuple(read_parsed(RevocationList.parse, name) for name in options.crl)
    if options.ca:
        if options.keystore or options.key_file or options.passphrase_file:
            raise OptionError("--ca or a keystore, not both", "--ca 与密钥库只能选其一")
        return Trust(*_root_and_rest(options.ca), lists)
    found = opened_keyring(options, console).authorities_of(authorities.PKI.zone_id)
    below = tuple(certificate for authority in reversed(found) for certificate in authority.chain)
    return Trust(found[-1].root.certificate, below, lists)


def _root_and_rest(name: str) -> tuple[Certificate, tuple[Certificate, ...]]:
    """Return the root among the certificates of a file, and the others."""
    certificates = read_parsed(Certificate.parse_all, name)
    roots = [entry for entry in certificates if entry.subject == entry.issuer]
    if len(roots) != 1:
        raise InputFileError(
            f"{name}: {len(roots)} root certificates; one, and the authorities below it, are wanted "
            "(`cardsim certs chain --zone PKI`)",
            f"{name}:有 {len(roots)} 张根证书;需要一张根证书及其下级机构证书(`cardsim certs chain --zone PKI`)",
        )
    return roots[0], tuple(entry for entry in certificates if entry is not roots[0])

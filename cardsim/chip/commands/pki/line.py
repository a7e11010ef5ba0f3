"""The line of the PKI application: challenges of 16 bytes, MACs of 4 under the very key that a command is about.

The MAC is the CBC-MAC over header, Lc and data, its IV the challenge, its words added by XOR. Source: facts hrss-card
8, verified there with G7's change of the administrator PIN. That a wrong one costs its key a try is inferred.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from apdu import Sw
from cardsim.chip.dispatch import wrong_length
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.protection import MAC_SIZE, charge, give_back, key_value, use_challenge
from keys.errors import SealError
from keys.suite import folded

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.chip.context import Context
    from cardsim.chip.credentials import Credential

CHALLENGE_SIZE: Final = 16
PROOF_SIZE: Final = 16


def check_challenge(context: Context) -> None:
    """Refuse with 6984 where no challenge of 16 bytes waits."""
    if len(context.challenge) != CHALLENGE_SIZE:
        raise Refusal(Sw.REFERENCE_DATA_NOT_USABLE, Reason.NO_CHALLENGE)


def proof(context: Context, credential: Credential) -> bytes:
    """Return the challenge under a PIN's key or a key, and use it up. Refuses with 6984."""
    check_challenge(context)
    return context.suite(credential).encrypt(key_value(context, credential), use_challenge(context))


def checked(context: Context, command: Command, name: str, key: Credential, sealed: int) -> bytes:
    """Check the MAC that ends the command's data; return what was sealed, in ``sealed`` bytes (0: nothing), before it.

    Refuses with 6700 and 6984; then, the challenge used up whatever the outcome, with 6983, the profile's word for a
    wrong MAC, or 6988 when what was sealed makes no sense. A right MAC gives the key's tries back, also then.
    """
    if len(command.data) != sealed + MAC_SIZE:
        raise wrong_length(name, str(sealed + MAC_SIZE), command)
    check_challenge(context)
    challenge, suite = use_challenge(context), context.suite(key)
    value = key_value(context, key)
    data, mac = command.data[:sealed], command.data[sealed:]
    charge(context, key)
    expected = folded(suite.mac(value, command.header + bytes((len(command.data),)) + data, challenge), MAC_SIZE)
    if not hmac.compare_digest(mac, expected):
        raise Refusal(context.profile.wrong_mac.value, Reason.MAC_WRONG, key.term)
    give_back(context, key)
    context.memory.commit()
    try:
        return suite.unseal(value, data) if sealed else b""
    except SealError as error:
        raise Refusal(Sw.SM_OBJECT_WRONG, Reason.SEAL_WRONG, error.text) from error

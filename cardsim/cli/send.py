"""`cardsim apdu`: one-shot commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apdu import HexError, Response, Text, format_hex, parse_hex
from cardsim.cli.cards import InputFileError, connected
from cardsim.cli.names import names_in
from readers.connect.layers import with_layers
from readers.terminal.explain import AnswerExplainer
from readers.trace import AnswerMask, mask_answer, mask_secrets

if TYPE_CHECKING:
    import argparse

    from apdu import Connection
    from cardsim.chip.card import Card
    from cardsim.cli.console import Console

_RESET = "reset"


def run(options: argparse.Namespace, console: Console) -> int:
    """Send the commands in order; 1 when one of them was refused."""
    commands = [_command(number, text) for number, text in enumerate(options.apdus, 1)]
    with connected(options, console) as (bare, card, sink):
        layered = with_layers(bare, fetch_response=not options.raw, repeat_with_le=not options.raw, trace=sink)
        explainer, mask = AnswerExplainer(), AnswerMask()
        refused = False
        for command in commands:
            if command is None:
                console.line(f"> {_RESET}")
                console.line(f"< ATR {format_hex(layered.reset(), ' ')}")
                explainer = AnswerExplainer()
            else:
                shown = format_hex(command) if options.trace_secrets else mask_secrets(command)
                console.line(f"> {shown}")
                hidden = mask.hides_next(command) and not options.trace_secrets
                refused |= not _send(layered, command, explainer, card, console, hidden=hidden)
            console.flush()
    return int(refused)


def _command(number: int, text: str) -> bytes | None:
    """Return a command's bytes, ``None`` for a reset. A message never repeats the text: there may be a PIN in it."""
    if text.lower() == _RESET:
        return None
    try:
        command = parse_hex(text)
    except HexError as error:
        raise InputFileError(
            f"command {number} is neither `reset` nor bytes: an even count of hexadecimal digits",
            f"第 {number} 条命令既非 reset,也不是偶数个十六进制数字",
        ) from error
    if not command:
        raise InputFileError(f"command {number} is empty", f"第 {number} 条命令为空")
    return command


def _send(
    connection: Connection,
    command: bytes,
    explainer: AnswerExplainer,
    card: Card | None,
    console: Console,
    *,
    hidden: bool,
) -> bool:
    """Send one command, print its answer, masked if ``hidden``, and return whether the card did it."""
    before = card.last_refusal if card else None
    raw = connection.transmit(command)
    response = Response.parse(raw)
    shown = mask_answer(raw) if hidden else format_hex(raw)
    console.line(" ".join(("<", *((shown[:-4],) if response.data else ()), shown[-4:])))
    for text in explainer.explain(command, raw[-2:] if hidden else raw):
        console.line(f"    {console.pick(text)}")
    refusal = card.last_refusal if card else None
    # An old one is no explanation: GET RESPONSE, say, is refused in front of the card.
    if not response.ok and card and refusal is not None and refusal is not before:
        reason = refusal.describe(names_in(card.context.directory))
        console.line(f"    {console.pick(Text(f'why: {reason.en}', f'原因:{reason.zh}'))}")
    return response.ok

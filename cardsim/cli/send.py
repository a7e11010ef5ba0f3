"""`cardsim apdu`: one-shot commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apdu import Response, Text, format_hex, parse_hex
from cardsim.cli.cards import connected
from cardsim.cli.names import names_in
from readers.connect.layers import with_layers
from readers.terminal.explain import AnswerExplainer
from readers.trace import mask_secrets

if TYPE_CHECKING:
    import argparse

    from apdu import Connection
    from cardsim.chip.card import Card
    from cardsim.cli.console import Console

_RESET = "reset"


def run(options: argparse.Namespace, console: Console) -> int:
    """Send the commands in order; 1 when one of them was refused."""
    commands = [None if text.lower() == _RESET else parse_hex(text) for text in options.apdus]
    with connected(options, console) as (bare, card, sink):
        layered = with_layers(bare, fetch_response=not options.raw, repeat_with_le=not options.raw, trace=sink)
        explainer = AnswerExplainer()
        refused = False
        for command in commands:
            if command is None:
                console.line(f"> {_RESET}")
                console.line(f"< ATR {format_hex(layered.reset(), ' ')}")
            else:
                shown = format_hex(command) if options.trace_secrets else mask_secrets(command)
                console.line(f"> {shown}")
                refused |= not _send(layered, command, explainer, card, console)
            console.flush()
    return int(refused)


def _send(
    connection: Connection, command: bytes, explainer: AnswerExplainer, card: Card | None, console: Console
) -> bool:
    """Send one command, print its answer, and return whether the card did it."""
    raw = connection.transmit(command)
    response = Response.parse(raw)
    console.line(f"< {format_hex(response.data)} {response.sw}".replace("<  ", "< "))
    for text in explainer.explain(command, raw):
        console.line(f"    {console.pick(text)}")
    if not response.ok and card is not None and card.last_refusal is not None:
        reason = card.last_refusal.describe(names_in(card.context.directory))
        console.line(f"    {console.pick(Text(f'why: {reason.en}', f'原因:{reason.zh}'))}")
    return response.ok

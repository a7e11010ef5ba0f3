"""Terminal scripts: ``response = yield command``. :func:`run` plays one on a connection, a test plays one on a list."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, TypeVar

from apdu import Command, Response

if TYPE_CHECKING:
    from apdu import Connection

Result = TypeVar("Result")
Script = Generator[Command, Response, Result]
"""A conversation with a card that ends in a result."""


def run(script: Script[Result], connection: Connection) -> Result:
    """Play ``script`` on ``connection`` to its end and return its result."""
    try:
        command = next(script)
        while True:
            command = script.send(Response.parse(connection.transmit(command.encode())))
    except StopIteration as end:
        result: Result = end.value
        return result

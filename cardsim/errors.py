from __future__ import annotations

from apdu.text import BilingualError


class CardsimError(BilingualError):
    """Root of this package's errors."""


class NumberError(CardsimError):
    """A number, or a code, that breaks the rules of its kind: length, characters, date or check character."""


class ElementError(CardsimError):
    """A value that its data element can not hold, or bytes that are no value of it."""


class HolderError(CardsimError):
    """A holder's data that no card can be made from; names the key."""


class ZoneError(CardsimError):
    """A zone that nobody has declared, or a declaration that is none."""


class OutputFileError(CardsimError):
    """A file that an option names can not be written."""

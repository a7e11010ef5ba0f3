"""Where records stand in the body of a file: pure functions over the memory, one for each structure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def cyclic_places(view: memoryview, body: range) -> Iterator[int]:
    """Yield the places of a cyclic file's records, the newest first: the one whose successor does not count on.

    ``body``: the places of the number bytes, one before each record; number 00 was never written.
    """
    numbers = [view[place] for place in body]
    count = len(numbers)
    newest = next((i for i in range(count) if numbers[(i + 1) % count] != numbers[i] % 255 + 1), count - 1)
    for back in range(count):
        index = (newest - back) % count
        if numbers[index]:
            yield body[index] + 1


def fixed_places(view: memoryview, body: range) -> Iterator[int]:
    """Yield the places of a fixed file's records; the byte before each says whether it is there."""
    return (place + 1 for place in body if view[place])


def native_places(view: memoryview, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield place and size of the records of a native variable file, until there is a tag 00 or the end."""
    while start + 2 <= end and view[start] and start + 2 + view[start + 1] <= end:
        size = 2 + view[start + 1]
        yield start, size
        start += size

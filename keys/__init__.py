"""Algorithms and keys, as pure functions. Only test keys exist here."""

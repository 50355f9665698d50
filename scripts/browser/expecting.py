"""Comparisons that end a case with what was expected and what was seen."""

from typing import Any


class CaseFailed(Exception):
    """What a page shows is not what it should."""


def expect(what: str, seen: Any, expected: Any) -> None:
    """Fails unless both are equal."""
    if seen != expected:
        raise CaseFailed(f"{what}: expected {expected!r}, seen {seen!r}")


def expect_in(what: str, part: str, whole: str) -> None:
    """Fails unless a text contains another."""
    if part not in whole:
        raise CaseFailed(f"{what}: expected {part!r} in {whole!r}")


def grouped(number: float | None) -> str:
    """Writes a whole number as the page does."""
    return "–" if number is None else f"{round(number):,}"

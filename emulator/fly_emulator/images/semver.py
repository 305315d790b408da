"""npm version ranges, as far as `engines.node` uses them."""

from __future__ import annotations

import re

Version = tuple[int, int, int]
Comparator = tuple[str, Version]
Range = tuple[tuple[Comparator, ...], ...]
"""Alternatives (`||`), each a conjunction of comparators whose operator is >=, >, <, <= or ==."""

_PART = re.compile(r"(>=|<=|>|<|=|\^|~)?\s*v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:-[0-9A-Za-z.-]+)?$")
_HYPHEN = re.compile(r"^(\S+)\s+-\s+(\S+)$")


def parse_version(text: str) -> Version:
    """`v24.19.0` to (24, 19, 0); raises ValueError for anything else."""
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", text.strip())
    if not found:
        raise ValueError(f"{text!r} is not a version such as 24.19.0")
    return int(found[1]), int(found[2]), int(found[3])


def parse_range(text: str) -> Range:
    """Read a range such as `>=24.16.0 <25 || ^26.1`; raises ValueError with the part that is not understood."""
    return tuple(_conjunction(alternative.strip()) for alternative in text.split("||"))


def satisfies(version: Version, wanted: Range) -> bool:
    return any(all(_holds(version, comparator) for comparator in group) for group in wanted)


def pip_specifiers(wanted: Range) -> list[str]:
    """The range as PEP 440 specifiers, one per alternative, the one with the highest versions first."""
    groups = sorted(wanted, key=lambda group: max((number for _, number in group), default=(0, 0, 0)), reverse=True)
    return [",".join(f"{op}{'.'.join(map(str, number))}" for op, number in group) for group in groups]


def _conjunction(text: str) -> tuple[Comparator, ...]:
    if hyphen := _HYPHEN.match(text):
        return _conjunction(f">={hyphen[1]}") + _conjunction(f"<={hyphen[2]}")
    parts = re.sub(r"(>=|<=|>|<|=|\^|~)\s+", r"\1", text).split()
    return tuple(comparator for part in parts for comparator in _part(part))


def _part(text: str) -> tuple[Comparator, ...]:
    found = _PART.match(text)
    if not found:
        raise ValueError(f"the version range part {text!r} is not understood")
    op = found[1] or "="
    numbers = [int(piece) for piece in found.groups()[1:] if piece is not None and piece.isdigit()]
    low = _padded(numbers)
    if op in (">=", "<"):
        return ((op, low),) if numbers else ()
    if op == ">":
        return ((">", low),) if len(numbers) == 3 else ((">=", _above(low, len(numbers))),)
    if op == "<=":
        return (("<=", low),) if len(numbers) == 3 else (("<", _above(low, len(numbers))),)
    if not numbers:
        return ()
    if op == "=" and len(numbers) == 3:
        return (("==", low),)
    if op == "^":
        fixed = next((place + 1 for place, number in enumerate(low) if number), len(numbers))
        return ((">=", low), ("<", _above(low, min(fixed, len(numbers)))))
    return ((">=", low), ("<", _above(low, min(2, len(numbers)))))


def _above(version: Version, places: int) -> Version:
    """The first version beyond all that share the first `places` numbers."""
    kept = list(version[: max(places, 1)])
    kept[-1] += 1
    return _padded(kept)


def _padded(numbers: list[int]) -> Version:
    major, minor, patch, *_rest = (*numbers, 0, 0, 0)
    return major, minor, patch


def _holds(version: Version, comparator: Comparator) -> bool:
    op, wanted = comparator
    return {
        ">=": version >= wanted,
        ">": version > wanted,
        "<": version < wanted,
        "<=": version <= wanted,
        "==": version == wanted,
    }[op]

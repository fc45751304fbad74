"""How names are compared: without case, accents or punctuation."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

__all__ = ["closest", "plain", "slug"]

_NOT_WORD = re.compile(r"[^a-z0-9]+")


def plain(text: str) -> str:
    """Gives a name as it is compared: lower case, no accents, words parted by one space."""
    bare = unicodedata.normalize("NFKD", text.replace("&", " and ").replace("'", ""))
    kept = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return _NOT_WORD.sub(" ", kept.casefold()).strip()


def slug(text: str) -> str:
    """Gives a name as a code: "Norfolk and Suffolk" becomes "norfolk-and-suffolk"."""
    return plain(text).replace(" ", "-")[:60].strip("-")


def closest(text: str, options: Iterable[str]) -> str | None:
    """Gives the option most like a text, or None where none is like it.

    Codes differ by single letters, so that several are often equally like: of those, the one whose
    beginning is the same for longest is meant.
    """
    said = plain(text)
    by_name = {plain(option): option for option in options}
    close = difflib.get_close_matches(said, by_name, n=40, cutoff=0.6)
    if not close:
        inside = [name for name in by_name if said in name] if len(said) >= 3 else []
        return by_name[inside[0]] if inside else None

    def unlikeness(name: str) -> tuple[float, int, str]:
        same = sum(name.startswith(said[:length]) for length in range(1, len(said) + 1))
        return -difflib.SequenceMatcher(None, said, name).ratio(), -same, name

    return by_name[min(close, key=unlikeness)]

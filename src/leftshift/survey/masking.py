"""Takes names out of what people wrote, before anyone who did not collect it can read it.

What is taken out: every name and organisation that the codebook marks, what the respondents
themselves gave as name, address and organisation, every system by name, part of name, code and
initials, local authorities, and whatever looks like an e-mail address, a web address, a telephone
number, a postcode or a person with a title. What no list holds cannot be taken out by a list:
quotes are still to be read by a person before they are published, and the report says so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

__all__ = ["REMOVED", "Mask", "initials", "parts_of_name"]

REMOVED = "[removed]"

#: Words of systems' names that point to none of them.
_COMMON = frozenset(
    [
        "and",
        "of",
        "the",
        "for",
        "in",
        "on",
        "upon",
        "nhs",
        "integrated",
        "care",
        "board",
        "system",
        "partnership",
        "north",
        "south",
        "east",
        "west",
        "northern",
        "southern",
        "eastern",
        "western",
        "central",
        "mid",
        "greater",
        "great",
        "heartlands",
        "region",
        "country",
        "county",
        "city",
        "isle",
        "isles",
        "home",
        "black",
        "borough",
        "council",
        "district",
        "lower",
        "upper",
        "new",
    ]
)
#: Place names that are also everyday words: taken out only where they are capitalised.
_EVERYDAY = frozenset(
    ["bath", "reading", "deal", "sandwich", "rugby", "hart", "eden", "wells", "stone", "barking"]
)

_PATTERNS: tuple[str, ...] = (
    r"[\w.+'-]+\s?(?:@|\(at\)|\[at\])\s?[\w-]+(?:\.[\w-]+)+",
    r"(?:https?://|www\.)\S+",
    r"\b[\w-]+(?:\.[\w-]+)*\.(?:nhs\.uk|gov\.uk|co\.uk|org\.uk|ac\.uk|org|com|net)\b",
    r"(?<!\w)@\w{3,}",
    r"(?<![\w.])(?:\+44|\(?0)[\d\s().-]{8,14}\d",
    r"\b[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}\b",
    r"\bE\d{8}\b",
)
_TITLED = (
    r"\b(?:Dr|Prof|Professor|Mr|Mrs|Ms|Miss|Mx|Sir|Dame|Lord|Lady|Cllr|Councillor|Baroness|Revd?)"
    r"\.?\s+(?:[A-Z][\w'’-]*\.?\s?){1,3}"
)


def _plain(text: str) -> str:
    """Text without accents, ligatures or the many kinds of dash and quotation mark."""
    text = unicodedata.normalize("NFKD", text)
    text = "".join(ch for ch in text if not unicodedata.combining(ch) and ch not in "\u200b\u00ad")
    return text.translate({0x2019: "'", 0x2018: "'", 0x2010: "-", 0x2011: "-", 0x2013: "-"})


def initials(name: str) -> str:
    """The letters a system is called by: "BNSSG" of Bristol, North Somerset and so on."""
    words = re.findall(r"[A-Za-z]+", name)
    return "".join(word[0] for word in words if word.casefold() not in ("and", "of", "the"))


def parts_of_name(name: str) -> list[str]:
    """The words of a system's name that can give it away: not "north", not "and"."""
    words = re.findall(r"[A-Za-z][A-Za-z'-]{2,}", _plain(name))
    return [word for word in words if word.casefold() not in _COMMON]


def _loose(phrase: str) -> str:
    """A pattern for a phrase however its words are joined: "and" or "&", hyphen, comma or space."""
    words = re.findall(r"[^\W_]+(?:'[^\W_]+)*", _plain(phrase))
    made = [r"(?:and|&)" if word.casefold() == "and" else re.escape(word) for word in words]
    return r"(?<!\w)" + r"[\W_]*".join(made) + r"(?:'?s)?(?!\w)"


class Mask:
    """Takes names out of text.

    Args:
        names: phrases to take out, in any case: people, organisations, systems, authorities.
        systems: full names of systems, of which parts and initials are taken out too.
        codes: codes of systems.
    """

    def __init__(
        self, names: Iterable[str], systems: Iterable[str] = (), codes: Iterable[str] = ()
    ) -> None:
        phrases = {name.strip() for name in names if len(name.strip()) >= 2}
        letters: set[str] = {code for code in codes if len(code) >= 2}
        everyday: set[str] = set()
        for system in systems:
            short = re.sub(r"\b(?:NHS|Integrated Care (?:Board|System))\b", "", system).strip()
            phrases |= {short} if short else set()
            parts = parts_of_name(short)
            phrases |= {part for part in parts if part.casefold() not in _EVERYDAY}
            everyday |= {part for part in parts if part.casefold() in _EVERYDAY}
            if len(initials(short)) >= 3:
                letters.add(initials(short))
        single = {name for name in phrases if name.casefold() in _EVERYDAY}
        everyday |= single
        ordered = sorted(phrases - single, key=lambda name: (-len(name), name))
        made = [_loose(phrase) for phrase in ordered if re.search(r"\w", phrase)]
        self._any_case = re.compile("|".join(made), re.IGNORECASE) if made else None
        # Letters and everyday words in the case people write them; "bath" is not "Bath".
        exact = [_loose(word) for word in sorted(everyday)]
        exact += [rf"(?<!\w){re.escape(one)}(?:'?s)?(?!\w)" for one in sorted(letters)]
        exact += [
            rf"(?<!\w){r'[. ]'.join(one)}\.?(?!\w)" for one in sorted(letters) if one.isalpha()
        ]
        exact += [
            rf"(?<!\w){re.escape(one.lower())}(?!\w)" for one in sorted(letters) if len(one) > 3
        ]
        self._exact = re.compile("|".join(exact)) if exact else None
        self._shapes = re.compile("|".join(_PATTERNS), re.IGNORECASE)
        self._titled = re.compile(_TITLED)

    def clean(self, text: str, own: Sequence[str] = ()) -> str:
        """Takes names out.

        Args:
            text: what someone wrote.
            own: further phrases to take out: what this respondent gave as name or organisation.

        Returns:
            The text in one line, with "[removed]" for each name or run of names.
        """
        text = _plain(text)
        for pattern in (self._shapes, self._titled, self._any_case, self._exact):
            if pattern is not None:
                text = pattern.sub(REMOVED + " ", text)
        for phrase in own:
            for part in (phrase, *(w for w in phrase.split() if len(w) >= 3)):
                if re.search(r"\w", part) and part.casefold() not in _COMMON:
                    text = re.sub(_loose(part), REMOVED + " ", text, flags=re.IGNORECASE)
        mark = re.escape(REMOVED)
        text = re.sub(rf"{mark}(?:[\s,&;/-]*(?:and\b|&)?[\s,&;/-]*{mark})+", REMOVED, text)
        text = re.sub(rf"({mark})\s+([.,;:!?)'])", r"\1\2", text)
        return re.sub(r"\s+", " ", text).strip()

    def finds(self, text: str) -> bool:
        """Says whether a text holds a name."""
        return REMOVED in self.clean(text)

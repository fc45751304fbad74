"""From what stands in a cell to an answer: options, numbers, text, or none."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from leftshift.areas.naming import closest
from leftshift.errors import listed
from leftshift.survey.codebook import Codebook, Option, Question, word_key
from leftshift.survey.reading import Cell, is_tick

__all__ = ["Answer", "Reader", "Unclear"]

# "none" is left out: in a list of ticked options it is an answer.
_MISSING = {
    *("n a", "na", "not applicable", "null", "nan", "no answer", "not answered", "skipped"),
    *("blank", "no response", "missing", "system missing", "unanswered", "not stated"),
}
_CODE_FIRST = re.compile(r"^\s*[(\[]?(-?\d+)[)\].:\-–—=\s]+\s*(\S.*)$")
_CODE_LAST = re.compile(r"^(.*\S)\s*[(\[](-?\d+)[)\]]\s*$")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it is kept.

    Attributes:
        option: id of the option, or None.
        value: score or number, or None.
        text: open text, or None.
        recoded: why it is not what stands in the file, or "" where it is.
    """

    option: str | None = None
    value: float | None = None
    text: str | None = None
    recoded: str = ""


@dataclass(frozen=True, slots=True)
class Unclear:
    """A cell that the codebook does not explain; the message says why and what to do."""

    message: str


class Reader:
    """Reads the cells of every question of a codebook.

    Args:
        codebook: what can be answered.
    """

    def __init__(self, codebook: Codebook) -> None:
        self._missing = {word_key(word) for word in codebook.missing} | _MISSING
        self._words: dict[str, dict[str, Option]] = {}
        for question in codebook.questions:
            words: dict[str, Option] = {}
            for option in question.options:
                for word in (option.label, option.id, *option.also):
                    words.setdefault(word_key(word), option)
            self._words[question.id] = words

    def missing(self, text: str, question: Question | None = None) -> bool:
        """Says whether a text means that there is no answer."""
        key = word_key(text)
        if question is not None and (key or text) in self._words[question.id]:
            return False
        return not any(one.isalnum() for one in text) or key in self._missing

    def read(self, question: Question, cells: list[Cell]) -> list[tuple[Cell, Answer | Unclear]]:
        """Reads the cells that answer a question.

        Returns:
            For each answer the cell it came from; nothing for cells that mean no answer.
        """
        if question.kind == "multiple":
            return self._ticked(question, cells)
        found: list[tuple[Cell, Answer | Unclear]] = []
        for cell in cells:
            if self.missing(cell.text, question):
                continue
            if question.kind == "text":
                found.append((cell, Answer(text=cell.text)))
            elif question.kind == "number":
                found.append((cell, _number(question, cell.text)))
            else:
                found.append((cell, self._option(question, cell.text)))
        said = {(one.option, one.value) if isinstance(one, Answer) else one for _, one in found}
        if len(said) > 1 and question.kind != "text":
            message = f'two answers to question "{question.id}", which takes one. Delete one.'
            return [(found[-1][0], Unclear(message))]
        return found[:1] if question.kind != "text" else _joined(found)

    def _option(self, question: Question, text: str) -> Answer | Unclear:
        words = self._words[question.id]
        option, why = words.get(word_key(text)), ""
        if option is None:
            option, why = self._mixed(question, text)
        if option is None:
            near = closest(text, [one.label for one in question.options])
            return Unclear(
                why
                or f'no answer "{text[:60]}" to question "{question.id}".'
                + (f' Nearest: "{near}".' if near else "")
                + f" Answers: {listed([one.label for one in question.options], 12)}. "
                'Add it to the answer it means (also = ["…"]), or correct the file.'
            )
        if not why and word_key(text) not in (word_key(option.label), word_key(option.id)):
            why = "It is a code or another word for this answer."
        return Answer(option.id, option.score, None, why)

    def _mixed(self, question: Question, text: str) -> tuple[Option | None, str]:
        """Reads "2 - Fairly concerned" and "Fairly concerned (2)"."""
        words = self._words[question.id]
        first, last = _CODE_FIRST.match(text), _CODE_LAST.match(text)
        for code, label in (
            *([(first[1], first[2])] if first else []),
            *([(last[2], last[1])] if last else []),
        ):
            option = words.get(word_key(label))
            coded = words.get(code)
            if option is not None and coded is not None and coded != option:
                return None, (
                    f'"{text[:60]}" says two things: {code} is "{coded.label}". Correct the file.'
                )
            if option is not None:
                return option, "It is a code and a label together."
        return None, ""

    def _ticked(self, question: Question, cells: list[Cell]) -> list[tuple[Cell, Answer | Unclear]]:
        found: dict[str, tuple[Cell, Answer | Unclear]] = {}
        labels = {one.id: one.label for one in question.options}
        for cell in cells:
            if cell.option:
                own = self._words[question.id].get(word_key(cell.text))
                # Scores and codes of other options do not tick this one.
                if is_tick(cell.text) or (own is not None and own.id == cell.option):
                    found[cell.option] = (cell, Answer(cell.option))
                elif not self.missing(cell.text):
                    found[f"?{cell.column}"] = (
                        cell,
                        Unclear(
                            f'"{cell.text[:60]}" is neither a tick nor blank. A tick is 1, x, yes, '
                            f'true or "{labels[cell.option]}".'
                        ),
                    )
                continue
            for part in _parts(question, cell.text, self._words[question.id]):
                if self.missing(part, question):
                    continue
                answer = self._option(question, part)
                key = f"?{part}" if isinstance(answer, Unclear) else str(answer.option)
                found.setdefault(key, (cell, answer))
        return list(found.values())


def _joined(found: list[tuple[Cell, Answer | Unclear]]) -> list[tuple[Cell, Answer | Unclear]]:
    texts = [one.text or "" for _, one in found if isinstance(one, Answer)]
    return [(found[0][0], Answer(text="\n".join(dict.fromkeys(texts))))] if texts else []


def _parts(question: Question, text: str, words: dict[str, Option]) -> list[str]:
    """Parts ticked options; a label that itself holds the separator stays whole."""
    if word_key(text) in words:
        return [text]
    pieces = [
        piece.strip() for piece in text.replace("\n", question.separator).split(question.separator)
    ]
    joined: list[str] = []
    place = 0
    while place < len(pieces):
        for end in range(len(pieces), place, -1):
            whole = f"{question.separator} ".join(pieces[place:end])
            if end == place + 1 or word_key(whole) in words:
                joined.append(whole)
                place = end
                break
    return [piece for piece in joined if piece]


def _number(question: Question, text: str) -> Answer | Unclear:
    bare = text.replace(",", "").replace(" ", "").removeprefix("£").removesuffix("%")
    try:
        value = float(bare) if bare.isascii() and "_" not in bare else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        return Unclear(f'"{text[:60]}" is not a number, which question "{question.id}" asks for.')
    least, most = question.minimum, question.maximum
    if (least is not None and value < least) or (most is not None and value > most):
        limits = f"from {least:g}" if least is not None else ""
        limits += f" to {most:g}" if most is not None else ""
        return Unclear(f"{value:g} is outside what can be answered ({limits.strip()}).")
    return Answer(value=value, recoded="" if bare == text else "It is written as a plain number.")

"""What may be set, where, and within what limits: arguments, leftshift.toml, the environment.

Each setting is described once, in `SETTINGS` or `ENVIRONMENT`; the checks and
`docs/reference/settings.md` come from there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from leftshift.catalogue.lines import read_toml
from leftshift.errors import LeftshiftError, ProjectError, SettingError, listed, nearest
from leftshift.quantities import FinancialYear

__all__ = ["ENVIRONMENT", "PROJECT_FILE", "SETTINGS", "Project", "Setting", "checked", "threads"]

PROJECT_FILE = "leftshift.toml"
MOST_YEARS = 40
MOST_PEOPLE = 100_000_000
MOST_DRAWS = 10_000
MOST_THREADS = 1024
_MOST_SEED = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that may be set.

    Attributes:
        name: the argument's name, the key in leftshift.toml, or the environment variable.
        meaning: what it does, in a sentence.
        allowed: what it may be, in words.
        default: what it is where nobody sets it; None where it then comes from elsewhere or is
            asked for.
        check: gives the value in its proper type, or raises SettingError.
        otherwise: where it comes from while `default` is None, in words.
    """

    name: str
    meaning: str
    allowed: str
    default: Any
    check: Callable[[str, Any, str], Any]
    otherwise: str = ""


def _whole(first: int, last: int | None) -> Callable[[str, Any, str], int]:
    def check(name: str, value: Any, allowed: str) -> int:
        number = value
        if isinstance(value, str):
            plain = value.strip().replace("_", "").replace(",", "")
            number = int(plain) if plain.removeprefix("-").isdecimal() else None
        wrong = not isinstance(number, int) or isinstance(number, bool)
        if wrong or number < first or (last is not None and number > last):
            raise SettingError(f"{name} must be {allowed}, not {value}.")
        return int(number)

    return check


def _people(name: str, value: Any, allowed: str) -> int | str:
    if isinstance(value, str) and value.strip().casefold() == "all":
        return "all"
    return _whole(1, MOST_PEOPLE)(name, value, allowed)


def _year(name: str, value: Any, allowed: str) -> FinancialYear:
    try:
        return FinancialYear(value)
    except (LeftshiftError, AttributeError) as error:
        raise SettingError(f"{name} must be {allowed}: {error}") from error


def _text(name: str, value: Any, allowed: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise SettingError(f"{name} must be {allowed}, not {value!r}.")
    return value.strip()


SETTINGS: dict[str, Setting] = {
    setting.name: setting
    for setting in (
        Setting(
            "area",
            "The area: whose people are simulated.",
            "an authority, board, region or footprint by code or name, or the path of a footprint "
            "file",
            None,
            _text,
        ),
        Setting(
            "base_year",
            "The financial year from which the simulation sets out (`--from`).",
            "a financial year that the catalogue holds people for, such as 2025/26",
            None,
            _year,
            "`base.year` of the catalogue",
        ),
        Setting(
            "years",
            "How many years follow the base year.",
            f"a whole number from 1 to {MOST_YEARS}",
            20,
            _whole(1, MOST_YEARS),
        ),
        Setting(
            "people",
            "How many people are simulated at the base year; `all` is one for each resident.",
            f"a whole number from 1 to {MOST_PEOPLE:,}, or all",
            100_000,
            _people,
        ),
        Setting(
            "draws",
            "How many draws of the parameters stand behind the intervals; 0 is a central run.",
            f"a whole number from 0 to {MOST_DRAWS:,}",
            0,
            _whole(0, MOST_DRAWS),
        ),
        Setting(
            "seed",
            "The seed of everything random: the same seed gives the same figures.",
            "a whole number from 0 to 2^63 - 1",
            1,
            _whole(0, _MOST_SEED),
        ),
    )
}

ENVIRONMENT: dict[str, Setting] = {
    setting.name: setting
    for setting in (
        Setting(
            "LEFTSHIFT_THREADS",
            "How many threads simulate; the figures do not depend on it.",
            f"a whole number from 1 to {MOST_THREADS}",
            "as many as there are processors",
            _whole(1, MOST_THREADS),
        ),
        Setting(
            "LEFTSHIFT_DEBUG",
            "Shows the Python traceback behind an error.",
            "1, or not set",
            "not set",
            _text,
        ),
        Setting(
            "LEFTSHIFT_PLAIN",
            "Simulates with plain loops where the vectors made for the processor fail; the same "
            "figures, more slowly.",
            "1, or not set",
            "not set",
            _text,
        ),
        Setting(
            "LEFTSHIFT_CHROMIUM",
            "The Chromium with which the browser tests run; of use to developers only.",
            "the path of a program",
            "chromium, chromium-browser or google-chrome, where there is one",
            _text,
        ),
        Setting(
            "LEFTSHIFT_REQUIRE_BROWSER",
            "Makes the browser tests fail, not skip, where there is no Chromium.",
            "1, or not set",
            "not set",
            _text,
        ),
    )
}


def checked(name: str, value: Any, where: str = "") -> Any:
    """Checks one setting.

    Args:
        name: a key of `SETTINGS`.
        value: what it is to be, as given.
        where: what to begin a message with, such as "leftshift.toml:3: ".

    Returns:
        The value in its proper type: int, str, "all" or FinancialYear.

    Raises:
        SettingError: it is not what is allowed.
    """
    setting = SETTINGS[name]
    return setting.check(where + name, value, setting.allowed)


def threads(environment: Mapping[str, str] | None = None) -> int:
    """Says how many threads may work: LEFTSHIFT_THREADS, or one for each processor.

    Raises:
        SettingError: LEFTSHIFT_THREADS is no whole number from 1.
    """
    asked = (os.environ if environment is None else environment).get("LEFTSHIFT_THREADS", "")
    if not asked.strip():
        if hasattr(os, "sched_getaffinity"):
            return max(len(os.sched_getaffinity(0)), 1)
        return os.cpu_count() or 1
    setting = ENVIRONMENT["LEFTSHIFT_THREADS"]
    return int(setting.check(setting.name, asked, setting.allowed))


@dataclass(frozen=True, slots=True)
class Project:
    """A user's project: a folder with a leftshift.toml.

    Attributes:
        folder: the folder.
        settings: what its leftshift.toml sets, checked.
    """

    folder: Path
    settings: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def find(cls, folder: str | Path | None = None) -> Project | None:
        """Opens the project in a folder, or the one in the working folder if there is one.

        Args:
            folder: the project's folder; the working folder where it is None.

        Returns:
            The project, or None where none was named and the working folder is none.

        Raises:
            ProjectError: the folder named is no project, or its file is wrong.
        """
        home = Path.cwd() if folder is None else Path(folder).expanduser()
        file = home / PROJECT_FILE
        if not file.is_file():
            if folder is None:
                return None
            raise ProjectError(
                f"{home} is no Leftshift project: it has no {PROJECT_FILE}. Put one there, with "
                'at least: area = "QMM"'
            )
        return cls(home, _read(file))

    def area_path(self, text: str) -> str:
        """Finds a footprint file named from the project's folder, where it is one."""
        beside = self.folder / text
        inside = text.endswith(".toml") and not Path(text).exists() and beside.is_file()
        return str(beside) if inside else text


def _read(file: Path) -> dict[str, Any]:
    document, lines = read_toml(file, PROJECT_FILE, ProjectError)
    settings = {}
    for key, value in document.items():
        where = f"{PROJECT_FILE}:{lines.of(key)}: "
        if key not in SETTINGS:
            raise ProjectError(
                f'{where}no setting called "{key}".{nearest(key, SETTINGS)} '
                f"Settings: {listed(SETTINGS)}."
            )
        try:
            settings[key] = checked(key, value, where)
        except SettingError as error:
            raise ProjectError(str(error)) from error
    return settings

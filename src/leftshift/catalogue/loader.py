"""The catalogue: every figure and table that Leftshift knows, layered and checked."""

from __future__ import annotations

import copy
import hashlib
import math
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leftshift.catalogue.bulk import TableAbout, read_abouts, read_table
from leftshift.catalogue.draws import Parameters
from leftshift.catalogue.interventions import lay_interventions, read_interventions
from leftshift.catalogue.lines import read_toml
from leftshift.catalogue.rows import Row, csv_lines, read_rows, read_text
from leftshift.catalogue.services import Entry, lay_services, read_services
from leftshift.errors import CatalogueError, ProjectError, nearest
from leftshift.quantities import Estimate

if TYPE_CHECKING:
    import polars

__all__ = ["SHIPPED", "Catalogue"]

SHIPPED = Path(__file__).parent
"""The folder of the shipped catalogue."""

_ENTITIES = {
    "conditions": "condition",
    "risk_factors": "risk_factor",
    "settings": "setting",
    "payers": "payer",
    "archetypes": "archetype",
    "staff_groups": "staff_group",
    "bed_types": "bed_type",
    "specialties": "specialty",
}
_DATA = (".csv", ".toml")
# What people leave lying in a folder, which is none of the catalogue's business.
_IGNORED = (".md", ".txt", ".bak")


class Catalogue:
    """The domain as data: parameter rows, bulk tables and lists of entities.

    Layers lie over each other: the shipped rows, then a project's own `catalogue/`, then figures
    given in a plan. A later layer's row replaces the earlier one of the same id, and `overrides`
    lists every time that happens.

    Attributes:
        project: the project folder whose rows are laid over the shipped ones, or None.
        overrides: what a later layer replaced: `id`, `old`, `new`, `layer`.
        added: rows of a later layer that replace nothing: `id`, `layer`, and `like`, the nearest
            shipped id, since a misspelt id is such a row.
    """

    def __init__(self, shipped: Path, project: Path | None, extra: Mapping[str, float]) -> None:
        self.project = project
        self.overrides: list[dict[str, Any]] = []
        self.added: list[dict[str, str]] = []
        self._shipped = shipped
        self._extra = dict(extra)
        self._rows: dict[str, Row] = {}
        self._replaced: dict[str, tuple[Path, str]] = {}
        self._frames: dict[str, polars.DataFrame] = {}
        self._entities: dict[str, list[dict[str, Any]]] = {}
        self._services: dict[str, Entry] = {}
        self._interventions: dict[str, Entry] = {}
        for path in sorted((shipped / "parameters").glob("*.csv")):
            self._lay(read_rows(path, f"parameters/{path.name}", "shipped"))
        self._lay_services(shipped / "services", "services", "shipped")
        self._lay_interventions(shipped / "interventions", "interventions", "shipped")
        if project is not None:
            self._lay_project(project)
        for identity, value in self._extra.items():
            self._lay_figure(identity, value)

    @classmethod
    def load(
        cls,
        project: Path | str | None = None,
        extra: Mapping[str, float] | None = None,
        shipped: Path = SHIPPED,
    ) -> Catalogue:
        """Reads the shipped catalogue, a project's own rows and a plan's figures.

        Args:
            project: a project folder; its `catalogue/*.csv` and `catalogue/tables/*.csv` are laid
                over the shipped ones. None for the shipped catalogue alone.
            extra: figures given in a plan, by id; each replaces the central value and has no
                spread.
            shipped: the folder of the shipped catalogue; another one only in tests.

        Returns:
            The catalogue. Parameter rows are read and checked now, tables when first asked for.

        Raises:
            CatalogueError: a row is wrong; the message begins `file:line:`.
            ProjectError: the project folder is not there.
        """
        folder = Path(project) if project is not None else None
        if folder is not None and not folder.is_dir():
            raise ProjectError(f"{folder}: no such project folder. Give a folder that is there.")
        return cls(Path(shipped), folder, extra or {})

    def _lay(self, rows: list[Row]) -> None:
        for row in rows:
            old = self._rows.get(row.id)
            if old is not None and old.layer == row.layer:
                raise CatalogueError(
                    f"{row.file}:{row.line}: {row.id} is already in {old.file}:{old.line}. "
                    "Keep one of the two."
                )
            if old is None:
                if row.layer != "shipped":
                    like = nearest(row.id, self._rows).removeprefix(" ")
                    self.added.append({"id": row.id, "layer": row.layer, "like": like})
            else:
                if old.estimate.unit != row.estimate.unit:
                    raise CatalogueError(
                        f'{row.file}:{row.line}: {row.id} is in "{row.estimate.unit}" here and in '
                        f'"{old.estimate.unit}" in {old.file}:{old.line}. Write it in that unit.'
                    )
                self._override(row.id, old.estimate.value, row.estimate.value, row.layer)
            self._rows[row.id] = row

    def _lay_services(self, folder: Path, shown: str, layer: str) -> None:
        found: list[Entry] = []
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.name.startswith(".") or path.suffix.lower() in _IGNORED:
                continue
            if path.is_dir() or path.suffix.lower() != ".toml":
                raise CatalogueError(
                    f"{shown}/{path.name}: no service file. Put services in {shown}/<name>.toml."
                )
            found += read_services(path, f"{shown}/{path.name}", self._services, layer)
        lay_services(
            self._services, found, lambda key, old, new: self._override(key, old, new, layer)
        )
        self._lay([row for entry in found for row in entry["rows"]])

    def _lay_interventions(self, folder: Path, shown: str, layer: str) -> None:
        found: list[Entry] = []
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.name.startswith(".") or path.suffix.lower() in _IGNORED:
                continue
            if path.is_dir() or path.suffix.lower() != ".toml":
                raise CatalogueError(
                    f"{shown}/{path.name}: no intervention file. "
                    f"Put interventions in {shown}/<name>.toml."
                )
            known = self._interventions
            found += read_interventions(path, f"{shown}/{path.name}", known, layer)
        lay_interventions(
            self._interventions, found, lambda key, old, new: self._override(key, old, new, layer)
        )
        self._lay([row for entry in found for row in entry["rows"]])

    def _override(self, identity: str, old: object, new: object, layer: str) -> None:
        self.overrides.append({"id": identity, "old": old, "new": new, "layer": layer})

    def _lay_project(self, project: Path) -> None:
        folder = project / "catalogue"
        if not folder.is_dir():
            if folder.exists():
                raise CatalogueError(
                    f"{folder} is a file. Make it a folder, with rows in catalogue/*.csv."
                )
            return
        found: list[Row] = []
        seen: dict[str, Row] = {}
        for path in sorted(folder.iterdir()):
            if path.name.startswith(".") or path.suffix.lower() in _IGNORED:
                continue
            if path.is_dir() and path.name == "tables":
                self._lay_tables(path)
            elif path.is_dir() and path.name in ("services", "interventions"):
                continue
            elif path.is_dir() or path.suffix.lower() != ".csv":
                raise CatalogueError(
                    f"catalogue/{path.name}: not a part of a catalogue. Put rows in "
                    "catalogue/*.csv, whole tables in catalogue/tables/<name>.csv, services in "
                    "catalogue/services/<name>.toml and interventions in "
                    "catalogue/interventions/<name>.toml."
                )
            else:
                for row in read_rows(path, f"catalogue/{path.name}", "project"):
                    if row.id in seen:
                        first = seen[row.id]
                        raise CatalogueError(
                            f"{row.file}:{row.line}: {row.id} is already in "
                            f"{first.file}:{first.line}. Keep one of the two."
                        )
                    seen[row.id] = row
                    found.append(row)
        self._lay(found)
        self._lay_services(folder / "services", "catalogue/services", "project")
        self._lay_interventions(folder / "interventions", "catalogue/interventions", "project")

    def _lay_tables(self, folder: Path) -> None:
        for path in sorted(folder.iterdir()):
            if path.name.startswith(".") or path.suffix.lower() in _IGNORED:
                continue
            shown = f"catalogue/tables/{path.name}"
            if path.suffix.lower() != ".csv" or path.stem not in self.tables:
                raise CatalogueError(
                    f'{shown}: no table called "{path.stem}".{nearest(path.stem, self.tables)} '
                    "A project's table replaces a shipped one of the same name and columns."
                )
            old = _digest([(path.name, self._shipped / self.tables[path.stem].file)])
            new = _digest([(path.name, path)])
            self._replaced[path.stem] = (path, shown)
            self._override(f"tables/{path.stem}", old[:12], new[:12], "project")

    def _lay_figure(self, identity: str, value: float) -> None:
        old = self.row(identity)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise CatalogueError(f"{identity}: {value!r} is not a number.")
        number = float(value)
        if not math.isfinite(number):
            raise CatalogueError(f"{identity}: {value!r} is not a finite number.")
        estimate = Estimate(
            number,
            distribution="fixed",
            unit=old.estimate.unit,
            source="given in the plan",
            as_of=old.estimate.as_of,
            grade="A",
        )
        self._override(identity, old.estimate.value, number, "plan")
        self._rows[identity] = Row(identity, old.label, estimate, old.note, "plan", 0, "plan")

    def with_rows(self, rows: Iterable[Row]) -> Catalogue:
        """A catalogue with further rows laid over this one, which stays as it is.

        Args:
            rows: such as those that a plan brings.

        Raises:
            CatalogueError: a row is there twice, or in another unit than the one it replaces.
        """
        over = copy.copy(self)
        over.__dict__.pop("_below", None)
        over._rows = dict(self._rows)
        over.overrides, over.added = list(self.overrides), list(self.added)
        over._lay(list(rows))
        return over

    # Reading --------------------------------------------------------------------------------

    def row(self, identity: str) -> Row:
        """Gives one parameter row.

        Raises:
            CatalogueError: no row has this id; the message names the nearest.
        """
        try:
            return self._rows[identity]
        except KeyError:
            raise CatalogueError(
                f'no catalogue row called "{identity}".{nearest(identity, self._rows)}'
            ) from None

    def rows(self, prefix: str = "") -> list[Row]:
        """Gives the rows below a prefix, such as `ratio.diabetes`; all of them for "".

        Returns:
            The rows in the catalogue's order (file names sorted, then each file's own order);
            empty where nothing is below the prefix.
        """
        stem = prefix.rstrip(".")
        return list(self._below.get(stem, ())) if stem else list(self._rows.values())

    @cached_property
    def _below(self) -> dict[str, list[Row]]:
        """The rows below each dotted stem: asked for a thousand times in a run."""
        found: dict[str, list[Row]] = {}
        for row in self._rows.values():
            parts = row.id.split(".")
            for count in range(1, len(parts) + 1):
                found.setdefault(".".join(parts[:count]), []).append(row)
        return found

    def parameters(self, draw: int | None = None, seed: int = 1) -> Parameters:
        """Gives every parameter's value, central or in one draw.

        Args:
            draw: the number of the draw, from 0; None for the central values.
            seed: keys the draws together with the id and the number of the draw.
        """
        return Parameters(self, draw, seed)

    @cached_property
    def tables(self) -> dict[str, TableAbout]:
        """What is said of each bulk table, by name."""
        return read_abouts(self._shipped / "tables.toml", "tables.toml")

    def table(self, name: str) -> polars.DataFrame:
        """Reads a bulk table; the first time from its file, checked.

        Raises:
            CatalogueError: there is no such table, or a cell of it is wrong.
        """
        if name not in self.tables:
            raise CatalogueError(f'no catalogue table called "{name}".{nearest(name, self.tables)}')
        if name not in self._frames:
            about = self.tables[name]
            path, shown = self._replaced.get(name, (self._shipped / about.file, about.file))
            self._frames[name] = read_table(path, shown, about)
        return self._frames[name]

    def entities(self, kind: str) -> list[dict[str, Any]]:
        """Gives a list of things, in the order that fixes their numbers.

        Args:
            kind: such as "conditions", "settings" or "payers".

        Returns:
            One dict for each, with `id`, `label` and the file's further keys.

        Raises:
            CatalogueError: there is no such list, or the file is wrong.
        """
        if kind not in _ENTITIES:
            raise CatalogueError(f'no entities called "{kind}".{nearest(kind, _ENTITIES)}')
        if kind not in self._entities:
            shown = f"{kind}.toml"
            document, lines = read_toml(self._shipped / shown, shown, CatalogueError)
            key = _ENTITIES[kind]
            found = document.get(key)
            if not isinstance(found, list) or not found:
                raise CatalogueError(f"{shown}:1: no [[{key}]] blocks.")
            seen: set[str] = set()
            for position, block in enumerate(found):
                wrong = ""
                for needed in ("id", "label"):
                    if not isinstance(block, dict) or not isinstance(block.get(needed), str):
                        wrong = wrong or f"a {key} has no {needed}"
                if not wrong and block["id"] in seen:
                    wrong = f"{block['id']} is listed twice"
                if wrong:
                    raise CatalogueError(f"{shown}:{lines.of(key, position)}: {wrong}.")
                seen.add(block["id"])
            self._entities[kind] = found
        return [dict(block) for block in self._entities[kind]]

    def services(self) -> list[dict[str, Any]]:
        """Gives the services, shipped ones first, each with the keys of its TOML block.

        Returns:
            One dict for each: the keys of `leftshift.catalogue.services.KEYS` that were given
            (without `figures`, which are rows `service.<id>.<figure>`), with `id`, `file`, `line`
            (where it was last given) and `layer`.
        """
        return [dict(entry) for entry in self._services.values()]

    def interventions(self) -> list[dict[str, Any]]:
        """Gives the interventions, shipped ones first, each with the keys of its TOML block.

        Returns:
            One dict for each: the keys of `leftshift.catalogue.interventions.KEYS` that were
            given, with `id`, `file`, `line` (where it was last given) and `layer`. `effect` and
            `swap` hold a dict for each name; figures are rows `intervention.<id>…`, of which
            `cost` and `staff` list the names.
        """
        return [dict(entry) for entry in self._interventions.values()]

    @cached_property
    def sources(self) -> list[dict[str, str]]:
        """The sources that the licences ask to name: key, title, publisher, licence, where."""
        shown = "sources.csv"
        following = csv_lines(read_text(self._shipped / shown, shown), shown)
        header = following()
        names = ["key", "title", "publisher", "licence", "url_or_repository"]
        if header is None or header[1] != names:
            raise CatalogueError(f"{shown}:1: the first line must be: {','.join(names)}")
        found: dict[str, dict[str, str]] = {}
        while (cells := following()) is not None:
            if len(cells[1]) != len(names) or not all(cells[1]):
                raise CatalogueError(f"{shown}:{cells[0]}: a source needs {', '.join(names)}.")
            row = dict(zip(names, cells[1], strict=True))
            if row["key"] in found:
                raise CatalogueError(f"{shown}:{cells[0]}: {row['key']} is listed twice.")
            found[row["key"]] = row
        return list(found.values())

    @cached_property
    def layers(self) -> list[dict[str, str]]:
        """The layers in the order in which they lie, each with `name` and `sha256`.

        Line ends do not count, so that a checkout on Windows has the same digest.
        """
        layers = [{"name": "shipped", "sha256": _folder_digest(self._shipped)}]
        if self.project is not None and (self.project / "catalogue").is_dir():
            digest = _folder_digest(self.project / "catalogue")
            layers.append({"name": "project", "sha256": digest})
        if self._extra:
            said = "\n".join(f"{key}={self._extra[key]!r}" for key in sorted(self._extra))
            digest = hashlib.sha256(said.encode()).hexdigest()
            layers.append({"name": "plan", "sha256": digest})
        return layers

    def __repr__(self) -> str:
        over = f", {len(self.overrides)} overridden" if self.overrides else ""
        return f"Catalogue({len(self._rows)} rows, {len(self.tables)} tables{over})"


def _folder_digest(folder: Path) -> str:
    files = [path for path in folder.rglob("*") if path.suffix in _DATA and path.is_file()]
    named = [(path.relative_to(folder).as_posix(), path) for path in files]
    return _digest([pair for pair in sorted(named) if not pair[0].startswith(".")])


def _digest(files: list[tuple[str, Path]]) -> str:
    total = hashlib.sha256()
    for name, path in files:
        try:
            data = path.read_bytes()
        except OSError as problem:
            raise CatalogueError(f"{name}: cannot be read ({problem.strerror}).") from None
        total.update(name.encode() + b"\0")
        total.update(hashlib.sha256(data.replace(b"\r\n", b"\n")).digest())
    return total.hexdigest()

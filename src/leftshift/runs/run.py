"""A run as it is read back: what was asked, what came out, and how a notebook shows it."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from leftshift.errors import RunError, listed, nearest
from leftshift.runs import rename, schema

__all__ = ["MANIFEST", "Run", "is_run", "open_run"]

MANIFEST = "run.json"

_HEADLINES = (
    "people",
    "people_65_over",
    "people_85_over",
    "major_illness",
    "four_or_more",
    "deaths",
    "life_expectancy_female",
    "life_expectancy_male",
    "spend",
    "spend_per_head",
    "staff_demand",
    "beds_needed",
)


@dataclass(frozen=True, repr=False, eq=False)
class Run:
    """A finished run, read from its folder.

    Attributes:
        path: the folder.
        manifest: the whole of run.json.
    """

    path: Path
    manifest: dict[str, Any] = field(repr=False)

    @property
    def identity(self) -> dict[str, Any]:
        """Everything that decides the figures: version, catalogue, area, years, seed, people."""
        return dict(self.manifest["identity"])

    @property
    def identity_sha256(self) -> str:
        """The fingerprint of the identity, as 64 hexadecimal digits."""
        return str(self.manifest["identity_sha256"])

    @property
    def about(self) -> dict[str, Any]:
        """Title, area, years, people, warnings and attribution, for those who show the run."""
        return dict(self.manifest["about"])

    @property
    def provenance(self) -> dict[str, Any]:
        """When, where and how long: what does not decide the figures."""
        return dict(self.manifest["provenance"])

    @property
    def holds(self) -> tuple[str, ...]:
        """What the folder holds beside its Parquet tables: "csv", "report"."""
        return tuple(self.manifest.get("holds", ()))

    @property
    def title(self) -> str:
        """The run's title, or its folder's name where it has none."""
        return str(self.manifest["about"].get("title") or self.path.name)

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of the tables, those of `schema.TABLES` in its order."""
        order = {name: place for place, name in enumerate(schema.TABLES)}
        return tuple(
            sorted(self.manifest["tables"], key=lambda name: (order.get(name, len(order)), name))
        )

    @property
    def report(self) -> Path | None:
        """The report, or None where the run was made without one."""
        file = self.path / "report.html"
        return file if file.is_file() else None

    def table(self, name: str) -> pl.DataFrame:
        """Reads a table.

        Args:
            name: one of `tables`, such as "people"; `docs/reference/tables.md` describes each.

        Returns:
            A tidy frame, one fact per row, sorted by its key columns.

        Raises:
            RunError: the run has no such table, or its file cannot be read.
        """
        if name not in self.manifest["tables"]:
            raise RunError(
                f'{self.path} has no table "{name}".{nearest(name, self.tables)} '
                f"It has: {listed(self.tables, 30)}."
            )
        file = self.path / "tables" / f"{name}.parquet"
        try:
            return pl.read_parquet(file)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise RunError(
                f"{file} cannot be read ({error}). The folder is damaged: make the run again with "
                "--replace."
            ) from error

    def headlines(self) -> pl.DataFrame:
        """Gives the few figures most readers look for first.

        Returns:
            A frame with one row per measure of the whole area in the first arm: measure, label,
            unit, first, last (values in the first and last year), change (percent, null where
            the first is 0); empty where the run has no summary.
        """
        empty = {"measure": pl.String, "label": pl.String, "unit": pl.String}
        numbers = {"first": pl.Float64, "last": pl.Float64, "change": pl.Float64}
        if "summary" not in self.tables:
            return pl.DataFrame(schema={**empty, **numbers})
        whole = self.table("summary").filter(
            (pl.col("place") == "") & pl.col("measure").is_in(_HEADLINES)
        )
        arms = self.manifest["about"].get("arms") or whole["arm"].unique().sort().to_list()
        whole = whole.filter(pl.col("arm") == (arms[0] if arms else ""))
        labels = self._labels()
        found = (
            whole.sort("year")
            .group_by("measure", "unit")
            .agg(first=pl.col("value").first(), last=pl.col("value").last())
        )
        rank = {measure: place for place, measure in enumerate(_HEADLINES)}
        return (
            found.with_columns(
                label=pl.col("measure").replace(labels),
                change=pl.when(pl.col("first") != 0).then(
                    100.0 * (pl.col("last") / pl.col("first") - 1.0)
                ),
                rank=pl.col("measure").replace_strict(rank, return_dtype=pl.Int64),
            )
            .sort("rank")
            .select(*empty, *numbers)
        )

    def _labels(self) -> dict[str, str]:
        plain = {measure: measure.replace("_", " ").capitalize() for measure in _HEADLINES}
        if "names" not in self.tables:
            return plain
        names = self.table("names").filter(pl.col("kind") == "measure")
        return plain | dict(zip(names["id"].to_list(), names["label"].to_list(), strict=True))

    def _facts(self) -> list[tuple[str, str]]:
        about = self.manifest["about"]
        area = about.get("area") or {}
        facts = []
        if area:
            facts.append(("area", f"{area.get('name', '')} ({area.get('code', '')})"))
        if about.get("base_year") is not None:
            facts.append(("years", f"{about['base_year']} and {about.get('years', 0)} more"))
        if about.get("simulants") is not None:
            draws = about.get("draws") or 0
            doubt = f"{draws} draws" if draws else "a central run, without intervals"
            facts.append(("made with", f"{about['simulants']:,} simulated people, {doubt}"))
        facts.append(("identity", self.identity_sha256[:12]))
        facts.append(("folder", str(self.path)))
        rows = self.manifest["tables"]
        facts.append(
            ("tables", ", ".join(f"{name} ({rows[name]['rows']:,})" for name in self.tables))
        )
        facts += [("mind", str(warning)) for warning in about.get("warnings") or ()]
        return facts

    def _headline_rows(self) -> list[tuple[str, str, str, str]]:
        rows = []
        for row in self.headlines().iter_rows(named=True):
            change = "" if row["change"] is None else f"{row['change']:+.1f}%"
            money = row["unit"].startswith("£")
            first, last = _shown(row["first"], money), _shown(row["last"], money)
            rows.append((row["label"], first, last, change))
        return rows

    def __repr__(self) -> str:
        lines = [f"Run: {self.title}"]
        lines += [f"  {name:<10}{value}" for name, value in self._facts()]
        headlines = self._headline_rows()
        if headlines:
            wide = max(len(label) for label, *_ in headlines)
            lines.append("")
            lines += [
                f"  {label:<{wide}}  {first:>12} → {last:>12}  {change:>8}"
                for label, first, last, change in headlines
            ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        def escaped(text: str) -> str:
            return html.escape(text)

        facts = "".join(
            f'<tr><th scope="row" style="text-align:left">{escaped(name.capitalize())}</th>'
            f'<td style="text-align:left">{escaped(value)}</td></tr>'
            for name, value in self._facts()
        )
        headlines = "".join(
            f'<tr><th scope="row" style="text-align:left">{escaped(label)}</th>'
            f"<td>{escaped(first)}</td><td>{escaped(last)}</td><td>{escaped(change)}</td></tr>"
            for label, first, last, change in self._headline_rows()
        )
        if headlines:
            headlines = (
                '<table><thead><tr><th scope="col" style="text-align:left">Whole area</th>'
                '<th scope="col">First year</th><th scope="col">Last year</th>'
                f'<th scope="col">Change</th></tr></thead><tbody>{headlines}</tbody></table>'
            )
        return (
            f"<div><p><strong>{escaped(self.title)}</strong></p>{headlines}"
            f"<table><tbody>{facts}</tbody></table></div>"
        )


def _shown(value: float, money: bool = False) -> str:
    if money:
        return f"£{value / 1e6:,.0f}m" if abs(value) >= 1e6 else f"£{value:,.0f}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.1f}"


def is_run(path: Path) -> bool:
    """Says whether a folder looks like a run: whether it has a run.json that is one."""
    try:
        text = (path / MANIFEST).read_text(encoding="utf-8")
        return "identity_sha256" in json.loads(text)
    except (OSError, ValueError, TypeError):
        return False


def open_run(path: str | Path) -> Run:
    """Opens a run folder.

    Args:
        path: the folder.

    Returns:
        The run; its tables are read when asked for.

    Raises:
        RunError: there is no such folder, it is no run, or it is damaged.
    """
    folder = Path(path).expanduser()
    rename.restore(folder)
    if not folder.is_dir():
        parent = folder.parent
        beside = [entry.name for entry in parent.iterdir()] if parent.is_dir() else []
        shown = [name for name in beside if is_run(parent / name)]
        raise RunError(f"there is no run folder at {folder}.{nearest(folder.name, shown)}")
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        for part in ("identity", "identity_sha256", "about", "provenance", "tables"):
            manifest[part]
    except FileNotFoundError as error:
        raise RunError(f"{folder} is not a Leftshift run: it has no {MANIFEST}.") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"{folder / MANIFEST} cannot be read as a run ({type(error).__name__}: {error}). "
            "Make the run again in another folder."
        ) from error
    missing = [
        name for name in manifest["tables"] if not (folder / "tables" / f"{name}.parquet").is_file()
    ]
    if missing:
        raise RunError(
            f"{folder} is damaged: tables missing: {listed(missing)}. "
            "Make the run again with --replace."
        )
    return Run(folder, manifest)

"""A plan's story in the report: what is proposed, what it changes, costs and gives, and how sure.

`figures` reads the tables; `proposal`, `changes`, `moves`, `cash`, `fairness` and `certainty` are
the sections, and `choice` those of a run of `leftshift prioritise`; `opening` has the cards and
headlines, `sheets` the workbook's, `page` puts them into one page before the outlook of the
baseline, and `word` writes the paper for a board.
"""

from __future__ import annotations

from leftshift.report.plans.figures import PlanFindings, is_plan

__all__ = ["PlanFindings", "is_plan"]

"""Puts the sections into one HTML file that asks nothing of any network.

Styles, pictures and the few lines of script that open the tables before printing are inside the
page, and its content policy forbids everything else. `fill` serves every report of this room.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from typing import Any

import jinja2

from leftshift.report import care as care_room
from leftshift.report import evidence, gaps, illness, opening, plans, words
from leftshift.report.blocks import Section
from leftshift.report.findings import Findings
from leftshift.report.plans.glossary import GLOSSARY as PLAN_WORDS
from leftshift.runs import Run


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("leftshift.report", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def _source(name: str) -> str:
    """The text of a file beside the templates, as it stands."""
    env = _environment()
    assert env.loader is not None
    return env.loader.get_source(env, name)[0]


def fill(template: str, run: Run, title: str, **context: Any) -> str:
    """Fill a template that extends layout.html.j2.

    Args:
        template: Its file name in `templates/`.
        run: The run reported on, for its version and identity in the footer.
        title: Title of the page.
        context: Everything else the template names.

    Returns:
        HTML that stands alone: it asks nothing of any network.
    """
    script = _source("print.js").strip()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    text = (
        _environment()
        .get_template(template)
        .render(
            title=title,
            css=_source("report.css"),
            script=script,
            script_hash=f"sha256-{digest}",
            version=str(run.identity.get("version", "")),
            identity=run.identity_sha256[:12],
            **context,
        )
    )
    return text.lstrip()


def render(f: Findings) -> str:
    """Make the whole page of an outlook.

    Args:
        f: The findings of a run.

    Returns:
        HTML that stands alone: it asks nothing of any network.
    """
    care = care_room.Care(f)
    cards, key_figures, growth = opening.opening(f, care_room.key_measures(care))
    outlook = [
        opening.does_it_know_us(f),
        illness.population(f),
        illness.segments(f),
        illness.conditions(f),
        illness.major_illness(f),
        gaps.length_of_life(f),
        gaps.places(f),
        *care_room.sections(care),
        *care_room.does_the_money_know_us(care),
    ]
    explained = (*words.GLOSSARY, *(PLAN_WORDS if plans.is_plan(f) else ()))
    rest = [
        evidence.evidence(f),
        evidence.reproduce(f),
        Section("glossary", "Words used here", definitions=care_room.glossary(care, explained)),
    ]
    plan: dict[str, Any] = {}
    if plans.is_plan(f):
        from leftshift.report.plans.page import context

        plan = context(plans.PlanFindings(f), outlook, rest)
    return fill(
        "plan.html.j2" if plan else "report.html.j2",
        f.run,
        str(f.about.get("title") or f"The outlook for {f.area_name}"),
        f=f,
        cards=cards,
        care_cards=care_room.cards(care),
        has_care=care.has,
        prices=care.prices,
        headlines=words.headlines(f),
        care_headlines=care_room.headlines(care),
        certainty=words.certainty(f),
        sampling=words.sampling(f),
        key_figures=key_figures,
        growth=growth,
        sections=[*outlook, *rest],
        **plan,
    )

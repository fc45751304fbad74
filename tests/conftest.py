"""Fixtures that more than one room's tests need."""

import os
import shutil
from pathlib import Path

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str:
    """The path of a Chromium. Skips where there is none, unless LEFTSHIFT_REQUIRE_BROWSER=1."""
    named = os.environ.get("LEFTSHIFT_CHROMIUM")
    there = named if named and Path(named).is_file() else None
    found = there if named else next((path for path in map(shutil.which, _NAMES) if path), None)
    if found is None:
        why = f"no Chromium: set LEFTSHIFT_CHROMIUM or install one of {', '.join(_NAMES)}"
        if os.environ.get("LEFTSHIFT_REQUIRE_BROWSER") == "1":
            pytest.fail(why)
        pytest.skip(why)
    return found


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium, for Playwright's `executable_path`."""
    return find_chromium()


@pytest.fixture(scope="session")
def chromium_arguments() -> list[str]:
    """What Chromium is started with: no sandbox (root in CI), and no request of its own."""
    return [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [
        report
        for report in terminalreporter.stats.get("skipped", [])
        if "no Chromium" in str(report.longrepr)
    ]
    if skipped:
        terminalreporter.write_line(
            f"{len(skipped)} browser tests were skipped: there is no Chromium on this machine. "
            "Set LEFTSHIFT_CHROMIUM to one, or LEFTSHIFT_REQUIRE_BROWSER=1 to fail without.",
            yellow=True,
        )

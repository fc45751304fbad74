"""The example board, as it ships and as each test may change it."""

import shutil
from pathlib import Path

import pytest

from leftshift.catalogue import Catalogue
from leftshift.organisation.board import Board, load
from leftshift.organisation.evaluation import Evaluation, evaluate
from leftshift.organisation.verbs import EXAMPLE

DRAWS = 30


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest.fixture(scope="session")
def board(catalogue: Catalogue) -> Board:
    return load(EXAMPLE, catalogue)


@pytest.fixture(scope="session")
def evaluation(board: Board, catalogue: Catalogue) -> Evaluation:
    return evaluate(board, catalogue, DRAWS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = tmp_path / "vale"
    shutil.copytree(EXAMPLE, target)
    return target

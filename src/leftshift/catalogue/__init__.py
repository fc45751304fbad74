"""The domain as data: every figure with its unit, source, date, grade and spread.

See README.md in this folder for how to read it and how to change it.
"""

from leftshift.catalogue.bulk import Column, TableAbout
from leftshift.catalogue.draws import Parameters
from leftshift.catalogue.loader import Catalogue
from leftshift.catalogue.rows import Row

__all__ = ["Catalogue", "Column", "Parameters", "Row", "TableAbout"]

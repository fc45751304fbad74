"""The report of a board itself: page, workbook and what goes with them, from a run folder."""

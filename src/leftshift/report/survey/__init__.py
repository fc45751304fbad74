"""The report of a survey: page, workbook and what goes with them, from a run folder."""

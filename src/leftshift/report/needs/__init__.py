"""The report of a needs assessment: places and primary care networks side by side."""

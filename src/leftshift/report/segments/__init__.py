"""The report of `leftshift segments`: people and use by segment and year."""

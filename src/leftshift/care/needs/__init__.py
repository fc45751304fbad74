"""The needs assessment: places and primary care networks side by side.

`assessment` runs the base year and lays it out; `measures` holds the arithmetic of standardised
rates, inequality and funnels; `networks` and `network_estimates` do primary care networks.
"""

from leftshift.care.needs.assessment import assess, identity

__all__ = ["assess", "identity"]

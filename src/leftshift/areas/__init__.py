"""Dated geography: authorities, boards, regions, footprints and the places within them."""

from leftshift.areas.area import Area, Member, Place
from leftshift.areas.footprints import read_footprint
from leftshift.areas.lookup import KINDS, find_area, list_areas

__all__ = ["KINDS", "Area", "Member", "Place", "find_area", "list_areas", "read_footprint"]

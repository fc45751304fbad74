"""Plans: what a board would do, as a difference from how things go on.

A plan file says whom each intervention is for, how many it reaches by when, what it changes, what
it costs and how good the evidence is. `read_plan` reads and checks one, `diff` and `merge` work on
what plans say, and `who` is the language of target groups.
"""

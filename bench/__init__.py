"""Measurements: each is a ratio to a floor that is measured in the same run.

A machine is shared and never the same twice, so no figure here stands alone: what the
bare driver or a bare page does is measured beside ours, in turns, and only the ratio is
judged. `python -m bench` runs everything, prints a table and writes it as JSON.
"""

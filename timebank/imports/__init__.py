"""Bringing in what a community already has, row by row, with a message for each row."""

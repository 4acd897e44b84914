"""Faults are put into a module one by one, and the ledger's tests are run against each.

`python -m bench.mutants ledger/verify.py` prints how many were tried, and each that no test
noticed. What was found so, and why some faults may stay unnoticed, is in `docs/mutations.md`. It
works in a copy of the project, on SQLite, and takes about a second of a processor for each fault.
"""

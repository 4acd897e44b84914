"""The hours ledger: whole minutes moved between accounts, for ever traceable.

The package knows nothing of the web or of beancount. Its program ``ledger.audit`` in
turn knows nothing of the database, which is why this file imports nothing.
"""

"""A program of its own that checks exported books and knows nothing of the database.

It shares three files with the ledger: how an entry is hashed, the names of the accounts,
and the errors. beancount is imported here and nowhere else.
"""

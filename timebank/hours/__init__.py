"""Hours of members and groups: the only caller of the ledger."""

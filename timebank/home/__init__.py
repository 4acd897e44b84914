"""Pages that span contexts: the front page and the coordinator's work list."""

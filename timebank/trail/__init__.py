"""The trail: who signed in, was turned away, got a role or took an export. It knows no context."""

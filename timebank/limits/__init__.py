"""How far hours may go: a nudge, a chat, a stop; for everybody or for one; and who decided what."""

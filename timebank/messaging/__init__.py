"""Conversations between members, notices in the app, and the tray of outgoing mail."""

"""Timebank: hours of mutual help, kept in books that anyone can check."""

"""The rules of sessions. Everything here is pure: facts go in, a verdict comes out."""

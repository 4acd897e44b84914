"""The rules of groups. Everything here is pure: facts go in, a verdict comes out."""

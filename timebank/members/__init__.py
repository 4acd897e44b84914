"""Who belongs: people, memberships, roles, what others may see, and signing in."""

"""The pages of hours: a member's own, and the books."""

from timebank.statements.views import books, hours, proofs, putting_right

__all__ = ["blueprints", "putting_right"]
blueprints = (hours.bp, books.bp, proofs.bp)

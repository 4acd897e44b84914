"""The pages of hours: a member's own, and the books."""

from timebank.statements.views import books, hours, proofs

blueprints = (hours.bp, books.bp, proofs.bp)

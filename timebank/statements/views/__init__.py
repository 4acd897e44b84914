"""The pages of hours: a member's own, and the books."""

from timebank.statements.views import books, hours

blueprints = (hours.bp, books.bp)

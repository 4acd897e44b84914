"""The pages of hours: a member's own, and the books."""

from timebank.statements import emails
from timebank.statements.views import (
    books,
    checks,
    hours,
    months,
    our_books,
    proofs,
    putting_right,
    questions,
)

__all__ = ["blueprints", "months", "putting_right"]
blueprints = (hours.bp, books.bp, checks.bp, questions.bp, our_books.bp, proofs.bp)
emails.register()

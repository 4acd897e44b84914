"""The pages of exchanges: what is under way, one exchange with its next step, and a quick note."""

from timebank.exchanges import emails
from timebank.exchanges.views import after, before, log, show
from timebank.exchanges.views.frame import bp

__all__ = ["after", "before", "blueprints", "log", "show"]

blueprints = (bp,)
emails.register()

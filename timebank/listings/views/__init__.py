"""The pages of offers and requests."""

from timebank.listings.views import board, categories, chain, own
from timebank.listings.views.blueprint import bp

__all__ = ["blueprints", "board", "categories", "chain", "own"]
blueprints = (bp,)

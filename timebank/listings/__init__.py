"""Offers and requests, their categories, and finding them."""

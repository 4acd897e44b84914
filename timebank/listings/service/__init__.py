"""Everything that changes offers, requests and categories."""

from timebank.listings.service.categories import (
    add_category,
    change_category,
    restore_category,
    retire_category,
    seed_categories,
)
from timebank.listings.service.posting import (
    ABOUT,
    ListingDetails,
    change_listing,
    close,
    nudge_ending,
    pause,
    post_listing,
    renew,
    reply,
    resume,
)

__all__ = [
    "ABOUT",
    "ListingDetails",
    "add_category",
    "change_category",
    "change_listing",
    "close",
    "nudge_ending",
    "pause",
    "post_listing",
    "renew",
    "reply",
    "restore_category",
    "resume",
    "retire_category",
    "seed_categories",
]

"""Finding offers and requests. Nothing here changes anything."""

from timebank.listings.queries.board import (
    NO_ROLES,
    Brief,
    Wanted,
    areas,
    fitting,
    shown,
    slots_of,
)
from timebank.listings.queries.one import (
    by_id,
    count_since,
    ending,
    get,
    get_with_owner,
    of_member,
    owner_of,
    urgent_requests,
)
from timebank.listings.queries.tree import (
    Branch,
    Kind,
    Outline,
    categories,
    category,
    category_by_key,
    outline,
    place_in_tree,
    siblings,
)

__all__ = [
    "NO_ROLES",
    "Branch",
    "Brief",
    "Kind",
    "Outline",
    "Wanted",
    "areas",
    "by_id",
    "categories",
    "category",
    "category_by_key",
    "count_since",
    "ending",
    "fitting",
    "get",
    "get_with_owner",
    "of_member",
    "outline",
    "owner_of",
    "place_in_tree",
    "shown",
    "siblings",
    "slots_of",
    "urgent_requests",
]

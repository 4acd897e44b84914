"""The categories that every community starts with: two levels, by key. `names` has the words.

A check hint says how careful to be: "ask lead" where a word with the coordinator comes first,
"regulated" where the law has a say in who may give such help.
"""

from dataclasses import dataclass

ASK_LEAD = "ask lead"
REGULATED = "regulated"


@dataclass(frozen=True, slots=True)
class Heading:
    """A top of the tree.

    Attributes:
        key: Never changes.
        icon: Name in `web.icons`.
        leaves: Keys of what stands under it, in order.
    """

    key: str
    icon: str
    leaves: tuple[str, ...]


TREE = (
    Heading(
        "company",
        "cup-hot",
        ("visits", "phone-chats", "listening", "outings", "games", "sitting-with"),
    ),
    Heading("getting-about", "signpost-2", ("walking-with", "lifts", "bus-practice", "errands")),
    Heading(
        "home",
        "house-heart",
        (
            *("shopping", "cleaning", "gardening", "diy", "moving"),
            *("pets", "laundry", "personal-care", "childcare"),
        ),
    ),
    Heading("paper", "file-earmark-text", ("forms", "letters", "calls", "writing", "bills")),
    Heading(
        "learning",
        "mortarboard",
        ("languages", "translation", "study", "reading", "music-lessons", "work-search"),
    ),
    Heading("food", "basket", ("cooking", "baking", "shared-meals", "meals-brought")),
    Heading("wellbeing", "person-walking", ("walks", "sport", "swimming", "dancing", "calm")),
    Heading("arts", "palette", ("crafts", "music", "photography", "painting", "stories")),
    Heading("repairs", "tools", ("mending", "sewing", "bikes", "furniture")),
    Heading("tech", "laptop", ("phones", "computers", "online", "printing")),
    Heading(
        "community",
        "megaphone",
        ("events", "stewarding", "teaching-groups", "notes", "posters", "kitchen"),
    ),
    Heading(
        "transitions",
        "door-open",
        ("going-along", "hospital-home", "first-days", "between-places", "weekends"),
    ),
)
CHECK_HINTS_OF = {
    "sitting-with": ASK_LEAD,
    "lifts": ASK_LEAD,
    "shopping": ASK_LEAD,
    "going-along": ASK_LEAD,
    "hospital-home": ASK_LEAD,
    "first-days": ASK_LEAD,
    "between-places": ASK_LEAD,
    "weekends": ASK_LEAD,
    "bills": REGULATED,
    "personal-care": REGULATED,
    "childcare": REGULATED,
}
ICONS = {heading.key: heading.icon for heading in TREE}
#: For categories that a community made itself.
ICON_OF_OTHERS = "heart"

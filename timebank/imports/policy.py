"""Which kind of help a need in somebody's own words is about. Pure rules.

A stem stands for every word that begins with it. The first one that fits wins, so the more telling
stand before the more general.
"""

from collections.abc import Mapping

#: Category by stem of a folded word, the telling ones first.
STEMS: Mapping[str, str] = {
    # what a word names exactly
    "prescription": "errands",
    "medic": "errands",
    "pharmac": "errands",
    "laundr": "laundry",
    "cloth": "laundry",
    "ironing": "laundry",
    "pet": "pets",
    "cat": "pets",
    "dog": "pets",
    "litter": "pets",
    "child": "childcare",
    "babysit": "childcare",
    "transport": "lifts",
    "ride": "lifts",
    "lift": "lifts",
    "driv": "lifts",
    "delivery": "errands",
    "pickup": "errands",
    "errand": "errands",
    "hous": "forms",
    "rent": "forms",
    "shelter": "forms",
    "evict": "forms",
    "benefit": "forms",
    "form": "forms",
    "paperwork": "letters",
    "letter": "letters",
    "translat": "translation",
    "interpret": "translation",
    "internet": "online",
    "zoom": "online",
    "computer": "computers",
    "laptop": "computers",
    "tablet": "phones",
    "phone": "phones",
    "tech": "computers",
    "homework": "study",
    "tutor": "study",
    "school": "study",
    "job": "work-search",
    "resume": "work-search",
    "garden": "gardening",
    "yard": "gardening",
    "lawn": "gardening",
    "snow": "gardening",
    "clean": "cleaning",
    "repair": "diy",
    "fix": "diy",
    "mov": "moving",
    "furniture": "moving",
    "lonel": "visits",
    "compan": "visits",
    "visit": "visits",
    "isolat": "phone-chats",
    "check": "phone-chats",
    "emotion": "listening",
    "spirit": "listening",
    "mental": "listening",
    "listen": "listening",
    "talk": "listening",
    "support": "listening",
    "cook": "meals-brought",
    "meal": "meals-brought",
    "grocer": "shopping",
    "food": "shopping",
    "suppl": "shopping",
    "shop": "shopping",
    "toilet": "shopping",
    "diaper": "shopping",
    "essential": "shopping",
}
#: Where nothing fits: somebody runs an errand.
OTHERWISE = "errands"
SUPPORTS: Mapping[str, frozenset[str]] = {
    "listening": frozenset({"emotional"}),
    "phone-chats": frozenset({"emotional", "social"}),
    "visits": frozenset({"social"}),
}
PRACTICAL = frozenset({"practical"})


def category_of(folded_need: str) -> str:
    """Return the key of the category for a need, in plain small letters."""
    words = folded_need.split()
    for stem, category in STEMS.items():
        if any(word.startswith(stem) for word in words):
            return category
    return OTHERWISE


def supports_of(category: str) -> frozenset[str]:
    """Return what kind of support a category of help is."""
    return SUPPORTS.get(category, PRACTICAL)

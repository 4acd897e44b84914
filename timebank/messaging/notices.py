"""The sentences of notices. Each context registers its own kinds when its views are imported."""

from timebank.messaging.models import Notice
from timebank.web.filters import hours_label
from timebank.web.words import gettext as _

#: Sentence of each kind; `%(name)s` in it takes the notice's fact `name`.
WORDS_OF_KIND: dict[str, str] = {}
#: Facts that are minutes, and what a sentence calls them as people say them.
IN_HOURS = {"minutes": "hours", "before": "hours_before"}


def say(kind: str, words: str) -> None:
    """Give a kind of notice its sentence."""
    WORDS_OF_KIND[kind] = words


def words_of(notice: Notice) -> str:
    """Return the sentence of a notice; a general one if nobody registered its kind."""
    words = WORDS_OF_KIND.get(notice.kind)
    if words is None:
        return _("There is something new for you.")
    spoken = {
        IN_HOURS[fact]: hours_label(value)
        for fact, value in notice.facts.items()
        if fact in IN_HOURS
    }
    return str(words) % (notice.facts | spoken)

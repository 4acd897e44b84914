"""Forms of the books."""

from timebank.exchanges.models import WORDS_LENGTH_MAX
from timebank.web.fields import PageForm, WordsField, required
from timebank.web.words import lazy_gettext as _l


class ReverseForm(PageForm):
    """Why hours are moved back."""

    reason = WordsField(
        _l("Why?"),
        length_max=WORDS_LENGTH_MAX,
        validators=[required(_l("Write why, in a sentence that both can read."))],
    )

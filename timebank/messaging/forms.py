"""Forms of conversations and of what we tell people."""

from wtforms import HiddenField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget

from timebank.messaging.models import MESSAGE_LENGTH_MAX, TOPICS
from timebank.web.fields import PageForm, WordsField, required
from timebank.web.words import lazy_gettext as _l

TOPIC_NAMES: dict[str, str] = {
    "message": _l("Messages from other members"),
    "exchange": _l("Help you agree on, give and receive"),
    "listing": _l("Your offers and requests"),
    "session": _l("Sessions you signed up for or hold"),
    "hours": _l("Your hours"),
    "membership": _l("Your membership"),
    "work": _l("Things for you to do as a coordinator or treasurer"),
}


class MessageForm(PageForm):
    """What somebody writes."""

    body = WordsField(
        _l("Your message"),
        length_max=MESSAGE_LENGTH_MAX,
        validators=[required(_l("Write a few words first."))],
    )


class ShareForm(PageForm):
    """Which detail to hand over; the buttons carry it."""

    field = HiddenField()


class MailChoiceForm(PageForm):
    """Topics to get mail about."""

    topics = SelectMultipleField(
        _l("Send me an e-mail about"),
        choices=[SelectChoice(topic, TOPIC_NAMES[topic]) for topic in TOPICS],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )

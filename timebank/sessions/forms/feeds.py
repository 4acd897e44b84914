"""Forms of calendars."""

from wtforms import BooleanField, FileField, TextAreaField

from timebank.web.fields import PageForm
from timebank.web.words import lazy_gettext as _l


class FeedForm(PageForm):
    """What one's own calendar feed says."""

    has_titles = BooleanField(_l("Show what each date is, and where"))
    has_groups = BooleanField(_l("Also show everything my groups do"))


class BringInForm(PageForm):
    """A calendar file, or its words."""

    file = FileField(_l("A calendar file"))
    words = TextAreaField(_l("Or what is in it"))
    is_public = BooleanField(_l("Visitors may know of these sessions"))

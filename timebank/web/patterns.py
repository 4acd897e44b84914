"""The pattern page: each component once, to look at and to test. In the demo and in debug only."""

from types import SimpleNamespace

from flask import Blueprint, abort, current_app, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget

from timebank.web.access import Access, access
from timebank.web.fields import LineField, MinutesField, PageForm, WordsField, required

bp = Blueprint("patterns", __name__)
blueprints = (bp,)
TEXT_LENGTH_MAX = 80
DAYS = (("mon", _l("Monday")), ("tue", _l("Tuesday")), ("sat", _l("Saturday")))
PARTS = (("morning", _l("Morning")), ("afternoon", _l("Afternoon")), ("evening", _l("Evening")))


class PatternForm(PageForm):
    """One field of each kind."""

    first_name = LineField(
        _l("Your first name"),
        length_max=TEXT_LENGTH_MAX,
        validators=[required(_l("Write your first name."))],
    )
    phone = StringField(_l("Phone"))
    words = WordsField(_l("Anything to know"), length_max=TEXT_LENGTH_MAX)
    category = SelectField(
        _l("What kind of help"),
        choices=[SelectChoice("walk", _l("A walk")), SelectChoice("tea", _l("Company"))],
    )
    length = MinutesField(_l("About how long"))
    where = RadioField(
        _l("Where"),
        choices=[
            SelectChoice("public", _l("A public place")),
            SelectChoice("phone", _l("By phone")),
            SelectChoice("online", _l("Online")),
        ],
        validators=[required(_l("Choose where."))],
    )
    kinds = SelectMultipleField(
        _l("What would you like"),
        choices=[
            SelectChoice("social", _l("Company")),
            SelectChoice("practical", _l("A hand")),
            SelectChoice("listening", _l("An ear")),
        ],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    when = SelectMultipleField(
        _l("When it suits"),
        choices=[f"{day}-{part}" for day, _words in DAYS for part, _part in PARTS],
    )
    agree = BooleanField(_l("I agree to the house rules"))


@bp.route("/patterns", methods=["GET", "POST"])
@access(Access.ANYONE)
def index() -> ResponseReturnValue:
    """Show every component; a sent form is checked, so that mistakes can be looked at too."""
    if not _may_be_seen():
        abort(404)
    form = PatternForm()
    mistaken = form.is_submitted() and not form.validate()
    if "said" in request.args:
        flash(_("Your offer is on the board."))
    page = render_template(
        "patterns/index.html", form=form, days=DAYS, parts=PARTS, examples=_examples()
    )
    return page, 422 if mistaken else 200


@bp.get("/patterns/question")
@access(Access.ANYONE)
def question() -> ResponseReturnValue:
    """Show one question a page."""
    if not _may_be_seen():
        abort(404)
    return render_template("patterns/question.html", form=PatternForm())


@bp.get("/patterns/front")
@access(Access.ANYONE)
def front() -> ResponseReturnValue:
    """Show the two doors."""
    if not _may_be_seen():
        abort(404)
    return render_template("patterns/front.html", examples=_examples())


@bp.get("/patterns/card")
@access(Access.ANYONE)
def card() -> ResponseReturnValue:
    """Show a sheet to print."""
    if not _may_be_seen():
        abort(404)
    return render_template("patterns/card.html")


def _may_be_seen() -> bool:
    settings = current_app.config.get("SETTINGS")
    return current_app.debug or current_app.testing or bool(settings and settings.demo)


def _examples() -> SimpleNamespace:
    return SimpleNamespace(
        facts=[
            {"key": _("Title"), "value": _("A walk in the park"), "href": "#main"},
            {"key": _("When"), "value": _("Saturday morning"), "href": "#main"},
            {"key": _("About how long"), "value": _("1 h 30 min")},
        ],
        steps=[
            {"words": _("Bea asked"), "at": _("Monday 2 March, 10:00")},
            {
                "words": _("You agreed"),
                "at": _("Tuesday 3 March, 9:12"),
                "note": _("Saturday, one hour"),
            },
            {"words": _("You meet"), "at": _("Saturday 7 March"), "state": "now"},
            {"words": _("You both say it happened"), "state": "later"},
        ],
        head=[_("What"), _("With"), _("Day"), {"words": _("Hours"), "number": True}],
        rows=[
            [{"value": _("A walk"), "href": "#main"}, "Bea", _("7 March"), _("+1 h")],
            [
                {"value": _("Help with a form"), "href": "#main"},
                "Idris",
                _("1 March"),
                _("−45 min"),
            ],
        ],
        foot=[_("At the end of March"), "", "", _("15 min")],
        messages=[
            {
                "name": "Bea",
                "at": _("Monday, 10:00"),
                "words": _("Hello! Could we walk on Saturday?"),
            },
            {
                "name": "",
                "at": _("Monday, 10:20"),
                "words": _("Gladly. Shall we meet at the gate?"),
                "mine": True,
            },
            {
                "name": _("Time bank"),
                "at": _("10:21"),
                "words": _("You shared your phone number."),
                "notice": True,
            },
        ],
        links=[
            {
                "words": _("Confirm the walk with Bea"),
                "note": _("She says it took one hour"),
                "href": "#main",
                "icon": "clock",
                "tag": _("Waits for you"),
            },
            {"words": _("Two new messages"), "href": "#main", "icon": "chat-dots", "count": 2},
        ],
    )

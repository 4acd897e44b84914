"""Whose time was counted at another session already: said on the pages of closing."""

import datetime as dt

from flask import g

from timebank.db import db
from timebank.groups.policy.standing import may_host
from timebank.sessions import door_names as names
from timebank.sessions import queries
from timebank.sessions.queries import Asker, Draft
from timebank.sessions.views.at_door import AtDoor
from timebank.web.filters import hours_label, today
from timebank.web.words import gettext as _

#: The button that writes down what is left.
LESS = "less"
#: People said one by one; of more it is said of these first.
PEOPLE_MAX = 40


def elsewhere_words(
    at: AtDoor, draft: Draft, *, ended_at: dt.datetime | None
) -> list[dict[str, str]]:
    """Say whose minutes moved hours at another session already, and what is left.

    Which session that was reads only who may hold it too: that somebody comes to a group is for
    that group to say.
    """
    asker = Asker(g.member, g.roles, today())
    found = queries.elsewhere(db.session(), at.held, draft, ended_at=ended_at, asker=asker)
    called = {each.member.id: each.member.first_name for each in draft.present}
    lines = []
    for each in found[:PEOPLE_MAX]:
        name, too_many = called[each.person.member_id], hours_label(each.too_many_minutes)
        if all(may_host(other.who) for other in each.others):
            others = "; ".join(
                f"“{other.session.title}”, {names.when_of(other.session)}" for other in each.others
            )
            words = _(
                "%(name)s: hours have moved for %(hours)s of this already, at %(others)s.",
                name=name,
                hours=too_many,
                others=others,
            )
        else:
            words = _(
                "%(name)s: hours have moved for %(hours)s of this already, elsewhere.",
                name=name,
                hours=too_many,
            )
        left = _("%(hours)s is left here.", hours=hours_label(each.left_minutes))
        lines.append({"words": words, "left": left})
    return lines

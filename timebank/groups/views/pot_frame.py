"""A pot as somebody sees it, for all pages about one."""

from dataclasses import dataclass

from flask import abort, g, redirect, url_for
from flask.typing import ResponseReturnValue

from timebank.groups.errors import GroupEndedError
from timebank.groups.models import Group
from timebank.groups.policy import pots as policy
from timebank.groups.policy.pots import COMMUNITY, COMMUNITY_POT
from timebank.groups.policy.standing import Standing, standing
from timebank.groups.views.frame import seen
from timebank.web.refusals import turn_back


@dataclass(frozen=True, slots=True)
class Pot:
    """A pot as somebody sees it; `group` is None for the whole community's."""

    code: str
    group: Group | None
    who: Standing

    @property
    def name(self) -> str:
        """What people call it."""
        return self.group.name if self.group is not None else str(g.community.name)

    @property
    def slug(self) -> str:
        """What stands in its address."""
        return self.group.slug if self.group is not None else COMMUNITY

    @property
    def is_open(self) -> bool:
        """Whether hours still go in and out."""
        return self.group is None or self.group.is_open

    @property
    def decides(self) -> bool:
        """Whether they decide about it."""
        return policy.may_decide(self.who, is_communitys=self.group is None)

    @property
    def asks(self) -> bool:
        """Whether they may ask it for hours."""
        return policy.may_ask(self.who, is_communitys=self.group is None)


def load(pot_name: str) -> Pot:
    """Load a pot that the caller may see, or answer 404."""
    if pot_name == COMMUNITY:
        return Pot(COMMUNITY_POT, None, standing(None, g.roles))
    found = seen(pot_name)
    if not policy.may_see_pot(found.who):
        abort(404)
    return Pot(found.group.account_code, found.group, found.who)


def load_open(pot_name: str, *, asks: bool = False, decides: bool = False) -> Pot:
    """Load a pot for a page that moves hours, and for somebody who may open that page."""
    pot = load(pot_name)
    if (asks and not pot.asks) or (decides and not pot.decides):
        abort(404)
    if not pot.is_open:
        turn_back(GroupEndedError(), to=url_for("groups.pot", pot_name=pot.slug))
    return pot


def back_to(pot: Pot) -> ResponseReturnValue:
    """Go to the page of a pot."""
    return redirect(url_for("groups.pot", pot_name=pot.slug), code=303)

"""What pots hold."""

from sqlalchemy.orm import Session

from timebank.groups.models import Group
from timebank.hours import queries as hours


def pot_minutes(session: Session, group: Group) -> int:
    """Return the minutes in a group's pot."""
    return hours.balance(session, group.community_id, group.account_code).posted

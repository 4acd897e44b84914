"""Who may do what in a group."""

from dataclasses import dataclass

from timebank.groups.models import Group, GroupMember

COORDINATOR = "coordinator"
TREASURER = "treasurer"


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody is to a group.

    Attributes:
        part: "lead", "host" or "member"; None for whoever does not belong now.
        state: How it stands between the two: "active", "invited", "asked", "left" or None.
        is_member: Whether they belong to the community at all.
        is_coordinator: Whether they coordinate the community.
        is_treasurer: Whether they keep its books.
    """

    part: str | None = None
    state: str | None = None
    is_member: bool = False
    is_coordinator: bool = False
    is_treasurer: bool = False

    @property
    def belongs(self) -> bool:
        """Whether they are in the group now."""
        return self.part is not None


VISITOR = Standing()


def standing(link: GroupMember | None, roles: frozenset[str], *, is_away: bool = False) -> Standing:
    """Return what a member of the community is to a group.

    Args:
        link: How it stands between the two, or None.
        roles: Theirs in the community.
        is_away: Whether they stay away from the group just now. Whoever does neither runs it nor
            holds its sessions meanwhile; they are in it like everybody else, and read of nothing.
    """
    part = link.part if link is not None and link.state == "active" else None
    return Standing(
        part="member" if part is not None and is_away else part,
        state=link.state if link is not None else None,
        is_member=True,
        is_coordinator=COORDINATOR in roles,
        is_treasurer=TREASURER in roles,
    )


def may_see(group: Group, who: Standing) -> bool:
    """Tell whether somebody may know of a group: members of all, visitors of the public ones."""
    return who.is_member or (group.is_public and group.is_open)


def may_run(who: Standing) -> bool:
    """Tell whether somebody may change a group: its leads, and the coordinators."""
    return who.part == "lead" or who.is_coordinator


def may_host(who: Standing) -> bool:
    """Tell whether somebody may hold the group's sessions: hosts, and whoever may run it."""
    return who.part == "host" or may_run(who)


def may_see_people(who: Standing) -> bool:
    """Tell whether somebody may see who is in a group: those in it, and the coordinators."""
    return who.belongs or who.is_coordinator


def may_add_places(parts: frozenset[str], roles: frozenset[str]) -> bool:
    """Tell whether somebody may note a place where people meet: who leads or hosts any group."""
    return bool(parts & {"lead", "host"}) or COORDINATOR in roles

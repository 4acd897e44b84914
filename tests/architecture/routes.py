"""Who gets what at every address: written down by `python -m tests.architecture.routes`.

The table is committed, so that whoever adds a page shows in review who may open it.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from werkzeug.routing import Rule

from timebank.app import create_app
from timebank.config import Settings
from timebank.web.access import Access

TABLE = Path(__file__).with_name("routes.txt")
HEADER = """\
# Who gets what at every address. Made by `python -m tests.architecture.routes`, checked by
# test_access.py cell by cell. visitor: not signed in. other: signed in, of another community.
# waiting: asked to join. "sign in" and "wait" lead there; 404 looks like a page that is not there.
"""
ROLES = ("visitor", "other", "waiting", "member", "treasurer", "auditor", "coordinator")
#: What each rule means for each role, in the order of ROLES.
CELLS: dict[Access, tuple[str, ...]] = {
    Access.ANYONE: ("open",) * 7,
    Access.SIGNED_IN: ("sign in", "open", "open", "open", "open", "open", "open"),
    Access.MEMBER: ("sign in", "404", "wait", "open", "open", "open", "open"),
    Access.BOOKS: ("sign in", "404", "wait", "404", "open", "open", "open"),
    Access.BOOKKEEPER: ("sign in", "404", "wait", "404", "open", "404", "open"),
    Access.TREASURY: ("sign in", "404", "wait", "404", "open", "open", "404"),
    Access.AUDITOR: ("sign in", "404", "wait", "404", "404", "open", "404"),
    Access.COORDINATOR: ("sign in", "404", "wait", "404", "404", "404", "open"),
}
#: Views that are stricter than their rule, because they look for the membership themselves.
STRICTER: dict[str, dict[str, str]] = {
    "joining.start": {"waiting": "wait"},
    "joining.invited": {"waiting": "wait"},
    "joining.done": {"other": "404"},
    "members.own_card": {"other": "404"},
    "members.make_own_card": {"other": "404"},
}


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one address, and what each role gets there."""

    rule: Rule
    method: str
    access: Access

    @property
    def cells(self) -> dict[str, str]:
        """What each role gets."""
        by_rule = dict(zip(ROLES, CELLS[self.access], strict=True))
        return by_rule | STRICTER.get(self.rule.endpoint, {})

    def __str__(self) -> str:
        """Write the line of the table."""
        cells = "".join(f"{cell:<12}" for cell in self.cells.values())
        return f"{self.rule.rule:<62} {self.method:<6} {cells}".rstrip()


def unstated(app: Flask) -> list[str]:
    """List the endpoints whose view states no access rule."""
    return sorted(name for name, view in app.view_functions.items() if not hasattr(view, "access"))


def routes(app: Flask) -> list[Route]:
    """List every method of every address, in the order of the table."""
    found = [
        Route(rule, method, _access(app, rule))
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        if hasattr(app.view_functions[rule.endpoint], "access")
    ]
    return sorted(found, key=lambda route: (route.rule.rule, route.method))


def _access(app: Flask, rule: Rule) -> Access:
    access: Access = vars(app.view_functions[rule.endpoint])["access"]
    return access


def table(app: Flask) -> str:
    """Write the whole table."""
    heading = f"{'address':<62} {'method':<6} " + "".join(f"{role:<12}" for role in ROLES)
    lines = [HEADER.rstrip(), heading.rstrip(), *(str(route) for route in routes(app))]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the table anew."""
    with tempfile.TemporaryDirectory() as home:
        app = create_app(
            Settings(
                home=Path(home),
                database_url="sqlite://",
                secret_key="not used",
                ledger_secret="not used",
                demo=True,
            )
        )
    TABLE.write_text(table(app), "utf-8")


if __name__ == "__main__":
    main()

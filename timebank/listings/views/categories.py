"""The coordinator's page of categories."""

import uuid

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.listings import forms, names, queries, service
from timebank.listings.errors import BadDetailsError, CategoryTakenError
from timebank.listings.models import Category
from timebank.listings.views.blueprint import bp
from timebank.web.access import Access, access
from timebank.web.refusals import words_of
from timebank.web.session import writes
from timebank.web.words import gettext as _


@bp.get("/settings/categories")
@access(Access.COORDINATOR)
def categories() -> ResponseReturnValue:
    """Show the tree, retired categories included."""
    tree = queries.categories(db.session(), g.community.id, with_retired=True)
    return render_template(
        "listings/categories.html",
        branches=[
            {"top": _line(branch.top), "leaves": [_line(leaf) for leaf in branch.leaves]}
            for branch in tree
        ],
    )


def _line(category: Category) -> dict[str, object]:
    is_retired = category.retired_at is not None
    hint = "" if category.check_hint == "none" else str(names.HINT_NAMES[category.check_hint])
    return {
        "words": names.name_of(category),
        "href": url_for("listings.category", category_id=category.id),
        "note": hint,
        "tag": _("Not used any more") if is_retired else None,
        "tag_kind": "quiet",
    }


@bp.route("/settings/categories/new", methods=["GET", "POST"])
@access(Access.COORDINATOR)
@writes
def new_category() -> ResponseReturnValue:
    """Add a category of the community's own."""
    form = forms.NewCategoryForm()
    tops = [branch.top for branch in queries.categories(db.session(), g.community.id)]
    form.parent.choices = forms.choices_of(
        [
            ("", _("A heading of its own")),
            *((str(top.id), names.name_of(top)) for top in tops),
        ]
    )
    if not form.is_submitted():
        return render_template("listings/new_category.html", form=form)
    if form.validate():
        parent = next((top for top in tops if str(top.id) == form.parent.data), None)
        try:
            service.add_category(
                db.session(),
                g.community.id,
                parent=parent,
                name=form.name.data,
                check_hint=form.check_hint.data,
            )
        except CategoryTakenError as refusal:
            form.name.errors = [words_of(refusal)]
        else:
            flash(_("Added."))
            return redirect(url_for("listings.categories"), code=303)
    return render_template("listings/new_category.html", form=form), 422


@bp.route("/settings/categories/<uuid:category_id>", methods=["GET", "POST"])
@access(Access.COORDINATOR)
@writes
def category(category_id: uuid.UUID) -> ResponseReturnValue:
    """Rename a category, or say how careful to be."""
    found = queries.category(db.session(), g.community.id, category_id)
    form = forms.CategoryNameForm(obj=found)
    if not form.is_submitted():
        return _category_page(found, form)
    if form.validate():
        try:
            service.change_category(
                db.session(), found, name=form.name.data, check_hint=form.check_hint.data
            )
        except CategoryTakenError as refusal:
            form.name.errors = [words_of(refusal)]
        except BadDetailsError:
            form.name.errors = [_("Write a name.")]
        else:
            flash(_("Saved."))
            return redirect(url_for("listings.categories"), code=303)
    return _category_page(found, form), 422


def _category_page(found: Category, form: forms.CategoryNameForm) -> str:
    return render_template(
        "listings/category.html",
        title=names.name_of(found),
        form=form,
        category=found,
        shipped_name=str(names.CATEGORIES.get(found.key, "")),
    )


@bp.post("/settings/categories/<uuid:category_id>/retire")
@access(Access.COORDINATOR)
@writes
def retire_category(category_id: uuid.UUID) -> ResponseReturnValue:
    """Take a category out of new listings."""
    found = queries.category(db.session(), g.community.id, category_id)
    service.retire_category(found, now=utc_now())
    flash(_("Not used for new offers and requests any more. The old ones keep it."))
    return redirect(url_for("listings.categories"), code=303)


@bp.post("/settings/categories/<uuid:category_id>/restore")
@access(Access.COORDINATOR)
@writes
def restore_category(category_id: uuid.UUID) -> ResponseReturnValue:
    """Use a category again."""
    found = queries.category(db.session(), g.community.id, category_id)
    service.restore_category(found)
    flash(_("In use again."))
    return redirect(url_for("listings.categories"), code=303)

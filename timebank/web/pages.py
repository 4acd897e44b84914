"""Show the page of a form: as asked for, or again with what is wrong and all that was typed."""

from collections.abc import Callable

from flask import render_template
from flask.typing import ResponseReturnValue

from timebank.errors import ConflictError, NotAllowedError, NotFoundError, RefusalError
from timebank.web.fields import PageForm
from timebank.web.refusals import words_of


def page(
    template: str, form: PageForm | None = None, *, mistaken: bool = False, **facts: object
) -> ResponseReturnValue:
    """Show a page: as asked for, or again with what is wrong."""
    return render_template(template, form=form, **facts), 422 if mistaken else 200


def pass_on(refusal: RefusalError) -> None:
    """Raise a refusal that no other word on the form would mend; return for one that it would.

    Raises:
        ConflictError, NotAllowedError, NotFoundError: The refusal itself.
    """
    if isinstance(refusal, (ConflictError, NotAllowedError, NotFoundError)):
        raise refusal


def put_beside(
    form: PageForm, refusal: RefusalError, sentence: Callable[[RefusalError], str] = words_of
) -> None:
    """Put a refusal that the person can mend beside what they typed; pass any other on.

    Args:
        form: What they typed.
        refusal: What stands against it.
        sentence: Says it in words.
    """
    pass_on(refusal)
    form.form_errors.append(sentence(refusal))

"""Addresses that come from outside, and what a page may be followed to."""

import pytest

from timebank.web.access import is_safe_next


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "\\\\evil", "/\\evil", "https:evil", "https://evil.example", "", "evil",
     "/\tevil", "/%0d\r\nevil", "/\x00", "javascript:alert(1)", "/a b", "@evil"],
)  # fmt: skip
def test_asvs_28_an_address_that_leaves_this_site_is_not_followed(path: str) -> None:
    assert not is_safe_next(path)


@pytest.mark.parametrize("path", ["/", "/at/brixton/hours?month=2026-11", "/at/x/m%C3%B8de"])
def test_asvs_28_an_address_on_this_site_is_followed(path: str) -> None:
    assert is_safe_next(path)

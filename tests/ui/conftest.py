"""The same surroundings as the pages'."""

from tests.pages.conftest import put_shop, shop, without_sample, workspaces

__all__ = ["put_shop", "shop", "without_sample", "workspaces"]

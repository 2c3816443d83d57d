"""The same surroundings as the pages'."""

from tests.pages.conftest import buyers, put_shop, shop, without_sample, workspaces

__all__ = ["buyers", "put_shop", "shop", "without_sample", "workspaces"]

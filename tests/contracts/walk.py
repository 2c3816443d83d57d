"""Every analysis there is: the public functions of crm_core.analytics that ask a workspace."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import crm_core.analytics


def analyses(package: ModuleType = crm_core.analytics) -> set[str]:
    """Their names, module.function, below the package."""
    return {f"{module.__name__.removeprefix(package.__name__ + '.')}.{name}" for module in _modules(package) for name in _asking(module)}


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(one.name)


def _asking(module: ModuleType) -> Iterator[str]:
    """Public functions made in this module whose first parameter is the workspace."""
    for name, one in vars(module).items():
        is_public = inspect.isfunction(one) and one.__module__ == module.__name__ and not name.startswith("_")
        if is_public and next(iter(inspect.signature(one).parameters), "") == "ws":
            yield name

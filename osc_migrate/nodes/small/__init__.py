"""Small subjects: facts, questions, parsing and checks in one module each.

Every module in this package is found automatically. It has

``questions(config, role, *, read_only)``
    the questions to a node: name -> Question;
``read(output)``
    parses the answers to facts, which checks get with ``node.small()``;
``HEALTHY``
    name of a question -> the answer of a healthy node, for the unit tests;
``NODE``, ``STORAGE``, ``PAIR``, ``CLUSTER``
    its checks of each scope, possibly empty.

A subject that outgrows one module becomes a package beside this one.
"""

import importlib
import pkgutil
from types import ModuleType

SUBJECTS: dict[str, ModuleType] = {
    module.name: importlib.import_module(f"{__name__}.{module.name}")
    for module in sorted(pkgutil.iter_modules(__path__))
}

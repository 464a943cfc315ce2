"""From a file to the strategy class in it. What is wrong with the file has a code and a sentence: no such file,
an import that fails, a class that is not there, metadata that make no sense."""

import importlib.util
import os
import re
import sys
import traceback
from typing import Any, Dict, List, Optional

from .context import OrderRefused
from .data import MarketData, OrderUpdate, Trade, TradeSignal
from .plugin import BaseStrategy, Parameter, TradingStrategyPlugin, _Strategy

_INTERFACE = {
    "Any": Any, "BaseStrategy": BaseStrategy, "Dict": Dict, "List": List, "MarketData": MarketData,
    "Optional": Optional, "OrderRefused": OrderRefused, "OrderUpdate": OrderUpdate, "Parameter": Parameter,
    "Trade": Trade, "TradeSignal": TradeSignal, "TradingStrategyPlugin": TradingStrategyPlugin,
}


class LoadError(Exception):
    """The file is not a strategy; `code` is for programs, the text for people."""

    def __init__(self, code: str, sentence: str):
        super().__init__(sentence)
        self.code = code


def load(path: str) -> type:
    """The one strategy class that the file defines."""
    if not os.path.isfile(path):
        raise LoadError("file_not_found", f"{path}: there is no such file")
    name = os.path.splitext(os.path.basename(path))[0]
    module_name = re.sub(r"\W", "_", name)
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    spec = importlib.util.spec_from_file_location(module_name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    # The names of the interface, for a file that was written without importing them.
    vars(module).update(_INTERFACE)
    try:
        spec.loader.exec_module(module)
    except BaseException as error:  # SystemExit at import is no strategy either
        lines = traceback.format_exception(type(error), error, error.__traceback__)
        # The frames of this file and of importlib say nothing about the strategy.
        text = "".join(line for line in lines if "importlib" not in line and __file__ not in line)
        raise LoadError("import_error", f"{path} cannot be imported: {text.strip()}") from None
    found = [value for value in vars(module).values()
             if isinstance(value, type) and issubclass(value, _Strategy) and value.__module__ == module_name]
    # The last of a chain of subclasses is the strategy.
    leaves = [each for each in found if not any(other is not each and issubclass(other, each) for other in found)]
    if not leaves:
        others = sorted(key for key, value in vars(module).items()
                        if isinstance(value, type) and value.__module__ == module_name)
        has = f"it has {', '.join(others)}" if others else "it has no class"
        raise LoadError("wrong_class", f"{path} defines no subclass of TradingStrategyPlugin or BaseStrategy: {has}")
    if len(leaves) > 1:
        names = ", ".join(each.__name__ for each in leaves)
        raise LoadError("wrong_class", f"{path} defines more than one strategy: {names}; one file is one plugin")
    if leaves[0].on_market_data in (TradingStrategyPlugin.on_market_data, BaseStrategy.on_market_data):
        raise LoadError("wrong_class", f"{path}: {leaves[0].__name__} has no on_market_data")
    return leaves[0]


def gives_snapshots(strategy: type) -> bool:
    """Whether the class has both calls of its own."""
    return strategy.snapshot is not _Strategy.snapshot and strategy.restore is not _Strategy.restore


def metadata(strategy: type, path: str) -> Dict[str, Any]:
    """What the platform is told of it."""
    missing = [name for name in strategy.requires.get("modules", []) if importlib.util.find_spec(name) is None]
    if missing:
        raise LoadError("missing_requirement", f"{path} requires {', '.join(missing)}, which Python does not find: "
                                               f"{sys.executable} -m pip install {' '.join(missing)}")
    properties = {}
    for name, value in strategy.parameters.items():
        properties[name] = (value if isinstance(value, Parameter) else Parameter(value)).schema()
    about = {
        "id": strategy.id or os.path.splitext(os.path.basename(path))[0],
        "name": strategy.name or strategy.__name__,
        "version": str(strategy.version),
        "description": strategy.description or (strategy.__doc__ or "").strip().split("\n")[0],
        "parameters": {"type": "object", "properties": properties},
    }
    if strategy.intervals:
        about["intervals"] = list(strategy.intervals)
    if strategy.warm_up:
        about["warm_up"] = strategy.warm_up
    if "platform" in strategy.requires:
        about["requires"] = {"platform": strategy.requires["platform"]}
    return about

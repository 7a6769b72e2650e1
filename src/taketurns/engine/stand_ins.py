"""The builtins that a world has of its own: announced, captured or refused."""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from . import endless
from .errors import SimulationError
from .models import facade

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from .hooks import Hooks
    from .world import World


class StandIns:
    """The builtins of one world; each is a method with the name of the real one."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._hooks = world.hooks

    def table(self) -> dict[str, Any]:
        """All of them, by name."""
        own = {name: getattr(self, name) for name in _NAMES}
        own |= {"range": endless.range, "pow": endless.pow}
        return own | {"__import__": self._world.import_, "quit": self.exit}

    # -- announced: attributes and items that are reached by a call --------------------------------

    def getattr(self, *args: Any, **kwargs: Any) -> Any:
        """`getattr`, announced like the syntax."""
        if kwargs or len(args) not in (2, 3) or type(args[1]) is not str:
            return getattr(*args, **kwargs)
        obj, name, *default = args
        try:
            return self._hooks.attr(obj, name, None)
        except AttributeError:
            if not default:
                raise
            return default[0]

    def hasattr(self, *args: Any, **kwargs: Any) -> bool:
        """`hasattr`, announced like the syntax."""
        if kwargs or len(args) != 2 or type(args[1]) is not str:
            return hasattr(*args, **kwargs)
        try:
            obj, name = args
            self._hooks.attr(obj, name, None)
        except AttributeError:
            return False
        return True

    def setattr(self, *args: Any, **kwargs: Any) -> None:
        """`setattr`, announced like the syntax."""
        if kwargs or len(args) != 3 or type(args[1]) is not str:
            setattr(*args, **kwargs)
        obj, name, value = args
        self._hooks.set_attr(value, obj, name, None)

    def delattr(self, *args: Any, **kwargs: Any) -> None:
        """`delattr`, announced like the syntax."""
        if kwargs or len(args) != 2 or type(args[1]) is not str:
            delattr(*args, **kwargs)
        obj, name = args
        self._hooks.del_attr(obj, name, None)

    def next(self, *args: Any, **kwargs: Any) -> Any:
        """`next`: takes something out of an iterator that threads may share."""
        if kwargs or not args:
            return next(*args, **kwargs)
        return self._hooks.take(None, *args)

    def id(self, *args: Any, **kwargs: Any) -> int:
        """`id`: different for all objects, and the same in every repetition."""
        if kwargs or len(args) != 1:
            return id(*args, **kwargs)
        return 0x7F0000000000 + 16 * self._world.sched.serial(args[0])

    # -- without the hidden variables of rewritten code ------------------------------------------

    def vars(self, *args: Any, **kwargs: Any) -> Any:
        """`vars`: accesses to the items are accesses to attributes."""
        if not args and not kwargs:
            return _locals(sys._getframe(1))
        if kwargs or len(args) != 1:
            return vars(*args, **kwargs)
        if not hasattr(args[0], "__dict__"):
            return vars(*args)
        return self._hooks.attr(args[0], "__dict__", None)

    def locals(self, *args: Any, **kwargs: Any) -> Any:
        """`locals`."""
        return locals(*args, **kwargs) if args or kwargs else _locals(sys._getframe(1))

    def dir(self, *args: Any, **kwargs: Any) -> list[str]:
        """`dir`."""
        return dir(*args, **kwargs) if args or kwargs else sorted(_locals(sys._getframe(1)))

    # -- rewritten -------------------------------------------------------------------------------

    def exec(self, *args: Any, **kwargs: Any) -> None:
        """`exec`, of rewritten code."""
        self._evaluate(exec, sys._getframe(1), args, kwargs)

    def eval(self, *args: Any, **kwargs: Any) -> Any:
        """`eval`, of rewritten code."""
        return self._evaluate(eval, sys._getframe(1), args, kwargs)

    def _evaluate(
        self,
        run: Callable[..., Any],
        frame: FrameType,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        if not 1 <= len(args) <= 3:
            return run(*args, **kwargs)
        if len(self._world.sched.tasks) > 1:
            self._world.sched.exact = False  # nobody else expects what it changes
        source, *spaces = args
        if not isinstance(source, (str, bytes)):
            self._world.sched.exact = False  # code that was compiled before is not rewritten
        if not spaces and "globals" not in kwargs:
            spaces = [frame.f_globals]
            if "locals" not in kwargs and frame.f_locals is not frame.f_globals:
                spaces.append(_snapshot(frame))
        elif spaces and spaces[0] is None:
            inner = spaces[1] if len(spaces) > 1 else None
            spaces = [frame.f_globals, _snapshot(frame) if inner is None else inner]
        space = spaces[0] if spaces else kwargs["globals"]
        if isinstance(space, dict):
            space.setdefault("__builtins__", self._world.builtins)
        ours = isinstance(space, dict) and space["__builtins__"] is self._world.builtins
        if ours and isinstance(source, (str, bytes)):
            source = self._world.rewritten(source, "eval" if run is eval else "exec")
        elif not ours:
            self._world.sched.exact = False
        return run(source, *spaces, **kwargs)

    # -- captured or refused ----------------------------------------------------------------------

    def print(self, *values: Any, file: Any = None, **kwargs: Any) -> None:
        """`print`, into the captured output."""
        if file is None:
            world_sys = facade.make_module("sys", self._world.sched)
            assert world_sys is not None
            file = world_sys.__dict__["stdout"]
            if file is None:
                return
        texts = [str(self._hooks.show(value, None)) for value in values]
        print(*texts, file=_Announced(file, self._hooks), **kwargs)

    def input(self, prompt: object = "", /) -> NoReturn:
        """`input`: nobody is there to answer."""
        self._world.sched.fail(
            "exception",
            "the program reads standard input, which nobody can answer in a simulation. "
            "Let it take the text as an argument.",
        )

    def open(self, file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        """`open`, for reading."""
        return facade.open_for_reading(file, mode, *args, **kwargs)

    def breakpoint(self, *args: object, **kwargs: object) -> NoReturn:
        """`breakpoint`: nobody sits there."""
        raise SimulationError(
            "breakpoint() cannot stop a simulated program. "
            "Look at the events of simulate(program), which lists every step."
        )

    def exit(self, code: object = None) -> NoReturn:
        """`exit` and `quit`."""
        raise SystemExit(code)


class _Announced:
    """A file whose methods are announced like those that the program calls itself."""

    def __init__(self, file: Any, hooks: Hooks) -> None:
        self._file = file
        self._hooks = hooks

    def __getattr__(self, name: str) -> Any:
        return self._hooks.method(self._file, name, None)


_NAMES = tuple(name for name in vars(StandIns) if not name.startswith("_") and name != "table")


def _snapshot(frame: FrameType) -> Any:
    """What `exec` and `eval` take for the local variables: since Python 3.13 a copy of them."""
    return _locals(frame) if sys.version_info >= (3, 13) else frame.f_locals


def _locals(frame: FrameType) -> Any:
    """The variables of a frame; a copy without the hidden ones if it is a function's."""
    if frame.f_code.co_flags & inspect.CO_OPTIMIZED:
        return {
            name: value for name, value in frame.f_locals.items() if not name.startswith("_tt_")
        }
    return frame.f_locals

"""The world of one run: namespaces of its own, builtins of its own, modules of its own.

Nothing real is patched. Code that runs in a world finds `__import__` and the other builtins in the
`__builtins__` of its namespace, and the hooks of rewritten code beside them.
"""

from __future__ import annotations

import ast
import builtins
import copy
import functools
import importlib
import importlib.util
import sys
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

from .errors import SimulationError
from .hooks import Hooks
from .models import facade
from .rewrite import Surface, rewrite, surface
from .sites import Sites
from .stand_ins import StandIns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .scheduler import Scheduler

Namespace = dict[str, Any]


@functools.cache
def _libraries() -> frozenset[str]:
    """Where Python's own modules are, and the installed ones."""
    import sysconfig

    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return frozenset(str(Path(sysconfig.get_path(name)).resolve()) for name in names)


@functools.lru_cache(512)
def is_learners(file: str | None) -> bool:
    """Whether a source file was written for the course, and is no part of Python or a library."""
    if not file or not file.endswith(".py"):
        return False
    path = Path(file).resolve()
    if "site-packages" in path.parts or "dist-packages" in path.parts:
        return False
    return not any(path.is_relative_to(library) for library in _libraries())


class Code:
    """The learner's modules, rewritten once for all worlds of a plan; and their sites."""

    def __init__(self) -> None:
        self.sites = Sites()
        self._modules: dict[str, tuple[CodeType, Surface]] = {}
        self._stamps: dict[str, tuple[str, int]] = {}

    def refresh(self) -> None:
        """Forget the modules whose files have changed."""
        for name, (file, stamp) in list(self._stamps.items()):
            if _stamp(file) != stamp:
                del self._stamps[name], self._modules[name]

    def compiled(
        self,
        body: Sequence[ast.stmt],
        file: str,
        lines: Sequence[str],
        shared_globals: frozenset[str],
        flags: int = 0,
        mode: str = "exec",
    ) -> CodeType:
        """Statements of one file, rewritten and ready to run."""
        module = ast.Module(list(body), [])
        tree: ast.AST = rewrite(
            module, shared_globals=shared_globals, sites=self.sites, file=file, lines=lines
        )
        if mode == "eval":
            (statement,) = module.body
            assert isinstance(statement, ast.Expr)
            tree = ast.Expression(statement.value)
        code = compile(tree, file, mode, flags, dont_inherit=True)  # type: ignore[call-overload]
        assert isinstance(code, CodeType)
        return code

    def module(self, name: str, file: str) -> tuple[CodeType, Surface]:
        """A module of the learner's."""
        known = self._modules.get(name)
        if known is None:
            text = importlib.util.decode_source(Path(file).read_bytes())
            tree = ast.parse(text, file)
            reach = surface([tree])
            code = self.compiled(tree.body, file, text.splitlines(), reach.globals)
            known = self._modules[name] = (code, reach)
            self._stamps[name] = (file, _stamp(file))
        return known


def _stamp(file: str) -> int:
    try:
        return Path(file).stat().st_mtime_ns
    except OSError:
        return 0


class World:
    """Where one run takes place."""

    def __init__(self, sched: Scheduler, code: Code, reach: Surface) -> None:
        self.sched = sched
        self._code = code
        self._reach = reach
        self._modules: dict[str, ModuleType] = {}
        self._memo: dict[int, Any] = {}
        self.builtins: Namespace = dict(_BUILTINS)
        self.hooks = Hooks(sched, self.builtins, reach, code.sites)
        self.builtins.update(self.hooks.table())
        self.builtins.update(StandIns(self).table())

    def namespace(self, like: Mapping[str, Any]) -> Namespace:
        """A fresh namespace for rewritten code, with the module names of `like`."""
        space = {name: like[name] for name in _MODULE_NAMES if name in like}
        space["__builtins__"] = self.builtins
        space["_tt_tick"] = self.sched.tick  # tells the frames of rewritten code from others
        return space

    def copied(self, value: Any) -> Any:
        """A copy of plain data for this world; what was shared stays shared."""
        return copy.deepcopy(value, self._memo)

    def rewritten(self, source: str | bytes, mode: str) -> CodeType:
        """The code of a string for `exec` or `eval`."""
        text = source if isinstance(source, str) else importlib.util.decode_source(source)
        if mode == "eval":
            text = text.lstrip(" \t")
            tree = ast.Module([ast.Expr(ast.parse(text, "<string>", "eval").body)], [])
        else:
            tree = ast.parse(text, "<string>")
        reach = surface([tree])
        self.hooks.extend(reach)
        shared = self._reach.globals | reach.globals
        return self._code.compiled(tree.body, "<string>", text.splitlines(), shared, mode=mode)

    # -- import ---------------------------------------------------------------------------------

    def import_(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: object = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """`__import__`: this world's modules."""
        if level:
            name = importlib.util.resolve_name("." * level + name, _package(globals or {}))
        module = self.module(name)
        if not fromlist:
            return self.module(name.partition(".")[0])
        if hasattr(module, "__path__"):
            wanted = [item for item in fromlist if item != "*"]
            if "*" in fromlist:
                wanted += getattr(module, "__all__", ())
            for item in wanted:
                if f"{name}.{item}" in _AS_LEARNERS or not hasattr(module, item):
                    self._submodule(f"{name}.{item}")
        return module

    def _submodule(self, name: str) -> None:
        """Import it if there is such a module; otherwise `from … import` says what is missing."""
        try:
            self.module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise

    def module(self, name: str) -> ModuleType:
        """The module that `import name` gives in this world, executed if it is new."""
        module = self._modules.get(name)
        if module is not None:
            return module
        package_name, _, last = name.rpartition(".")
        package = self.module(package_name) if package_name else None
        if name in self._modules:  # its package imported it
            return self._modules[name]
        module = self._find(name, package)
        if package is not None and _is_worlds(package, self):
            setattr(package, last, module)
        return module

    def _find(self, name: str, package: ModuleType | None) -> ModuleType:
        if name in _AS_LEARNERS:
            return self._as_learners(name, package)
        module = facade.make_module(name, self.sched)
        if module is None and name.partition(".")[0] == "taketurns":
            module = _Outside(name)
        if module is None and name in ("atexit", "importlib"):
            module = ModuleType(name)
            module.__dict__.update(importlib.import_module(name).__dict__)
        if name == "_warnings":
            raise ImportError(_C_WARNINGS, name=name)
        if name == "importlib":
            module.__dict__.update(__import__=self.import_, import_module=self._import_module)
        elif name in _REGISTERING:  # a world leaves nothing behind for the end of the process
            module.__dict__.update(dict.fromkeys(_REGISTERING[name], _ignore))
        if module is None:
            spec = _spec(name, package)
            if spec is not None and spec.origin is None and spec.submodule_search_locations:
                module = importlib.util.module_from_spec(spec)  # a folder without __init__.py
                module.__dict__["__builtins__"] = self.builtins
            elif spec is None or not isinstance(spec.loader, SourceFileLoader):
                module = importlib.import_module(name)
            elif name in facade.STDLIB_OVER_MODELS:
                return self._execute(name, spec, _stdlib_code(name, spec))
            elif is_learners(spec.origin) and spec.origin is not None:
                code, reach = self._code.module(name, spec.origin)
                self._reach |= reach
                self.hooks.extend(reach)
                return self._execute(name, spec, code, rewritten=True)
            else:
                module = importlib.import_module(name)
        self._modules[name] = module
        return module

    def _as_learners(self, name: str, package: ModuleType | None) -> ModuleType:
        """A module of the library's, executed like one of the learner's."""
        file = _AS_LEARNERS[name]
        if not file.is_absolute():
            library = importlib.util.find_spec("multiprocessing")
            assert library is not None
            assert library.origin is not None
            file = Path(library.origin).with_name(str(file.parent)) / file.name
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None
        assert spec.origin is not None
        code, reach = self._code.module(name, spec.origin)
        self._reach |= reach
        self.hooks.extend(reach)
        module = self._execute(name, spec, code, rewritten=True)
        if package is not None:
            setattr(package, name.rpartition(".")[2], module)
        return module

    def _execute(
        self, name: str, spec: ModuleSpec, code: CodeType, *, rewritten: bool = False
    ) -> ModuleType:
        """Make a module here by running its code; known before, as imports may be circular."""
        module = importlib.util.module_from_spec(spec)
        module.__dict__["__builtins__"] = self.builtins
        if rewritten:
            module.__dict__["_tt_tick"] = self.sched.tick
        modules: dict[str, ModuleType] = self.sched.state.setdefault("modules", {})
        self._modules[name] = modules[name] = module
        try:
            if len(self.sched.live) > 1:  # others that import it wait until it is complete
                with self.sched.atomic():
                    exec(code, module.__dict__)
            else:
                exec(code, module.__dict__)
        except BaseException:
            del self._modules[name], modules[name]
            raise
        facade.loaded(name, module, self.sched)
        return module

    def _import_module(self, name: str, package: str | None = None) -> ModuleType:
        if name.startswith("."):
            name = importlib.util.resolve_name(name, package or "")
        return self.module(name)


def _ignore(*args: Any, **kwargs: Any) -> Any:
    """In place of what would register something with the process."""
    return args[0] if args else None


class _Outside(ModuleType):
    """What a simulated program gets as `taketurns`: it cannot be used from inside."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return Refusal(name)


class Refusal:
    """Something of taketurns' own, seen from inside a simulated program."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, *args: object, **kwargs: object) -> NoReturn:
        """Say that this cannot be."""
        raise SimulationError(
            f"`{self._name}` cannot be called from inside a simulated program. "
            "Call it on the program, outside."
        )


# What is executed like modules of the learner's, and where: in the library, if relative.
_AS_LEARNERS: Mapping[str, Path] = {
    "multiprocessing.dummy": Path("dummy/__init__.py"),
    "multiprocessing.dummy.connection": Path("dummy/connection.py"),
    "multiprocessing.pool": Path(facade.__file__).with_name("thread_pool.py"),
}
_C_WARNINGS = "the warnings of a world are its own, written in Python"
_BUILTINS: Mapping[str, Any] = vars(builtins)
_MODULE_NAMES = ("__name__", "__doc__", "__package__", "__file__", "__loader__", "__spec__")
_REGISTERING = {
    "atexit": ("register", "unregister", "_clear", "_run_exitfuncs"),
    "os": ("register_at_fork",),
}
_stdlib: dict[str, CodeType] = {}


def _stdlib_code(name: str, spec: ModuleSpec) -> CodeType:
    code = _stdlib.get(name)
    if code is None:
        assert isinstance(spec.loader, SourceFileLoader)
        found = spec.loader.get_code(name)
        assert found is not None
        code = _stdlib[name] = found
    return code


def _spec(name: str, package: ModuleType | None) -> ModuleSpec | None:
    """Where a module comes from; nothing is imported to find out."""
    loaded = sys.modules.get(name)
    spec = getattr(loaded, "__spec__", None)
    if isinstance(spec, ModuleSpec):
        return _plain(spec)
    path = getattr(package, "__path__", None)
    for finder in sys.meta_path:
        find_spec = getattr(finder, "find_spec", None)
        spec = find_spec(name, path) if find_spec is not None else None
        if isinstance(spec, ModuleSpec):
            return _plain(spec)
    return None


def _plain(spec: ModuleSpec) -> ModuleSpec:
    """The spec without pytest's loader, which would rewrite the asserts."""
    origin = spec.origin
    if (
        origin is not None
        and origin.endswith(".py")
        and not isinstance(spec.loader, SourceFileLoader)
    ):
        return ModuleSpec(
            spec.name,
            SourceFileLoader(spec.name, origin),
            origin=origin,
            is_package=spec.submodule_search_locations is not None,
        )
    return spec


def _package(globals: Mapping[str, Any]) -> str:
    """The package that relative imports in a namespace start from."""
    package = globals.get("__package__")
    if isinstance(package, str):
        return package
    name = str(globals.get("__name__", ""))
    return name if "__path__" in globals else name.rpartition(".")[0]


def _is_worlds(module: ModuleType, world: World) -> bool:
    return module.__dict__.get("__builtins__") is world.builtins

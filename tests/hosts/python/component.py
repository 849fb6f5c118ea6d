"""The component, compiled once and linked once: what it imports, and nothing else, is found by name among the functions that
it is given."""

import threading

from wasmtime import Config, Engine, Store
from wasmtime import _ffi as ffi
from wasmtime.component import Component as Compiled
from wasmtime.component import FuncType, Linker, ResourceType, ResultType

from form import lifting, lowering
from wasi import RESOURCES, Err

EXPORTS = "gegi:coursekey/integration"
MEMORY_BYTES = 128 << 20


class Component:
    def __init__(self, path, compiled, functions):
        """`compiled` is a file in which the compiled code is kept, and from which it is taken if it is there; none: it is
        compiled each time."""
        config = Config()
        config.epoch_interruption = True
        # wasmtime 50 ends a call in which an import is given two borrowed resources, as `poll` is, unless this is off.
        ffi.wasmtime_config_concurrency_support_set(config.ptr(), False)
        self.engine = Engine(config)
        if compiled and compiled.exists():
            self.compiled = Compiled.deserialize_file(self.engine, str(compiled))
        else:
            self.compiled = Compiled.from_file(self.engine, path)
            if compiled:
                compiled.write_bytes(self.compiled.serialize())
        self.resources = {}
        self.kinds = {kind: number for number, kind in enumerate(dict.fromkeys(RESOURCES.values()), 1)}
        self.linker = Linker(self.engine)
        with self.linker.root() as root:
            for name, instance in self.compiled.type.imports(self.engine).items():
                with root.add_instance(name) as linked:
                    self._link(linked, instance.ty.exports(self.engine), functions.get(name.split("@")[0], {}))
        exports = self.compiled.type.exports(self.engine)
        self.name = next(name for name in exports if name.split("@")[0] == EXPORTS)
        kinds = {name: item.ty for name, item in exports[self.name].ty.exports(self.engine).items()}
        self.exports = {
            name: ([self._lowering(kind) for _, kind in type.params], self._lifting(type.result))
            for name, type in kinds.items()
            if isinstance(type, FuncType)
        }
        threading.Thread(target=self._tick, daemon=True).start()

    def _lowering(self, kind):
        return lowering(kind, self.kinds)

    def _lifting(self, kind):
        return lifting(kind, self.resources)

    def _link(self, linked, items, functions):
        for name, item in items.items():
            type = item.ty
            if isinstance(type, ResourceType):
                number = self.kinds[RESOURCES[name]]
                linked.add_resource(name, ResourceType.host(number), lambda store, rep: self.resources.pop(rep, None))
            elif isinstance(type, FuncType):
                linked.add_func(name, self._linked(type, functions[name]))

    def _linked(self, type, function):
        """The function, with JSON on its side and the values of wasmtime-py on the other."""
        parameters = [self._lifting(kind) for _, kind in type.params]
        is_result = isinstance(type.result, ResultType)
        lower = type.result and self._lowering(type.result)

        def called(store, *values):
            try:
                answer = function(*(form(value, store) for form, value in zip(parameters, values)))
                answer = {"tag": "ok", "val": answer} if is_result else answer
            except Err as error:
                answer = {"tag": "err", "val": error.args[0]}
            self._hold(answer)
            return lower and lower(answer)

        return called

    def _hold(self, answer):
        """Keeps a resource that the component is about to own."""
        while isinstance(answer, dict) and "val" in answer:
            answer = answer["val"]
        if type(answer) in self.kinds:
            self.resources[answer.rep] = answer

    def call(self, export, input, seconds):
        """Calls an export in a fresh instance, which is not used again; answers `{tag, val}` with `ok` or `err`."""
        lower, lift = self.exports[export]
        store = Store(self.engine)
        try:
            store.set_limits(memory_size=MEMORY_BYTES)
            store.set_epoch_deadline(seconds + 1)
            instance = self.linker.instantiate(store, self.compiled)
            interface = instance.get_export_index(store, self.name)
            function = instance.get_func(store, instance.get_export_index(store, export, interface))
            return lift(function(store, *(form(value) for form, value in zip(lower, input))), store)
        finally:
            # At once, because the error of an aborted call holds the store until much later.
            store.close()

    def _tick(self):
        """Counts the seconds that deadlines are made of (10)."""
        while not threading.Event().wait(1):
            self.engine.increment_epoch()

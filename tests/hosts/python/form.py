"""The kit's JSON and the values that wasmtime-py passes for the same WIT types. Both ways are read off the component's own
types once, so a new field of a record needs no change here."""

import ctypes

from wasmtime import _ffi as ffi
from wasmtime.component import (
    BorrowType, ListType, OptionType, OwnType, Record, RecordType, ResourceHost, ResultType, TupleType, U8, Variant, VariantType,
)
from wasmtime.component._types import VariantLikeType


def _lower(self, store, value):
    kind = dict(self._cases())[value.tag]
    if kind is None:
        return value.tag, None
    raw = ffi.wasmtime_component_val_t()
    kind.convert_to_c(store, value.payload, ctypes.pointer(raw))
    return value.tag, ffi.wasmtime_component_val_new(ctypes.byref(raw))


def _lift(self, tag, pointer):
    kind = dict(self._cases())[tag]
    if kind is None:
        return Variant(tag)
    payload = kind.convert_from_c(pointer.contents)
    pointer.contents.kind = ffi.WASMTIME_COMPONENT_BOOL
    pointer.contents.of.boolean = False
    ffi.wasmtime_component_val_delete(pointer)
    return Variant(tag, payload)


# wasmtime-py leaves the case of a variant out where the payloads' Python types differ, and guesses it from the value. It
# guesses that every value is the `ok` of `result<option<course>, read-error>`. Here every case is named.
VariantLikeType._lower, VariantLikeType._lift = _lower, _lift


def lowering(kind, resource_kinds):
    """A function from JSON to the value of a WIT type. `resource_kinds` gives a resource its type's number."""
    inner = lambda kind: lowering(kind, resource_kinds)
    if isinstance(kind, RecordType):
        fields = [(name, inner(field)) for name, field in kind.fields]

        def record(json):
            value = Record()
            for name, form in fields:
                setattr(value, name, form(json.get(name)))
            return value

        return record
    if isinstance(kind, ListType):
        form = inner(kind.element)
        return bytes if isinstance(kind.element, U8) else lambda json: [form(item) for item in json or []]
    if isinstance(kind, TupleType):
        forms = [inner(element) for element in kind.elements]
        return lambda json: tuple(form(item) for form, item in zip(forms, json))
    if isinstance(kind, OptionType):
        form = inner(kind.payload)
        return lambda json: Variant("none") if json is None else Variant("some", form(json))
    if isinstance(kind, (ResultType, VariantType)):
        forms = {tag: payload and inner(payload) for tag, payload in kind._cases()}

        def variant(json):
            form = forms[json["tag"]]
            return Variant(json["tag"], form and form(json["val"]))

        return variant
    if isinstance(kind, OwnType):
        return lambda held: ResourceHost.own(held.rep, resource_kinds[type(held)])
    return lambda json: json


def lifting(kind, resources):
    """A function from a value of a WIT type, and the store, to JSON. `resources` has every resource by its number."""
    inner = lambda kind: lifting(kind, resources)
    if isinstance(kind, RecordType):
        fields = [(name, inner(field)) for name, field in kind.fields]
        return lambda value, store: {name: form(getattr(value, name), store) for name, form in fields}
    if isinstance(kind, ListType) and not isinstance(kind.element, U8):
        form = inner(kind.element)
        return lambda value, store: [form(item, store) for item in value]
    if isinstance(kind, TupleType):
        forms = [inner(element) for element in kind.elements]
        return lambda value, store: [form(item, store) for form, item in zip(forms, value)]
    if isinstance(kind, OptionType):
        form = inner(kind.payload)
        return lambda value, store: None if value.tag == "none" else form(value.payload, store)
    if isinstance(kind, (ResultType, VariantType)):
        forms = {tag: payload and inner(payload) for tag, payload in kind._cases()}

        def variant(value, store):
            form = forms[value.tag]
            return {"tag": value.tag, "val": form and form(value.payload, store)}

        return variant
    if isinstance(kind, OwnType):
        return lambda value, store: resources.pop(value.to_host(store).rep)
    if isinstance(kind, BorrowType):
        return lambda value, store: resources[value.to_host(store).rep]
    return lambda value, store: value

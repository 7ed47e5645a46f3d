"""Instructions of LLVM that Python cannot express: calls by address, views, products by BLAS, bits."""

from __future__ import annotations

from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array


def _view(context: Any, builder: Any, kind: Any, data: Any, count: Any) -> Any:
    """A flat array of `count` numbers at a pointer, which belongs to somebody else."""
    made = context.make_array(kind)(context, builder)
    size = context.get_constant(
        types.intp, context.get_abi_sizeof(context.get_data_type(kind.dtype))
    )
    populate_array(
        made,
        data=builder.bitcast(data, made.data.type),
        shape=cgutils.pack_array(builder, [count]),
        strides=cgutils.pack_array(builder, [size]),
        itemsize=size,
        meminfo=None,
    )
    return made._getvalue()


@intrinsic
def call(typing_context, address, arguments):
    """Call the piece at an address."""

    def codegen(context, builder, signature, values):
        where, packed = values
        kinds = [types.unliteral(kind) for kind in arguments.types]
        function = context.call_conv.get_function_type(types.none, kinds)
        pointer = builder.inttoptr(where, function.as_pointer())
        status, _ = context.call_conv.call_function(
            builder, pointer, types.none, kinds, cgutils.unpack_tuple(builder, packed)
        )
        with cgutils.if_unlikely(builder, status.is_error):
            context.call_conv.return_status_propagate(builder, status)
        return context.get_dummy_value()

    return types.none(types.int64, arguments), codegen


@intrinsic
def part(typing_context, array, start, stop):
    """A part of a flat array, which is not counted among its users: the array has to outlive it."""

    def codegen(context, builder, signature, values):
        whole = context.make_array(array)(context, builder, values[0])
        data = builder.gep(whole.data, [values[1]])
        return _view(context, builder, array, data, builder.sub(values[2], values[1]))

    return array(array, types.int64, types.int64), codegen


def _array_of(dtype: Any) -> Any:
    kind = types.Array(dtype, 1, "C")

    @intrinsic
    def array_of(typing_context, table, place):
        """The flat array whose address and length are the entries `2 * place` and `2 * place + 1`."""

        def codegen(context, builder, signature, values):
            entries = context.make_array(table)(context, builder, values[0]).data
            first = builder.mul(values[1], ir.Constant(values[1].type, 2))
            address, count = (
                builder.load(builder.gep(entries, [builder.add(first, ir.Constant(first.type, k))]))
                for k in range(2)
            )
            data = builder.inttoptr(address, ir.IntType(8).as_pointer())
            return _view(context, builder, kind, data, count)

        return kind(table, types.int64), codegen

    return array_of


@intrinsic
def table_at(typing_context, address, count):
    """The flat array of `count` integers at an address."""
    kind = types.Array(types.int64, 1, "C")

    def codegen(context, builder, signature, values):
        data = builder.inttoptr(values[0], ir.IntType(8).as_pointer())
        return _view(context, builder, kind, data, values[1])

    return kind(types.int64, types.int64), codegen


@intrinsic
def product(
    typing_context,
    address,
    a,
    b,
    out,
    p,
    q,
    n,
    a_turned,
    b_turned,
    a_stride,
    b_stride,
    out_stride,
    adds,
):
    """out = a b, or out += a b if `adds` is not 0, by the function `gemm` at an address.

    The arrays are flat, row after row. A stride is the distance between two rows of a matrix, in numbers. If
    a matrix is turned, its stride is the stride of its transpose.
    """
    whole, real = ir.IntType(32), ir.FloatType() if a.dtype == types.float32 else ir.DoubleType()

    def codegen(context, builder, signature, values):
        at: Any = values[0]
        rows, columns, terms, turns_a, turns_b, *strides, to_add = values[4:]
        arrays = [
            context.make_array(kind)(context, builder, value).data
            for kind, value in zip((a, b, out), values[1:4], strict=True)
        ]

        def boxed(value: Any) -> Any:  # BLAS takes pointers to all that it is given
            place = cgutils.alloca_once(builder, value.type)
            builder.store(value, place)
            return place

        def number(value: Any) -> Any:
            return boxed(builder.trunc(value, whole))

        def chosen(asked: Any, kind: Any, yes: Any, no: Any) -> Any:
            is_so = builder.icmp_signed("!=", asked, ir.Constant(asked.type, 0))
            return boxed(builder.select(is_so, ir.Constant(kind, yes), ir.Constant(kind, no)))

        def letter(turned: Any) -> Any:
            return chosen(turned, ir.IntType(8), ord("T"), ord("N"))

        # BLAS counts by columns: it is given the turned matrices in the other order.
        stride_of_a, stride_of_b, stride_of_out = map(number, strides)
        given = [
            *(letter(turns_b), letter(turns_a), number(columns), number(rows), number(terms)),
            *(boxed(ir.Constant(real, 1.0)), arrays[1], stride_of_b, arrays[0], stride_of_a),
            *(chosen(to_add, real, 1.0, 0.0), arrays[2], stride_of_out),
        ]
        kind = ir.FunctionType(ir.VoidType(), [value.type for value in given])
        builder.call(builder.inttoptr(at, kind.as_pointer()), given)
        return context.get_dummy_value()

    return types.none(types.int64, a, b, out, *[types.int64] * 9), codegen


@intrinsic
def bits_of(typing_context, x):
    """The 32 bits of a float32 as an int32."""

    def codegen(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], context.get_value_type(types.int32))

    return types.int32(types.float32), codegen


@intrinsic
def float_of(typing_context, bits):
    """The float32 of 32 bits."""

    def codegen(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], context.get_value_type(types.float32))

    return types.float32(types.int32), codegen


# Sums and products of two uint32 have 64 bits in numba, and vectors hold half as many.


@intrinsic
def low_sum(typing_context, x, y):
    """The lower 32 bits of a sum of two uint32."""

    def codegen(context, builder, signature, arguments):
        return builder.add(*arguments)

    return types.uint32(types.uint32, types.uint32), codegen


@intrinsic
def low_product(typing_context, x, y):
    """The lower 32 bits of a product of two uint32."""

    def codegen(context, builder, signature, arguments):
        return builder.mul(*arguments)

    return types.uint32(types.uint32, types.uint32), codegen


# Bits of the control word of a processor: results that are subnormal become 0, and so do such arguments.
_FLUSHES_ON_X86 = 0x8040
_FLUSHES_ON_ARM = 1 << 24


def _control(context: Any, builder: Any, new: Any) -> Any:
    """Read the control word of floating point, and write what `new` makes of it."""
    machine = llvm.get_process_triple().partition("-")[0]
    if machine in ("x86_64", "amd64", "i686"):
        whole = ir.IntType(32)
        place = cgutils.alloca_once(builder, whole)
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer()])
        at = builder.bitcast(place, ir.IntType(8).as_pointer())
        module = builder.module
        builder.call(cgutils.get_or_insert_function(module, kind, "llvm.x86.sse.stmxcsr"), [at])
        before = builder.zext(builder.load(place), ir.IntType(64))
        builder.store(builder.trunc(new(before, _FLUSHES_ON_X86), whole), place)
        builder.call(cgutils.get_or_insert_function(module, kind, "llvm.x86.sse.ldmxcsr"), [at])
        return before
    if machine in ("aarch64", "arm64"):
        whole, module = ir.IntType(64), builder.module
        reads, writes = ir.FunctionType(whole, []), ir.FunctionType(ir.VoidType(), [whole])
        get = cgutils.get_or_insert_function(module, reads, "llvm.aarch64.get.fpcr")
        before = builder.call(get, [])
        put = cgutils.get_or_insert_function(module, writes, "llvm.aarch64.set.fpcr")
        builder.call(put, [new(before, _FLUSHES_ON_ARM)])
        return before
    return ir.Constant(ir.IntType(64), 0)


@intrinsic
def flush_subnormals(typing_context):
    """Let subnormal numbers be 0 in this thread; returns what `restore_floats` needs."""

    def codegen(context, builder, signature, arguments):
        def new(before: Any, bits: int) -> Any:
            return builder.or_(before, ir.Constant(before.type, bits))

        return _control(context, builder, new)

    return types.int64(), codegen


@intrinsic
def restore_floats(typing_context, before):
    """Let this thread treat subnormal numbers as it did."""

    def codegen(context, builder, signature, arguments):
        _control(context, builder, lambda _, bits: arguments[0])
        return context.get_dummy_value()

    return types.none(types.int64), codegen


_ALIKE = {
    "call": call,
    "part": part,
    "product": product,
    "bits_of": bits_of,
    "float_of": float_of,
    "low_sum": low_sum,
    "low_product": low_product,
    "flush_subnormals": flush_subnormals,
    "restore_floats": restore_floats,
    "table_at": table_at,
    "integers_of": _array_of(types.int64),
    "floats_of": _array_of(types.float64),
}
_BY_TYPE = {name: _array_of(getattr(types, name)) for name in ("float32", "float64")}


def primitive(name: str, dtype: str) -> Any:
    """The instructions of a name, for a float type."""
    return _BY_TYPE[dtype] if name == "reals_of" else _ALIKE[name]

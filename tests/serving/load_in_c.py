"""Runs a SavedModel through TensorFlow's C API, without importing it.

`TF_LoadSessionFromSavedModel` is the C++ loader that TensorFlow Serving uses.

    python load_in_c.py LIBRARY MODEL INPUT OUTPUT SHAPE < float32 > float32

INPUT and OUTPUT are names of graph tensors, SHAPE is the input's, as 2x100.
"""

import ctypes
import sys

_FLOAT = 1


class Output(ctypes.Structure):
    _fields_ = [("operation", ctypes.c_void_p), ("index", ctypes.c_int)]


def main(library, model, input_name, output_name, shape):
    tf = ctypes.CDLL(library)
    for name in (
        "TF_NewGraph TF_NewStatus TF_NewSessionOptions TF_TensorData "
        "TF_LoadSessionFromSavedModel TF_GraphOperationByName TF_AllocateTensor"
    ).split():
        getattr(tf, name).restype = ctypes.c_void_p
    tf.TF_Message.restype = ctypes.c_char_p
    tf.TF_TensorByteSize.restype = ctypes.c_size_t

    graph = ctypes.c_void_p(tf.TF_NewGraph())
    status = ctypes.c_void_p(tf.TF_NewStatus())

    def check():
        if tf.TF_GetCode(status):
            sys.exit(tf.TF_Message(status).decode())

    tags = (ctypes.c_char_p * 1)(b"serve")
    session = ctypes.c_void_p(
        tf.TF_LoadSessionFromSavedModel(
            ctypes.c_void_p(tf.TF_NewSessionOptions()),
            None,
            model.encode(),
            tags,
            1,
            graph,
            None,
            status,
        )
    )
    check()

    def find(name):
        operation, index = name.split(":")
        found = tf.TF_GraphOperationByName(graph, operation.encode())
        return Output(ctypes.c_void_p(found), int(index))

    values = sys.stdin.buffer.read()
    sides = [int(side) for side in shape.split("x")]
    tensor = ctypes.c_void_p(
        tf.TF_AllocateTensor(
            _FLOAT,
            (ctypes.c_int64 * len(sides))(*sides),
            len(sides),
            ctypes.c_size_t(len(values)),
        )
    )
    ctypes.memmove(tf.TF_TensorData(tensor), values, len(values))
    results = (ctypes.c_void_p * 1)()
    tf.TF_SessionRun(
        session,
        None,
        ctypes.byref(find(input_name)),
        (ctypes.c_void_p * 1)(tensor),
        1,
        ctypes.byref(find(output_name)),
        results,
        1,
        None,
        0,
        None,
        status,
    )
    check()
    result = ctypes.c_void_p(results[0])
    size = tf.TF_TensorByteSize(result)
    sys.stdout.buffer.write(ctypes.string_at(tf.TF_TensorData(result), size))
    assert "tensorflow" not in sys.modules


if __name__ == "__main__":
    main(*sys.argv[1:])

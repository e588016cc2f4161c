"""The fast layers beside Keras's own, in float32, float64 and bfloat16."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.kernels import convolutions, cpu_features, layers

# Sides, channels in and out, kernel, stride: on both sides of each limit
# between formulations, with odd sizes, rectangles and single channels.
CONVOLUTIONS = [
    ((8, 8), 6, 8, 5, 2),
    ((16, 16), 6, 5, 5, 2),
    ((20, 20), 3, 8, 5, 2),
    ((20, 20), 5, 8, 5, 2),
    ((6, 10), 1, 4, 4, 2),
    ((12, 6), 2, 3, 3, 3),
    ((7, 5), 3, 4, 3, 1),
    ((8, 8), 6, 2, 7, 2),
    ((8, 8), 5, 3, 2, 2),
    ((4, 4), 5, 3, 3, 1),
]
BATCH_SIZE = 3


def run_layer(layer, inputs, weights, upstream, dtype):
    """Returns outputs, input gradient and weight gradients, in float64."""
    x = tf.cast(inputs, dtype)
    if not layer.built:
        layer.build(x.shape)
    layer.set_weights(weights)

    @tf.function
    def run(x, upstream):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=True)
            loss = tf.reduce_sum(tf.cast(y, upstream.dtype) * upstream)
        variables = [v.value for v in layer.trainable_variables]
        return y, *tape.gradient(loss, [x, *variables])

    results = run(x, tf.cast(upstream, x.dtype))
    return [tf.cast(r, tf.float64).numpy() for r in results]


def assert_close(actual, expected, tolerance):
    """Compares to within a fraction of the largest entry."""
    for a, e in zip(actual, expected, strict=True):
        assert a.shape == e.shape
        scale = max(np.abs(e).max(), 1e-3)
        np.testing.assert_allclose(a / scale, e / scale, atol=tolerance)


def make_case(keras_class, sides, inputs, arguments, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(BATCH_SIZE, *sides, inputs))
    reference = keras_class(**arguments, dtype="float64")
    reference.build(x.shape)
    weights = [rng.normal(size=w.shape) for w in reference.weights]
    upstream = rng.normal(size=reference(x).shape)
    return reference, x, weights, upstream


@pytest.fixture(params=[False, True], ids=["no_matrix_units", "matrix_units"])
def has_matrix_units(request, monkeypatch):
    """Pretends; with them, every kernel is large enough for products."""
    monkeypatch.setattr(cpu_features, "has_matrix_units", lambda: request.param)
    monkeypatch.setattr(convolutions, "_CACHE_BYTES", 0)
    monkeypatch.setattr(convolutions, "_MEDIUM_KERNEL", 0)
    return request.param


@pytest.mark.parametrize("name", ["Conv2D", "Conv2DTranspose"])
@pytest.mark.parametrize("case", CONVOLUTIONS, ids=str)
def test_convolutions_match_keras(name, case, has_matrix_units):
    sides, inputs, outputs, kernel_size, stride = case
    if name == "Conv2DTranspose":
        sides = tuple(side // stride for side in sides)
        inputs, outputs = outputs, inputs
    arguments = dict(
        filters=outputs, kernel_size=kernel_size, strides=stride, padding="same"
    )
    keras_class = getattr(keras.layers, name)
    reference, *values = make_case(keras_class, sides, inputs, arguments)
    exact = run_layer(reference, *values, "float64")
    plain = run_layer(keras_class(**arguments), *values, "float32")
    fast = run_layer(getattr(layers, name)(**arguments), *values, "float32")
    assert_close(fast, exact, 1e-5)
    assert_close(fast, plain, 1e-4)
    policy = keras.DTypePolicy("mixed_bfloat16")
    mixed = getattr(layers, name)(**arguments, dtype=policy)
    assert_close(run_layer(mixed, *values, "bfloat16"), exact, 3e-2)


def count_operations(
    name, sides, inputs, outputs, dtype, is_training=False, **arguments
):
    """Returns {operation type: count} of a layer and its gradients."""
    layer = getattr(layers, name)(
        outputs, 5, 2, "same", dtype=dtype, use_bias=False, **arguments
    )
    x = tf.zeros((2, *sides, inputs))
    layer.build(x.shape)

    @tf.function
    def run(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(layer(x, training=is_training))
        return tape.gradient(loss, [x, layer.kernel.value])

    operations = run.get_concrete_function(x).graph.get_operations()
    types = [operation.type for operation in operations]
    return {kind: types.count(kind) for kind in set(types)}


@pytest.mark.parametrize(
    "sides, inputs, dtype, is_replaced",
    [
        ((8, 8), 8, "float32", True),
        ((16, 16), 8, "float32", False),
        ((16, 16), 8, "mixed_bfloat16", True),
        ((32, 32), 8, "mixed_bfloat16", False),
        ((8, 8), 3, "mixed_bfloat16", False),
    ],
)
def test_small_maps_have_another_filter_gradient(
    sides, inputs, dtype, is_replaced, has_matrix_units
):
    operations = count_operations("Conv2D", sides, inputs, 8, dtype)
    is_batch = is_replaced and not (has_matrix_units and sides != (8, 8))
    assert operations.get("Conv2DBackpropFilter", 0) == (not is_replaced)
    assert operations["Conv2D"] == 1 + is_batch + (inputs == 3)
    assert operations.get("MatMul", 0) == is_replaced - is_batch


@pytest.mark.parametrize("name", ["Conv2D", "Conv2DTranspose"])
def test_smallest_maps_train_by_products(name, has_matrix_units):
    """But what is exported is no product, whatever the processor."""
    sides = (8, 8) if name == "Conv2D" else (4, 4)
    trained = count_operations(name, sides, 8, 8, "float32", is_training=True)
    # Forward, the filters' gradient, and four pixels under a stride.
    assert trained.get("MatMul", 0) == 6 * has_matrix_units
    assert ("Conv2D" in trained) != has_matrix_units
    exported = count_operations(name, sides, 8, 8, "float32")
    assert "MatMul" not in exported


def test_small_kernels_do_not_train_by_products(monkeypatch):
    monkeypatch.setattr(cpu_features, "has_matrix_units", lambda: True)
    for sides in ((8, 8), (16, 16)):
        operations = count_operations(
            "Conv2D", sides, 8, 8, "mixed_bfloat16", is_training=True
        )
        assert "MatMul" not in operations


def test_large_kernels_have_another_filter_gradient(monkeypatch):
    monkeypatch.setattr(convolutions, "_LARGE_KERNEL", 5 * 5 * 8 * 8)
    operations = count_operations("Conv2D", (16, 16), 8, 8, "float32")
    assert "Conv2DBackpropFilter" not in operations


@pytest.mark.parametrize(
    "arguments", [dict(data_format="channels_first"), dict(dtype="float64")]
)
def test_convolutions_are_kerass_where_they_gain_nothing(arguments):
    arguments = {"dtype": "float32", **arguments}
    operations = count_operations("Conv2D", (8, 8), 8, 8, **arguments)
    assert operations["Conv2DBackpropFilter"] == 1


def test_convolutions_are_kerass_on_a_gpu(monkeypatch):
    monkeypatch.setattr(
        tf.config, "list_physical_devices", lambda kind: ["GPU:0"]
    )
    operations = count_operations("Conv2DTranspose", (4, 4), 8, 3, "float32")
    assert operations["Conv2DBackpropInput"] == 1
    assert operations["Conv2DBackpropFilter"] == 1


def test_convolutions_are_kerass_on_a_tpu(monkeypatch):
    def is_used():
        return convolutions.can_convolve(
            tf.TensorShape((None, 8, 8, 3)), (5, 5), 2, tf.float32
        )

    assert is_used()
    strategy = object.__new__(tf.distribute.TPUStrategy)
    monkeypatch.setattr(tf.distribute, "get_strategy", lambda: strategy)
    assert not is_used()


def test_convolutions_take_any_batch_and_padding():
    """Shapes that are known late, and arguments that Keras alone handles."""
    x = tf.random.stateless_normal((2, 9, 8, 3), (0, 0))
    for name in ("Conv2D", "Conv2DTranspose"):
        for arguments in (
            dict(padding="valid"),
            dict(padding="same", strides=2),
            dict(padding="same", dilation_rate=2),
            dict(padding="same", strides=(1, 2), activation="relu"),
        ):
            plain = getattr(keras.layers, name)(4, 3, **arguments)
            fast = getattr(layers, name)(4, 3, **arguments)
            expected = plain(x)
            fast.build(x.shape)
            fast.set_weights(plain.get_weights())
            run = tf.function(
                fast, input_signature=[tf.TensorSpec((None, None, None, 3))]
            )
            np.testing.assert_allclose(run(x), expected, atol=1e-5)


NORM_SHAPES = [(4, 6, 5), (4, 4, 1)]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("shape", NORM_SHAPES, ids=str)
def test_batch_norm_matches_keras(shape, affine, training):
    arguments = dict(epsilon=1e-5, momentum=0.9, center=affine, scale=affine)
    rng = np.random.default_rng(0)
    x = rng.normal(0.5, 2.0, (BATCH_SIZE, *shape))
    upstream = rng.normal(size=x.shape)
    weights = [
        rng.uniform(0.5, 2.0, shape[-1:]) for _ in range(4 if affine else 2)
    ]

    def run(cls, dtype):
        layer = cls(**arguments, dtype=dtype)
        policy = "bfloat16" if "16" in dtype else dtype
        if not training:
            layer.trainable = False
        results = run_layer(layer, x, weights, upstream, policy)
        return results + [np.float64(w) for w in layer.non_trainable_weights]

    exact = run(keras.layers.BatchNormalization, "float64")
    fast = run(layers.BatchNormalization, "float32")
    assert_close(fast, exact, 1e-5)
    assert_close(fast, run(keras.layers.BatchNormalization, "float32"), 1e-4)
    assert_close(run(layers.BatchNormalization, "mixed_bfloat16"), exact, 3e-2)
    is_moved = not np.allclose(exact[-1], weights[-1])
    assert is_moved == training


def test_batch_norm_is_one_kernel_only_where_it_can():
    def has_kernel(shape, **arguments):
        layer = layers.BatchNormalization(**arguments)
        run = tf.function(lambda x: layer(x, training=True))
        spec = tf.TensorSpec(shape, layer.compute_dtype)
        graph = run.get_concrete_function(spec).graph
        types = {operation.type for operation in graph.get_operations()}
        return "FusedBatchNormV3" in types

    assert has_kernel((None, 4, 4, 2), synchronized=True)
    assert has_kernel((None, 4, 4, 2), dtype="mixed_bfloat16")
    assert not has_kernel((None, 2))
    assert not has_kernel((None, 4, 4, 2), axis=1)
    assert not has_kernel((None, 4, 4, 2), renorm=True)
    assert not has_kernel((None, 4, 4, 2), dtype="float64")


def run_norm(strategy, x, **arguments):
    """Returns outputs, moved statistics and the graph's operation types."""
    with strategy.scope():
        layer = layers.BatchNormalization(**arguments)
        layer.build(x.shape)
    count = len(x) // strategy.num_replicas_in_sync

    def call():
        replica = tf.distribute.get_replica_context()
        first = replica.replica_id_in_sync_group * count
        share = tf.constant(x)[first : first + count]
        return layer(share, training=True)

    concrete = tf.function(lambda: strategy.run(call)).get_concrete_function()
    outputs = strategy.experimental_local_results(concrete())
    moved = [tf.convert_to_tensor(w) for w in layer.non_trainable_weights]
    types = {operation.type for operation in concrete.graph.get_operations()}
    return [np.concatenate(outputs), *moved], types


def test_two_replicas_normalise_by_the_whole_batch(two_replicas):
    x = np.random.default_rng(0).normal(size=(8, 4, 4, 3)).astype("float32")
    one = tf.distribute.OneDeviceStrategy("CPU:0")
    single, _ = run_norm(one, x, synchronized=True)
    together, _ = run_norm(two_replicas, x, synchronized=True)
    for actual, expected in zip(together, single, strict=True):
        np.testing.assert_allclose(actual, expected, atol=1e-5)


def test_replicas_meet_once_in_each_pass(two_replicas, monkeypatch):
    """Each message is a round trip that all replicas wait for."""
    reductions = []
    all_reduce = tf.distribute.ReplicaContext.all_reduce

    def count(self, reduce_op, value, *arguments):
        reductions.append(tf.distribute.get_replica_context() is not None)
        return all_reduce(self, reduce_op, value, *arguments)

    monkeypatch.setattr(tf.distribute.ReplicaContext, "all_reduce", count)
    x = np.random.default_rng(0).normal(size=(8, 4, 4, 3)).astype("float32")
    with two_replicas.scope():
        layer = layers.BatchNormalization(synchronized=True)
        layer.build(x.shape)

    def call():
        inputs = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = tf.reduce_sum(layer(inputs, training=True) ** 3)
        return tape.gradient(outputs, inputs)

    tf.function(lambda: two_replicas.run(call)).get_concrete_function()
    assert len(reductions) == 2 * two_replicas.num_replicas_in_sync


def test_replicas_that_are_not_synchronised_normalise_alone(two_replicas):
    """By hand, and by the kernel that a single replica has."""
    x = np.random.default_rng(0).normal(size=(8, 4, 4, 3)).astype("float32")
    x[4:] += 3.0  # The second replica's.
    (outputs, *_), types = run_norm(two_replicas, x, synchronized=False)
    assert "FusedBatchNormV3" in types and "CollectiveReduceV2" not in types
    for half in (slice(0, 4), slice(4, 8)):
        own = x[half]
        expected = own - own.mean(axis=(0, 1, 2))
        expected /= np.sqrt(own.var(axis=(0, 1, 2)) + 1e-3)
        np.testing.assert_allclose(outputs[half], expected, atol=1e-4)
    (together, *_), types = run_norm(two_replicas, x, synchronized=True)
    assert "FusedBatchNormV3" not in types
    assert np.abs(together - outputs).max() > 1


def build_network(module):
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            module.Conv2D(4, 5, 2, "same", name="conv"),
            module.BatchNormalization(synchronized=True, name="norm"),
            module.Conv2DTranspose(3, 5, 2, "same", name="deconv"),
        ],
        name="network",
    )


def test_weights_and_files_are_kerass(tmp_path):
    fast, plain = build_network(layers), build_network(keras.layers)
    paths = [[w.path for w in m.weights] for m in (fast, plain)]
    assert paths[0] == paths[1]
    for ours, theirs in zip(fast.layers, plain.layers, strict=True):
        assert ours.get_config() == theirs.get_config()
    x = tf.random.stateless_normal((2, 8, 8, 3), (1, 2))
    weights_path = tmp_path / "model.weights.h5"
    plain.save_weights(weights_path)
    fast.load_weights(weights_path)
    expected = plain(x)
    np.testing.assert_allclose(fast(x), expected, atol=1e-5)
    fast.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.layers[0], layers.Conv2D)
    np.testing.assert_allclose(loaded(x), expected, atol=1e-5)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("layer_class", [layers.Conv2D, layers.Conv2DTranspose])
def test_no_maps_become_no_maps_of_the_right_shape(
    layer_class, stride, training
):
    layer = layer_class(3, 5, stride, padding="same", activation="relu")
    outputs = layer(tf.zeros((0, 8, 8, 6)), training=training)
    assert outputs.shape == layer.compute_output_shape((0, 8, 8, 6))
    assert outputs.shape[0] == 0 and outputs.shape[3] == 3

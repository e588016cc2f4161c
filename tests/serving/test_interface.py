"""What is said of exports' inputs and outputs, beside what they are."""

import dataclasses

import pytest
from fixtures.tiny_run import MODEL

from dcgan_tf import tf_paths
from dcgan_tf.serving import interface

KINDS = (interface.GENERATOR, interface.FEATURES)


@pytest.mark.parametrize("kind", KINDS)
def test_each_signature_is_described_as_it_is(export_dir, kind):
    loaded = tf_paths.load_saved_model(export_dir / kind / "1")
    described = interface.describe_signatures(kind, MODEL)
    assert set(described) == set(loaded.signatures)
    for name, function in loaded.signatures.items():
        _, specs = function.structured_input_signature
        for found, said in (
            (specs, described[name]["inputs"]),
            (function.structured_outputs, described[name]["outputs"]),
        ):
            assert set(found) == set(said)
            for tensor, spec in found.items():
                assert spec.dtype.name == said[tensor]["dtype"], tensor
                assert len(spec.shape) == len(said[tensor]["shape"]), tensor
                for is_, told in zip(
                    spec.shape, said[tensor]["shape"], strict=True
                ):
                    assert told in (is_, None), tensor


def test_latents_are_said_to_be_uniform():
    latents = interface.describe_generator_interface(MODEL)["inputs"]["latents"]
    assert "uniform in [-1, 1]" in latents["values"]
    assert latents["shape"] == [None, MODEL.latent_dim]


def test_labels_are_said_to_be_taken_where_they_are():
    model = dataclasses.replace(MODEL, num_classes=7)
    described = interface.describe_signatures(interface.GENERATOR, model)
    for signature in described.values():
        assert signature["inputs"]["labels"]["values"] == "classes, 0 to 6"
    plain = interface.describe_signatures(interface.GENERATOR, MODEL)
    assert all("labels" not in part["inputs"] for part in plain.values())


def test_other_kinds_have_no_signatures():
    assert interface.describe_signatures("web", MODEL) == {}

"""What an export counts on before it writes."""

import dataclasses
import functools
import shutil
import types

import pytest
from fixtures import tiny_run

from dcgan_tf.models.generator import build_generator
from dcgan_tf.presets import resolve_run_config
from dcgan_tf.runs.trained_model import load_trained_model
from dcgan_tf.serving import export, model_server
from dcgan_tf.serving.versions import FEATURES, GENERATOR, LITE, WEB
from dcgan_tf.serving.web import page


class WithoutDiscriminator(types.SimpleNamespace):
    """A model whose D costs a thousand real images to ask for."""

    @property
    def discriminator(self):
        raise AssertionError("nothing of D is exported")


@pytest.mark.parametrize("settings", [{"family": "lapgan"}])
def test_a_discriminator_that_is_not_exported_is_not_counted(settings):
    generator = build_generator(tiny_run.MODEL)
    trained = WithoutDiscriminator(
        config=resolve_run_config(settings), generator=generator
    )
    size = generator.count_params() * export._BYTES_PER_PARAMETER[LITE]
    assert export._count_bytes(trained, [LITE]) == size


@pytest.fixture
def only_records(monkeypatch):
    """Exports write a file a part, and need no npm."""

    def write_parts(trained, images, tmp_dirs, single_file, log):
        for folder in tmp_dirs.values():
            (folder / "part").touch()
        return []

    monkeypatch.setattr(export, "write_parts", write_parts)
    monkeypatch.setattr(page, "check_runtime", lambda: None)


@pytest.mark.parametrize(
    ("formats", "needs_images"),
    [
        (["web"], False),
        (["tflite"], True),
        (["saved_model"], True),
        (["web", "saved_model"], True),
    ],
)
def test_real_images_are_read_for_a_discriminator_alone(
    run_dir, tmp_path, only_records, formats, needs_images
):
    pytest.importorskip("ai_edge_litert")
    pictures = shutil.copytree(run_dir.parent / "pictures", tmp_path / "own")
    real_data = tiny_run.DataConfig("image_folder", image_dir=str(pictures))
    trained = load_trained_model(run_dir, real_data=real_data)
    shutil.rmtree(pictures)
    lines = []

    def run():
        return export.export_model(
            trained, tmp_path / "out", formats=formats, log=lines.append
        )

    if needs_images:
        with pytest.raises(OSError, match="own"):
            run()
    else:
        assert run().version == 1
        assert not lines


def list_versions(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_number_means_one_export_whatever_its_formats(
    run_dir, tmp_path, only_records
):
    trained = load_trained_model(run_dir)
    for version, formats in enumerate(
        (["saved_model"], ["saved_model"], ["web"], ["saved_model", "web"]), 1
    ):
        made = export.export_model(
            trained, tmp_path, formats=formats, log=lambda line: None
        )
        assert made.version == version
    assert list_versions(tmp_path / GENERATOR) == ["1", "2", "4"]
    assert list_versions(tmp_path / FEATURES) == ["1", "2", "4"]
    assert list_versions(tmp_path / WEB) == ["3", "4"]


def test_a_version_that_the_server_is_told_to_serve_stays(
    run_dir, tmp_path, only_records
):
    trained = load_trained_model(run_dir)
    lines = []

    def run(**settings):
        return export.export_model(
            trained,
            tmp_path,
            formats=["saved_model", "web"],
            log=lines.append,
            **settings,
        )

    for _ in range(3):
        run()
    path = tmp_path / model_server.MODELS_FILE
    text = path.read_text()
    pinned = text.replace(
        "latest { num_versions: 1 }", "specific { versions: 2 }", 1
    )
    path.write_text(pinned)
    lines.clear()
    removed = run(keep_versions=1).removed
    for kind in GENERATOR, FEATURES:
        assert list_versions(tmp_path / kind) == ["2", "4"]
        assert [p.name for p in removed if p.parent.name == kind] == ["1", "3"]
    assert list_versions(tmp_path / WEB) == ["4"]
    (line,) = (line for line in lines if "kept, though old" in line)
    assert "models.config names them" in line
    assert line.endswith(f"{GENERATOR}/2, {FEATURES}/2")
    # Until the file is changed back.
    path.write_text(text)
    lines.clear()
    run(keep_versions=1)
    assert list_versions(tmp_path / GENERATOR) == ["5"]
    assert not any("though old" in line for line in lines)


@pytest.mark.parametrize(
    "settings",
    [{"family": "lapgan"}, {"family": "gan"}, {"conditional": True}],
    ids=str,
)
def test_an_export_without_a_discriminator_leaves_the_one_before_it_served(
    run_dir, tmp_path, only_records, monkeypatch, settings
):
    run = functools.partial(
        export.export_model,
        export_dir=tmp_path,
        keep_versions=1,
    )
    run(load_trained_model(run_dir), log=lambda line: None)
    path = tmp_path / model_server.MODELS_FILE
    text = path.read_text()
    monkeypatch.setattr(export, "choose_images", lambda trained, log: None)
    config = resolve_run_config({})
    change = dataclasses.replace
    if "family" in settings:
        config = resolve_run_config(settings)
    else:
        config = change(config, model=change(config.model, num_classes=3))
    without = WithoutDiscriminator(
        config=config,
        generator=build_generator(tiny_run.MODEL),
        step=9,
        name="other",
        class_names=(),
    )
    lines = []
    run(without, log=lines.append)
    assert list_versions(tmp_path / GENERATOR) == ["2"]
    assert list_versions(tmp_path / FEATURES) == ["1"]
    assert path.read_text() == text and f'"{FEATURES}"' in text
    (line,) = lines
    assert f"of an earlier export: {FEATURES}; this export has none" in line


@pytest.mark.parametrize("formats", [["web"], ["saved_model", "web"]])
def test_a_version_that_another_export_removes_at_once_is_said(
    run_dir, tmp_path, only_records, monkeypatch, formats
):
    trained = load_trained_model(run_dir)
    save = functools.partial(
        export.export_model, trained, tmp_path, formats=formats, keep_versions=1
    )
    write_version = export.versions.write_version
    monkeypatch.setattr(export, "choose_images", lambda trained, log: None)

    def write_two(*args, **options):
        version = write_version(*args, **options)
        monkeypatch.setattr(export.versions, "write_version", write_version)
        assert save(log=lambda line: None).version == version + 1
        return version

    monkeypatch.setattr(export.versions, "write_version", write_two)
    lines = []
    made = save(log=lines.append)
    assert made.version == 1
    assert all(part.num_bytes > 0 for part in made.parts)
    (line,) = [line for line in lines if "removed already" in line]
    assert line.startswith("version 1 was removed already: another export")
    lines.clear()
    assert save(log=lines.append).version == 3
    assert not [line for line in lines if "removed already" in line]

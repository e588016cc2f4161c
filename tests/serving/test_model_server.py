"""The model server's settings, as its own messages read them."""

import pytest
from google.protobuf import text_format

from dcgan_tf.serving import model_server
from dcgan_tf.serving.versions import FEATURES, GENERATOR


def test_every_model_is_served_from_its_folder(tmp_path):
    pytest.importorskip("tensorflow_serving")
    from tensorflow_serving.config import model_server_config_pb2

    paths = model_server.save_settings(tmp_path, ["generator", "features"])
    assert {path.name for path in paths} == {
        path.name for path in tmp_path.iterdir()
    }
    text = (tmp_path / model_server.MODELS_FILE).read_text(encoding="utf-8")
    message = model_server_config_pb2.ModelServerConfig()
    configs = text_format.Parse(text, message).model_config_list.config
    assert [(c.name, c.base_path) for c in configs] == [
        ("generator", "/models/generator"),
        ("features", "/models/features"),
    ]
    for config in configs:
        assert config.model_platform == "tensorflow"
        assert config.model_version_policy.latest.num_versions == 1


def test_settings_are_replaced_whole(tmp_path):
    model_server.save_settings(tmp_path, ["generator", "features"])
    before = (tmp_path / model_server.MODELS_FILE).stat().st_ino
    model_server.save_settings(tmp_path, ["generator"])
    path = tmp_path / model_server.MODELS_FILE
    assert path.stat().st_ino != before
    assert "features" not in path.read_text(encoding="utf-8")
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize(
    ("name", "change"),
    [
        (
            model_server.MODELS_FILE,
            ("latest { num_versions: 1 }", "specific { versions: 2 }"),
        ),
        (model_server.MODELS_FILE, ('"/models/', '"/srv/exports/')),
        (model_server.MODELS_FILE, ("model_config_list {", "# Ours.\n{")),
        (model_server.BATCHING_FILE, ("64", "16")),
        (model_server.MONITORING_FILE, ("true", "false")),
    ],
)
def test_what_was_changed_by_hand_stays(tmp_path, name, change):
    lines = []
    model_server.save_settings(tmp_path, ["generator"], lines.append)
    path = tmp_path / name
    changed = path.read_text().replace(*change)
    assert changed != path.read_text()
    path.write_text(changed)
    models = ["generator", "features"]
    written = model_server.save_settings(tmp_path, models, lines.append)
    assert path.read_text() == changed and path not in written
    (line,) = lines
    assert f"kept as changed by hand, in {tmp_path}: {name};" in line
    path.unlink()
    assert path in model_server.save_settings(tmp_path, models, lines.append)
    assert len(lines) == 1


def test_a_model_that_was_taken_out_by_hand_stays_out(tmp_path):
    models = ["generator", "features"]
    model_server.save_settings(tmp_path, models)
    path = tmp_path / model_server.MODELS_FILE
    text = path.read_text()
    start = text.index("  config {", text.index("  config {") + 1)
    path.write_text(changed := text[:start] + "}\n")
    lines = []
    assert path not in model_server.save_settings(
        tmp_path, models, lines.append
    )
    assert path.read_text() == changed
    assert "changed by hand" in lines[0]


BOTH = [GENERATOR, FEATURES]


@pytest.mark.parametrize(
    ("folders", "models", "listed", "kept"),
    [
        ([], [GENERATOR], [GENERATOR], []),
        ([f"{FEATURES}/3"], [GENERATOR], BOTH, [FEATURES]),
        ([f"{FEATURES}/3", f"{GENERATOR}/3"], BOTH, BOTH, []),
        ([f"{FEATURES}/.writing-a"], [GENERATOR], [GENERATOR], []),
        ([f"{GENERATOR}/3"], [FEATURES], BOTH[::-1], [GENERATOR]),
        (["web/3", "tflite/3", "notes/3"], [GENERATOR], [GENERATOR], []),
    ],
)
@pytest.mark.parametrize("is_there", [True, False])
def test_a_model_of_an_earlier_export_is_served_on(
    tmp_path, folders, models, listed, kept, is_there
):
    if is_there:
        model_server.save_settings(tmp_path, BOTH)
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True)
    lines = []
    model_server.save_settings(tmp_path, models, lines.append)
    text = (tmp_path / model_server.MODELS_FILE).read_text()
    assert text == model_server._list_models(listed)
    named = [f"of an earlier export: {name}; this" for name in kept]
    assert len(lines) == len(kept)
    assert all(n in line for n, line in zip(named, lines, strict=True))
    # The next one takes the file for an export's too.
    assert model_server.save_settings(tmp_path, BOTH, lines.append)[0].exists()
    assert len(lines) == len(kept)


def test_what_is_not_listed_by_hand_is_not_said_to_be_served(tmp_path):
    (tmp_path / FEATURES / "3").mkdir(parents=True)
    (tmp_path / model_server.MODELS_FILE).write_text("# Ours.")
    lines = []
    model_server.save_settings(tmp_path, [GENERATOR], lines.append)
    (line,) = lines
    assert "kept as changed by hand" in line


def test_settings_of_earlier_versions_are_replaced(tmp_path):
    model_server.save_settings(tmp_path, ["generator"])
    path = tmp_path / model_server.MODELS_FILE
    comment, rest = path.read_text().split("\n", 1)
    assert comment.startswith("#")
    path.write_text(rest)  # They wrote no comment.
    assert path in model_server.save_settings(tmp_path, ["generator", "other"])
    assert "other" in path.read_text()


def test_monitoring_is_where_the_docs_say(tmp_path):
    model_server.save_settings(tmp_path, ["generator"])
    text = (tmp_path / model_server.MONITORING_FILE).read_text(encoding="utf-8")
    assert f'path: "{model_server.METRICS_PATH}"' in text
    assert "enable: true" in text


POLICIES = [
    ("latest { num_versions: 1 }", set()),
    ("all {}", set()),
    ("specific { versions: 2 }", {2}),
    ("specific: <versions: 2>", {2}),
    ("specific {\n  versions: 2  # Was 1.\n  versions: 14\n}", {2, 14}),
    ("specific { versions: [2, 3] }", {2, 3}),
    ("# specific { versions: 2 }\nlatest { num_versions: 1 }", set()),
    ("latest { num_versions: 2 }", set()),
    ("latest { num_versions: 2 }\n# Or specific { versions: 3 }", set()),
    ("specific { versions: 0x3 versions: 0XfF }", {3, 255}),
    ("specific { versions: 010 }", {8}),
    ("specific { versions: 0 }", {0}),
    ("specific{versions:2;versions:3,}", {2, 3}),
    ("specific { versions: [ 0x2, # }\n 3 ] versions: 4 }", {2, 3, 4}),
    ("specific: { versions:\n[] }", set()),
    ("specific < # Not >\n versions: 2 >", {2}),
    ("specific # Held {\n: # on\n { versions # to\n: 2 }", {2}),
]


@pytest.mark.parametrize(("policy", "pinned"), POLICIES)
def test_versions_that_are_held_on_to_are_found(tmp_path, policy, pinned):
    assert model_server.find_pinned_versions(tmp_path) == set()
    model_server.save_settings(tmp_path, ["generator", "features"])
    assert model_server.find_pinned_versions(tmp_path) == set()
    path = tmp_path / model_server.MODELS_FILE
    text = path.read_text().replace("latest { num_versions: 1 }", policy, 1)
    path.write_text(text)
    assert model_server.find_pinned_versions(tmp_path) == pinned


LABELS = [
    ('version_labels { key: "a" value: 1 }', {1}),
    ('version_labels: < key: "a", value: 1 >, base_path: "2"', {1}),
    (
        'version_labels: [{ key: "a", value: 1 }, { key: "b", value: 2 }]',
        {1, 2},
    ),
    ('version_labels: [<key: "a" value: 0x1>, {value: 017 key: "b"}]', {1, 15}),
    ("version_labels [{ key: 'a' value: 1 } # }, { value: 4 }]\n]", {1}),
    ("version_labels: [\n# None: ]\n]", set()),
    ('version_labels { key: "}" value: 1 }', {1}),
    ("version_labels { key: '] } >' \"#\" value: 1 }", {1}),
    ('version_labels { key: "\\"} # 7 " value: 1 }', {1}),
    ("version_labels { key: \"it's\" value: 1 } # It's 7.", {1}),
    ('version_labels { key: "7" value: 1 } logging_config {}', {1}),
    ('# "\n version_labels { key: "a" value: 1 } # " value: 7', {1}),
    ('version_labels { key: "a" value: 1 } version_labels: []', {1}),
]


@pytest.mark.parametrize(("labels", "pinned"), LABELS)
def test_versions_with_labels_in_any_syntax_are_held_on_to(
    tmp_path, labels, pinned
):
    text = write_labels(labels)
    (tmp_path / model_server.MODELS_FILE).write_text(text)
    assert model_server.find_pinned_versions(tmp_path) == pinned


def write_labels(labels):
    return f"""config: [{{ name: "a" {labels}
      model_version_policy: {{ latest: <num_versions: 9> }} }},
      < name: "specific: [8]" base_path: "version_labels" >]"""


@pytest.mark.parametrize(
    ("text", "pinned"),
    [
        (f"config {{ model_version_policy {{ {policy}\n}} }}", pinned)
        for policy, pinned in POLICIES
    ]
    + [(write_labels(labels), pinned) for labels, pinned in LABELS],
)
def test_the_servers_messages_hold_the_same_versions(text, pinned):
    pytest.importorskip("tensorflow_serving")
    from tensorflow_serving.config import model_server_config_pb2

    message = model_server_config_pb2.ModelConfigList()
    found = set()
    for config in text_format.Parse(text, message).config:
        found |= set(config.model_version_policy.specific.versions)
        found |= set(config.version_labels.values())
    assert found == pinned


@pytest.mark.parametrize(
    "text",
    [
        "config { model_version_policy { specific { versions: 2 ",
        'config { name: "a\n version_labels { key: "b" value: 2 }',
        "config { version_labels: [{ value: 2 }",
        "}}}] specific { versions: 2 }",
        "config { specific {} specific { versions: 2versions: 2 } }",
        'config { name: "\xff" } specific { versions: 2 }',
    ],
)
def test_versions_in_a_file_that_is_broken_are_held_on_to(tmp_path, text):
    path = tmp_path / model_server.MODELS_FILE
    path.write_text(text, encoding="latin-1")
    assert model_server.find_pinned_versions(tmp_path) == {2}


def test_versions_with_labels_are_held_on_to(tmp_path):
    text = """model_config_list { config {
      name: "specific { versions: 7 }" base_path: "/models/a#b"
      model_version_policy { specific { versions: 4 } }
      version_labels { key: "stable" value: 3 }
      version_labels { key: "canary" value: 4 }
    } }"""
    (tmp_path / model_server.MODELS_FILE).write_text(text)
    assert model_server.find_pinned_versions(tmp_path) == {3, 4}


def test_one_file_with_the_text_of_another_was_changed_by_hand(tmp_path):
    model_server.save_settings(tmp_path, ["generator"])
    batching = tmp_path / model_server.BATCHING_FILE
    text = (tmp_path / model_server.MONITORING_FILE).read_text()
    batching.write_text(text)
    lines = []
    model_server.save_settings(tmp_path, ["generator"], lines.append)
    assert batching.read_text() == text
    assert f": {batching.name};" in lines[0]

"""Results as a table on the terminal."""

from collections.abc import Mapping, Sequence

from dcgan_tf.evaluation.old_keys import rename_keys
from dcgan_tf.evaluation.settings import SET_MEASURES, find_figures

_CLASS_FRACTION, _MANY_CLASSES = "class_fraction_", 20


def format_result(result: Mapping) -> str:
    """Formats all of an evaluation for the terminal."""
    result = rename_keys(result)
    parts = [f"{result['model']}, step {result['step']}"]
    if "measures" in result:
        parts.append(format_conditions(result))
        parts.append(format_columns(result["measures"]))
    parts += [f"WARNING: {text}" for text in result.get("warnings", ())]
    if "one_nn" in result:
        parts.append(_format_one_nn(result["one_nn"]))
    if "segmentation" in result:
        heading, rows = tabulate_segmentation(result["segmentation"])
        parts.append(f"{heading}\n{format_table(rows)}")
    if "probe" in result:
        heading, rows = tabulate_probe(result)
        about = _format_probe_data(result)
        parts.append(f"{heading}\n{about}{format_table(rows)}")
    return "\n\n".join(parts)


def format_columns(columns: Mapping[str, Mapping[str, float]]) -> str:
    """Formats columns of named figures as a table.

    Of many classes, whose fractions would bury all else, none is listed.
    """
    names = list(dict.fromkeys(n for c in columns.values() for n in c))
    classes = {name for name in names if name.startswith(_CLASS_FRACTION)}
    if len(classes) > _MANY_CLASSES:
        names = [name for name in names if name not in classes]
    rows = [["", *columns]] + [
        [name, *(_format_number(c.get(name)) for c in columns.values())]
        for name in names
    ]
    table = format_table(rows)
    if len(classes) > _MANY_CLASSES:
        table += f"\n(The fractions of {len(classes)} classes are in the file.)"
    return table


def format_table(rows: Sequence[Sequence[str]]) -> str:
    """Aligns cells: the first column left, the others right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            [row[0].ljust(widths[0])]
            + [
                cell.rjust(width)
                for cell, width in zip(row[1:], widths[1:], strict=True)
            ]
        ).rstrip()
        for row in rows
    )


def _format_number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def format_conditions(result: Mapping) -> str:
    extractor = result["feature_extractor"]
    counts = result["counts"]
    return (
        f"Against {counts['held_out']} held-out images of "
        f"{result['dataset']} ({result['held_out_split']}): "
        f"{counts['samples']} samples, {counts['training']} training images "
        f"(the floor), {counts['noise']} of noise (the ceiling).\n"
        f"Feature extractor: {extractor['name']} ({extractor['description']}); "
        f"resize: {extractor['resize']}; seed {result['seed']}."
        + _format_equal_pairs(result)
    )


def _format_equal_pairs(result: Mapping) -> str:
    """Says which of the measures taken compare sets of one size."""
    taken = result["measures"]["samples"]
    names = [
        figure
        for name, measure in SET_MEASURES.items()
        if measure.of_equal_sets
        for figure in find_figures(name, taken)
    ]
    if not names:
        return ""
    listed = ", ".join(names)
    count = result["counts"]["equal_pairs"]
    return f" {listed[0].upper()}{listed[1:]}: {count} of each."


def _format_one_nn(one_nn: Mapping) -> str:
    return (
        f"1-nearest neighbour in {one_nn['space']}, error on "
        f"{one_nn['num_test']} held-out images\n"
        + format_table(
            [
                ["fitted on", "error"],
                [
                    f"{one_nn['num_samples']} labelled samples",
                    f"{one_nn['samples_error']:.2%}",
                ],
                [
                    f"{one_nn['num_training']} training images",
                    f"{one_nn['training_error']:.2%}",
                ],
            ]
        )
    )


def tabulate_segmentation(segmentation: Mapping) -> tuple[str, list[list[str]]]:
    """Returns a heading, and rows of which the first names the columns."""
    rows = segmentation["rows"]
    names = list(rows[0]["overlap"])
    heading = (
        f"Segmentation of {rows[0]['num_test']} samples, "
        f"{segmentation['measure']}"
    )
    return heading, [["features", "labelled", *names]] + [
        [
            f"{row['features']} ({row['num_features']})",
            str(row["num_labelled"]),
            *(f"{row['overlap'][name]:.3f}" for name in names),
        ]
        for row in rows
    ]


def tabulate_probe(result: Mapping) -> tuple[str, list[list[str]]]:
    """Returns a heading, and rows of which the first names the columns."""
    protocol, rows = result["protocol"], result["probe"]
    factor = protocol["std_factor"]
    times = "the" if factor == 1 else f"{factor} times the"
    table = [["features", "labels", "accuracy", "±", "draws", "C"]]
    for row in rows:
        table.append(
            [
                f"{row['features']}"
                + (f" ({row['num_features']})" if row["num_features"] else ""),
                str(row["num_labels"]),
                f"{row['accuracy']:.2%}",
                "-" if row["std"] is None else f"{row['std']:.2%}",
                str(row["num_draws"]),
                "-" if row["C"] is None else f"{row['C']:g}",
            ]
        )
    heading = (
        f"Linear probe, {protocol['name']}: L2-SVM, C chosen on "
        f"{rows[0]['num_validation']} validation images, tested on "
        f"{rows[0]['num_test']}; ±: {times} sample standard deviation over "
        f"draws; seed {result['seed']}"
    )
    return heading, table


def _format_probe_data(result: Mapping) -> str:
    """Says what was trained on what; nothing of results of 0.1.0."""
    if "probe_data" not in result:
        return ""
    data = result["probe_data"]
    height, width = data["image_size"]
    statistics = result.get("discriminator_statistics")
    return (
        f"D was trained on {result['trained_on']}. Probed on "
        f"{data['dataset']}, {height}x{width}x{data['channels']}, "
        f"{data['num_classes']} classes: classifiers trained on "
        f"{data['num_training']} images ({data['training_split']}), tested "
        f"on {data['num_test']} ({data['tested_on']}).\n"
    ) + (f"Batch-norm statistics of D: {statistics}.\n" if statistics else "")

"""Draws the README's figures of the networks and of the code's layers.

Both come from the code itself: shapes from a preset's networks, arrows from
the package's imports. Run it from the repository after either changes:

    python docs/draw_figures.py
"""

import ast
import os
from pathlib import Path

import matplotlib.figure
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, Polygon, Rectangle

ROOT = Path(__file__).parents[1]
IMAGES_DIR = ROOT / "docs" / "images"
G_COLOUR, D_COLOUR, INK = "#3b6fb6", "#c0603a", "#222222"
# Rooms in the order in which data flows through them, with what each does.
ROOMS = {
    "data": "any collection of\nimages, in batches",
    "models": "G: latents to images\nD: images to logits",
    "runs": "a run's folder:\ncheckpoints, metrics",
    "training": "the step, the loop,\nseveral devices",
    "evaluation": "distances, probes,\ncopying",
    "analysis": "filters, walks,\narithmetic",
    "serving": "SavedModels, LiteRT,\na page in the browser",
    "cli": "one file a command",
}
PLACES = {
    "data": (0, 0),
    "models": (2.3, 0),
    "runs": (4.6, 0),
    "training": (6.9, 0),
    "evaluation": (9.2, 1.2),
    "analysis": (9.2, 0),
    "serving": (9.2, -1.2),
    "cli": (11.5, 0),
}
FLOW = (
    ("data", "models"),
    ("models", "runs"),
    ("runs", "training"),
    ("training", "evaluation"),
    ("training", "analysis"),
    ("training", "serving"),
    ("evaluation", "cli"),
    ("analysis", "cli"),
    ("serving", "cli"),
)
KERNELS = ("kernels", "faster CPU kernels")


def draw_networks(path: Path, preset: str = "paper_64") -> None:
    """Draws G above D, a box for each map with its size and channels."""
    from dcgan_tf.models.discriminator import build_discriminator
    from dcgan_tf.models.generator import build_generator
    from dcgan_tf.presets import PRESETS

    config = PRESETS[preset]
    figure = matplotlib.figure.Figure((8, 4.9), layout="constrained")
    top, bottom = figure.subplots(2, 1)
    g_maps = _list_maps(build_generator(config))
    d_maps = _list_maps(build_discriminator(config))
    rows, columns = config.image_size
    _draw_chain(
        top, g_maps, G_COLOUR,
        "Generator: ReLU and batch norm between transposed convolutions, "
        "tanh at the end",
        f"latent\n{config.latent_dim}", "",
    )  # fmt: skip
    _draw_chain(
        bottom, [(rows, columns, config.channels), *d_maps], D_COLOUR,
        "Discriminator: LeakyReLU 0.2, batch norm on all but the first "
        "convolution",
        "", "logit\n1",
    )  # fmt: skip
    side = config.kernel_size
    figure.suptitle(
        f"The paper's networks ({preset}): {side}x{side} kernels, stride 2",
        x=0.02, ha="left", fontsize=11, color=INK,
    )  # fmt: skip
    figure.savefig(path, dpi=110)


def _list_maps(model) -> list[tuple[int, int, int]]:
    """The distinct `(height, width, channels)` of a network, in order."""
    maps = []
    for layer in model.layers:
        shape = tuple(layer.output.shape[1:])
        if len(shape) == 3 and (not maps or maps[-1] != shape):
            maps.append(shape)
    return maps


def _draw_chain(
    axes: Axes, maps, colour: str, title: str, start: str, end: str
) -> None:
    axes.set_title(title, loc="left", fontsize=9, color=INK)
    x, gap = 0.0, 16.0
    if start:
        _draw_vector(axes, x, start, colour)
        x += 8 + gap
    previous = x - gap if start else None
    for height, width, channels in maps:
        # Sides to scale; depth on a scale that keeps 1,024 on the page.
        side, depth = height * 0.6 + 3, channels**0.5 * 0.75 + 1
        if previous is not None:
            _draw_arrow(axes, previous, x)
        _draw_box(axes, x, side, depth, colour)
        axes.text(
            x + depth / 2 + side * 0.15, -side / 2 - 4,
            f"{height}x{width}\n{channels}", ha="center", va="top", fontsize=8,
            color=INK,
        )  # fmt: skip
        previous = x + depth + side * 0.3
        x = previous + gap
    if end:
        _draw_arrow(axes, previous, x)
        _draw_vector(axes, x, end, colour)
        x += 10
    axes.set_xlim(-4, max(x, 190))
    axes.set_ylim(-38, 30)
    axes.set_aspect("equal")
    axes.axis("off")


def _draw_vector(axes: Axes, x: float, label: str, colour: str) -> None:
    axes.add_patch(Rectangle((x, -8), 5, 16, color=colour, alpha=0.85, lw=0))
    axes.text(x + 2.5, -12, label, ha="center", va="top", fontsize=8, color=INK)


def _draw_box(
    axes: Axes, x: float, side: float, depth: float, colour: str
) -> None:
    low, slant = -side / 2, side * 0.3
    faces = (
        ([(0, 0), (depth, 0), (depth, side), (0, side)], 0.9),
        ([(0, side), (depth, side), (depth + slant, side + slant / 2),
          (slant, side + slant / 2)], 0.6),
        ([(depth, 0), (depth + slant, slant / 2),
          (depth + slant, side + slant / 2), (depth, side)], 0.4),
    )  # fmt: skip
    for corners, alpha in faces:
        points = [(x + dx, low + dy) for dx, dy in corners]
        axes.add_patch(
            Polygon(points, facecolor=colour, alpha=alpha, edgecolor="white")
        )


def _draw_arrow(axes: Axes, start: float, end: float) -> None:
    axes.add_patch(
        FancyArrowPatch(
            (start + 2, 0),
            (end - 2, 0),
            arrowstyle="-|>",
            mutation_scale=9,
            color=INK,
            lw=0.8,
        )  # fmt: skip
    )


def find_imports(room: str) -> set[str]:
    """Returns the other rooms that a room's files import from."""
    found = set()
    for path in (ROOT / "dcgan_tf" / room).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                parts = node.module.split(".")
                if parts[0] == "dcgan_tf":
                    found |= {
                        parts[1] if len(parts) > 1 else alias.name
                        for alias in node.names
                    }
    return (found & {*ROOMS, KERNELS[0]}) - {room}


def draw_layers(path: Path) -> None:
    """Draws the package's folders in the order of the data."""
    figure = matplotlib.figure.Figure((10, 3.6), layout="constrained")
    axes = figure.subplots()
    for room in ROOMS:
        x, y = PLACES[room]
        axes.add_patch(
            Rectangle((x, y), 1.9, 0.9, facecolor="#eef2f8", edgecolor=INK)
        )
        axes.text(
            x + 0.95, y + 0.7, f"{room}/", ha="center", fontsize=10,
            weight="bold", color=INK, va="center",
        )  # fmt: skip
        axes.text(
            x + 0.95, y + 0.3, ROOMS[room], ha="center", va="center",
            fontsize=8, color=INK,
        )  # fmt: skip
    for first, second in FLOW:
        (x0, y0), (x1, y1) = PLACES[first], PLACES[second]
        axes.add_patch(
            FancyArrowPatch(
                (x0 + 1.9, y0 + 0.45),
                (x1, y1 + 0.45),
                arrowstyle="-|>",
                mutation_scale=11,
                color=G_COLOUR,
                lw=1.2,
            )  # fmt: skip
        )
    users = [room for room in ROOMS if KERNELS[0] in find_imports(room)]
    axes.text(
        0, -1.55,
        "Arrows show where data goes; imports go the other way. config/ "
        f"and presets.py lie before all;\n{KERNELS[0]}/ ({KERNELS[1]}) is "
        f"used by {', '.join(users)}.",
        fontsize=8, color=INK, va="center",
    )  # fmt: skip
    axes.set_xlim(-0.1, 13.6)
    axes.set_ylim(-1.9, 2.2)
    axes.axis("off")
    figure.savefig(path, dpi=110)


def main() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    draw_networks(IMAGES_DIR / "networks.png")
    draw_layers(IMAGES_DIR / "layers.png")


if __name__ == "__main__":
    main()

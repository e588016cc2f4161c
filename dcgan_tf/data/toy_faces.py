"""Toy faces: a dataset of drawn faces whose attributes are known.

An image of a generated smile proves little about a network; a thousand
generated faces classified by a network that knows what a smile is do. These
faces are drawn from signed distances with numpy alone. Every attribute is an
independent coin; what it stands for is a matter of degree, as in life: a
faint smile is still one, and no face is in the middle. Everything else
(position, size, tilt, each colour) varies continuously too.

An attribute stays in one place: windows are on the viewer's left, and a mouth
hardly moves when a head turns. To G a thing at two places is two things, and
whether either is there is no direction in latent space.
"""

import numpy as np

ATTRIBUTE_NAMES = (
    "smiling",
    "glasses",
    "fair_hair",
    "long_hair",
    "dark_skin",
    "looking_left",
    "window",
)
SIZES = (32, 64)

# Faces are drawn in chunks with generators of their own: face i is the same
# however many are asked for, and the planes stay in the processor's cache.
_CHUNK = 128
# How far to the middle an attribute's degree may come.
_SIDE = 0.42
_COLOUR_JITTER = 7

Plane = np.ndarray


def make_toy_faces(
    num_images: int, size: int = 32, seed: int = 0
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Draws faces with their attributes.

    Args:
        num_images: How many; the first ones of a larger number are the same.
        size: Side in pixels, 32 or 64. The faces of a seed are the same at
            both.
        seed: Decides everything.

    Returns:
        `images`: uint8 `(num_images, size, size, 3)`.
        `attributes`: names, in the order of `ATTRIBUTE_NAMES`, to int32
        `(num_images,)` of 0 and 1; left is the viewer's.

    Raises:
        ValueError: If `size` is another, or `num_images` under 1.
    """
    images, attributes = [], []
    for faces in _sample_chunks(num_images, size, seed):
        images.append(_draw(faces, size))
        attributes.append(faces["attributes"])
    columns = np.concatenate(attributes)[:num_images].T
    return (
        np.concatenate(images)[:num_images],
        dict(zip(ATTRIBUTE_NAMES, columns, strict=True)),
    )


def compute_window_boxes(
    num_images: int, size: int = 32, seed: int = 0
) -> np.ndarray:
    """Computes the boxes of `make_toy_faces`' windows without drawing.

    Args:
        num_images: As there.
        size: As there.
        seed: As there.

    Returns:
        int32 `(num_images, 4)`: top, left, bottom, right in pixels, the last
        two exclusive, of the frame inside the image; zeros where there is no
        window. The head may hide a part of it.

    Raises:
        ValueError: As there.
    """
    boxes = []
    for faces in _sample_chunks(num_images, size, seed):
        x, y = faces["window_x"], faces["window_y"]
        width, height = faces["window_width"], faces["window_height"]
        edges = np.stack([y - height, x - width, y + height, x + width], -1)
        pixels = np.rint((edges + 1) * size / 2).clip(0, size)
        shown = faces["attributes"][:, [ATTRIBUTE_NAMES.index("window")]]
        boxes.append((pixels * shown).astype(np.int32))
    return np.concatenate(boxes)[:num_images]


def _sample_chunks(num_images: int, size: int, seed: int):
    if size not in SIZES:
        raise ValueError(
            f"toy faces of {size} pixels; they are drawn at 32 or 64"
        )
    if num_images < 1:
        raise ValueError(f"num_images is {num_images}; draw at least 1")
    for chunk in range(-(-num_images // _CHUNK)):
        yield _sample_faces(np.random.default_rng((seed, chunk)))


def _sample_faces(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """What a chunk of faces looks like; lengths in half image sides."""

    def vary(low, high, *shape):
        return rng.uniform(low, high, (_CHUNK, *shape)).astype(np.float32)

    def mix(first, second, degree):
        first, second = np.float32(first), np.float32(second)
        colour = first + degree[:, None] * (second - first)
        return colour + vary(-_COLOUR_JITTER, _COLOUR_JITTER, 3)

    attributes = rng.integers(0, 2, (_CHUNK, len(ATTRIBUTE_NAMES)), np.int32)
    is_ = dict(zip(ATTRIBUTE_NAMES, attributes.T.astype(bool), strict=True))

    def vary_degree(name):
        """In [0, 1], on the attribute's side of the middle."""
        return np.where(is_[name], vary(1 - _SIDE, 1), vary(0, _SIDE))

    return {
        "attributes": attributes,
        "x": vary(-0.04, 0.04),
        "y": vary(-0.08, -0.02),
        "scale": vary(1.08, 1.16),
        "roll": vary(-0.06, 0.06),
        "yaw": 1 - 2 * vary_degree("looking_left"),
        "mouth": vary_degree("smiling"),
        "skin": mix((250, 212, 180), (112, 70, 48), vary_degree("dark_skin")),
        "hair": mix((34, 18, 10), (255, 196, 80), vary_degree("fair_hair")),
        "hair_length": vary_degree("long_hair"),
        "wall": mix((110, 190, 150), (225, 150, 180), vary(0, 1)),
        "shirt": mix((196, 66, 76), (56, 100, 184), vary(0, 1)),
        "frame": vary(0.4, 1),
        "light": vary(0.4, 1),
        "window_x": vary(-0.67, -0.61),
        "window_y": vary(-0.54, -0.44),
        "window_width": vary(0.27, 0.3),
        "window_height": vary(0.36, 0.42),
    }


class _Canvas:
    """A chunk of images that shapes are painted on, back to front."""

    def __init__(self, size: int, wall: np.ndarray):
        centres = (np.arange(size, dtype=np.float32) + 0.5) * 2 / size - 1
        self.x = centres[None, None, :]
        self.y = centres[None, :, None]
        self._pixels_per_unit = size / 2
        shade = 1.08 - 0.12 * (self.y + 1)
        # Channels first while painting: numpy's inner loops run along rows.
        planes = wall[:, :, None, None] * shade[:, None]
        self._planes = np.repeat(planes, size, axis=-1)

    def paint(self, distance: Plane, colour, opacity=1.0) -> None:
        """Covers where `distance` is negative, with anti-aliased edges."""
        cover = np.clip(0.5 - distance * self._pixels_per_unit, 0, 1)
        cover *= np.reshape(opacity, (-1, 1, 1))
        # Most shapes are small: touch only the rows that they reach.
        rows = np.flatnonzero(cover.any((0, 2)))
        if not len(rows):
            return
        rows = slice(rows[0], rows[-1] + 1)
        colour = np.asarray(colour, np.float32).reshape(-1, 3, 1, 1)
        part = self._planes[:, :, rows]
        part += cover[:, None, rows] * (colour - part)

    def to_images(self) -> np.ndarray:
        levels = np.clip(np.rint(self._planes), 0, 255).astype(np.uint8)
        return np.ascontiguousarray(levels.transpose(0, 2, 3, 1))


def _draw(faces: dict[str, np.ndarray], size: int) -> np.ndarray:
    face = {
        name: value[:, None, None] if value.ndim == 1 else value
        for name, value in faces.items()
    }
    is_ = dict(zip(ATTRIBUTE_NAMES, faces["attributes"].T, strict=True))
    canvas = _Canvas(size, face["wall"])
    _paint_window(canvas, face, is_["window"] * faces["light"])
    # Coordinates that move, grow, and tilt with the head.
    dx = (canvas.x - face["x"]) / face["scale"]
    dy = (canvas.y - face["y"]) / face["scale"]
    x = dx + face["roll"] * dy
    y = dy - face["roll"] * dx
    _paint_head(canvas, face, x, y)
    # Features slide with the turn, little: see the module.
    x = x - 0.06 * face["yaw"]
    _paint_eyes(canvas, face, x, y)
    _paint_mouth(canvas, face, x, y)
    _paint_glasses(canvas, x, y, is_["glasses"] * faces["frame"])
    return canvas.to_images()


def _paint_window(canvas: _Canvas, face, light: np.ndarray) -> None:
    """As bright as the light outside; 0 is none."""
    x, y = canvas.x - face["window_x"], canvas.y - face["window_y"]
    width, height = face["window_width"], face["window_height"]
    canvas.paint(_box(x, y, width, height), (250, 246, 236), light)
    bar, frame = 0.03, 0.065
    pane = _box(x, y, width - frame, height - frame)
    pane = np.maximum(pane, bar - np.minimum(np.abs(x), np.abs(y + 0.05)))
    canvas.paint(pane, (104, 186, 244), light)


def _paint_head(canvas: _Canvas, face, x: Plane, y: Plane) -> None:
    skin, hair, yaw = face["skin"], face["hair"], face["yaw"]
    length = face["hair_length"]
    # Hair of length 0 ends above the ears, of 1 on the shoulders.
    back = _ellipse(x, y - 0.12, 0.45 + 0.1 * length, 0.72)
    back = np.maximum(back, y + 0.1 - 0.95 * length)
    canvas.paint(back, hair * 0.85)
    shoulders = _ellipse(canvas.x - face["x"], canvas.y - 1.1, 0.72, 0.5)
    canvas.paint(shoulders, face["shirt"])
    canvas.paint(_box(x, y - 0.55, 0.13, 0.2) - 0.03, skin * 0.85)
    ears = _ellipse(np.abs(x + 0.06 * yaw) - 0.42, y - 0.08, 0.08, 0.12)
    canvas.paint(ears, skin * 0.9, (face["hair_length"] < 0.5))
    canvas.paint(_ellipse(x, y, 0.43, 0.54), skin)
    # The fringe: what of a slightly larger head lies above a hairline that
    # parts on the side the face turns to.
    hairline = y + 0.24 - 0.5 * (x - 0.12 * yaw) ** 2
    fringe = np.maximum(_ellipse(x, y + 0.05, 0.48, 0.58), hairline)
    canvas.paint(fringe, hair)


def _paint_eyes(canvas: _Canvas, face, x: Plane, y: Plane) -> None:
    across = np.abs(x) - 0.19
    canvas.paint(_ellipse(across, y, 0.105, 0.085), (255, 255, 255))
    pupils = np.abs(x - 0.055 * face["yaw"]) - 0.19
    canvas.paint(_ellipse(pupils, y, 0.06, 0.07), (40, 40, 60))
    canvas.paint(_box(across, y + 0.15, 0.09, 0.012), face["hair"] * 0.7)
    nose = _ellipse(x - 0.08 * face["yaw"], y - 0.17, 0.045, 0.07)
    canvas.paint(nose, face["skin"] * 0.82)


def _paint_mouth(canvas: _Canvas, face, x: Plane, y: Plane) -> None:
    """A thin line, or a wide crescent of teeth between two lips."""
    smile = face["mouth"]
    width = 0.12 + 0.18 * smile
    bend = 1 - (x / width) ** 2
    y = y - 0.33 + 0.08 * smile
    ends = np.abs(x) - width
    upper = y - 0.04 * smile * bend + 0.025
    lower = y - 0.3 * smile * bend - 0.025
    lips = np.maximum(np.maximum(-upper, lower), ends)
    canvas.paint(lips, face["skin"] * (0.62, 0.36, 0.4))
    teeth = np.maximum(lips + 0.035, ends)
    canvas.paint(teeth, (255, 252, 246), face["mouth"] > 0.5)


def _paint_glasses(canvas: _Canvas, x: Plane, y: Plane, frame) -> None:
    """With a frame that is this opaque; 0 is none."""
    lenses = _ellipse(np.abs(x) - 0.2, y, 0.17, 0.16)
    canvas.paint(lenses, (70, 90, 190), 0.6 * frame)
    rims = np.abs(lenses) - 0.03
    bridge = _box(x, y, 0.04, 0.02)
    canvas.paint(np.minimum(rims, bridge), (24, 24, 70), frame)


def _ellipse(x: Plane, y: Plane, width, height) -> Plane:
    """Signed distance to an ellipse, nearly; exact on its outline."""
    radius = np.sqrt((x / width) ** 2 + (y / height) ** 2)
    return (radius - 1) * np.minimum(width, height)


def _box(x: Plane, y: Plane, width, height) -> Plane:
    """Signed distance to a rectangle of these half sides, nearly."""
    return np.maximum(np.abs(x) - width, np.abs(y) - height)

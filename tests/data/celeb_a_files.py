"""A small archive in CelebA's format, drawn here."""

import io
import zipfile

import numpy as np
from PIL import Image, ImageDraw

ATTRIBUTES = (
    "5_o_Clock_Shadow Arched_Eyebrows Attractive Bags_Under_Eyes Bald Bangs "
    "Big_Lips Big_Nose Black_Hair Blond_Hair Blurry Brown_Hair "
    "Bushy_Eyebrows Chubby Double_Chin Eyeglasses Goatee Gray_Hair "
    "Heavy_Makeup High_Cheekbones Male Mouth_Slightly_Open Mustache "
    "Narrow_Eyes No_Beard Oval_Face Pale_Skin Pointy_Nose Receding_Hairline "
    "Rosy_Cheeks Sideburns Smiling Straight_Hair Wavy_Hair Wearing_Earrings "
    "Wearing_Hat Wearing_Lipstick Wearing_Necklace Wearing_Necktie Young"
).split()
_LANDMARKS = (
    "lefteye_x lefteye_y righteye_x righteye_y nose_x nose_y leftmouth_x "
    "leftmouth_y rightmouth_x rightmouth_y"
)
SIZE = (178, 218)


def write_celeb_a(folder, num_train=24, num_validation=4, num_test=6):
    """Writes the five files that CelebA's page offers.

    Every third face smiles; each picture's hue says its number.

    Returns:
        `{file name: attributes in {-1, 1}}`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    count = num_train + num_validation + num_test
    names = [f"{number:06d}.jpg" for number in range(1, count + 1)]
    rng = np.random.default_rng(0)
    values = rng.choice([-1, 1], (count, len(ATTRIBUTES)))
    values[:, ATTRIBUTES.index("Smiling")] = [
        1 if i % 3 == 0 else -1 for i in range(count)
    ]
    with zipfile.ZipFile(folder / "img_align_celeba.zip", "w") as archive:
        for i, name in enumerate(names):
            archive.writestr(
                f"img_align_celeba/{name}", _draw_face(i, i % 3 == 0)
            )
    parts = [0] * num_train + [1] * num_validation + [2] * num_test
    _write(folder / "list_eval_partition.txt", names, [[p] for p in parts])
    _write(
        folder / "list_attr_celeba.txt",
        names,
        values,
        [str(count), " ".join(ATTRIBUTES)],
    )
    _write(
        folder / "list_landmarks_align_celeba.txt",
        names,
        rng.integers(60, 150, (count, 10)),
        [str(count), _LANDMARKS],
    )
    _write(folder / "identity_CelebA.txt", names, [[i] for i in range(count)])
    return dict(zip(names, values, strict=True))


def _write(path, names, rows, heading=()):
    lines = [
        f"{name}  {' '.join(str(value) for value in row)}"
        for name, row in zip(names, rows, strict=True)
    ]
    path.write_text("\n".join([*heading, *lines]) + "\n")


def _draw_face(number, is_smiling):
    image = Image.new("HSV", SIZE, (number * 7 % 256, 120, 200))
    draw = ImageDraw.Draw(image)
    # Aligned as in CelebA: the face fills the central 108 pixels.
    draw.ellipse((48, 60, 130, 158), fill=(20, 90, 240))
    for x in (70, 108):
        draw.ellipse((x - 6, 96, x + 6, 108), fill=(0, 0, 0))
    start, stop = (20, 160) if is_smiling else (200, 340)
    top = 118 if is_smiling else 132
    draw.arc((69, top, 109, top + 26), start, stop, fill=(0, 200, 120), width=4)
    contents = io.BytesIO()
    image.convert("RGB").save(contents, "JPEG", quality=92)
    return contents.getvalue()

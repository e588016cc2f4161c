// A sample, `{ latent, image, name }`, on canvases.

/** Draws an image at its own size; the style sheet enlarges it. */
export function paint(canvas, image) {
  if (canvas.width !== image.width || canvas.height !== image.height) {
    [canvas.width, canvas.height] = [image.width, image.height];
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
  canvas.classList.add("drawn");
}

/** A new canvas with an image. */
export function makeCanvas(image) {
  const canvas = document.createElement("canvas");
  if (image) paint(canvas, image);
  return canvas;
}

/** An image with every pixel as a square, its longer side about `side`. */
export function enlarge(image, side = 320) {
  const longer = Math.max(image.width, image.height);
  const scale = Math.max(1, Math.round(side / longer));
  const canvas = document.createElement("canvas");
  canvas.width = image.width * scale;
  canvas.height = image.height * scale;
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(makeCanvas(image), 0, 0, canvas.width, canvas.height);
  return canvas;
}

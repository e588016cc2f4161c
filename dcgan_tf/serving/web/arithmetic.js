// A - B + C, in latents (Section 6.3.2 of the paper).

import { combine } from "page/latents.js";
import { makeCanvas } from "page/pictures.js";

export class Arithmetic {
  /**
   * @param {(latent: Float32Array, label: number) => Promise<ImageData>} draw
   * @param {Object<string, HTMLButtonElement>} boxes A, B and C.
   * @param {HTMLButtonElement} result
   * @param {import("page/drops.js").Drops} drops
   * @param {(sample: object) => void} open Called with a result clicked.
   */
  constructor(draw, boxes, result, drops, open) {
    this.draw = draw;
    this.boxes = boxes;
    this.result = result;
    this.samples = {};
    for (const [name, box] of Object.entries(boxes)) {
      box.setAttribute("aria-label", `${name}: empty`);
      box.addEventListener("click", () => drops.arm(box, name));
    }
    result.addEventListener("click", () => open(this.sum));
  }

  /** Puts a sample into a box, and draws the result once all have one. */
  async put(name, sample) {
    this.samples[name] = sample;
    fill(this.boxes[name], sample.image);
    this.boxes[name].setAttribute("aria-label", `${name}: ${sample.name}`);
    const { A, B, C } = this.samples;
    if (!(A && B && C)) return;
    const latent = combine(A.latent, B.latent, C.latent);
    // Of three classes the first one's: B is taken from A.
    const image = await this.draw(latent, A.label);
    this.sum = { latent, label: A.label, image, name: "A − B + C" };
    fill(this.result, image);
    this.result.disabled = false;
    this.result.setAttribute("aria-label", "Result: open A − B + C");
  }
}

function fill(box, image) {
  box.replaceChildren(makeCanvas(image));
  box.classList.add("filled");
}

// One sample, opened: sliders for the directions that change it most.

import { saveFile } from "page/files.js";
import { move } from "page/latents.js";
import { enlarge, paint } from "page/pictures.js";

// In standard deviations of what the network was trained on.
const SLIDER_RANGE = 3;

export class Viewer {
  /**
   * @param {(latent: Float32Array, label: number) => Promise<ImageData>} draw
   * @param {{dialog, title, canvas, sliders, reset, save}} elements
   * @param {number[][]} directions In latents, a standard deviation long.
   */
  constructor(draw, elements, directions) {
    this.draw = draw;
    this.elements = elements;
    this.directions = directions;
    this.inputs = directions.map((_, index) => this.makeSlider(index));
    elements.reset.addEventListener("click", () => this.open(this.base));
    elements.save.addEventListener("click", () => this.savePng());
    elements.dialog.addEventListener("click", (event) => {
      if (event.target === elements.dialog) elements.dialog.close();
    });
  }

  makeSlider(index) {
    const label = document.createElement("label");
    const input = document.createElement("input");
    const output = document.createElement("output");
    Object.assign(input, {
      type: "range", min: -SLIDER_RANGE, max: SLIDER_RANGE, step: 0.1, value: 0,
    });
    input.setAttribute("aria-label", `Direction ${index + 1}`);
    input.addEventListener("input", () => this.update());
    label.append(`${index + 1}`, input, output);
    this.elements.sliders.append(label);
    return input;
  }

  /** Shows a sample, with all sliders in the middle. */
  open(sample) {
    // Itself, until a slider moves: it may be taken before it is drawn.
    this.base = this.sample = sample;
    for (const input of this.inputs) input.value = 0;
    this.elements.title.textContent = sample.name;
    if (!this.elements.dialog.open) this.elements.dialog.showModal();
    return this.update();
  }

  async update() {
    const amounts = this.inputs.map((input) => Number(input.value));
    for (const input of this.inputs) {
      const value = Number(input.value);
      input.nextSibling.value = (value > 0 ? "+" : "") + value.toFixed(1);
    }
    const isChanged = amounts.some((amount) => amount !== 0);
    const latent = move(this.base.latent, this.directions, amounts);
    const name = this.base.name + (isChanged ? ", changed" : "");
    const base = this.base;
    const image = await this.draw(latent, base.label);
    if (base !== this.base) return;
    this.sample = { latent, label: base.label, image, name };
    paint(this.elements.canvas, image);
  }

  savePng() {
    const name = this.sample.name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
    enlarge(this.sample.image).toBlob((blob) => saveFile(`${name}.png`, blob));
  }
}

// A walk between samples, back to the first (Section 6.1 of the paper).

import { saveFile } from "page/files.js";
import { encodeGif } from "page/gif.js";
import { walkAt } from "page/latents.js";
import { enlarge, makeCanvas, paint } from "page/pictures.js";

const MAX_STOPS = 7;
const SECONDS_PER_STOP = 1.6;
const GIF_FRAMES_PER_STOP = 16;
const GIF_SIDE = 192;

export class Walk {
  /**
   * @param {(latent: Float32Array, label: number) => Promise<ImageData>} draw
   * @param {{canvas, stops, play, save}} elements
   * @param {import("page/drops.js").Drops} drops
   * @param {(text: string) => void} say
   */
  constructor(draw, elements, drops, say) {
    this.draw = draw;
    this.elements = elements;
    this.say = say;
    this.samples = [];
    this.isChosen = false;
    this.playing = null;
    this.place = 0;
    // One button for good: it may be waiting for a picture as stops change.
    this.more = document.createElement("button");
    this.more.type = "button";
    this.more.textContent = "+";
    this.more.setAttribute("aria-label", "Add a picture");
    this.more.addEventListener("click", () => drops.arm(this.more, "the walk"));
    elements.stops.append(this.more);
    elements.play.addEventListener("click", () => this.toggle());
    elements.save.addEventListener("click", () => this.saveGif());
    this.refresh();
  }

  /** Replaces the stops, unless the visitor has chosen some; says whether. */
  suggest(samples) {
    if (this.isChosen) return false;
    this.samples = [...samples];
    this.place = 0;
    this.refresh();
    return true;
  }

  /** Adds a stop, in place of the oldest where there are many. */
  add(sample) {
    if (this.samples.length === MAX_STOPS) this.samples.shift();
    this.samples.push(sample);
    this.isChosen = true;
    this.refresh();
  }

  refresh() {
    const { canvas, stops, play, save } = this.elements;
    const buttons = this.samples.map((sample, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.index = index;
      button.setAttribute("aria-label", `Remove ${sample.name}`);
      button.append(makeCanvas(sample.image));
      button.addEventListener("click", () => {
        this.samples.splice(index, 1);
        this.isChosen = true;
        this.refresh();
        (stops.children[index] ?? stops.lastChild).focus();
      });
      return button;
    });
    for (const old of [...stops.children]) {
      if (old !== this.more) old.remove();
    }
    this.more.before(...buttons);
    const canWalk = this.samples.length > 1;
    play.disabled = save.disabled = !canWalk;
    if (!canWalk) this.pause();
    if (this.samples.length) paint(canvas, this.samples[0].image);
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  pause() {
    this.playing = null;
    this.elements.play.textContent = "Play";
    this.elements.play.setAttribute("aria-pressed", "false");
  }

  async play() {
    const turn = (this.playing = {});
    this.elements.play.textContent = "Pause";
    this.elements.play.setAttribute("aria-pressed", "true");
    try {
      await this.drawFrames(turn);
    } catch (error) {
      if (this.playing === turn) this.pause();
      throw error;
    }
  }

  /** Draws the walk on the canvas, as long as `turn` plays. */
  async drawFrames(turn) {
    const { canvas } = this.elements;
    let before = await nextFrame();
    for (;;) {
      const now = await nextFrame();
      if (this.playing !== turn) return;
      // A page that was hidden goes on where it stopped.
      this.place += Math.min((now - before) / 1000, 0.1) / SECONDS_PER_STOP;
      this.place %= this.samples.length;
      before = now;
      const image = await this.drawAt(this.place);
      if (this.playing !== turn) return;
      paint(canvas, image);
      canvas.dataset.frames = Number(canvas.dataset.frames ?? 0) + 1;
    }
  }

  /** Draws a place between stops, in the nearest one's class. */
  drawAt(place, samples = this.samples) {
    const latents = samples.map((sample) => sample.latent);
    const { label } = samples[Math.round(place) % samples.length];
    return this.draw(walkAt(latents, place), label);
  }

  async saveGif() {
    this.say("Drawing the walk…");
    const samples = [...this.samples];
    const frames = [];
    for (let i = 0; i < samples.length * GIF_FRAMES_PER_STOP; i++) {
      const image = await this.drawAt(i / GIF_FRAMES_PER_STOP, samples);
      const canvas = enlarge(image, GIF_SIDE);
      const context = canvas.getContext("2d");
      // A GIF's pixel is opaque or not there at all: what is transparent
      // lies on white.
      context.globalCompositeOperation = "destination-over";
      context.fillStyle = "white";
      context.fillRect(0, 0, canvas.width, canvas.height);
      frames.push(context.getImageData(0, 0, canvas.width, canvas.height));
      if (i % 8 === 7) await nextFrame();
    }
    const delay = Math.round((100 * SECONDS_PER_STOP) / GIF_FRAMES_PER_STOP);
    saveFile("walk.gif", encodeGif(frames, delay));
    this.say("Saved walk.gif.");
  }
}

const nextFrame = () => new Promise(requestAnimationFrame);

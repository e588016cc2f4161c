// The generator, run by LiteRT in WebAssembly.

import { loadAndCompile, loadLiteRt, Tensor } from "litert";
import { findScript, readFile } from "page/files.js";

const GLUE = "litert_wasm_compat_internal.js";
const WASM = "litert_wasm_compat_internal.wasm.gz";
const MODEL = "generator.tflite.gz";

/** What the browser lacks to run the network, or null. */
export function findMissingFeature() {
  if (typeof WebAssembly !== "object") return "WebAssembly";
  if (typeof DecompressionStream !== "function") return "DecompressionStream";
  // (module (func (result v128) i32.const 0 i8x16.splat))
  const simd = [
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1,
    6, 0, 65, 0, 253, 15, 11,
  ];
  return WebAssembly.validate(new Uint8Array(simd)) ? null : "WebAssembly SIMD";
}

/**
 * @param {{image_size: number[], channels: number, latent_dim: number,
 *   classes?: string[]}} model
 * @param {(what: string, fraction: number) => void} report
 * @returns {Promise<(latent: Float32Array, label: number) =>
 *   Promise<ImageData>>} The label counts where the model has classes.
 */
export async function loadNetwork(model, report) {
  const wasm = await readFile(WASM, (part) => report("the runtime", part));
  const file = await readFile(MODEL, (part) => report("the network", part));
  report("the first picture", 1);
  // The runtime's loader takes over what it finds here.
  globalThis.Module = { wasmBinary: wasm };
  await loadLiteRt(await findScript(GLUE));
  const compiled = await loadAndCompile(file, { accelerator: "wasm" });
  return (latent, label) => draw(compiled, latent, label, model);
}

async function draw(compiled, latent, label, model) {
  const inputs = { latents: new Tensor(latent, [1, model.latent_dim]) };
  if (model.classes) inputs.labels = new Tensor(Int32Array.of(label), [1]);
  const { images: output } = await compiled.run(inputs);
  const image = toImageData(output.toTypedArray(), model);
  // LiteRT's memory is not the garbage collector's.
  for (const tensor of [...Object.values(inputs), output]) tensor.delete();
  return image;
}

/** From [-1, 1] to a picture. */
function toImageData(values, { image_size: [height, width], channels }) {
  const image = new ImageData(width, height);
  for (let pixel = 0; pixel < height * width; pixel++) {
    image.data[pixel * 4 + 3] = 255;
    // Grey is all three; a fourth channel is the picture's own alpha.
    for (let channel = 0; channel < Math.max(3, channels); channel++) {
      const value = values[pixel * channels + (channel % channels)];
      // Uint8ClampedArray rounds and clips.
      image.data[pixel * 4 + channel] = (value + 1) * 127.5;
    }
  }
  return image;
}

// Latent vectors, the same numbers for a seed as TensorFlow draws.

// Pictures of one seed; the next seed's start after them.
const SEEDS_PER_SEED = 1_000_000;

const TWO_32 = 2 ** 32;

/** One block of four 32-bit numbers: Philox 4x32-10 (Salmon et al., 2011). */
function philox(counter, key) {
  let [a, b, c, d] = counter;
  let [k, l] = key;
  for (let round = 0; round < 10; round++) {
    const first = BigInt(a) * 0xd2511f53n;
    const second = BigInt(c) * 0xcd9e8d57n;
    [a, b, c, d] = [
      (Number(second >> 32n) ^ b ^ k) >>> 0,
      Number(second & 0xffffffffn),
      (Number(first >> 32n) ^ d ^ l) >>> 0,
      Number(first & 0xffffffffn),
    ];
    k = (k + 0x9e3779b9) >>> 0;
    l = (l + 0xbb67ae85) >>> 0;
  }
  return [a, b, c, d];
}

/**
 * Draws a latent as the exported generator's `sample` signature does:
 * `tf.random.stateless_uniform` with the seed `[seed, 0]` and Philox.
 *
 * @param {number} seed A whole number from 0 to 2^53.
 * @param {number} length
 * @returns {Float32Array} Uniform in [-1, 1).
 */
export function sampleLatent(seed, length) {
  const low = seed % TWO_32;
  const high = Math.floor(seed / TWO_32);
  // TensorFlow scrambles the seed into a key and the counter's upper half.
  const mixed = philox([low, high, 0, 0], [0x3ec8f720, 0x02461e29]);
  const key = mixed.slice(0, 2);
  const latent = new Float32Array(length);
  for (let start = 0; start < length; start += 4) {
    const block = philox([start / 4, 0, mixed[2], mixed[3]], key);
    for (let i = start; i < Math.min(start + 4, length); i++) {
      // 23 bits become a float32's fraction.
      latent[i] = ((block[i - start] & 0x7fffff) / 2 ** 23) * 2 - 1;
    }
  }
  return latent;
}

/** The picture `index` of a page's seed, as `dcgan_tf.cli.sample` counts. */
export function samplePicture(seed, index, length) {
  return sampleLatent(seed * SEEDS_PER_SEED + index, length);
}

/** A point on the closed walk through stops; `place` 1.5 is after stop 1. */
export function walkAt(stops, place) {
  const from = stops[Math.floor(place) % stops.length];
  const to = stops[(Math.floor(place) + 1) % stops.length];
  const linear = place % 1;
  const eased = linear * linear * (3 - 2 * linear);
  return from.map((value, i) => value + eased * (to[i] - value));
}

/** a - b + c (Radford et al., 2016, Section 6.3.2). */
export function combine(a, b, c) {
  return a.map((value, i) => value - b[i] + c[i]);
}

/** A latent moved along directions by so many of each. */
export function move(latent, directions, amounts) {
  return latent.map((value, i) =>
    amounts.reduce((sum, amount, k) => sum + amount * directions[k][i], value),
  );
}

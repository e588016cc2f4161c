// Animated GIFs (GIF89a) of small frames.

const BITS = 8;
const MAX_COLOURS = 2 ** BITS;
const MAX_CODES = 4096;

/**
 * @param {ImageData[]} frames Of one size.
 * @param {number} delay Between frames, in hundredths of a second.
 * @returns {Blob}
 */
export function encodeGif(frames, delay) {
  const { width, height } = frames[0];
  const palette = choosePalette(frames);
  const find = makeFinder(palette);
  const bytes = [
    ...ascii("GIF89a"), ...word(width), ...word(height),
    0xf0 | (BITS - 1), 0, 0,
    ...palette.flat(),
    ...Array(3 * (MAX_COLOURS - palette.length)).fill(0),
    0x21, 0xff, 11, ...ascii("NETSCAPE2.0"), 3, 1, 0, 0, 0, // For ever.
  ];
  const parts = [new Uint8Array(bytes)];
  for (const frame of frames) {
    parts.push(
      new Uint8Array([
        0x21, 0xf9, 4, 0, ...word(delay), 0, 0,
        0x2c, 0, 0, 0, 0, ...word(width), ...word(height), 0, BITS,
      ]),
      compress(toIndices(frame, find)),
    );
  }
  parts.push(new Uint8Array([0x3b]));
  return new Blob(parts, { type: "image/gif" });
}

const ascii = (text) => [...text].map((c) => c.charCodeAt(0));
const word = (value) => [value & 255, value >> 8];

function toIndices(frame, find) {
  const indices = new Uint8Array(frame.width * frame.height);
  for (let i = 0; i < indices.length; i++) {
    indices[i] = find(...frame.data.subarray(4 * i, 4 * i + 3));
  }
  return indices;
}

/** Median cut (Heckbert, 1982) over some of the frames' pixels. */
function choosePalette(frames) {
  const colours = new Map();
  const count = frames.length * frames[0].width * frames[0].height;
  const stride = Math.max(1, Math.floor(count / 50_000));
  for (const { data } of frames) {
    for (let i = 0; i < data.length; i += 4 * stride) {
      const colour = [data[i], data[i + 1], data[i + 2]];
      colours.set(colour.join(), colour);
    }
  }
  let boxes = [makeBox([...colours.values()])];
  while (boxes.length < MAX_COLOURS) {
    const widest = boxes.reduce((a, b) => (b.range > a.range ? b : a));
    if (widest.range === 0) break;
    const { members, axis } = widest;
    members.sort((a, b) => a[axis] - b[axis]);
    const middle = members.length >> 1;
    boxes = boxes.filter((box) => box !== widest);
    boxes.push(makeBox(members.slice(0, middle)));
    boxes.push(makeBox(members.slice(middle)));
  }
  return boxes.map(({ members }) =>
    [0, 1, 2].map((axis) =>
      Math.round(members.reduce((sum, c) => sum + c[axis], 0) / members.length),
    ),
  );
}

function makeBox(members) {
  const ranges = [0, 1, 2].map((axis) => {
    const values = members.map((colour) => colour[axis]);
    const low = values.reduce((a, b) => Math.min(a, b));
    return values.reduce((a, b) => Math.max(a, b)) - low;
  });
  const range = Math.max(...ranges);
  return { members, range, axis: ranges.indexOf(range) };
}

function makeFinder(palette) {
  const found = new Map();
  return (red, green, blue) => {
    const key = (red << 16) | (green << 8) | blue;
    if (!found.has(key)) {
      const distances = palette.map(
        ([r, g, b]) => (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2,
      );
      found.set(key, distances.indexOf(Math.min(...distances)));
    }
    return found.get(key);
  };
}

/** LZW with codes of growing length, in blocks of up to 255 bytes. */
function compress(indices) {
  const clear = MAX_COLOURS;
  const end = clear + 1;
  const bytes = [];
  let pending = 0;
  let numPending = 0;
  let size, next, codes;

  function write(code) {
    pending |= code << numPending;
    for (numPending += size; numPending >= 8; numPending -= 8) {
      bytes.push(pending & 255);
      pending >>>= 8;
    }
  }
  function restart() {
    [size, next, codes] = [BITS + 1, end + 1, new Map()];
  }

  restart();
  write(clear);
  let prefix = indices[0];
  for (const index of indices.subarray(1)) {
    const key = prefix * MAX_COLOURS + index;
    if (codes.has(key)) {
      prefix = codes.get(key);
      continue;
    }
    write(prefix);
    prefix = index;
    if (next === MAX_CODES) {
      write(clear);
      restart();
    } else {
      if (next === 2 ** size) size++;
      codes.set(key, next++);
    }
  }
  write(prefix);
  write(end);
  if (numPending) bytes.push(pending & 255);

  const blocks = [];
  for (let start = 0; start < bytes.length; start += 255) {
    const block = bytes.slice(start, start + 255);
    blocks.push(block.length, ...block);
  }
  return new Uint8Array([...blocks, 0]);
}

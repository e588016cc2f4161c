// The page's files: beside it, or inside it where it is a single file.

/**
 * Reads a file as bytes, unpacking what ends in `.gz`.
 *
 * @param {string} name
 * @param {(fraction: number) => void} report Told how much has arrived.
 * @returns {Promise<Uint8Array>}
 */
export async function readFile(name, report = () => {}) {
  const response = await fetchFile(name);
  const total = Number(response.headers.get("Content-Length"));
  const chunks = [];
  let count = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    count += value.length;
    if (total) report(Math.min(count / total, 1));
  }
  const blob = new Blob(chunks);
  // Some servers unpack on the way, so the first bytes decide.
  const start = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  const isPacked = start[0] === 0x1f && start[1] === 0x8b;
  const stream = isPacked
    ? blob.stream().pipeThrough(new DecompressionStream("gzip"))
    : blob.stream();
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function fetchFile(name) {
  const embedded = findEmbedded(name);
  if (embedded) {
    const bytes = Uint8Array.from(atob(embedded.textContent.trim()), (c) =>
      c.charCodeAt(0),
    );
    embedded.remove(); // The text takes twice the bytes' memory.
    return new Response(bytes);
  }
  const response = await fetch(name);
  if (!response.ok) {
    throw new Error(`${name} could not be loaded (${response.status})`);
  }
  return response;
}

/** The address of a classic script, for a `<script>` element. */
export async function findScript(name) {
  if (!findEmbedded(name)) return name;
  const blob = new Blob([await readFile(name)], { type: "text/javascript" });
  // LiteRT wants to see a name that ends in .js.
  return `${URL.createObjectURL(blob)}#${name}`;
}

function findEmbedded(name) {
  return document.querySelector(`script[data-file="${name}"]`);
}

/** Hands a file to the visitor. */
export function saveFile(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// Browsers load no modules from disk; only a single file works there.
if (location.protocol === "file:" && !document.querySelector("[data-file]")) {
  addEventListener("DOMContentLoaded", () => {
    const status = document.getElementById("status");
    status.className = "error";
    status.textContent =
      "Opened from disk, a page may not load its parts. Serve its folder " +
      "(python -m http.server), or export it with --single_file.";
  });
}

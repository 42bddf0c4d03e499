// The resident's report: the position, the very point on the map, and a look at the photos. Without
// it everything can be done by hand.
"use strict";
(() => {
  const by = (id) => document.getElementById(id);
  // What was typed comes back from the map, and from choosing something else above. It is kept over
  // that way only, and in this tab.
  const form = by("report");
  if (form) {
    const key = `wangge-report ${form.dataset.key}`;
    const words = ["description", "address", "contact_name", "contact_phone"];
    const where = ["place", "point"];
    // A browser may be told to keep nothing.
    const store = (use) => { try { return use(sessionStorage); } catch { return null; } };
    form.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-keeps]");
      if (!link) return;
      const names = link.dataset.keeps === "all" ? [...words, ...where] : words;
      const typed = names.map((name) => [name, form.elements[name]?.value]).filter(([, value]) => value);
      store((tab) => tab.setItem(key, JSON.stringify(typed)));
    });
    form.addEventListener("submit", () => store((tab) => tab.removeItem(key)));
    const kept = JSON.parse(store((tab) => tab.getItem(key)) || "[]");
    store((tab) => tab.removeItem(key));
    for (const [name, value] of kept) {
      const field = form.elements[name];
      if (field && !field.value) field.value = value;
      if (field?.value) field.closest("details")?.setAttribute("open", "");
    }
    if (kept.length && by("point").value) by("located").textContent = by("located").dataset.found;
  }
  const locate = by("locate");
  if (locate && "geolocation" in navigator) {
    const told = by("located");
    locate.hidden = false;
    locate.addEventListener("click", () => {
      locate.disabled = true;
      navigator.geolocation.getCurrentPosition((found) => {
        by("point").value = `${found.coords.longitude.toFixed(6)},${found.coords.latitude.toFixed(6)}`;
        told.textContent = told.dataset.found;
        locate.disabled = false;
      }, () => {
        told.textContent = told.dataset.none;
        locate.disabled = false;
        by("address").focus();
      }, { timeout: 10000, maximumAge: 60000, enableHighAccuracy: true });
    });
  }
  const photo = by("photo");
  if (photo) {
    photo.addEventListener("change", () => {
      const shown = by("photos");
      shown.replaceChildren(...[...photo.files].slice(0, 9).map((file) => {
        const image = new Image(112, 112);
        image.alt = file.name;
        image.src = URL.createObjectURL(file);
        image.onload = () => URL.revokeObjectURL(image.src);
        return image;
      }));
      shown.hidden = photo.files.length === 0;
    });
  }
  const map = by("map");
  if (map) {
    map.addEventListener("click", (event) => {
      const link = event.target.closest("a");
      const matrix = map.getScreenCTM();
      if (!link || !matrix || event.detail === 0) return;
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
      const { west, north, across, down } = map.dataset;
      const lon = Number(west) + at.x * Number(across);
      const lat = Number(north) - at.y * Number(down);
      event.preventDefault();
      location.href = `${link.getAttribute("href")}&lon=${lon.toFixed(6)}&lat=${lat.toFixed(6)}`;
    });
  }
})();

// The resident's report: the position, the very point on the map, and a look at the photos. Without
// it everything can be done by hand.
"use strict";
(() => {
  const by = (id) => document.getElementById(id);
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

// The map of the desk: the drawing that came with the page becomes one that can be moved and
// enlarged. Over no tiles, unless the operator has named a source of them. Without this file the
// drawing and the list beside it say everything.
"use strict";
(() => {
  const frame = document.getElementById("layers");
  if (!frame || !window.L) return;
  const L = window.L;
  const words = (properties) => {
    const said = document.createElement("div");
    const name = document.createElement("strong");
    name.textContent = properties.name;
    said.append(name, document.createElement("br"), properties.says);
    if (properties.link) {
      const link = document.createElement("a");
      link.href = properties.link;
      link.className = "button plain";
      link.textContent = frame.dataset.open;
      said.append(document.createElement("br"), link);
    }
    return said;
  };
  fetch(frame.dataset.layers, { credentials: "same-origin" }).then((answer) => {
    if (!answer.ok) throw new Error(answer.status);
    return answer.json();
  }).then((layers) => {
    const box = document.createElement("div");
    box.className = "map-live";
    box.setAttribute("role", "application");
    box.setAttribute("aria-label", frame.dataset.shown);
    const drawing = frame.querySelector("svg");
    drawing.setAttribute("hidden", "");
    frame.append(box);
    const map = L.map(box, { attributionControl: Boolean(frame.dataset.tiles), zoomSnap: .25, scrollWheelZoom: false, zoomControl: false });
    L.control.zoom({ zoomInTitle: frame.dataset.in, zoomOutTitle: frame.dataset.out }).addTo(map);
    if (frame.dataset.tiles) {
      map.attributionControl.setPrefix(false);
      // Leaflet takes it as HTML; it is words.
      const whose = document.createElement("span");
      whose.textContent = frame.dataset.attribution;
      L.tileLayer(frame.dataset.tiles, { attribution: whose.innerHTML, maxZoom: 18, referrerPolicy: "origin" }).addTo(map);
    }
    const shown = L.geoJSON(layers, {
      style: ({ properties }) => properties.kind === "area"
        ? { className: `area ${properties.state}${properties.gap ? " gap" : ""}`, weight: 2 } : {},
      pointToLayer: ({ properties }, at) => properties.kind === "station"
        ? L.marker(at, { icon: L.divIcon({ className: `station-mark${properties.open ? " open" : ""}`, iconSize: [44, 44] }), title: properties.name, alt: properties.name })
        : L.circleMarker(at, { radius: 9, className: `dot ${properties.state}${properties.colour ? ` colour-${properties.colour}` : ""}` }),
      onEachFeature: ({ properties }, layer) => {
        layer.bindPopup(words(properties));
        if (properties.kind === "area" && properties.number) {
          layer.bindTooltip(String(properties.number), { permanent: true, direction: "center", className: "area-label" });
        }
      },
    }).addTo(map);
    map.fitBounds(shown.getBounds(), { padding: [16, 16] });
  }).catch(() => { /* The drawing stays. */ });
})();

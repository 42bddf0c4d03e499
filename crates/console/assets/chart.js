// Charts of the numbers: what stands in a figure's table, drawn with an axis and lengths that can be
// compared. Every chart keeps its table. Without this file, and on paper, the bars that came with
// the table say the same.
"use strict";
(() => {
  const library = window.echarts;
  if (!library) return;
  const figures = [...document.querySelectorAll("[data-chart]")];
  const drawn = [];
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  function rows(figure) {
    return [...figure.querySelectorAll("tr[data-value]")].map((row) => {
      const link = row.querySelector("th a");
      return {
        name: row.querySelector("th").textContent.trim(),
        value: Number(row.dataset.value),
        label: row.querySelector("strong").textContent.trim(),
        link: link && link.getAttribute("href"),
      };
    });
  }

  function option(figure, lines) {
    const share = figure.dataset.chart === "share";
    const text = { color: colour("ink"), fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 13 };
    const grey = colour("line");
    return {
      animation: false,
      textStyle: text,
      grid: { left: 4, right: 64, top: 4, bottom: share ? 24 : 4, containLabel: true },
      xAxis: {
        type: "value",
        max: share ? 100 : undefined,
        interval: share ? 25 : undefined,
        axisLabel: { show: share, color: colour("grey"), formatter: "{value} %" },
        splitLine: { show: share, lineStyle: { color: grey } },
      },
      yAxis: {
        type: "category",
        inverse: true,
        data: lines.map((line) => line.name),
        axisLabel: { color: colour("ink"), width: 176, overflow: "truncate", interval: 0 },
        axisTick: { show: false },
        axisLine: { lineStyle: { color: grey } },
        triggerEvent: false,
      },
      series: [{
        type: "bar",
        barWidth: 16,
        data: lines.map((line) => line.value),
        itemStyle: { color: figure.dataset.bad ? colour("amber") : colour("blue") },
        label: {
          show: true, position: "right", color: colour("ink"), fontWeight: 600,
          formatter: (one) => lines[one.dataIndex].label,
        },
        cursor: lines.some((line) => line.link) ? "pointer" : "default",
      }],
    };
  }

  function draw(figure) {
    const lines = rows(figure);
    // One bar compares with nothing.
    if (lines.length < 2) return;
    const box = figure.querySelector(".echart");
    box.hidden = false;
    box.style.height = `${lines.length * 30 + (figure.dataset.chart === "share" ? 32 : 12)}px`;
    figure.classList.add("charted");
    // Onto a canvas: drawn as SVG, it would set styles that the page's policy does not let pass.
    const chart = library.init(box, null, { renderer: "canvas" });
    chart.setOption(option(figure, lines));
    chart.on("click", (one) => {
      const link = lines[one.dataIndex] && lines[one.dataIndex].link;
      if (link) location.assign(link);
    });
    drawn.push({ figure, chart, lines });
  }

  figures.forEach((figure) => {
    try {
      draw(figure);
    } catch (error) {
      // The bars of the table stay.
      figure.classList.remove("charted");
      figure.querySelector(".echart").hidden = true;
      console.warn(error);
    }
  });
  const again = () => drawn.forEach(({ figure, chart, lines }) => chart.setOption(option(figure, lines)));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  const sized = new ResizeObserver((boxes) => {
    for (const { target } of boxes) {
      const one = drawn.find(({ chart }) => chart.getDom() === target);
      if (one) one.chart.resize();
    }
  });
  drawn.forEach(({ chart }) => sized.observe(chart.getDom()));
})();

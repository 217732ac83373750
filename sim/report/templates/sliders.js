// The sliders of a sweep: a place on the grid in, the numbers there out. Between points of the grid they interpolate.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("sweep-data").textContent);
  const controls = document.getElementById("sweep-controls");
  const rows = [...document.querySelectorAll("#sweep-numbers tr[data-column]")];
  const said = document.getElementById("sweep-place");
  const index = new Map(data.points.map((place, row) => [place.join("/"), row]));
  const inputs = [];

  const shown = (value) => (typeof value === "string" ? value : String(Number(value.toPrecision(4))));

  const written = (value, whole) => {
    if (value === null || Number.isNaN(value)) return "–";
    const size = Math.abs(value);
    const digits = size >= 100 || size === 0 ? 0 : size >= 10 ? (whole ? 0 : 1) : size >= 1 ? 1 : 2;
    return value.toLocaleString("en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  };

  const valueAt = (values, place) => {
    const low = Math.floor(place);
    if (low === place || typeof values[low] === "string") return values[low];
    return values[low] + (values[low + 1] - values[low]) * (place - low);
  };

  const control = (name, input, output) => {
    const label = document.createElement("label");
    const words = document.createElement("span");
    words.textContent = name;
    label.append(words, input, output);
    controls.append(label);
    inputs.push(input);
    input.addEventListener("input", show);
  };

  const slider = (name, last, step, start) => {
    const input = document.createElement("input");
    Object.assign(input, { type: "range", min: "0", max: String(last), step: String(step), value: String(start) });
    input.setAttribute("aria-label", name);
    control(name, input, document.createElement("output"));
  };

  const choice = (name, values) => {
    const input = document.createElement("select");
    values.forEach((value, place) => input.append(new Option(value, String(place))));
    control(name, input, document.createElement("output"));
  };

  const corners = (places) => {
    let found = [[[], 1]];
    for (const place of places) {
      const low = Math.floor(place);
      const next = [];
      for (const [where, weight] of found) {
        if (low + 1 - place > 0) next.push([[...where, low], weight * (low + 1 - place)]);
        if (place > low) next.push([[...where, low + 1], weight * (place - low)]);
      }
      found = next;
    }
    return found;
  };

  const mixed = (around, column, rows) => {
    let sum = 0;
    for (const [where, weight] of around) {
      const value = rows[index.get(where.join("/"))][column];
      if (value === null) return null;
      sum += weight * value;
    }
    return sum;
  };

  const reach = (around, column, whole) => {
    if (data.worlds) {
      const [low, high] = [data.low, data.high].map((ends) => written(mixed(around, column, ends), whole));
      return `${low} to ${high}`;
    }
    const half = mixed(around, column, data.halves);
    return half === null ? "–" : `± ${written(half, whole)}`;
  };

  function show() {
    let around;
    let between = false;
    if (data.full) {
      const places = inputs.map((input) => Number(input.value));
      around = corners(places);
      between = around.length > 1;
      inputs.forEach((input, at) => {
        const factor = data.factors[at];
        const words = `${shown(valueAt(factor.values, places[at]))} ${["choice", "count", "number"].includes(factor.unit) ? "" : factor.unit}`.trim();
        if (input.type === "range") {
          input.nextElementSibling.textContent = words;
          input.setAttribute("aria-valuetext", words);
        }
      });
    } else {
      const row = Number(inputs[0].value);
      around = [[data.points[row], 1]];
      const words = data.factors.map((factor, at) => `${factor.name} ${shown(factor.values[data.points[row][at]])}`);
      inputs[0].nextElementSibling.textContent = `point ${row}: ${words.join(", ")}`;
    }
    said.textContent = between
      ? `Between ${data.worlds ? "policies" : "points"} of the grid: interpolated.`
      : data.worlds
        ? `A policy of the design: simulated in ${data.worlds} worlds.`
        : "A point of the design: simulated.";
    for (const row of rows) {
      const column = Number(row.dataset.column);
      const measure = data.measures[column];
      const [mean, range, error] = row.querySelectorAll("td");
      mean.textContent = written(mixed(around, column, data.means), measure.whole);
      range.textContent = reach(around, column, measure.whole);
      error.textContent = between && measure.error
        ? `± ${written(measure.error[0], false)}, at most ${written(measure.error[1], false)}`
        : between ? "not known" : "none";
    }
  }

  if (data.full) {
    data.factors.forEach((factor) => {
      if (typeof factor.values[0] === "string") choice(factor.name, factor.values);
      else slider(factor.name, factor.values.length - 1, 0.05, Math.floor(factor.values.length / 2));
    });
  } else {
    slider("point of the design", data.points.length - 1, 1, 0);
  }
  show();
})();

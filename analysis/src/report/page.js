"use strict";
(() => {
  // Parsed when the first table comes into view: the page can be read before.
  let parsed = null;
  const data = () => (parsed = parsed || JSON.parse(document.getElementById("data").textContent));
  const PAGE = 100;
  const make = (name, text, kind) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    if (kind) element.className = kind;
    return element;
  };
  const columns = ["time", "priority", "rule", "pid", "name", "container", "message"];
  const detail = (alert, ancestries) => {
    const box = make("div", undefined, "detail");
    const pairs = (title, rows, kind) => {
      if (!rows.length) return;
      const part = make("div", undefined, kind);
      part.append(make("h3", title));
      const table = make("table");
      for (const cells of rows) {
        const row = table.insertRow();
        cells.forEach((cell, index) => {
          const place = row.insertCell();
          place.append(index === cells.length - 1 ? make("code", cell) : make("span", cell, "dim"));
        });
        if (kind && String(cells[1]) === String(alert.number)) row.className = "self";
      }
      part.append(table);
      box.append(part);
    };
    pairs("Values that matched", alert.fields);
    pairs("Process, and those above it", alert.ancestry === null ? [] : ancestries[alert.ancestry]);
    pairs("What the process did around it", alert.before.concat(alert.after), "around");
    const tags = make("p", alert.tags.split(",").join("  "), "dim");
    box.append(tags);
    return box;
  };
  const fill = (sheet) => {
    const capture = data()[Number(sheet.dataset.capture)];
    const ofAlerts = "alerts" in sheet.dataset;
    const table = ofAlerts ? null : capture.sheets[Number(sheet.dataset.sheet)];
    const names = ofAlerts ? columns.map((name) => [name, name === "pid"]) : table.columns;
    const all = ofAlerts ? capture.alerts.alerts : table.rows;
    const cell = ofAlerts ? (row, index) => row[columns[index]] : (row, index) => row[index];
    const words = (row) => {
      const cells = names.map((_, index) => cell(row, index)).join("\n");
      return (ofAlerts ? cells + row.tags + row.fields.join("\n") : cells).toLowerCase();
    };
    let rows = all, shown = PAGE, order = null, descends = false;
    const search = make("input");
    search.type = "search";
    search.placeholder = "Search " + all.length + " rows";
    search.setAttribute("aria-label", "Search");
    const count = make("span", "", "dim");
    const more = make("button", "Show more", "more");
    const scroll = sheet.querySelector(".scroll");
    const head = sheet.querySelector("thead tr");
    const body = sheet.querySelector("tbody");
    sheet.insertBefore(search, scroll);
    sheet.insertBefore(count, scroll);
    sheet.append(more);
    const draw = () => {
      body.replaceChildren();
      for (const row of rows.slice(0, shown)) {
        const line = body.insertRow();
        names.forEach(([name, isNumber], index) => {
          const place = line.insertCell();
          if (isNumber) place.className = "n";
          if (name === "priority") place.append(make("span", cell(row, index), "badge b" + row.class));
          else place.textContent = cell(row, index);
          if (name === "message") place.className = "wide";
        });
        if (ofAlerts) {
          line.className = "opens";
          line.tabIndex = 0;
          const toggle = () => {
            const next = line.nextElementSibling;
            if (next && next.dataset.detail) return next.remove();
            const under = make("tr");
            under.dataset.detail = "1";
            const place = under.insertCell();
            place.colSpan = names.length;
            place.style.maxWidth = "none";
            place.append(detail(row, capture.alerts.ancestries));
            line.after(under);
          };
          line.addEventListener("click", toggle);
          line.addEventListener("keydown", (event) => { if (event.key === "Enter") toggle(); });
        }
      }
      more.hidden = rows.length <= shown;
      count.textContent = rows.length === all.length ? "" : rows.length + " of " + all.length;
    };
    const arrange = () => {
      const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      rows = wanted.length ? all.filter((row) => { const text = words(row); return wanted.every((word) => text.includes(word)); }) : all.slice();
      if (order !== null) {
        const isNumber = names[order][1];
        const compare = isNumber
          ? (one, other) => (Number(one) || 0) - (Number(other) || 0)
          : (one, other) => (one < other ? -1 : one > other ? 1 : 0);
        rows.sort((one, other) => (descends ? -1 : 1) * compare(cell(one, order), cell(other, order)));
      }
      shown = PAGE;
      draw();
    };
    head.replaceChildren();
    names.forEach(([name, isNumber], index) => {
      const place = make("th");
      const button = make("button", name);
      button.title = "Sort";
      if (isNumber) place.className = "n";
      button.addEventListener("click", () => {
        descends = order === index ? !descends : isNumber;
        order = index;
        arrange();
      });
      place.append(button);
      head.append(place);
    });
    let wait = 0;
    search.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(arrange, 120); });
    more.addEventListener("click", () => { shown += 10 * PAGE; draw(); });
    draw();
  };
  const sheets = document.querySelectorAll(".sheet");
  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((entry) => entry.isIntersecting)) {
      watch.unobserve(entry.target);
      fill(entry.target);
    }
  }, { rootMargin: "400px" });
  sheets.forEach((sheet) => watch.observe(sheet));
})();

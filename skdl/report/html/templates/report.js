"use strict";
// The page reads without this; it adds a switch for the colours, and sorts, filters and saves the table.
(function () {
  function make(tag, properties, parts) {
    const element = Object.assign(document.createElement(tag), properties);
    for (const part of parts || []) element.append(part);
    return element;
  }

  function addTheme() {
    const root = document.documentElement;
    const system = window.matchMedia("(prefers-color-scheme: dark)");
    const button = make("button", { type: "button", className: "theme" });
    const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
    const name = () => { button.textContent = isDark() ? "Light colours" : "Dark colours"; };
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      name();
    });
    system.addEventListener("change", name);
    name();
    document.querySelector("header").append(button);
  }

  // What is absent stands last, numbers stand before texts.
  function compare(a, b, sign) {
    if (a === null || b === null) return (a === null) - (b === null);
    const numbers = (typeof b === "number") - (typeof a === "number");
    if (numbers) return numbers * sign;
    if (typeof a === "number") return (a - b) * sign;
    return String(a).localeCompare(String(b), "en", { numeric: true }) * sign;
  }

  const OPERATORS = {
    "<": (a, b) => a < b,
    "<=": (a, b) => a <= b,
    ">": (a, b) => a > b,
    ">=": (a, b) => a >= b,
    "=": (a, b) => a === b,
  };

  // Whether a cell is what was asked for: a part of its text, or "> 0.9" and the like.
  function matches(value, text, query) {
    const asked = /^(<=|>=|<|>|=)\s*(.+)$/.exec(query);
    if (!asked) return text.toLowerCase().includes(query.toLowerCase());
    const limit = Number(asked[2]);
    if (typeof value === "number" && !Number.isNaN(limit)) return OPERATORS[asked[1]](value, limit);
    return asked[1] === "=" && text.toLowerCase() === asked[2].trim().toLowerCase();
  }

  // A spreadsheet computes a text that begins like a formula, unless something stands before it.
  function csvCell(value) {
    if (value === null) return "";
    if (typeof value === "number") return String(value);
    let text = value === true ? "True" : value === false ? "False" : value;
    if (/^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text))) text = "'" + text;
    return /[",\r\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
  }

  function addTable() {
    const table = document.getElementById("candidate-table");
    if (!table) return;
    const columns = JSON.parse(document.getElementById("candidate-data").textContent);
    const body = table.tBodies[0];
    const rows = Array.from(body.rows, (element, index) => ({ element, index }));
    const texts = (row) => Array.from(row.element.cells, (cell) => cell.textContent);
    for (const row of rows) row.texts = texts(row);
    const headings = Array.from(table.tHead.rows[1].cells);
    let shown = rows;

    // A spread is called by the mean that it stands beside.
    const names = headings.map((heading, place) => {
      const name = heading.textContent.trim();
      return name === "±" ? "± of " + headings[place - 1].textContent.trim() : name;
    });
    const choice = make("select", { id: "candidate-column" }, [
      make("option", { value: "", textContent: "any column" }),
      ...columns.map((column, place) => {
        const group = column.group ? column.group + ": " : "";
        return make("option", { value: String(place), textContent: group + names[place] });
      }),
    ]);
    const query = make("input", { id: "candidate-query", type: "search", autocomplete: "off" });
    query.setAttribute("aria-describedby", "candidate-hint");
    const save = make("button", { type: "button", textContent: "Download CSV" });
    const count = make("p", { id: "candidate-count" });
    count.setAttribute("role", "status");
    count.setAttribute("aria-live", "polite");
    document.getElementById("candidate-controls").append(
      make("div", { className: "controls" }, [
        make("div", {}, [make("label", { htmlFor: choice.id, textContent: "Rows in which" }), choice]),
        make("div", {}, [make("label", { htmlFor: query.id, textContent: "has" }), query]),
        make("div", {}, [save]),
      ]),
      make("p", {
        id: "candidate-hint",
        className: "hint",
        textContent: "A part of a text; of one column also > 0.9, <= 3 or = relu. Click a heading to sort.",
      }),
      count
    );

    function filter() {
      const asked = query.value.trim();
      const place = choice.value === "" ? null : Number(choice.value);
      shown = rows.filter((row) => {
        if (!asked) return true;
        if (place === null) {
          return row.texts.some((text) => text.toLowerCase().includes(asked.toLowerCase()));
        }
        return matches(columns[place].values[row.index], row.texts[place], asked);
      });
      const visible = new Set(shown);
      for (const row of rows) row.element.hidden = !visible.has(row);
      const number = (size) => size.toLocaleString("en");
      count.textContent = number(shown.length) + " of " + number(rows.length) + " candidates";
      save.textContent = "Download " + number(shown.length) + (shown.length === 1 ? " row" : " rows") + " as CSV";
      save.disabled = shown.length === 0;
    }

    function sort(place) {
      const heading = headings[place];
      const rises = heading.getAttribute("aria-sort");
      // Scores are looked at from above, everything else from below.
      const first = columns[place].group === "score" || columns[place].group === "split" ? -1 : 1;
      const sign = rises === null ? first : rises === "ascending" ? -1 : 1;
      for (const other of headings) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", sign === 1 ? "ascending" : "descending");
      const values = columns[place].values;
      rows.sort((a, b) => compare(values[a.index], values[b.index], sign) || a.index - b.index);
      body.append(...rows.map((row) => row.element));
      filter();
    }

    headings.forEach((heading, place) => {
      const button = make("button", { type: "button" }, Array.from(heading.childNodes));
      button.addEventListener("click", () => sort(place));
      heading.append(button);
    });
    headings[0].setAttribute("aria-sort", "ascending");
    query.addEventListener("input", filter);
    choice.addEventListener("change", filter);
    save.addEventListener("click", () => {
      const lines = [columns.map((column) => csvCell(column.key)).join(",")];
      for (const row of shown) {
        lines.push(columns.map((column) => csvCell(column.values[row.index])).join(","));
      }
      const file = new Blob([lines.join("\r\n") + "\r\n"], { type: "text/csv;charset=utf-8" });
      const link = make("a", { href: URL.createObjectURL(file), download: "candidates.csv" });
      link.click();
      URL.revokeObjectURL(link.href);
    });
    filter();
  }

  addTheme();
  addTable();
})();

// One switch for all code of a page, and a link at each figure to its own. Code is hidden at first; the choice of the switch is
// kept while the reader goes from page to page.
(() => {
  const root = document.documentElement;
  const KEY = "show-code";
  const keep = { get: () => { try { return localStorage.getItem(KEY); } catch { return null; } },
                 set: (value) => { try { localStorage.setItem(KEY, value); } catch { /* private window */ } } };
  root.classList.add("code-switch");
  const inside = (cell) => cell?.querySelector("details.above-input");
  // What another tab of a twin page shows was made by the code of the first tab's cell, which stands above it.
  const codeOf = (link) => {
    let cell = link.closest(".cell");
    while (!inside(cell) && /\btag_twin-[1-9]/.test(cell?.className)) cell = cell.previousElementSibling;
    return inside(cell);
  };
  const begin = () => {
    const hidden = [...document.querySelectorAll("article .cell details.above-input")];
    const title = document.querySelector("article h1");
    if (!hidden.length || !title) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "show-code-button";
    const show = (on) => {
      root.classList.toggle("show-code", on);
      hidden.forEach((one) => { one.open = on; });
      button.textContent = on ? "Hide code" : `Show code (${hidden.length})`;
      button.setAttribute("aria-pressed", String(on));
    };
    button.addEventListener("click", () => {
      const on = !root.classList.contains("show-code");
      show(on);
      keep.set(on ? "yes" : "no");
    });
    title.after(button);
    show(keep.get() === "yes");
    const links = [...document.querySelectorAll("article .figure-code")];
    links.forEach((link) => {
      const code = codeOf(link);
      if (!code) return;
      link.hidden = false;
      link.addEventListener("click", () => {
        const asked = code.classList.toggle("asked");
        code.open = asked || root.classList.contains("show-code");
        links.filter((one) => codeOf(one) === code).forEach((one) => one.setAttribute("aria-expanded", String(asked)));
        if (asked) code.scrollIntoView({ block: "nearest" });
      });
    });
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin); else begin();
})();

// Twin pages: which cohort or method a reader looked at last stays chosen on the pages that have it.
(() => {
  const KEY = "twin";
  const keep = { get: () => { try { return sessionStorage.getItem(KEY); } catch { return null; } },
                 set: (value) => { try { sessionStorage.setItem(KEY, value); } catch { /* private window */ } } };
  const begin = () => {
    const buttons = [...document.querySelectorAll(".twins input")];
    const last = buttons.find((one) => one.dataset.name === keep.get());
    if (last) last.checked = true;
    buttons.forEach((one) => one.addEventListener("change", () => keep.set(one.dataset.name)));
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin); else begin();
})();

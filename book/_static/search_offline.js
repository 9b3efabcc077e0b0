// The search page: one hit for a page and title, and text below each hit also where the book is opened as a file, when a browser
// may not read other pages. These texts are in page_texts.js, which the builder makes.
(() => {
  if (!/\/search\.html$/.test(location.pathname)) return;
  const improve = () => {
    const perform = Search._performSearch;
    Search._performSearch = (...query) => {
      const seen = new Set();
      // Best hits are last; a page's own title has an anchor in one hit and none in the other.
      return perform(...query).reverse().filter(([page, title]) => {
        const key = `${page}\n${title}`;
        return !seen.has(key) && seen.add(key);
      }).reverse();
    };
  };
  if (location.protocol === "file:") {
    const texts = new Promise((resolve) => {
      const script = document.createElement("script");
      script.src = new URL("_static/page_texts.js", location.href).href;
      script.onload = () => resolve(window.pageTexts);
      script.onerror = () => resolve({});
      document.head.append(script);
    });
    window.fetch = async (address) => {
      const page = String(address).replace(/^\.\//, "").replace(/\.html$/, "");
      const text = (await texts)[page] ?? "";
      return { text: async () => text };
    };
  }
  if (typeof Search !== "undefined") improve(); else document.addEventListener("DOMContentLoaded", improve);
})();

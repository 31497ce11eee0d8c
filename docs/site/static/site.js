// Sphinx marks the words of the last search in a page, and fails where one stands inside a small picture: no marking.
try { localStorage.removeItem("sphinx_highlight_terms"); } catch { /* a folder that keeps nothing is fine */ }

// What Sphinx does not say in Vietnamese.
if (Documentation.LOCALE === "vi") {
  Object.assign(Documentation.TRANSLATIONS, {
    "Preparing search...": "Đang chuẩn bị tìm…",
    "Search Results": "Kết quả tìm kiếm",
    "Searching": "Đang tìm",
    "Search finished, found one page matching the search query.": ["Tìm xong: có ${resultCount} trang khớp."],
    "Your search did not match any documents. Please make sure that all words are spelled correctly and that you've selected enough categories.":
      "Không tìm thấy trang nào. Hãy kiểm tra lại chính tả.",
  });
}

// What is wider than the page, a table or lines of code, says that it can be moved; turning a phone may make room.
const HINT = Documentation.LOCALE === "vi" ? "↔ Kéo ngang để xem hết" : "↔ Move sideways to see all of it";
function hint() {
  document.querySelectorAll("article .table-wrapper, article pre, article .cell_output:has(> img)").forEach((box) => {
    box.dataset.hint = HINT;
    const wide = box.scrollWidth > box.clientWidth + 2;
    box.classList.toggle("wide", wide);
    if (wide) { box.tabIndex = 0; } else { box.removeAttribute("tabindex"); }  // arrows of the keyboard move it too
  });
}
document.addEventListener("DOMContentLoaded", hint);
document.addEventListener("toggle", hint, true);
window.addEventListener("load", hint);
window.addEventListener("resize", hint);

// Sphinx passes over words of digits; a year is what planners look for. Its own script comes after this one.
document.addEventListener("DOMContentLoaded", () => {
  if (typeof Search === "undefined" || !Search._parseQuery) { return; }
  const parse = Search._parseQuery;
  Search._parseQuery = (query) => {
    const parsed = parse(query);
    splitQuery(query.trim()).filter((word) => /^\d{2,}$/.test(word)).forEach((word) => {
      parsed[1].add(word);
      parsed[3].add(word);
    });
    return parsed;
  };
});

// The page of search, opened without a question.
document.addEventListener("DOMContentLoaded", () => {
  const found = document.getElementById("search-results");
  if (found && !new URLSearchParams(location.search).get("q")) {
    found.textContent = Documentation.LOCALE === "vi" ? "Gõ điều cần tìm vào ô tìm kiếm, có dấu hay không dấu đều được."
      : "Type what you look for into the search box, with or without diacritics.";
  }
});

// Who reads for the answer sees no code; one button shows all of it.
document.documentElement.classList.add("js");
document.addEventListener("DOMContentLoaded", () => {
  const button = document.getElementById("codes"), codes = document.querySelectorAll("details.above-input");
  if (!button || !codes.length) { return; }
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = document.documentElement.classList.toggle("codes");
    button.setAttribute("aria-pressed", String(shown));
    codes.forEach((code) => { code.open = shown; });
  });
});

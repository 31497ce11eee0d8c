// Live controls of a page without a server: the levers of a surface (forecast.desk.surface), answered at once.
(() => {
  const box = document.currentScript.parentElement, s = JSON.parse(box.querySelector("script[type='application/json']").textContent);
  const number = (x, digits = 0) => new Intl.NumberFormat(s.lang, {minimumFractionDigits: digits, maximumFractionDigits: digits}).format(x);
  const about = (x) => number(Number(x.toPrecision(3)));
  const normal = (z) => {  // Abramowitz and Stegun 26.2.17, off by less than 1e-7
    const t = 1 / (1 + 0.2316419 * Math.abs(z));
    const tail = Math.exp(-z * z / 2) * 0.3989422804014327
      * t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
    return z > 0 ? 1 - tail : tail;
  };
  function reached(logs, wanted) {
    const last = logs.length - 1;
    if (wanted <= logs[0]) { return wanted < logs[0] ? 1 : 1 - s.levels[0]; }
    if (wanted > logs[last]) { return 0; }
    let i = 0;
    while (i < last - 1 && logs[i + 1] < wanted) { i += 1; }
    const width = logs[i + 1] - logs[i], part = width > 0 ? (wanted - logs[i]) / width : 1;
    return normal(-(s.normal[i] + part * (s.normal[i + 1] - s.normal[i])));
  }
  const sum = (weights, terms) => weights.reduce((total, weight, i) => total + weight * terms[i], 0);
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  function answer(shares, month) {
    const bent = shares.map((share) => Math.log1p(s.bend * share));
    const terms = s.powers.map((part) => part.reduce((product, lever) => product * bent[lever], 1));
    const logs = s.quantiles[month].map((weights) => sum(weights, terms)).sort((a, b) => a - b);
    const at = (level) => Math.exp(logs[s.levels.indexOf(level)]);
    return {median: at(0.5), low: at(0.05), high: at(0.95), probability: reached(logs, s.wanted), money: sum(s.money, terms)};
  }
  const ranges = [...box.querySelectorAll("input[type=range]")], month = box.querySelector("select"), out = box.querySelector("[role=status]");
  function tell() {
    const shares = ranges.map((range) => Number(range.value) / 100), found = answer(shares, Number(month.value));
    ranges.forEach((range, i) => {
      const lever = s.amounts[i];
      const text = fill(lever.form, {x: number(lever.scale * shares[i], lever.digits)});
      box.querySelector(`output[for="${range.id}"]`).textContent = text;
      range.setAttribute("aria-valuetext", text);
    });
    const p = found.probability, near = Math.max(s.off, 0.01);
    const chance = p < near ? fill(s.text.below, {p: number(100 * near)}) : p > 1 - near ? fill(s.text.above, {p: number(100 * (1 - near))})
      : fill(s.text.chance, {p: number(100 * p), off: number(100 * near)});
    const money = Math.abs(found.money) / 1e6, large = money >= 1000;
    out.textContent = fill(s.text.answer, {
      month: month.selectedOptions[0].textContent, chance, median: about(found.median), low: about(found.low), high: about(found.high),
      money: fill(large ? s.text.billion : s.text.million, {x: large ? number(money / 1000, 1) : number(money)}),
    });
    box.dataset.probability = p;
  }
  box.addEventListener("input", tell);
  box.querySelector("button").addEventListener("click", () => { ranges.forEach((range) => { range.value = 0; }); tell(); });
  box.querySelectorAll("[hidden]").forEach((part) => { part.hidden = false; });
  tell();
})();

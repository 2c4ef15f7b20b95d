// The theme is set before the first paint. A stored choice beats the system's.
(function () {
  var stored = null;
  try {
    stored = localStorage.getItem('theme');
  } catch (_) {
    // Storage can be forbidden; the system's choice is used then.
  }
  var dark = stored ? stored === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
})();

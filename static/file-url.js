// A classic script on purpose: browsers refuse modules, workers and wasm from file://, so only this one can say why.
if (location.protocol === 'file:') {
  document.addEventListener('DOMContentLoaded', function () {
    // In the source folder the style sheet is a link for the build; here it may as well be what it says.
    document.querySelectorAll('link[rel="css"]').forEach(function (link) { link.rel = 'stylesheet'; });
    var note = document.getElementById('first-paint-note');
    note.setAttribute('role', 'alert');
    note.textContent = 'This page was opened as a file, and browsers start no WebAssembly from files. '
      + 'In a terminal, in the folder of the project, run "cargo xtask serve" and open the address that it prints. '
      + 'Or put the folder "dist" on any web server.';
  });
}
